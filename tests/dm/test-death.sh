#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=cache kernels=6.12,kasan -- cache
# vm: name=rest kernels=6.1,kasan -- rest
#
# Devices that die, at any moment of what the cache does, and what comes after:
# what readers and writers get, the state, the event, suspend and remove, and
# the next activation, with nothing old ever returned (P5).
#
#   test-death.sh cache|rest

# shellcheck disable=SC2317 # functions are called by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/simdisk.sh
# shellcheck source=tests/dm/errors-lib.sh
. /test/errors-lib.sh

# a is clean in the cache, b is dirty if the mode has that, c is not cached.
prepare() {
	fresh "$1"
	put /tmp/a $sc $a_at
	sc_clean sc
	[ "$1" = writeback ] ||
		run "$2: reads fill" holds_file /tmp/a $sc $a_at
	# A FLUSH commits no records of what equals the origin; a suspend does.
	run "$2: its records are durable" pause
	# The first FLUSH of an activation goes to the origin, too.
	run "$2: a first FLUSH" dd if=/dev/null of=$sc conv=fsync,notrunc
	dd if=/tmp/b of=$sc bs=64k seek=$((b_at / 64)) oflag=direct \
		2>/dev/null
	nr=$(sc_events sc)
}

pause() {
	dmsetup suspend sc && dmsetup resume sc
}

# revive NAME: all devices are well again, and the cache is started anew
revive() {
	sim_back cache
	sim_back meta
	sim_fail cache off
	sim_fail meta off
	run "$1: remove" sc_remove sc
	run "$1: starts again" again
	same "$1: all is well then" "$(sc_get sc state)" rw
}

an_event() {
	run "$1: an event" timeout 60 dmsetup wait sc "$nr"
}

# goes_on NAME STATE: suspended and resumed, with the same table and with a new one
goes_on() {
	run "$1: suspend" timeout 120 dmsetup suspend sc
	run "$1: resume" timeout 120 dmsetup resume sc
	same "$1: is as it was" "$(sc_get sc state)" "$2"
	dmsetup table sc | dmsetup load sc
	run "$1: resume with a new table" timeout 120 dmsetup resume sc
	same "$1: is as it was" "$(sc_get sc state)" "$2"
}

# eio NAME COMMAND...
eio() {
	local _eio_name=$1
	shift
	expect_fail "$_eio_name" "nput/output error" "$@"
}

read_4k() {
	dd if="$1" of=/dev/null bs=4k skip=$(($2 / 4)) count=1 iflag=direct
}

# ---- the cache device dies, the metadata lives -------------------------------

# Nothing is lost: the origin goes on, with what was cached as well.
test_cache_dies_clean() {
	local name="cache dies, $1"
	prepare "$1" "$name"
	[ "$1" != writeback ] || sc_clean sc
	nr=$(sc_events sc)
	sim_away cache
	run "$name: clean data" holds_file /tmp/a $sc $a_at
	run "$name: a write of what was cached" put /tmp/c $sc $a_at
	run "$name: is read" holds_file /tmp/c $sc $a_at
	run "$name: a write of what was not" put /tmp/c $sc $c_at
	an_event "$name"
	run "$name: the state" sc_wait sc state ro
	run "$name: writes go on" put /tmp/a $sc $b_at
	run "$name: fsync" put /tmp/b $sc $c_at
	goes_on "$name" ro
	run "$name: what was written before" holds_file /tmp/c $sc $a_at
	run "$name: and after" put /tmp/b $sc $c_at
	revive "$name"
	run "$name: nothing old" holds_file /tmp/c $sc $a_at
	run "$name: nor there" holds_file /tmp/a $sc $b_at
	run "$name: nor there" holds_file /tmp/b $sc $c_at
}

