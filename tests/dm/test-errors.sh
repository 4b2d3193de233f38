#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=each kernels=6.1,kasan -- each
# vm: name=random kernels=6.12,kasan,kcsan -- random
#
# Devices that fail: the caller gets an error or correct data, never old data
# (P5), the state and the counters say what happened, and whatever can go on
# does.
#
#   test-errors.sh each|random; ROUNDS and SEED are taken from outside

# shellcheck disable=SC2317 # functions are called by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/simdisk.sh
# shellcheck source=tests/dm/errors-lib.sh
. /test/errors-lib.sh

# ---- the origin -------------------------------------------------------------

test_origin_read() {
	fresh writeback
	put /tmp/a $sc $a_at
	sim_fail origin read
	run "origin read: what is cached" holds_file /tmp/a $sc $a_at
	expect_fail "origin read: what is not" "nput/output error" \
		dd if=$sc of=/dev/null bs=4k skip=2000 count=1 iflag=direct
	counts "origin read" origin_read_errors
	state "origin read" rw -
	sim_fail origin off
	run "origin read: well again" dd if=$sc of=/dev/null bs=4k skip=2000 \
		count=1 iflag=direct
}

test_origin_write() {
	for mode in writethrough writearound; do
		fresh $mode
		put /tmp/a $sc $a_at
		sim_fail origin write
		expect_fail "origin write, $mode: the writer hears of it" \
			"nput/output error" put /tmp/b $sc $a_at
		counts "origin write, $mode" origin_write_errors
		state "origin write, $mode" rw -
		sim_fail origin off
		run "origin write, $mode: well again" put /tmp/b $sc $a_at
		restart "origin write, $mode"
		run "origin write, $mode: the data" holds_file /tmp/b $sc $a_at
	done
}

# All slots are clean, and wait for a flush of the origin before they can be used
# again (rule 7): none will ever be free, so writers do without.
test_held() {
	fresh writeback
	sim_fail origin flush
	sc_message sc sequential_cutoff 0
	dd if=$sc of=/dev/null bs=4k count=2000 iflag=direct 2>/dev/null
	holds "held: the cache is full" "$(sc_get sc free_slots) <= 32"
	same "held: it is clean" "$(sc_get sc dirty)" 0
	run "held: a write ends" dd if=/tmp/a of=$sc bs=4k seek=2500 oflag=direct
	sim_fail origin off
	expect_fail "held: the next fsync hears of it" "nput/output error" \
		put /tmp/a $sc $((2500 * 4))
	run "held: well again" put /tmp/a $sc $((2500 * 4))
	run "held: the data" holds_file /tmp/a $sc $((2500 * 4))
}

_failed_once() {
	[ "$(sc_get sc origin_write_errors)" -gt 0 ]
}

test_destage() {
	fresh writeback
	put /tmp/a $sc $a_at
	dirty=$(sc_get sc dirty)
	sim_fail origin write
	sc_message sc flush 2>/tmp/said &
	run "destage: it fails" wait_for 30 _failed_once
	same "destage: all stays dirty" "$(sc_get sc dirty)" "$dirty"
	run "destage: and is read" holds_file /tmp/a $sc $a_at
	state "destage" rw -
	sim_fail origin off
	run "destage: the flush returns" wait_for 60 sh -c "! kill -0 $!"
	# On a slow machine it may have given up.
	sc_message sc idle_ms 0
	run "destage: well again, it is tried again" sc_wait sc dirty 0
	run "destage: the origin has it" holds_file /tmp/a $o $a_at
}

# ---- the cache --------------------------------------------------------------

test_cache_read_clean() {
	fresh writeback
	put /tmp/a $sc $a_at
	sc_clean sc
	sim_fail cache read
	run "cache read, clean: the origin helps" holds_file /tmp/a $sc $a_at
	counts "cache read, clean" cache_read_errors
	same "cache read, clean: nothing is lost" "$(sc_get sc lost_blocks)" 0
	sim_fail cache off
	run "cache read, clean: later" holds_file /tmp/a $sc $a_at
}

