# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# What an administrator does to a cache, and a load that must see nothing of it,
# for tests that begin with:
#
#   . /lib/test.sh
#   . /test/lib.sh
#   . /test/live.sh
#
# The cache is sc, on devices named by the variables meta, fast and origin, of
# which fast is a linear device on cache. SEED is set. Actions have a number
# behind them, by which they differ.

# shellcheck disable=SC2034,SC2119,SC2120,SC2154 # variables and arguments of tests

sc=/dev/mapper/sc
fast=/dev/mapper/fast

# Of the origin's first 64 MiB the load has 48, the storm of flushes 8, and 8
# are there to be discarded.
load_range="first=0 sectors=98304"
storm_range="first=98304 sectors=16384"
spare_mib=56
# Not a multiple of any block size.
short=131069
SC_LENGTH=$short

# ---- the load ---------------------------------------------------------------

# load_begin [OPS]: stamps in the background until load_end, or so many
load_begin() {
	# shellcheck disable=SC2086 # words on purpose
	/test/stamp run $sc /tmp/state /tmp/log ops="${1:-0}" threads=8 max=256 \
		seed="$SEED" discard=3 $load_range >/tmp/load 2>&1 &
	load=$!
	SEED=$((SEED + 1))
}

# load_end NAME: its verdict, and what it left behind
load_end() {
	kill -TERM "$load"
	run "$1: the load is content" wait "$load" || cat /tmp/load
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

# In one process: sc may carry the swap.
suspend_resume() {
	# Every third time with what is queued left queued.
	/test/dmdo "$(nth "$1" suspend suspend suspend-noflush)" sc , resume sc
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

# The sectors are given up, and only they. With -f, for sc may carry the swap.
discard_spare() {
	local at=$((spare_mib * 1024 + $1 * 7 * 4)) kib=$((4 << $1 % 7))
	random_file /tmp/d $((kib + 8))
	put /tmp/d "$sc" "$at" $((kib + 8)) >/dev/null &&
		blkdiscard -f -o $(((at + 4) * 1024)) -l $((kib * 1024)) "$sc" &&
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
	/test/dmdo suspend sc , load fast "0 $_rz_new linear $cache 0" , \
		resume fast , \
		load sc "$(sc_table "$meta" "$fast" "$origin" 8 "$@")" , \
		resume sc
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

grow_origin() {
	SC_LENGTH=$((short + 1003 * ($1 + 1)))
	sc_reload sc "$meta" "$fast" "$origin"
}
