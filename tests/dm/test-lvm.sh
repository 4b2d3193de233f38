#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12
#
# LVM drives the target as if it were dm-cache: claim_dm_cache=1. Each of its
# commands for a cache is run on a volume that has data, which must be there
# afterwards (P1), on the origin alone in the end. The last part: dm-cache was
# here first.

# shellcheck disable=SC2317 # functions are called by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

lv=/dev/vg/data
dm=vg-data

# With a program of ours that checks the metadata and leaves a note of that.
lvm_says() {
	lvm "$@" --config 'global/cache_check_executable="/tmp/check"'
}

make_check() {
	ln -s /usr/bin/ssdcache /tmp/cache_check
	cat >/tmp/check <<-'END'
	#!/bin/sh
	/tmp/cache_check "$@" || exit
	echo "$@" >>/tmp/checked
	END
	chmod 755 /tmp/check
}

# step NAME COMMAND...: one of LVM's, and the data is still there
step() {
	run "$@" || return 1
	holds_file /tmp/data $lv 1000 || fail "$1" "the data is another"
}

# is NAME FIELD VALUE: what lvs says of the volume
is() {
	local got
	got=$(lvm_says lvs --noheadings -o "$2" vg/data 2>/dev/null | tr -d ' ')
	if [ "$got" = "$3" ]; then
		ok "$1"
	else
		fail "$1" "lvs: $2 is '$got', not '$3'"
	fi
}

# ours FIELD VALUE: what the target says
ours() {
	if sc_is $dm "$1" "$2"; then
		ok "the target: $1 is $2"
	else
		fail "the target: $1 is $2" "is $(sc_get $dm "$1")"
	fi
}

dirty_something() {
	sc_message $dm idle_ms 3600000 && put /tmp/data $lv 1000 && [ "$(sc_get $dm dirty)" -gt 0 ]
}

# As docs/lvm.md has it: who wants dm-cache gets ours.
set_up_modprobe() {
	mkdir -p /etc/modprobe.d
	cat >/etc/modprobe.d/ssdcache.conf <<-'END'
	options ssdcache claim_dm_cache=1
	alias dm-cache ssdcache
	alias dm-cache-smq ssdcache
	END
	cp /modules/ssdcache.ko "/lib/modules/$(uname -r)/"
	depmod
}

make_group() {
	lvm pvcreate -q "$slow" "$slow2" "$fast" &&
		lvm vgcreate -q -s 1M vg "$slow" "$slow2" "$fast" &&
		lvm lvcreate -y -q -L 48M -n data vg "$slow" &&
		put /tmp/data $lv 1000
}

# ---- what there is to drive --------------------------------------------------

attach_pool() {
	run "a pool" lvm_says lvcreate -y --type cache-pool -L 16M -n fast vg "$fast"
	step "lvconvert --type cache" lvm_says lvconvert -y --type cache \
		--cachepool vg/fast --cachemode writeback vg/data
	is "the mode" cache_mode writeback
	is "a policy" kernel_cache_policy smq
	is "chunks of 64 KiB" chunk_size 64.00k
	ours block_size 128
	ours mode writeback
	run "writes" put /tmp/data $lv 1000
	run "the hits are counted" test "$(lvm_says lvs --noheadings -o \
		cache_write_hits,cache_write_misses vg/data |
		awk '{ print ($1 + $2 > 0) }')" = 1
	is "the metadata's state" lv_check_needed ""
}

change_settings() {
	step "lvchange --cachemode writethrough" lvm_says lvchange -y \
		--cachemode writethrough vg/data
	ours mode writethrough
	is "the mode is seen" cache_mode writethrough
	step "passthrough" lvm_says lvchange -y --cachemode passthrough vg/data
	ours mode passthrough
	step "writeback" lvm_says lvchange -y --cachemode writeback vg/data
	step "lvchange --cachesettings" lvm_says lvchange -y --cachesettings \
		'idle_ms=5000 dirty_low=20' vg/data
	# LVM keeps them, and warns that its smq does not have them.
	note "the target's table: $(dmsetup table $dm)"
	is "the settings" cache_settings dirty_low=20,idle_ms=5000
	step "lvchange --cachepolicy cleaner" lvm_says lvchange -y \
		--cachepolicy cleaner vg/data
	is "the policy is seen" kernel_cache_policy cleaner
	step "and mq" lvm_says lvchange -y --cachepolicy mq vg/data
	ours policy mq
}

