#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=messages kernels=6.12,7.x,kasan,kcsan -- messages
# vm: name=reloads kernels=6.1,7.x,kasan,kcsan -- reloads
#
# What an administrator does to a cache while it is written to and read from:
# nothing of that may be seen in the data.
#
#   test-live.sh messages|reloads

# shellcheck disable=SC2317 # many() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
# shellcheck source=tests/dm/live.sh
. /test/live.sh

SEED=${SEED:-1}
note "SEED=$SEED"

# ---- tests ------------------------------------------------------------------

# A writer that waits for a slot has everything destaged. Who suspends just then
# finds nothing dirty: back, and once more.
shrink_dirty() {
	local _sd_i=0
	while [ "$_sd_i" -lt 20 ]; do
		resize_fast 4096 || return 1
		resize_fast 20480 || return 0
		go_on 20
		_sd_i=$((_sd_i + 1))
	done
}

test_refused_shrink() {
	sc_message sc mode writeback
	sc_message sc idle_ms 3600000
	sc_message sc dirty_limit 100
	sc_message sc dirty_high 100
	sc_message sc dirty_low 100
	# Else a sweep that has begun goes on.
	sc_message sc dirty_target 100
	go_on 400
	expect_fail "shrinking below what is dirty is refused" \
		"dirty data outside the new size" shrink_dirty
	run "and the old size still works" resize_fast 20480
	go_on
}

test_grown_origin() {
	same "the new size" "$(sectors $sc)" $SC_LENGTH
	random_file /tmp/g 256
	run "write at the new end" put /tmp/g $sc $((SC_LENGTH / 2 - 256))
	run "read it" holds_file /tmp/g $sc $((SC_LENGTH / 2 - 256))
	run "destage it" sc_clean sc
	run "the origin has it" holds_file /tmp/g "$origin" \
		$((SC_LENGTH / 2 - 256))
}

_hits_above() {
	[ "$(sc_get sc write_hits)" -gt "$1" ]
}

# A block that is written all the time is dirty again before it can be clean; but in
# writethrough it gets clean for good.
test_flush_ends() {
	local hammer i bad=0
	sc_message sc mode writeback
	fio --name=a --filename=$sc --offset=${spare_mib}m --size=4k --bs=4k \
		--rw=randwrite --direct=1 --ioengine=libaio --iodepth=4 \
		--time_based --runtime=3600 >/dev/null 2>&1 &
	hammer=$!
	for i in 1 2 3 4 5 6 7 8; do
		wait_for 60 _hits_above "$(sc_get sc write_hits)"
		timeout 60 dmsetup message sc 0 flush || bad=$((bad + 1))
	done
	sc_message sc mode writethrough
	run "flush ends beside them in writethrough" \
		timeout 60 dmsetup message sc 0 flush
	same "and nothing is dirty" "$(sc_get sc dirty)" 0
	kill -0 $hammer && kill $hammer
	wait $hammer
	sc_message sc mode writeback
	same "flush ends beside writes to one block: failed" $bad 0
}

test_messages() {
	load_begin
	many 9 suspend_resume
	many 12 mode_message
	passed=0 refused=0
	many 6 mode_passthrough
	note "passthrough: $passed times possible, $refused times not"
	sc_message sc mode writeback
	many 6 tunables
	many 4 status_and_flush
	many 8 discard_spare
	load_end "messages"
	test_flush_ends
}

test_reloads() {
	load_begin
	many 6 mode_reload
	many 6 policy_reload
	sc_reload sc "$meta" "$fast" "$origin"
	many 3 grow_fast
	back_to_first || fail "back to the first size" "refused"
	load_end "reloads"
	load_begin
	many 3 shrink_fast
	back_to_first || fail "back to the first size" "refused"
	test_refused_shrink
	sc_reload sc "$meta" "$fast" "$origin"
	many 3 grow_origin
	load_end "sizes"
	test_grown_origin
}

# Each of these writes is durable before the next.
test_storm() {
	load_begin
	# shellcheck disable=SC2086
	run "a storm of flushes" /test/stamp run $sc /tmp/state2 /tmp/log2 \
		ops=400 threads=8 max=64 flush=40 read=5 sync=80 $storm_range \
		seed="$SEED"
	run "fsync after each write" fio --name=a --filename=$sc \
		--offset=${spare_mib}m --size=4m --rw=randwrite --bs=4k \
		--fsync=1 --number_ios=200 --ioengine=psync
	holds "flushes share commits" "$(sc_get sc coalesced_flushes) > 0"
	load_end "storm"
	# shellcheck disable=SC2086
	run "the storm's data" /test/stamp check $sc /tmp/state2 /tmp/log2 \
		exact=1 $storm_range
}

test_recreate() {
	local i
	for i in 1 2 3; do
		load_begin
		go_on 300
		load_end "run $i"
		run "remove" sc_remove sc
		run "create again" sc_create sc "$meta" "$fast" "$origin" 8 "" \
			default idle_ms "$(nth $i 0 3600000)"
	done
}

test_origin_alone() {
	# shellcheck disable=SC2086
	run "flush" sc_clean sc
	sc_remove sc
	# shellcheck disable=SC2086
	run "the origin alone" /test/stamp check "$origin" /tmp/state \
		/tmp/log $load_range
}

origin=$(discard_disk 72)
cache=$(ram_disk 24)
meta=$(ram_disk 4)
echo "0 20480 linear $cache 0" | dm_create fast
run "create" sc_create sc "$meta" "$fast" "$origin" || exit 1
case $1 in
messages)
	test_messages
	test_storm
	;;
reloads)
	test_reloads
	test_recreate
	;;
esac
test_origin_alone
exit 0
