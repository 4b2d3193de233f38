#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=messages -- messages
# vm: name=reloads -- reloads
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

sc=/dev/mapper/sc
fast=/dev/mapper/fast
SEED=${SEED:-1}
note "SEED=$SEED"

# Of the origin's first 64 MiB the load has 48, the storm of flushes 8, and 8
# are there to be discarded.
load_range="first=0 sectors=98304"
storm_range="first=98304 sectors=16384"
spare_mib=56
# Not a multiple of any block size.
short=131069
SC_LENGTH=$short

# ---- the load ---------------------------------------------------------------

# load_begin: stamps in the background until load_end
load_begin() {
	# shellcheck disable=SC2086 # words on purpose
	/test/stamp run $sc /tmp/state /tmp/log ops=0 threads=8 max=256 \
		seed="$SEED" discard=3 $load_range >/tmp/load 2>&1 &
	load=$!
	SEED=$((SEED + 1))
}

# load_end NAME: its verdict, and what it left behind
load_end() {
	kill -TERM $load
	run "$1: the load is content" wait $load || cat /tmp/load
	# shellcheck disable=SC2086
	run "$1: the data" /test/stamp check $sc /tmp/state /tmp/log exact=1 \
		$load_range
	same "$1: the state" "$(sc_get sc state) $(sc_get sc check)" "rw -"
}

log_size() {
	stat -c %s /tmp/log 2>/dev/null || echo 0
}

_log_reaches() {
	[ "$(log_size)" -ge "$1" ] || ! kill -0 "$load"
}

# go_on [RECORDS]: until the load has made some progress
go_on() {
	wait_for 60 _log_reaches $(($(log_size) + ${1:-40} * 512)) ||
		fail "go on" "the load makes no progress"
}

# many ROUNDS COMMAND...: the command with the round's number behind it, and
# progress each time; one test
many() {
	local _mn_i=0 _mn_n=$1 _mn_bad=0
	shift
	while [ $_mn_i -lt "$_mn_n" ]; do
		"$@" $_mn_i || _mn_bad=$((_mn_bad + 1))
		go_on
		_mn_i=$((_mn_i + 1))
	done
	same "$_mn_n times $1: failed" $_mn_bad 0
}

# nth NUMBER WORD...: one of the words
nth() {
	shift $(($1 % ($# - 1) + 1))
	echo "$1"
}

# ---- what is done to it -----------------------------------------------------

suspend_resume() {
	# Every third time with what is queued left queued.
	if [ $(($1 % 3)) -eq 2 ]; then
		dmsetup suspend --noflush sc
	else
		dmsetup suspend sc
	fi && dmsetup resume sc
}

mode_message() {
	sc_message sc mode "$(nth "$1" writethrough writearound writeback \
		writearound writethrough writeback)"
}

# Possible or not, as it happens to be dirty or clean.
mode_passthrough() {
	local mode
	sc_message sc mode "$(nth "$1" writethrough writearound)" || return 1
	mode=$(sc_get sc mode)
	if sc_message sc mode passthrough 2>/tmp/said; then
		sc_is sc mode passthrough && passed=$((passed + 1))
	else
		sc_is sc mode "$mode" && refused=$((refused + 1))
	fi
}

mode_reload() {
	sc_reload sc "$meta" "$fast" "$origin" 8 \
		"$(nth "$1" writethrough writeback writearound)"
}

policy_reload() {
	sc_reload sc "$meta" "$fast" "$origin" 8 writeback \
		"$(nth "$1" lru cleaner s3fifo smq)" idle_ms "$(nth "$1" 0 100)"
}

tunables() {
	sc_message sc commit_interval "$(nth "$1" 1 50 60000)" &&
		sc_message sc sequential_cutoff "$(nth "$1" 0 64 4096)" &&
		sc_message sc destage_depth "$(nth "$1" 1 64)" &&
		sc_message sc small_queue "$(nth "$1" 1 90 10)" &&
		sc_message sc write_budget "$(nth "$1" 1 0)" &&
		sc_message sc read_fill "$(nth "$1" 0 1)"
}

# The sectors are given up, and only they.
discard_spare() {
	local at=$((spare_mib * 1024 + $1 * 7 * 4)) kib=$((4 << $1 % 7))
	random_file /tmp/d $((kib + 8))
	put /tmp/d "$sc" "$at" $((kib + 8)) >/dev/null &&
		blkdiscard -o $(((at + 4) * 1024)) -l $((kib * 1024)) "$sc" &&
		dd if=/dev/zero of=/tmp/d bs=1k seek=4 count="$kib" \
			conv=notrunc 2>/dev/null &&
		holds_file /tmp/d "$sc" "$at" 4
}

status_and_flush() {
	sc_message sc flush && dmsetup status sc >/dev/null
}

# ---- sizes ------------------------------------------------------------------

# resize_fast SECTORS [WORDS OF sc_table]: the cache device and a table for it.
# Leaves sc suspended if the table is refused.
resize_fast() {
	local _rz_new=$1
	shift
	dmsetup suspend sc &&
		echo "0 $_rz_new linear $cache 0" | dmsetup load fast &&
		dmsetup resume fast &&
		sc_table "$meta" "$fast" "$origin" 8 "$@" | dmsetup load sc &&
		dmsetup resume sc
}

grow_fast() {
	resize_fast $((20480 + 5000 * ($1 + 1) + $1))
}

# Nothing dirty may be out there, so the load is written through.
shrink_to() {
	sc_message sc mode writethrough && sc_clean sc &&
		resize_fast "$1" writethrough && sc_message sc mode writeback
}

shrink_fast() {
	shrink_to $((20480 - 3001 * ($1 + 1)))
}

back_to_first() {
	shrink_to 20480
}

test_refused_shrink() {
	sc_message sc mode writeback
	sc_message sc idle_ms 3600000
	sc_message sc dirty_limit 100
	sc_message sc dirty_high 100
	sc_message sc dirty_low 100
	go_on 400
	expect_fail "shrinking below what is dirty is refused" \
		"dirty data outside the new size" resize_fast 4096
	run "and the old size still works" resize_fast 20480
	go_on
}

grow_origin() {
	SC_LENGTH=$((short + 1003 * ($1 + 1)))
	sc_reload sc "$meta" "$fast" "$origin"
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

# ---- all --------------------------------------------------------------------

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
