#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12
#
# The command's offline verbs on what the module left behind: while the cache runs
# they are refused; afterwards writeback brings the origin up to date, and the module
# goes on with what dump and restore, repair or writeback made of it.

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc
meta=$(ram_disk 4)
cache=$(ram_disk 24)
origin=$(ram_disk 64)

create() {
	sc_create sc "$meta" "$cache" "$origin" 128 writeback default \
		idle_ms 3600000 dirty_low 100 dirty_high 100 dirty_limit 100
}

# Random data at random places, with blocks held in part.
dirty_some() {
	_d_seed=1
	random_file /tmp/data 1024
	while [ $_d_seed -le 60 ]; do
		dd if=/tmp/data of=$sc bs=4k count=$((_d_seed % 13 + 1)) \
			skip=$_d_seed seek=$((_d_seed * 263 % 16000)) \
			oflag=direct conv=notrunc 2>/dev/null || return 1
		_d_seed=$((_d_seed + 1))
	done
}

refused() {
	ssdcache "$@" >/tmp/said 2>&1
	[ $? -eq 3 ] && grep -q 'in use' /tmp/said
}

# ---- in use -----------------------------------------------------------------

random_file /tmp/all 65536
dd if=/tmp/all of="$origin" bs=1M oflag=direct 2>/dev/null
run "create" create || exit 1
run "write" dirty_some
sync
run "check is refused while it runs" refused check "$meta"
run "dump is refused" refused dump "$meta"
run "repair is refused" refused repair "$meta"
run "writeback is refused" refused writeback --metadata "$meta" \
	--cache "$cache" --origin "$origin"
was=$(digest $sc)
dirty=$(sc_get sc dirty)
used=$(sc_get sc cache_blocks_used)
note "$used blocks used, $dirty dirty"
run "much is dirty" [ "$dirty" -gt 40 ]
run "remove" sc_remove sc
run "the origin is not up to date" [ "$(digest "$origin")" != "$was" ]

# ---- at rest ----------------------------------------------------------------

run "check" ssdcache check "$meta" --cache "$cache"
run "check tells what status told" \
	sh -c "ssdcache check $meta --json | grep -q '\"dirty\": $dirty,'"
run "dump" sh -c "ssdcache dump $meta >/tmp/dump"
run "to restore it" ssdcache restore /tmp/dump "$meta"
run "the module takes it" create
run "the same is dirty" sc_is sc dirty "$dirty"
run "the data is the same" [ "$(digest $sc)" = "$was" ]
run "remove again" sc_remove sc

# The head label and a superblock.
dd if=/dev/urandom of="$cache" bs=4k count=1 oflag=direct 2>/dev/null
dd if=/dev/urandom of="$meta" bs=4k count=1 seek=1 oflag=direct 2>/dev/null
run "repair" ssdcache repair "$meta" --cache "$cache"
run "the module takes the repaired one" create
run "the data is the same again" [ "$(digest $sc)" = "$was" ]
run "remove once more" sc_remove sc

run "writeback" ssdcache writeback --metadata "$meta" --cache "$cache" \
	--origin "$origin"
run "the origin is up to date" [ "$(digest "$origin")" = "$was" ]
run "nothing is dirty" \
	sh -c "ssdcache check $meta --json | grep -q '\"dirty\": 0,'"
run "the module goes on" create
run "nothing is dirty there" sc_is sc dirty 0
# Reading all of it has filled more.
holds "and it is warm" "$(sc_get sc cache_blocks_used) >= $used"
run "the data is the same at last" [ "$(digest $sc)" = "$was" ]
run "remove at last" sc_remove sc
