#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=4k
# vm: name=64k -- 128
# debug: name=4k --env CUTS=4
#
# Power cuts of all three devices in one instant, at a random write of several
# writers, each device losing, keeping or tearing what it had not flushed. After
# each cut: what was flushed is found, and nothing that was never written (P2);
# the cache is exact and starts (P4); and what is found then never changes,
# whatever is evicted and destaged (P3), down to the origin alone.
#
#   test-power-cut.sh [BLOCK-SECTORS]; CUTS and SEED are taken from outside

# shellcheck disable=SC2317 # functions are called by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/simdisk.sh

sc=/dev/mapper/sc
block=${1:-8}
CUTS=${CUTS:-24}
SEED=${SEED:-$(od -An -N3 -tu4 /dev/urandom | tr -d ' ')}
note "SEED=$SEED CUTS=$CUTS"

# draw NUMBER: below it; the same series for the same SEED
draw() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	drawn=$((random / 65536 % $1))
}
random=$SEED

# pick WORD...: one of them
pick() {
	draw $#
	shift $drawn
	picked=$1
}

# ---- the disks --------------------------------------------------------------

disk_kib=16384
fast_kib=6144
meta_kib=1024

# Volatile caches of different size, and with or without destaging on their
# own, so that each loses something else.
make_disks() {
	slow=$(discard_disk $((disk_kib / 1024)))
	ssd=$(ram_disk $((fast_kib / 1024)))
	log=$(ram_disk $((meta_kib / 1024)))
	sim_create origin "$slow" null group g cache_kb 8192 hold 1 \
		seed "$SEED" discard 1 &&
		sim_create cache "$ssd" null group g cache_kb 4096 hold 1 \
			seed $((SEED + 1)) &&
		sim_create meta "$log" null group g cache_kb 512 hold 0 \
			seed $((SEED + 2))
}

m=/dev/mapper/meta
c=/dev/mapper/cache
o=/dev/mapper/origin

# ---- a round ----------------------------------------------------------------

# What this round is like, from the SEED.
draw_round() {
	pick writeback writeback writeback writethrough writearound
	mode=$picked
	pick drop random random keep
	cut=$picked
	pick 0 100 3600000
	idle=$picked
	pick 5 50 1000
	interval=$picked
	draw 600
	at=$((20 + drawn * drawn / 300))
	pick 0 4
	discards=$picked
	pick 1 3 10
	flushes=$picked
	round="$1: $mode, $cut at write $at, idle_ms $idle, interval $interval"
}

create() {
	sc_create sc $m $c $o "$block" "$mode" default idle_ms "$idle" \
		commit_interval "$interval"
}

all_off() {
	sim_is origin state off && sim_is cache state off &&
		sim_is meta state off
}

# The cut comes at the write that was drawn, if need be in another run.
write_until_cut() {
	sim_cut_after_group meta $at "$cut" || return 1
	/test/stamp run $sc /tmp/state /tmp/log ops=0 threads=12 cut=1 \
		seed=$((SEED + $1)) max=128 flush="$flushes" sync=4 \
		discard="$discards" || return 1
	wait_for 30 all_off
}

# Everything that the cache holds goes: destaged, then evicted by reads of the
# rest, then a look at the origin alone.
stays() {
	run "$1: nothing changes while it is destaged" sc_clean sc &&
		run "$1: the same" /test/stamp check $sc /tmp/state /tmp/log
	sc_remove sc
	run "$1: and on the origin alone" /test/stamp check $o /tmp/state \
		/tmp/log
}

# The cache serves the load, is thrown off its feet and recovers.
one_round() {
	draw_round "$1"
	create || {
		fail "$round" "cannot be created"
		return 1
	}
	write_until_cut "$1" || {
		fail "$round" "no cut"
		dmsetup status
		return 1
	}
	sc_remove sc || return 1
	sim_revive_group meta g
	run "$round: starts" create || return 1
	run "$round: flushed <= found <= written" \
		/test/stamp check $sc /tmp/state /tmp/log || return 1
	same "$round: state" "$(sc_get sc state) $(sc_get sc lost_blocks)" \
		"rw 0"
	# All rounds of evicting it all would take too long.
	if [ $(($1 % 3)) -eq 2 ]; then
		stays "$round"
	else
		sc_remove sc
	fi
}

make_disks || exit 1
n=0
while [ $n -lt "$CUTS" ] && one_round $n; do
	n=$((n + 1))
done
same "cuts survived" $n "$CUTS"
exit 0
