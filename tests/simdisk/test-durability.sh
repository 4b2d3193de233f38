#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12,7.x
#
# What a power cut does to written, flushed and FUA data.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/guest.sh
# shellcheck source=tests/simdisk/data.sh
. /test/data.sh

size=64 # sectors

test_drop() {
	fill d a 0 $size
	same "a read sees unflushed data" "$(shows d 0 $size)" a
	same "which are not on the backing device" "$(shows "$base" 0 $size)" 0
	same "and are counted" "$(sim_stat d cached_sectors)" $size
	fill d b 5 1
	same "a write of one sector" "$(shows d 5 1)" b
	same "changes no other" "$(shows d 4 1)$(shows d 6 1)" aa
	sim_cut d
	same "power is off" "$(sim_stat d state)" off
	expect_fail "a read fails when off" "rror" fetch d 0 8
	expect_fail "a write fails when off" "rror" fill d x 0 8
	expect_fail "a flush fails when off" "rror" flush d
	sim_revive d
	same "unflushed data are gone" "$(shows d 0 $size)" 0
	same "and counted as lost" "$(sim_stat d lost_sectors)" $size
}

test_flush() {
	fill d c 0 $size
	run "flush" flush d
	same "nothing is held" "$(sim_stat d cached_sectors)" 0
	fill d d 8 8
	sim_cut d drop
	sim_revive d
	same "flushed data survive, newer ones do not" "$(shows d 0 $size)" c
}

# O_DSYNC on a block device is a write with FUA, and then a FLUSH.
test_fua() {
	fill d e 100 8
	sim_fail_nth d flush 1
	expect_fail "the flush fails" "rror" fill d f 108 8 dsync
	same "FUA alone went to the device" "$(shows "$base" 108 8)" f
	sim_cut d drop
	sim_revive d
	same "a FUA write survives" "$(shows d 108 8)" f
	same "its neighbour does not" "$(shows d 100 8)" 0
}

test_keep() {
	fill d g 0 $size
	sim_cut d keep
	same "kept data are on the device" "$(shows "$base" 0 $size)" g
	sim_revive d
	same "and can be read" "$(shows d 0 $size)" g
}

test_discard() {
	fill d h 0 8
	fill d i 8 8
	run "discard" blkdiscard -o 0 -l 4096 /dev/mapper/d
	same "held data are forgotten" "$(shows d 0 8)" g
	same "but not beside it" "$(shows d 8 8)" i
	same "counted" "$(sim_stat d discards)" 1
}

# Filled beyond its size the cache destages the oldest.
test_full() {
	for i in 0 1 2 3 4 5 6 7; do
		fill d j $((8192 + i * 2048)) 2048
	done
	run "the cache is bounded" [ "$(sim_stat d cached_sectors)" -le 8192 ]
	same "all can be read" "$(shows d 8192 16384)" j
	same "the oldest is on the device" "$(shows "$base" 8192 512)" j
	same "the newest is not" "$(shows "$base" 24448 128)" 0
}

test_reload() {
	fill d k 0 $size
	dmsetup suspend d
	same "suspend writes all out" "$(shows "$base" 0 $size)" k
	dmsetup resume d
	fill d l 0 $size
	run "remove" sim_remove d
	same "remove writes all out" "$(shows "$base" 0 $size)" l
}

# Of two writes of a sector that wait together the first may be carried out last:
# never in order of arrival, one time in two else. One that comes too late to wait
# with the other is another try.
test_shuffle() {
	local i=0
	sim_create s "$(ram_disk 1)" null cache_kb 64 shuffle 1000000
	until [ "$(shows s 0 8)" = a ] || [ $i -eq 20 ]; do
		i=$((i + 1))
		fill s a 0 8 >/dev/null &
		wait_for 10 sim_is s writes $((2 * i - 1))
		fill s b 0 8 >/dev/null
		wait $!
	done
	note "after $i pairs"
	same "the first of two writes is the last" "$(shows s 0 8)" a
	sim_remove s
}

base=$(ram_disk 16)
sim_create d "$base" null cache_kb 4096 hold 1 discard 1
same "the write cache is declared" \
	"$(cat /sys/block/dm-0/queue/write_cache)" "write back"
test_drop
test_flush
test_fua
test_keep
test_discard
test_full
test_reload
test_shuffle