# What is dirty cannot be read, and nobody is told otherwise.
test_cache_dies_dirty() {
	local name="cache dies dirty"
	prepare writeback "$name"
	sim_away cache
	eio "$name: a reader of dirty data" read_4k $sc $b_at
	an_event "$name"
	eio "$name: part of a dirty block" dd if=/tmp/c of=$sc \
		bs=512 count=1 seek=$((b_at * 2 + 1)) oflag=direct
	run "$name: clean data" holds_file /tmp/a $sc $a_at
	run "$name: others" dd if=/tmp/c of=$sc bs=64k seek=$((c_at / 64)) \
		oflag=direct
	eio "$name: fsync" put /tmp/c $sc $c_at
	run "$name: the state" sc_wait sc state ro
	same "$name: wants a check" "$(sc_get sc check)" needs_check
	counts "$name" lost_blocks
	expect_fail "$name: flush" "nput/output" timeout 120 \
		dmsetup message sc 0 flush
	revive "$name"
	run "$name: what was dirty" holds_file /tmp/b $sc $b_at
	run "$name: what was clean" holds_file /tmp/a $sc $a_at
	run "$name: destage" sc_clean sc
	run "$name: the origin has it" holds_file /tmp/b $o $b_at
}

# In the midst of a fill or a destage: that fails first, then all does.
test_cache_dies_at() {
	local name="cache dies during a $1"
	prepare writeback "$name"
	sim_fail cache "$2"
	case $1 in
	fill)
		run "$name: reads" holds_file /tmp/zero $sc $((c_at + 1024))
		;;
	destage)
		sc_message sc flush >/dev/null 2>&1 &
		run "$name: it fails" wait_for 30 _counted cache_read_errors
		;;
	esac
	sim_away cache
	run "$name: clean data" holds_file /tmp/a $sc $a_at
	eio "$name: dirty data" read_4k $sc $b_at
	revive "$name"
	wait
	run "$name: what was dirty" holds_file /tmp/b $sc $b_at
	run "$name: what was clean" holds_file /tmp/a $sc $a_at
}

# A flush fails: what can be read is destaged before the rest fails, too, and
# then the origin has all and goes on alone.
test_cache_dies_committing() {
	local name="cache dies during a commit"
	prepare writeback "$name"
	run "$name: records call it dirty" \
		dd if=/dev/null of=$sc conv=fsync,notrunc
	sim_fail cache flush
	put /tmp/c $sc $c_at >/dev/null 2>&1
	run "$name: the state" sc_wait sc state degraded
	run "$name: all is destaged" sc_wait sc dirty 0
	run "$name: the metadata are voided" wait_for 60 _voided
	sim_away cache
	run "$name: what was dirty" holds_file /tmp/b $sc $b_at
	run "$name: what was clean" holds_file /tmp/a $sc $a_at
	run "$name: a write of what was dirty" put /tmp/a $sc $b_at
	revive "$name"
	same "$name: empty" "$(sc_get sc cache_blocks_used)" 0
	run "$name: nothing old" holds_file /tmp/a $sc $b_at
	run "$name: the last" holds_file /tmp/c $sc $c_at
}

_counted() {
	[ "$(sc_get sc "$1")" -gt 0 ]
}

# One slot that cannot be read keeps its neighbours from nothing.
test_bad_slot() {
	local name="one bad slot" at
	prepare writeback "$name"
	# The slots of b are neighbours, as all were free; find their sectors.
	at=$(bad_slot_sector)
	sim_fail cache read "$at" 8
	sc_message sc flush >/dev/null 2>&1 &
	run "$name: the rest is destaged" sc_wait sc dirty 1
	counts "$name" lost_blocks
	eio "$name: it gets an error" dd if=$sc of=/dev/null bs=256k count=1 \
		skip=$((b_at / 256)) iflag=direct
	same "$name: the state" "$(sc_get sc state)" rw
	same "$name: wants a check" "$(sc_get sc check)" needs_check
	sim_fail cache off
	run "$name: well again" sc_clean sc
	wait
	run "$name: the origin has it" holds_file /tmp/b $o $b_at
}

# Where on the cache device the fifth block of b is.
bad_slot_sector() {
	dd if=/tmp/b bs=4k skip=4 count=1 of=/tmp/fifth 2>/dev/null
	_sector=0
	while ! dd if=$c bs=4k skip=$((_sector / 8)) count=1 iflag=direct \
		2>/dev/null | cmp -s - /tmp/fifth; do
		_sector=$((_sector + 8))
	done
	echo $_sector
}