test_cache_read_dirty() {
	fresh writeback
	put /tmp/a $sc $a_at
	nr=$(sc_events sc)
	sim_fail cache read
	expect_fail "cache read, dirty: the reader hears of it" \
		"nput/output error" \
		dd if=$sc of=/dev/null bs=64k count=1 iflag=direct
	run "cache read, dirty: an event" timeout 60 dmsetup wait sc "$nr"
	counts "cache read, dirty" lost_blocks
	same "cache read, dirty: asks for a check" "$(sc_get sc check)" \
		needs_check
	sim_fail cache off
	run "cache read, dirty: nothing was given up" \
		holds_file /tmp/a $sc $a_at
	restart "cache read, dirty"
	same "cache read, dirty: still asks for a check" \
		"$(sc_get sc check)" needs_check
	run "cache read, dirty: the data" holds_file /tmp/a $sc $a_at
}

test_cache_write() {
	fresh writeback
	sim_fail cache write
	run "cache write, new: the write succeeds" put /tmp/a $sc $a_at
	counts "cache write, new" cache_write_errors
	run "cache write, new: it is read" holds_file /tmp/a $sc $a_at
	run "cache write, new: the origin has it" holds_file /tmp/a $o $a_at
	sim_fail cache off
	restart "cache write, new"
	run "cache write, new: the data" holds_file /tmp/a $sc $a_at
}

test_cache_overwrite() {
	fresh writeback
	put /tmp/a $sc $a_at
	sim_fail cache write
	run "cache write, dirty: the write succeeds" put /tmp/b $sc $a_at
	run "cache write, dirty: it is read" holds_file /tmp/b $sc $a_at
	sim_fail cache off
	restart "cache write, dirty"
	run "cache write, dirty: the data" holds_file /tmp/b $sc $a_at
	put /tmp/a $sc $a_at
	sim_fail cache write
	expect_fail "cache write, part of dirty: the writer hears of it" \
		"nput/output error" \
		dd if=/tmp/b of=$sc bs=512 count=1 seek=1 oflag=direct
	sim_fail cache off
	tail -c +4097 /tmp/a >/tmp/rest
	run "cache write, part of dirty: the rest" \
		holds_file /tmp/rest $sc $((a_at + 4)) 4
}

# ---- the metadata -----------------------------------------------------------

# Clean at a, dirty at b, then no metadata any more.
test_metadata_write() {
	fresh writeback
	put /tmp/a $sc $a_at
	sc_clean sc
	put /tmp/b $sc $b_at
	nr=$(sc_events sc)
	sim_fail meta write
	put /tmp/c $sc $c_at >/tmp/said ||
		note "metadata write: fsync at the failure: $(tail -1 /tmp/said)"
	run "metadata write: an event" timeout 60 dmsetup wait sc "$nr"
	run "metadata write: the state" sc_wait sc state ro
	same "metadata write: access" "$(sc_get sc access)" ro
	counts "metadata write" metadata_errors
	run "metadata write: all is destaged" sc_wait sc dirty 0
	run "metadata write: clean" holds_file /tmp/a $sc $a_at
	run "metadata write: dirty" holds_file /tmp/b $sc $b_at
	run "metadata write: last" holds_file /tmp/c $sc $c_at
	run "metadata write: the origin has it" holds_file /tmp/b $o $b_at
	run "metadata write: writes go on" put /tmp/c $sc $a_at
	sim_fail meta off
	restart "metadata write"
	state "metadata write, later" rw "$(sc_get sc check)"
	run "metadata write: what was clean is not believed" \
		holds_file /tmp/c $sc $a_at
	run "metadata write: what was dirty" holds_file /tmp/b $sc $b_at
}

# Slots that durable records call dirty take writes in any mode, and must not be
# forgotten.
test_metadata_invalidate() {
	fresh writeback
	put /tmp/a $sc $a_at
	sim_fail meta write
	put /tmp/c $sc $c_at >/dev/null
	run "invalidate: the state" sc_wait sc state ro
	run "invalidate: all is destaged" sc_wait sc dirty 0
	run "invalidate: passthrough" sc_message sc mode passthrough
	run "invalidate: written once more" put /tmp/b $sc $a_at
	expect_fail "invalidate: refused" "metadata cannot be written" \
		sc_message sc invalidate_cblocks \
		"0-$(sc_get sc cache_blocks_total)"
	run "invalidate: the data" holds_file /tmp/b $sc $a_at
	sim_fail meta off
	restart "invalidate"
	run "invalidate: the data, later" holds_file /tmp/b $sc $a_at
}