restart() {
	local used
	used=$(sc_get $dm cache_blocks_used)
	run "vgchange -an" lvm_says vgchange -an vg
	rm -f /tmp/checked
	step "vgchange -ay" lvm_says vgchange -ay vg
	run "the metadata was checked" grep -q cmeta /tmp/checked
	run "the cache is warm ($used)" test "$used" -gt 0 -a \
		"$(sc_get $dm cache_blocks_used)" -eq "$used"
}

move_and_grow() {
	step "pvmove of the origin" lvm_says pvmove -q -n data "$slow" "$slow2"
	step "lvextend" lvm_says lvextend -q -L +16M vg/data "$slow2"
	run "is larger" test "$(sectors $lv)" -eq $((64 << 11))
	run "holds data there" put /tmp/data $lv 60000
	run "reads it" holds_file /tmp/data $lv 60000
}

detach() {
	run "dirty data" dirty_something
	step "lvconvert --splitcache" lvm_says lvconvert -y --splitcache vg/data
	step "lvconvert --type cache, the pool again" lvm_says lvconvert -y \
		--type cache --cachepool vg/fast --cachemode writeback vg/data
	run "dirty data again" dirty_something
	step "lvconvert --uncache" lvm_says lvconvert -y --uncache vg/data
	run "the pool is gone" sh -c '! lvm lvs vg/fast'
	run "all is on the origin" holds_file /tmp/data $lv 60000
	run "nothing is left of the target" sh -c '! dmsetup table | grep -w cache'
}

# One volume for both data and metadata, and the volume made with its cache.
other_ways() {
	run "a volume for all" lvm lvcreate -y -q -L 24M -n all vg "$fast"
	step "lvconvert --cachevol" lvm_says lvconvert -y --type cache \
		--cachevol vg/all --chunksize 32k vg/data
	ours block_size 64
	step "lvconvert --uncache" lvm_says lvconvert -y --uncache vg/data
	run "lvremove" lvm lvremove -y -q vg/data
	run "a pool" lvm_says lvcreate -y --type cache-pool -L 16M -n fast vg "$fast"
	run "lvcreate --type cache" lvm_says lvcreate -y --type cache -L 32M \
		-n data --cachepool vg/fast vg "$slow"
	ours state rw
	run "writes" put /tmp/data $lv 1000
	run "reads" holds_file /tmp/data $lv 1000
	run "lvremove of all" lvm_says lvremove -y vg/data
}

# ---- and what there is to refuse ---------------------------------------------

dm_cache_first() {
	rmmod ssdcache
	rm /etc/modprobe.d/ssdcache.conf
	modprobe dm-cache
	expect_fail "dm-cache is there: the name is taken" "cannot claim the target" \
		sh -c 'insmod /modules/ssdcache.ko claim_dm_cache=1; false'
	run "and says so" grep -qx N /sys/module/ssdcache/parameters/claim_dm_cache
	run "our own name works" sh -c 'dmsetup targets | grep -q ^ssdcache'
	rmmod ssdcache
	rmmod dm-cache
	run "it goes, and comes without" insmod /modules/ssdcache.ko
	run "no claim unless asked" sh -c '! dmsetup targets | grep -qw ^cache'
}

slow=$(loop_disk 128)
slow2=$(loop_disk 128)
fast=$(loop_disk 64)
random_file /tmp/data 4096
make_check
run "modprobe is set up" set_up_modprobe
run "modprobe dm-cache" modprobe dm-cache
run "gives ours" test -d /sys/module/ssdcache
run "version 2" sh -c 'dmsetup targets | grep -q "^cache *v2"'
run "a volume" make_group || exit 1
attach_pool
change_settings
restart
move_and_grow
detach
other_ways
dm_cache_first
