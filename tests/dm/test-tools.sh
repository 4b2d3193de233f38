#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12
# vm: name=smoke kernels=6.1 -- smoke
#
# The command: every verb that works on running caches, on real devices. There is
# a file system on the origin before there is a cache, and it has to be there, with
# all that was done to it, when the cache is gone. With the argument "smoke" a
# cache is made, used, restarted and removed, no more.

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

# shellcheck source=tests/dm/tools.sh
. /test/tools.sh

fast=/dev/mapper/fast

# ---- helpers ----------------------------------------------------------------

# A device that can vanish and grow: a linear one. part NAME ON MIB
part() {
	echo "0 $(($3 * 2048)) linear $2 0" | dm_create "$1"
}

part_size() {
	echo "0 $(($3 * 2048)) linear $2 0" | dmsetup load "$1" &&
		dmsetup resume "$1"
}

tab() {
	sed -n "s/^fast .* //p" /etc/ssdcachetab
}

state_file() {
	cat /var/lib/ssdcache/fast
}

# ---- tests ------------------------------------------------------------------

prepare() {
	run "the module" sc_load
	origin_disk=$(discard_disk 400)
	ssd_disk=$(ram_disk 80)
	run "origin" part slow "$origin_disk" 320
	run "cache device" part ssd "$ssd_disk" 64
	run "mkfs on the origin" mkfs.xfs -q /dev/mapper/slow
	run "mount the origin" mounted /dev/mapper/slow
	run "data on the origin" cp -r /usr/bin $mnt/
	sums >/tmp/sums
}

test_refusals() {
	set -- ssdcache create fast --cache /dev/mapper/ssd --origin
	exits "a mounted origin" 3 "mounted on /mnt" "$@" /dev/mapper/slow
	umount $mnt
	exits "no such origin" 4 "No such file" "$@" /dev/mapper/none
	exits "one device for both" 2 "different devices" "$@" /dev/mapper/ssd
	exits "no block device" 2 "Block device" "$@" /dev/null
	exits "a cache device held by another" 3 "used by the device ssd" \
		ssdcache create fast --origin /dev/mapper/slow --cache "$ssd_disk"
	mkfs.ext4 -q -L precious /dev/mapper/ssd
	exits "a cache device with a file system" 3 "ext4 filesystem 'precious'" \
		"$@" /dev/mapper/slow
	run "which is still there" e2fsck -fn /dev/mapper/ssd
	echo "0 512 linear $(ram_disk 1) 0" | dm_create tiny
	exits "metadata too small" 3 "has room for [0-9]+ slots" "$@" \
		/dev/mapper/slow --force --metadata /dev/mapper/tiny
	exits "a bad mode" 2 "unknown mode 'fast'" "$@" /dev/mapper/slow \
		--force --mode fast
	exits "a bad tunable" 2 "idle_ms: must be" "$@" /dev/mapper/slow \
		--force --set idle_ms=x
	exits "tunables that contradict" 2 "dirty_high" "$@" /dev/mapper/slow \
		--force --set dirty_high=5
	run "nothing was changed by any of these" e2fsck -fn /dev/mapper/ssd
	run "and there is no line" test ! -e /etc/ssdcachetab
	same "and no device is left" "$(dmsetup ls | grep -c fast)" 0
}

# create OPTIONS...
create() {
	run "create $*" ssdcache create fast --origin /dev/mapper/slow \
		--cache /dev/mapper/ssd --force "$@" || exit 1
}

