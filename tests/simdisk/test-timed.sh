#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12,7.x
#
# Service times, and what becomes of queued requests when the disk is cut, goes
# away, is suspended or gets a new table under load.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/guest.sh
# shellcheck source=tests/simdisk/data.sh
. /test/data.sh

# load DISK [OPTION...]: many requests at once, until told or failed
load() {
	disk=$1
	shift
	sim_stats_reset "$disk"
	fio --name=load --filename="/dev/mapper/$disk" --direct=1 --bs=4k \
		--ioengine=libaio --iodepth=64 --time_based --rw=randrw \
		--thread --runtime=600 --randseed=1 --output=/tmp/fio "$@" &
	load_pid=$!
	run "$model: load" wait_for 30 busy "$disk" 50
}

# busy DISK N: there were more than N writes
busy() {
	[ "$(sim_stat "$1" writes)" -gt "$2" ]
}

ended() {
	! kill -0 $load_pid
}

stop_load() {
	kill -INT $load_pid
	wait $load_pid
}

# A cut under load ends all requests with errors, and so the load.
test_cut() {
	load d
	sim_cut d random
	run "$model: the load ends at a cut" wait_for 30 ended
	wait $load_pid
	same "$model: nothing is queued" "$(sim_stat d queued)" 0
	same "$model: nothing is held" "$(sim_stat d cached_sectors)" 0
	sim_revive d
	run "$model: it works again" fill d a 0 8
	same "$model: as written" "$(shows d 0 8)" a
}

test_away() {
	load d --continue_on_error=io
	for _ in 1 2 3 4 5 6 7 8; do
		sim_away d
		sim_back d
	done
	run "$model: it works after all" fill d b 0 8
	stop_load
}

test_suspend() {
	load d
	for _ in 1 2 3; do
		dmsetup suspend d
		same "$model: nothing is queued when suspended" \
			"$(sim_stat d queued)" 0
		same "$model: nothing is held" "$(sim_stat d cached_sectors)" 0
		writes=$(sim_stat d writes)
		dmsetup resume d
		run "$model: the load goes on" wait_for 30 busy d "$writes"
	done
	stop_load
}

# Data that were written before a change of the table are there after it.
test_reload() {
	load d --offset=1m
	fill d c 0 8
	dmsetup reload d --table "$(dmsetup table d | sed 's/seed 0/seed 5/')"
	run "$model: a new table under load" dmsetup resume d
	run "$model: the load goes on" wait_for 30 busy d 50
	same "$model: nothing is lost" "$(shows d 0 8)" c
	stop_load
}

# Mean time of 20 reads one after the other, in microseconds.
read_us() {
	sim_stats_reset d
	fio --name=t --filename=/dev/mapper/d --direct=1 --bs=4k --rw=randread \
		--number_ios=20 --randseed=3 --output=/tmp/fio
	echo $(($(sim_stat d busy_us) / $(sim_stat d reads)))
}

between() {
	[ "$1" -le "$2" ] && [ "$2" -le "$3" ]
}

# one MODEL LEAST MOST: the bounds of a random read's time, us
one() {
	model=$1
	sim_create d "$base" "$1"
	us=$(read_us)
	run "$model: a read takes $2..$3 us: $us" between "$2" "$us" "$3"
	test_cut
	test_suspend
	sim_remove d
	model="$1 cached"
	sim_create d "$base" "$1" cache_kb 1024
	test_cut
	test_away
	test_suspend
	test_reload
	run "$model: remove" sim_remove d
}

base=$(ram_disk 64)
# The upper bounds are loose: an emulated machine is late.
one hdd 3000 40000
one ssd 80 20000