# The same on the origin.
test_bad_origin_sector() {
	local name="one bad sector of the origin"
	prepare writeback "$name"
	sim_fail origin write $(((b_at + 16) * 2)) 8
	sc_message sc flush >/dev/null 2>&1 &
	run "$name: the rest is destaged" sc_wait sc dirty 1
	run "$name: it is read" holds_file /tmp/b $sc $b_at
	sim_fail origin off
	run "$name: well again" sc_clean sc
	wait
	run "$name: the origin has it" holds_file /tmp/b $o $b_at
}

# ---- metadata and cache die together -----------------------------------------

_voided() {
	dd if="$m" bs=4k count=1 iflag=direct 2>/dev/null |
		cmp -s -n 4096 - /dev/zero
}

# Nothing is lost: the origin goes on alone, and the cache begins anew when the
# devices are back, now or later.
test_all_dies() {
	local name="all of the SSD dies, $1, back $2"
	prepare "$1" "$name"
	[ "$1" != writeback ] || sc_clean sc
	nr=$(sc_events sc)
	sim_away meta
	sim_away cache
	run "$name: a write of what was cached" put /tmp/c $sc $a_at
	run "$name: the state" sc_wait sc state degraded
	an_event "$name"
	run "$name: is read" holds_file /tmp/c $sc $a_at
	run "$name: on the origin" holds_file /tmp/c $o $a_at
	run "$name: clean data" holds_file /tmp/b $sc $b_at
	run "$name: a write of what was not" put /tmp/a $sc $c_at
	goes_on "$name" degraded
	run "$name: is read" holds_file /tmp/c $sc $a_at
	[ "$2" = later ] || sim_back meta
	[ "$2" = later ] ||
		run "$name: the metadata are voided" wait_for 60 _voided
	run "$name: remove" sc_remove sc
	sim_back meta
	sim_back cache
	run "$name: starts again" again
	same "$name: empty" "$(sc_get sc cache_blocks_used)" 0
	same "$name: all is well then" "$(sc_get sc state)" rw
	run "$name: nothing old" holds_file /tmp/c $sc $a_at
	run "$name: nor there" holds_file /tmp/b $sc $b_at
	run "$name: nor there" holds_file /tmp/a $sc $c_at
}

# Nobody has noticed before the suspend.
test_dies_unnoticed() {
	local name="all of the SSD dies unnoticed"
	prepare writeback "$name"
	sc_clean sc
	sim_away meta
	sim_away cache
	goes_on "$name" degraded
	run "$name: clean data" holds_file /tmp/a $sc $a_at
	run "$name: a write of what was cached" put /tmp/c $sc $b_at
	run "$name: is read" holds_file /tmp/c $sc $b_at
	revive "$name"
	run "$name: nothing old" holds_file /tmp/c $sc $b_at
}

# What waits for a resume is not given to a device that is another one now, and
# survives a table that it does not fit.
test_wrong_resume() {
	local name="resume with another SSD"
	prepare writeback "$name"
	sim_away meta
	put /tmp/c $sc $c_at >/dev/null 2>&1
	run "$name: the state" sc_wait sc state ro
	run "$name: suspend" timeout 120 dmsetup suspend sc
	dmsetup table sc >/tmp/table
	sed 's/ 8 1 writeback/ 16 1 writeback/' /tmp/table | dmsetup load sc
	expect_fail "$name: other blocks" "read error" dmsetup resume sc
	dmsetup load sc </tmp/table
	run "$name: the right table" dmsetup resume sc
	same "$name: is as it was" "$(sc_get sc state)" ro
	run "$name: dirty data" holds_file /tmp/b $sc $b_at
	run "$name: suspend" timeout 120 dmsetup suspend sc
	dd if=$c of=/tmp/cache bs=64k iflag=direct 2>/dev/null
	dd if=/dev/zero of=$c bs=64k oflag=direct 2>/dev/null
	expect_fail "$name: an empty one, no metadata" \
		"not those of the cache that was suspended" dmsetup resume sc
	sim_back meta
	expect_fail "$name: an empty one" "label" dmsetup resume sc
	dd if=/tmp/cache of=$c bs=64k oflag=direct 2>/dev/null
	run "$name: the right one" dmsetup resume sc
	same "$name: all is well" "$(sc_get sc state)" rw
	run "$name: dirty data" holds_file /tmp/b $sc $b_at
	run "$name: clean data" holds_file /tmp/a $sc $a_at
}