test_create() {
	create --set idle_ms=3600000 --set dirty_low=60
	exits "not twice" 3 "in /etc/ssdcachetab already" ssdcache create fast \
		--origin /dev/mapper/slow --cache /dev/mapper/ssd --force
	run "the file system is there" mounted $fast
	tree_holds "with all its files"
	run "a new file" write_some new
	same "status: state" "$(json fast state)" running
	same "status: health" "$(json fast health)" rw
	same "status: mode" "$(json fast mode)" writeback
	same "status: block size" "$(json fast block_bytes)" 4096
	same "status: a tunable" "$(json fast dirty_low)" 60
	# 64 MiB, of which the metadata takes 4 MiB + 44 bytes for each 4 KiB.
	holds "status: the size" "$(json fast cache_bytes) > 58 * 1048576 &&
		$(json fast cache_bytes) < 60 * 1048576"
	same "status: the same as dmsetup's" "$(json fast free_blocks)" \
		"$(sc_get fast free_slots)"
	exits "list" 0 "fast +running +writeback +/dev/mapper/slow +/dev/mapper/ssd" \
		env COLUMNS=120 ssdcache list
	exits "status for people" 0 "^hits +[0-9.]+%" ssdcache status fast
	exits "status of all" 0 "^fast +running +rw" ssdcache status
	exits "the line" 0 "^fast /dev/mapper/slow /dev/mapper/ssd - " \
		cat /etc/ssdcachetab
}

test_restart() {
	exits "stop while it is mounted" 3 "fast is mounted on /mnt" \
		ssdcache stop fast
	exits "remove while it is mounted" 3 "in use" ssdcache remove fast
	tree_holds "it goes on"
	umount $mnt
	run "stop" ssdcache stop fast
	same "stop: no device is left" "$(dmsetup ls | grep -c fast)" 0
	exits "stop again" 0 "does not run" ssdcache stop fast
	exits "list shows it" 0 "^fast +stopped" ssdcache list
	run "start" ssdcache start fast
	exits "start again" 0 "runs already" ssdcache start fast
	run "stop all" ssdcache stop --all
	run "start all" ssdcache start --all
	exits "no such cache" 4 "other is not in" ssdcache start other
	run "mount" mounted $fast
	tree_holds "after restarts"
}

test_change() {
	run "set" ssdcache set fast idle_ms=500 dirty_low=30 dirty_target=20
	same "set: one" "$(sc_get fast arg:idle_ms)" 500
	same "set: another" "$(sc_get fast arg:dirty_target)" 20
	exits "set: the second is wrong" 2 "dirty_low.*must be" \
		ssdcache set fast idle_ms=700 dirty_low=900
	same "set: then nothing is set" "$(sc_get fast arg:idle_ms)" 500
	exits "set: not while it runs" 2 "new table" ssdcache set fast ghost=10
	exits "set: no such key" 2 "unknown" ssdcache set fast nonsense=1
	exits "set: shows all" 0 "^idle_ms +500" ssdcache set fast
	same "set: not saved" "$(tab | grep -o 'idle_ms=[0-9]*')" idle_ms=3600000
	run "set --save" ssdcache set fast --save idle_ms=3600000
	same "set: saved" "$(tab | grep -o 'idle_ms=[0-9]*')" idle_ms=3600000
	run "mode writethrough" ssdcache mode fast writethrough
	same "mode: shown" "$(ssdcache mode fast)" "mode  writethrough"
	same "mode: not saved" "$(tab | grep -o 'mode=[a-z]*')" mode=writeback
	run "mode writeback" ssdcache mode fast writeback
	exits "mode: no such" 2 "unknown mode" ssdcache mode fast sideways
}

test_flush() {
	run "dirty data" write_some flushed
	holds "it is dirty" "$(json fast dirty_blocks) > 0"
	run "flush" ssdcache flush fast
	same "nothing is dirty" "$(json fast dirty_blocks)" 0
	exits "flush of one that is not there" 4 "does not run" \
		ssdcache flush other
}

test_figures() {
	exits "stats" 0 '"promotions": [0-9]+' ssdcache stats fast
	exits "prometheus" 0 '^ssdcache_read_hits_total\{name="fast"\} [0-9]+$' \
		ssdcache stats --prometheus
	same "prometheus: each has its type" \
		"$(grep -c '^# TYPE' /tmp/said)" "$(grep -c '^# HELP' /tmp/said)"
	same "prometheus: the same as dmsetup's" \
		"$(sed -n 's/^ssdcache_promotions_total.* //p' /tmp/said)" \
		"$(sc_get fast promotions)"
	exits "prometheus: health" 0 'health\{name="fast",state="rw"\} 1' \
		ssdcache stats --prometheus
	exits "top" 0 "^fast +writeback" env COLUMNS=132 ssdcache top -n 2
	dd if=$fast of=/dev/null bs=1M count=40 iflag=direct 2>/dev/null &
	exits "top as JSON" 0 '"reads_per_s": [0-9.]+' ssdcache top --json -n 1
	wait
	exits "watch" 0 "^fast +running" ssdcache status --watch -i 1 -n 2
}