test_all_ssd_away() {
	fresh writeback
	put /tmp/a $sc $a_at
	sc_clean sc
	sim_away meta
	sim_away cache
	run "no SSD: clean data" holds_file /tmp/a $sc $a_at
	run "no SSD: writes of what is not cached" put /tmp/b $sc $b_at
	run "no SSD: the state" sc_wait sc state degraded
	run "no SSD: reads" holds_file /tmp/b $sc $b_at
	sc_remove sc
	expect_fail "no SSD: no start" "read error" again
	sim_back meta
	sim_back cache
	run "no SSD: later" again
	run "no SSD: the data" holds_file /tmp/b $sc $b_at
	run "no SSD: the clean data" holds_file /tmp/a $sc $a_at
}

test_start() {
	fresh writeback
	put /tmp/a $sc $a_at
	sc_remove sc
	sim_fail meta read
	expect_fail "start: metadata unreadable" "superblock.*read error" again
	sim_fail meta off
	sim_fail cache read
	expect_fail "start: label unreadable" "label: read error" again
	sim_fail cache off
	sim_fail meta write
	expect_fail "start: metadata not writable" "." again
	sim_fail meta off
	run "start: well again" again
	run "start: the data" holds_file /tmp/a $sc $a_at
}

# ---- at random --------------------------------------------------------------

draw() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	drawn=$((random / 65536 % $1))
}

pick() {
	draw $#
	shift $drawn
	picked=$1
}

# One failure, once or from now on, in the midst of the load.
draw_fault() {
	pick meta cache cache origin
	disk=$picked
	pick read write write flush any
	kind=$picked
	draw 400
	at=$((10 + drawn))
	pick once on on away
	how=$picked
	pick writeback writeback writethrough writearound
	mode=$picked
	round="$1: $mode, $disk $kind $how at $at"
}

_log_reaches() {
	[ "$(stat -c %s /tmp/log)" -ge "$1" ] || ! kill -0 "$load"
}

fault() {
	case $how in
	once) sim_fail_nth "$disk" "$kind" $((1 + at / 16)) ;;
	on)
		[ "$kind" != any ] || kind=all
		wait_for 60 _log_reaches $((at * 512)) &&
			sim_fail "$disk" "$kind"
		;;
	away)
		wait_for 60 _log_reaches $((at * 512)) && sim_away "$disk"
		;;
	esac
}

heal() {
	sim_fail "$disk" off || return 1
	[ "$how" != away ] || sim_back "$disk"
}

# Errors end the load; what was flushed and acknowledged until then counts.
one_round() {
	draw_fault "$1"
	rm -f /tmp/log
	: >/tmp/log
	again || return 1
	/test/stamp run $sc /tmp/state /tmp/log ops=1000 threads=12 cut=1 \
		seed=$((SEED + $1)) max=64 flush=3 sync=5 >/tmp/load 2>&1 &
	load=$!
	fault || fail "$round" "no fault"
	run "$round: the load" wait $load || cat /tmp/load
	heal || fail "$round" "does not heal"
	round="$round, $(sc_get sc state)"
	run "$round: restart" sc_remove sc
	mode=writeback
	run "$round: starts" again || return 1
	run "$round: flushed <= found <= written" \
		/test/stamp check $sc /tmp/state /tmp/log || return 1
	run "$round: destage" sc_clean sc || return 1
	sc_remove sc
	run "$round: the origin alone" \
		/test/stamp check $o /tmp/state /tmp/log || return 1
}

test_random() {
	SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
	random=$SEED
	local n=0 rounds=${ROUNDS:-16}
	note "SEED=$SEED ROUNDS=$rounds"
	while [ $n -lt "$rounds" ] && one_round $n; do
		n=$((n + 1))
	done
	same "rounds survived" $n "$rounds"
}

# ---- all --------------------------------------------------------------------

error_disks || exit 1
case $1 in
each)
	test_origin_read
	test_origin_write
	test_held
	test_destage
	test_cache_read_clean
	test_cache_read_dirty
	test_cache_write
	test_cache_overwrite
	test_metadata_write
	test_metadata_invalidate
	test_all_ssd_away
	test_start
	;;
random)
	mode=writeback
	test_random
	;;
esac
exit 0