# What is dirty is hoped for, so nothing is given up.
test_all_dies_dirty() {
	local name="all of the SSD dies dirty"
	prepare writeback "$name"
	# No commit is to find the metadata gone and the cache device not yet.
	run "$name: a FLUSH" dd if=/dev/null of=$sc conv=fsync,notrunc
	sim_away meta
	sim_away cache
	put /tmp/c $sc $c_at >/dev/null 2>&1
	run "$name: the state" sc_wait sc state degraded
	eio "$name: dirty data" read_4k $sc $b_at
	eio "$name: a write of what is clean" put /tmp/c $sc $a_at
	goes_on "$name" degraded
	revive "$name"
	run "$name: what was clean" holds_file /tmp/a $sc $a_at
	run "$name: what was dirty" holds_file /tmp/b $sc $b_at
}

# ---- the metadata ------------------------------------------------------------

# A block that is written all the time keeps no FLUSH waiting for ever.
test_flush_beside_writer() {
	local name="metadata dies beside a busy writer" pid
	prepare writeback "$name"
	sim_fail meta write
	put /tmp/c $sc $c_at >/dev/null 2>&1
	run "$name: the state" sc_wait sc state ro
	/test/stamp run $sc /tmp/state /tmp/log ops=0 threads=1 read=0 flush=0 \
		sync=0 max=8 align=8 first=$((b_at * 2)) sectors=8 \
		>/dev/null 2>&1 &
	pid=$!
	run "$name: fsync returns" timeout 60 sh -c \
		". /test/lib.sh; put /tmp/a $sc $c_at; put /tmp/b $sc $c_at"
	kill $pid
	wait
	revive "$name"
	run "$name: the data" holds_file /tmp/b $sc $c_at
}

test_metadata_dies() {
	local name
	for mode in writeback writethrough writearound; do
		name="metadata dies, $mode"
		prepare $mode "$name"
		sim_away meta
		# Whatever the mode, a record has to go first.
		put /tmp/c $sc $a_at >/dev/null 2>&1
		an_event "$name"
		run "$name: the state" sc_wait sc state ro
		run "$name: dirty data" holds_file /tmp/b $sc $b_at
		run "$name: a write of clean" put /tmp/c $sc $a_at
		run "$name: a write of dirty" put /tmp/a $sc $b_at
		run "$name: the origin has all" sc_wait sc dirty 0
		run "$name: clean" holds_file /tmp/c $o $a_at
		run "$name: dirty" holds_file /tmp/a $o $b_at
		goes_on "$name" ro
		revive "$name"
		run "$name: nothing old" holds_file /tmp/c $sc $a_at
		run "$name: nor there" holds_file /tmp/a $sc $b_at
	done
}

# During a checkpoint: the suspend's.
test_checkpoint_dies() {
	local name="metadata dies in a checkpoint" n=1
	while [ $n -le 4 ]; do
		prepare writeback "$name"
		put /tmp/c $sc $c_at >/dev/null
		sim_fail_nth meta write $n
		run "$name: suspend" timeout 120 dmsetup suspend sc
		sim_fail meta off
		run "$name: resume" dmsetup resume sc
		same "$name: the state" "$(sc_get sc state)" rw
		run "$name: clean" holds_file /tmp/a $sc $a_at
		run "$name: dirty" holds_file /tmp/b $sc $b_at
		run "$name: late" holds_file /tmp/c $sc $c_at
		n=$((n + 1))
	done
}

# junk BLOCK COUNT: instead of these blocks of the metadata
junk() {
	dd if=/tmp/meta of=$m bs=64k oflag=direct 2>/dev/null
	head -c $(($2 * 4096)) /tmp/noise |
		dd of=$m bs=4k seek="$1" oflag=direct iflag=fullblock \
			2>/dev/null
}

test_metadata_garbage() {
	local name="garbage for metadata"
	prepare writeback "$name"
	sc_remove sc
	dd if=$m of=/tmp/meta bs=64k iflag=direct 2>/dev/null
	random_file /tmp/noise 1024
	junk 0 2
	expect_fail "$name: superblocks" "holds something else" again
	junk 2 2
	expect_fail "$name: map" "corrupt map" again
	junk 4 252
	expect_fail "$name: journal and pages" "corrupt" again
	junk 0 256
	expect_fail "$name: all of it" "holds something else" again
	junk 1 1
	run "$name: one superblock is enough" again
	run "$name: dirty" holds_file /tmp/b $sc $b_at
	run "$name: clean" holds_file /tmp/a $sc $a_at
}

