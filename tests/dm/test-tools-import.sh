#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12
#
# A pool of dm-cache's, with dirty blocks, is imported and read back warm; then it
# goes back to dm-cache.

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc
pool=/dev/mapper/pool
foreign=$(ram_disk 4)
meta=$(ram_disk 4)
cache=$(ram_disk 16)
origin=$(ram_disk 64)

pool_create() {
	echo "0 $(sectors "$origin") cache $foreign $cache $origin 128" \
		"2 metadata2 writeback default 0" | dm_create pool
}

pool_field() {
	dmsetup status pool | awk -v n="$1" '{ print $n }'
}

# dm-cache takes whole blocks that are written at once.
warm_up() {
	_w_n=0
	random_file /tmp/data 16384
	while [ $_w_n -lt 250 ]; do
		dd if=/tmp/data of=$pool bs=64k count=1 skip=$_w_n \
			seek=$((_w_n * 4)) oflag=direct conv=notrunc \
			2>/dev/null || return 1
		_w_n=$((_w_n + 1))
	done
}

import() {
	ssdcache import /tmp/xml --metadata "$meta" --cache "$cache" \
		--origin "$origin"
}

# As ssdcache-import(8) says.
start() {
	echo "sc $origin $cache $meta block-size=64k,read_fill=0" \
		>>/etc/ssdcachetab
	sc_load && ssdcache start sc
}

refused() {
	import >/tmp/said 2>&1
	[ $? -eq 3 ] && grep -q 'in use' /tmp/said
}

# ---- dm-cache's -------------------------------------------------------------

run "dm-cache is there" modprobe -a dm-cache dm-cache-smq || exit 1
random_file /tmp/all 65536
dd if=/tmp/all of="$origin" bs=1M oflag=direct 2>/dev/null
run "a pool" pool_create || exit 1
run "write to it" warm_up
was=$(digest $pool)
used=$(pool_field 7)
used=${used%/*}
note "the pool: $used blocks used, $(pool_field 14) dirty"
run "it is warm" [ "$used" -gt 100 ]
printf 'x' >/tmp/xml
run "a pool in use is not imported" refused
run "stop it" dmsetup remove pool
run "dump it" sh -c "cache_dump $foreign >/tmp/xml"
note "cache_dump tells of $(grep -c 'dirty="true"' /tmp/xml) dirty blocks"

# ---- ours -------------------------------------------------------------------

run "import" import
run "check" ssdcache check "$meta" --cache "$cache"
run "start" start
kept=$(sc_get sc cache_blocks_used)
note "$kept blocks are here"
run "at most two blocks were displaced" [ "$kept" -ge $((used - 2)) ]
reads=$(disk_stat "$origin" reads)
_n=0
while [ $_n -lt 250 ]; do
	dd if=$sc of=/tmp/block bs=64k count=1 skip=$((_n * 4)) iflag=direct \
		2>/dev/null
	_n=$((_n + 1))
done
reads=$(($(disk_stat "$origin" reads) - reads))
note "the origin was read $reads times for 250 blocks"
run "it is read warm" [ $reads -le $((250 - kept)) ]
run "the content is the same" [ "$(digest $sc)" = "$was" ]
run "destage" sc_clean sc
run "remove" sc_remove sc
run "the origin has all of it" [ "$(digest "$origin")" = "$was" ]

# ---- and dm-cache's again ---------------------------------------------------

run "export" sh -c "ssdcache export $meta >/tmp/xml"
run "cache_restore" cache_restore -i /tmp/xml -o "$foreign"
run "cache_check" cache_check "$foreign"
run "dm-cache takes it" pool_create
back=$(pool_field 7)
note "${back%/*} blocks are back"
run "it is warm still" [ "${back%/*}" -ge $((used - 2)) ]
run "the content is the same again" [ "$(digest $pool)" = "$was" ]
run "remove the pool" dmsetup remove pool