origin_mib() {
	echo $(($(sectors $fast) / 2048))
}

# As ssdcache-resize(8) says; the file system has not grown yet.
origin_shrinks() {
	run "dirty data at its end" dd if=/dev/urandom of=$fast bs=1M \
		seek=370 count=4 oflag=direct
	run "mode writethrough" ssdcache mode fast writethrough
	run "flush" ssdcache flush fast
	run "the origin becomes smaller" part_size slow "$origin_disk" 352
	run "resize" ssdcache resize fast
	same "the cached device is smaller" "$(origin_mib)" 352
	run "mode writeback" ssdcache mode fast writeback
}

test_resize() {
	run "the origin grows" part_size slow "$origin_disk" 384
	run "resize" ssdcache resize fast
	same "the cached device has grown" "$(origin_mib)" 384
	origin_shrinks
	run "the file system grows" xfs_growfs $mnt
	tree_holds "after the origin grew"
	run "dirty data" write_some grown
	run "a smaller cache" ssdcache resize fast --cache-size 32M
	holds "is smaller" "$(json fast cache_bytes) < 33 * 1048576"
	same "the mode stays" "$(json fast mode)" writeback
	same "it is in the line" "$(tab | grep -o 'cache-size=[0-9]*k')" \
		cache-size=32768k
	tree_holds "after the cache became smaller"
	umount $mnt
	run "stop" ssdcache stop fast
	run "start" ssdcache start fast
	holds "it stays smaller" "$(json fast cache_bytes) < 33 * 1048576"
	run "mount" mounted $fast
	run "the cache device grows" part_size ssd "$ssd_disk" 72
	run "all of it" ssdcache resize fast --whole
	holds "is larger than ever" "$(json fast cache_bytes) > 66 * 1048576"
	exits "more than there is" 3 "smaller than" \
		ssdcache resize fast --cache-size 1G
	tree_holds "after the cache grew"
}

# ---- without the SSD --------------------------------------------------------

ssd_away() {
	dmsetup remove ssd
}

ssd_back() {
	part ssd "$ssd_disk" 72
}

# Dirty data is on an SSD that is gone.
test_missing_dirty() {
	run "dirty data" write_some dirty
	umount $mnt
	run "stop" ssdcache stop fast
	exits "it is noted that it may be dirty" 0 dirty=maybe state_file
	ssd_away
	exits "start without the SSD" 3 "ssdcache start --degraded fast" \
		ssdcache start fast
	exits "start --all, too" 3 "may hold data" ssdcache start --all
	same "there is no device" "$(dmsetup ls | grep -c fast)" 0
	ssd_back
	run "start with it" ssdcache start fast
	run "mount" mounted $fast
	tree_holds "nothing was lost"
}

# The mode says that nothing is dirty, so the origin is as good.
test_missing_clean() {
	run "mode writethrough" ssdcache mode --save fast writethrough
	run "flush" ssdcache flush fast
	exits "it is noted that it is clean" 0 dirty=no state_file
	umount $mnt
	run "stop" ssdcache stop fast
	exits "and still" 0 dirty=no state_file
	ssd_away
	exits "start without the SSD" 0 "used without a cache" ssdcache start fast
	exits "status: alone" 0 "^fast +alone" ssdcache status
	run "mount" mounted $fast
	tree_holds "the origin has everything"
	run "a file that the SSD does not know of" write_some alone
	umount $mnt
	run "stop" ssdcache stop fast
	ssd_back
	exits "start with the SSD" 0 "begins empty" ssdcache start fast
	same "it is empty" "$(sc_get fast cache_blocks_used)" 0
	run "mount" mounted $fast
	tree_holds "what was written without it is seen"
	exits "it is no longer noted" 0 alone=no state_file
}

