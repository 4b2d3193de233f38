#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=ops kernels=6.12,kasan -- format create write flush
# vm: name=checkpoint kernels=6.1,kasan -- checkpoint suspend
# vm: name=resume kernels=6.1,kasan -- resume mode resize
#
# The Nth I/O of an operation fails, for N = 1, 2, 3 and so on until one passes
# untouched, on each device. It may succeed or fail, but it ends, tells the truth,
# and when the device is well again the cache starts and every sector is between
# the last that was flushed and the last that was written (P5).
#
#   test-nth.sh OPERATION...

# shellcheck disable=SC2317 # functions are called by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/simdisk.sh

sc=/dev/mapper/sc
m=/dev/mapper/meta
o=/dev/mapper/origin
max_n=60
note "SEED=${SEED:=1}"

# Small, so that checking all of it takes no time. "small" and "large" are the
# beginning of the cache device.
make_disks() {
	sim_create origin "$(ram_disk 2)" null &&
		sim_create cache "$(ram_disk 2)" null &&
		sim_create meta "$(ram_disk 1)" null || return 1
	for size in small=1600 large=2400; do
		echo "0 ${size#*=} linear /dev/mapper/cache 0" |
			dm_create "${size%=*}" || return 1
	done
	sc_load && make_tables /dev/mapper/small
}

# Made once, as it takes several processes.
make_tables() {
	c=$1
	table=$(sc_table $m "$c" $o 8 writeback default journal_blocks 16 \
		commit_interval 10 idle_ms 3600000)
}

create() {
	echo "$table" | dm_create sc
}

# load OPS [FLUSHES-PERCENT]: small requests, for each I/O costs an attempt
load() {
	seed=$((seed + 1))
	/test/stamp run "$sc" /tmp/state /tmp/log ops="$1" threads=3 max=12 \
		cut=1 seed="$seed" flush="${2:-5}" sync=10 >/tmp/load 2>&1
}

# ---- the operations ----------------------------------------------------------

# Each has begin_X, which succeeds, and do_X, which may not.

begin_format() {
	load 12 && sc_clean sc && sc_remove sc &&
		dd if=/dev/zero of="$m" bs=4k count=1 oflag=direct 2>/dev/null
}
do_format() {
	create
}

begin_create() {
	load 12 && sc_remove sc
}
do_create() {
	create
}

begin_write() {
	:
}
do_write() {
	load 5
}

begin_flush() {
	load 12
}
do_flush() {
	sc_message sc flush
}

begin_checkpoint() {
	sc_message sc flush
}
do_checkpoint() {
	# More commits than half the journal has blocks; on a slow kernel more
	# flushes share one.
	local before=-1 now
	now=$(sc_get sc commits)
	while [ "$now" -le 8 ] && [ "$now" -gt "$before" ]; do
		before=$now
		load 24 45 || return 1
		now=$(sc_get sc commits)
	done
	[ "$now" -gt 8 ]
}

begin_suspend() {
	load 12
}
do_suspend() {
	dmsetup suspend sc
}

begin_resume() {
	load 12 && dmsetup suspend sc
}
do_resume() {
	dmsetup resume sc
}

begin_mode() {
	load 12
}
do_mode() {
	sc_message sc mode writethrough && load 10 && sc_message sc flush &&
		sc_message sc mode passthrough &&
		sc_message sc invalidate_cblocks 0-100
}

begin_resize() {
	load 12 && sc_message sc flush || return 1
	if [ "$c" = /dev/mapper/small ]; then
		make_tables /dev/mapper/large
	else
		make_tables /dev/mapper/small
	fi
}
do_resize() {
	echo "$table" | dmsetup load sc && dmsetup resume sc
}

# ---- the Nth -----------------------------------------------------------------

_fired() {
	[ "$(sim_stat "$1" rules)" = 0 ]
}

# What is there afterwards, if anything, must go and come again.
start_anew() {
	! dmsetup info sc >/dev/null 2>&1 || dmsetup remove sc ||
		return 1
	create || return 1
	dmsetup status sc | grep -q ' state=rw '
}

# After a failure the next attempts mean what they say only with empty disks.
start_over() {
	dmsetup remove sc
	dd if=/dev/zero of="$m" bs=4k count=1 oflag=direct 2>/dev/null
	dd if=/dev/zero of="$o" bs=1M count=2 oflag=direct 2>/dev/null
	rm -f /tmp/state /tmp/log
	create
}

# attempt OPERATION DISK N: 0 if all is well, and fired says whether it failed
attempt() {
	"begin_$1" || return 1
	sim_fail_nth "$2" any "$3" || return 1
	"do_$1" >/tmp/did 2>&1
	did=$?
	fired=no
	! _fired "$2" || fired=yes
	sim_fail "$2" off
	[ $fired = yes ] || [ $did = 0 ] || {
		echo "it fails untouched: $(cat /tmp/did)"
		return 1
	}
	start_anew || {
		echo "no start afterwards, $1 said $did"
		return 1
	}
	/test/stamp check "$sc" /tmp/state /tmp/log
}

# All N for one operation and one disk.
nth() {
	local n=1
	fired=yes
	while [ $fired = yes ] && [ $n -le $max_n ]; do
		if ! attempt "$1" "$2" $n >/tmp/attempt 2>&1; then
			fail "$1, $2: the ${n}th fails" \
				"$(tail -n 5 /tmp/attempt)"
			start_over
			return
		fi
		n=$((n + 1))
	done
	if [ $fired = yes ]; then
		fail "$1, $2" "$max_n are not all"
	else
		ok "$1, $2: each of $((n - 2)) may fail"
	fi
}

make_disks && create || exit 1
seed=$SEED
for op; do
	for disk in meta cache origin; do
		nth "$op" $disk
	done
done
run "nothing is left: remove" sc_remove sc
run "nothing is left: unload" rmmod ssdcache
exit 0