# While in use: what is in memory counts, and is written over it.
test_metadata_garbage_live() {
	local name="garbage for metadata while in use"
	prepare writeback "$name"
	put /tmp/c $sc $c_at >/dev/null
	sim_corrupt meta 0 128
	run "$name: goes on" put /tmp/c $sc $((c_at + 512))
	run "$name: clean" holds_file /tmp/a $sc $a_at
	run "$name: dirty" holds_file /tmp/b $sc $b_at
	run "$name: destage" sc_clean sc
	sc_remove sc
	run "$name: the origin has it" holds_file /tmp/b $o $b_at
	dd if=/dev/zero of=$m bs=4k count=1 oflag=direct 2>/dev/null
}

test_metadata_swapped() {
	local name="another cache's metadata"
	prepare writeback "$name"
	sc_remove sc
	dd if=$m of=/tmp/meta bs=64k iflag=direct 2>/dev/null
	fresh writeback
	put /tmp/c $sc $c_at
	sc_clean sc
	sc_remove sc
	dd if=$m of=/tmp/meta2 bs=64k iflag=direct 2>/dev/null
	dd if=/tmp/meta of=$m bs=64k oflag=direct 2>/dev/null
	expect_fail "$name: refused" "belongs to another cache" again
	dd if=/tmp/meta2 of=$m bs=64k oflag=direct 2>/dev/null
	run "$name: the right one" again
	run "$name: the data" holds_file /tmp/c $sc $c_at
}

test_missing() {
	local name="SSD missing" d
	prepare writeback "$name"
	sc_remove sc
	for d in cache meta; do
		sim_away $d
		expect_fail "$name: no start without $d" "read error" again
		sim_back $d
	done
	sc_table /dev/mapper/none $c $o | expect_fail \
		"$name: no such device" "cannot open the metadata device" \
		dm_create sc
	sim_away origin
	run "$name: starts without the origin" again
	run "$name: what is dirty" holds_file /tmp/b $sc $b_at
	eio "$name: what is not cached" read_4k $sc 4096
	sim_back origin
	run "$name: the origin is back" read_4k $sc 4096
	run "$name: what is clean" holds_file /tmp/a $sc $a_at
}

test_origin_comes_back() {
	local name="origin dies and comes back"
	prepare writeback "$name"
	sim_away origin
	run "$name: cached data" holds_file /tmp/a $sc $a_at
	run "$name: writes" put /tmp/c $sc $c_at
	eio "$name: what is not cached" read_4k $sc 4096
	sc_message sc flush >/dev/null 2>&1 &
	wait_for 30 _counted origin_write_errors
	run "$name: suspend" timeout 120 dmsetup suspend sc
	run "$name: resume" dmsetup resume sc
	same "$name: the state" "$(sc_get sc state)" rw
	wait
	sim_back origin
	run "$name: destage" sc_clean sc
	run "$name: the origin has it" holds_file /tmp/b $o $b_at
	run "$name: and that" holds_file /tmp/c $o $c_at
}

# ---- all ---------------------------------------------------------------------

error_disks || exit 1
head -c 262144 /dev/zero >/tmp/zero
case $1 in
cache)
	test_cache_dies_clean writeback
	test_cache_dies_clean writethrough
	test_cache_dies_clean writearound
	test_cache_dies_dirty
	test_cache_dies_at fill write
	test_cache_dies_at destage read
	test_cache_dies_committing
	test_bad_slot
	test_bad_origin_sector
	test_all_dies writethrough later
	test_all_dies writearound later
	test_all_dies writeback now
	test_all_dies_dirty
	;;
rest)
	test_dies_unnoticed
	test_wrong_resume
	test_flush_beside_writer
	test_metadata_dies
	test_checkpoint_dies
	test_metadata_garbage
	test_metadata_garbage_live
	test_metadata_swapped
	test_missing
	test_origin_comes_back
	;;
esac
exit 0