# The user gives up what only the SSD had. The file system's log is no file's
# data: after a clean unmount with nothing but that dirty all files are there.
test_missing_given_up() {
	run "mode writeback" ssdcache mode --save fast writeback
	run "dirty data" write_some lost
	umount $mnt
	run "flush, so that the test can compare" ssdcache flush fast
	run "stop" ssdcache stop fast
	ssd_away
	echo dirty=maybe >/var/lib/ssdcache/fast
	exits "start --degraded" 0 "lacks what was written last" \
		ssdcache start --degraded fast
	run "mount" mounted $fast
	run "a file" write_some given-up
	umount $mnt
	run "stop" ssdcache stop fast
	ssd_back
	exits "start with the SSD" 3 "ssdcache start --forget fast" \
		ssdcache start fast
	same "there is no device" "$(dmsetup ls | grep -c fast)" 0
	exits "start --forget" 0 "begins empty" ssdcache start --forget fast
	run "mount" mounted $fast
	tree_holds "what was written without it is seen"
}

# ---- the end ----------------------------------------------------------------

test_remove() {
	run "dirty data" write_some last
	umount $mnt
	holds "it is dirty" "$(json fast dirty_blocks) > 0"
	exits "remove" 0 "holds everything" ssdcache remove fast
	same "no device is left" "$(dmsetup ls | grep -c fast)" 0
	same "no line either" "$(grep -c fast /etc/ssdcachetab)" 0
	run "nor a state file" test ! -e /var/lib/ssdcache/fast
	run "repair finds nothing on the origin" xfs_repair -n /dev/mapper/slow
	run "mount the origin" mounted /dev/mapper/slow
	tree_holds "it has everything"
	umount $mnt
	exits "remove again" 4 "is not in" ssdcache remove fast
}

# Metadata on a device of its own, and options.
test_separate() {
	meta=$(ram_disk 8)
	create --metadata "$meta" --mode writethrough --block-size 64k \
		--policy lru --json
	same "mode" "$(json fast mode)" writethrough
	same "block size" "$(json fast block_bytes)" 65536
	same "policy" "$(json fast policy)" lru
	same "no parts are made" "$(dmsetup ls | grep -c fast-)" 0
	exits "the metadata device is known" 3 "an ssdcache's data" \
		try_other_metadata "$meta"
	run "mount" mounted $fast
	tree_holds "the files are there"
	umount $mnt
	run "stop" ssdcache stop fast
	exits "what it holds is known" 3 "an ssdcache's data" ssdcache create \
		two --origin /dev/mapper/slow --cache /dev/mapper/ssd
	run "remove one that is stopped" ssdcache remove fast
	run "repair finds nothing" xfs_repair -n /dev/mapper/slow
}

# While it runs it is in use, so this is seen by its content only afterwards.
try_other_metadata() {
	ssdcache stop fast &&
		ssdcache create two --origin /dev/mapper/slow \
			--cache "$(ram_disk 32)" --metadata "$1"
	_tr=$?
	ssdcache start fast
	return "$_tr"
}

smoke() {
	prepare
	umount $mnt
	create
	run "mount" mounted $fast
	tree_holds "the files are there"
	run "dirty data" write_some new
	umount $mnt
	run "stop" ssdcache stop fast
	run "start" ssdcache start fast
	exits "status" 0 "^health +rw" ssdcache status fast
	run "remove" ssdcache remove fast
	run "mount the origin" mounted /dev/mapper/slow
	tree_holds "it has everything"
}

if [ "${1:-}" = smoke ]; then
	smoke
	exit 0
fi
prepare
test_refusals
test_create
test_restart
test_change
test_flush
test_figures
test_resize
test_missing_dirty
test_missing_clean
test_missing_given_up
test_remove
test_separate
exit 0
