#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=4k -- 8 three
# vm: name=4k-one kernels=6.12 -- 8 one
# vm: name=64k kernels=6.12,7.x,kasan,kcsan -- 128 one
# vm: name=256k kernels=6.1 -- 512 three
# debug: name=64k short --env CUTS=4 -- 128 one
# vm: name=short short kernels=7.x --env CUTS=6 -- 8 three
#
# Power cuts of all devices in one instant, each losing, keeping or tearing what
# it had not flushed: while several writers are at work and the mode changes and
# the device is suspended, while it is destaged, while it is removed, while it
# recovers from the last cut; or the metadata fails before (rule 9). The devices
# are so small that evictions and checkpoints go on all the time.
#
# After each: what was flushed is found, and nothing that was never written (P2);
# the cache is exact and starts (P4); and what is found then never changes,
# whatever is destaged and evicted (P3), down to the origin alone.
#
#   test-crash.sh [BLOCK-SECTORS [three|one]]
#
# "one": metadata and cache are two parts of one SSD. From outside come
#
#   CUTS      how many
#   SEED      of all that is drawn; with the same the same is drawn again
#   MODE      instead of one drawn for each
#   BS        block size in sectors, instead of the argument's
#   LAYOUT    three or one, instead of the argument's
#   SHUFFLE   us: cache and origin serve what waits in random order, each request
#             after so long; 0: at once and in the order in which it came
#   CACHE_MIB, ORIGIN_MIB   sizes, instead of 24 slots and three times the cache
#   QUIET     1: a long load that does not flush, destaged all the time
#   TARGET    ssdcache, or cache or writecache for the kernel's
#   RULE      a rule to break (tests/broken): succeeds if that is noticed

# shellcheck disable=SC2317 # functions are called by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/simdisk.sh
# shellcheck source=tests/dm/crash-target.sh
. /test/crash-target.sh

block=${BS:-${1:-8}}
layout=${LAYOUT:-${2:-three}}
CUTS=${CUTS:-12}
SEED=${SEED:-1}
TARGET=${TARGET:-ssdcache}
SHUFFLE=${SHUFFLE:-0}
QUIET=${QUIET:-0}
note "SEED=$SEED CUTS=$CUTS BS=$block LAYOUT=$layout SHUFFLE=$SHUFFLE TARGET=$TARGET${RULE:+ RULE=$RULE}"

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

sc=/dev/mapper/sc
m=/dev/mapper/meta
c=/dev/mapper/cache
o=/dev/mapper/origin

# Of the cache, with 24 slots and the labels at least; a third of the origin.
cache_mib=${CACHE_MIB:-$((1 + block * 24 / 2048))}
origin_mib=${ORIGIN_MIB:-$((3 * cache_mib))}
meta_kib=256

# Volatile caches of different size, and with or without destaging on their
# own, so that each loses something else.
make_three() {
	sim_create cache "$(ram_disk "$cache_mib")" null group g cache_kb 1024 \
		hold 1 seed $((SEED + 1)) shuffle "$SHUFFLE" &&
		sim_create_part meta "$(ram_disk 1)" 0 $((meta_kib * 2)) null \
			group g cache_kb 128 hold 0 seed $((SEED + 2))
}

# As two partitions: one power, one cache, one flush.
make_one() {
	sim_create ssd "$(ram_disk $((cache_mib + 1)))" null group g \
		cache_kb 1024 hold 1 seed $((SEED + 1)) shuffle "$SHUFFLE" ||
		return 1
	echo "0 $((meta_kib * 2)) linear /dev/mapper/ssd 0" |
		dm_create meta &&
		echo "0 $((cache_mib * 2048)) linear /dev/mapper/ssd 2048" |
		dm_create cache
}

make_disks() {
	sim_create origin "$(discard_disk "$origin_mib")" null group g \
		cache_kb 4096 hold 1 seed "$SEED" discard 1 shuffle "$SHUFFLE" ||
		return 1
	sectors=$((origin_mib * 2048))
	"make_$layout"
}

all_off() {
	sim_is origin state off
}

arm() {
	sim_cut_after_group origin "$1" "$cut"
}

# ---- what a round is like ---------------------------------------------------

draw_round() {
	# shellcheck disable=SC2086 # words on purpose
	pick ${MODE:-writeback writeback writeback writethrough writearound}
	mode=$picked
	pick load load load load load stop sweep meta
	where=$picked
	[ "$TARGET" = ssdcache ] || [ "$where" != meta ] || where=load
	pick drop random random keep
	cut=$picked
	pick 0 100 3600000
	idle=$picked
	pick 5 50 1000
	interval=$picked
	draw 600
	at=$((20 + drawn * drawn / 300))
	pick "12 16" "12 128" "8 128" "3 2048"
	max=${picked#* }
	threads=${picked% *}
	pick 0 4
	discards=$picked
	pick 1 3 10
	flushes=$picked syncs=4
	pick 0 0 1
	admin=$picked
	pick 0 0 1
	again=$picked
	draw 40
	again_at=$((1 + drawn))
	if [ "$QUIET" = 1 ]; then
		flushes=0 syncs=0 interval=20 idle=0 where=load at=$((at * 8))
	fi
	draw_text "$1"
}

draw_text() {
	round="$1: $mode, $cut in $where at $at"
	[ "$admin" = 0 ] || round="$round, admin"
	[ "$again" = 0 ] || round="$round, again at $again_at"
}

# ---- the load ---------------------------------------------------------------

# load OPS: 0: until the cut
load() {
	[ $((threads * max)) -le "$sectors" ] || threads=$((sectors / max))
	/test/stamp run "$sc" /tmp/state /tmp/log ops="$1" threads="$threads" \
		cut=1 seed="$seed" max="$max" flush="$flushes" sync="$syncs" \
		discard="$discards" >/tmp/load 2>&1
}

# Orders of an administrator until the load ends; some are refused.
administrate() {
	while [ -e /tmp/working ]; do
		draw 8
		case $drawn in
		0) target_order mode writeback ;;
		1) target_order mode writethrough ;;
		2) target_order mode writearound ;;
		3) target_order mode passthrough ;;
		4) target_order flush ;;
		*)
			dmsetup suspend sc && sleep 0.02
			dmsetup resume sc || break
			;;
		esac
	done >/tmp/admin 2>&1
}

is_suspended() {
	[ "$(dmsetup info -c --noheadings -o suspended sc)" = Suspended ]
}

# What waits in a suspended device must come to an end: with errors.
wreck() {
	echo "0 $sectors error" | dmsetup load sc && dmsetup resume sc
}

# The load and the administrator, until the power is gone.
work_until_cut() {
	: >/tmp/working
	load 0 &
	load=$!
	[ "$admin" = 0 ] || administrate &
	wait_for 60 all_off || return 1
	rm /tmp/working
	[ "$admin" = 0 ] || wait $!
	! is_suspended || wreck || return 1
	wait "$load"
}

# ---- cuts, each returns when the power is gone and the target removed -------

cut_load() {
	arm "$at" && work_until_cut && target_hurry && sc_remove sc
}

# While it is removed, if that writes so much; else behind it.
cut_stop() {
	load $((200 + at)) && arm $((1 + at % 40)) && sc_remove sc &&
		sim_cut_group origin g "$cut"
}

cut_sweep() {
	load $((200 + at)) && arm $((1 + at % 200)) || return 1
	target_order flush >/tmp/order 2>&1
	target_hurry && sc_remove sc && sim_cut_group origin g "$cut"
}

_log_reaches() {
	[ "$(stat -c %s /tmp/log)" -ge "$1" ] || ! kill -0 "$load"
}

# Metadata that cannot be written any more, for a while before.
cut_meta() {
	local r=0
	: >/tmp/log
	load $((100 + at)) &
	load=$!
	wait_for 60 _log_reaches $((at * 256)) || return 1
	if [ "$layout" = one ]; then
		sim_fail ssd write 0 $((meta_kib * 2)) || return 1
	else
		sim_fail meta write || return 1
	fi
	wait "$load" || r=1
	sc_remove sc && sim_cut_group origin g "$cut" || return 1
	if [ "$layout" = one ]; then sim_fail ssd off; else sim_fail meta off; fi
	return "$r"
}

# To disks, and to a target that has no memory of its own.
power_returns() {
	target_unload && sim_revive_group origin g && target_load
}

# Power is back; perhaps it fails again while the cache recovers.
recover() {
	power_returns || return 1
	if [ "$again" = 1 ]; then
		arm "$again_at"
		if target_create 2>/dev/null; then
			sc_remove sc
		fi
		sim_cut_group origin g "$cut" && power_returns || return 1
	fi
	target_create
}

# ---- a round ----------------------------------------------------------------

holds_all() {
	/test/stamp check "$1" /tmp/state /tmp/log
}

# Everything that the cache holds goes: destaged, then evicted, then a look at
# the origin alone.
stays() {
	run "$1: nothing changes while it is destaged" target_clean &&
		run "$1: the same" holds_all $sc || return 1
	run "$1: it is forgotten" target_forget || return 1
	sc_remove sc
	run "$1: and on the origin alone" holds_all $o
}

# The cache serves the load, is thrown off its feet and recovers.
one_round() {
	draw_round "$1"
	seed=$((SEED + $1))
	target_create || {
		fail "$round" "cannot be created"
		return 1
	}
	if ! "cut_$where" || grep -q sector /tmp/load; then
		fail "$round" "no cut, or bad reads: $(tail -3 /tmp/load)"
		dmsetup status
		return 1
	fi
	run "$round: starts" recover || return 1
	run "$round: flushed <= found <= written" holds_all $sc || return 1
	run "$round: state" target_is_well || return 1
	stays "$round"
}

all_rounds() {
	n=0
	while [ $n -lt "$CUTS" ] && one_round $n; do
		n=$((n + 1))
	done
	same "cuts survived" $n "$CUTS"
}

# A broken rule must be noticed.
all_rounds_broken() {
	# What the tests say is not a result, but what is looked at.
	result() {
		echo "$*" | tee -a /tmp/said >/dev/console
	}
	all_rounds
	. /lib/test.sh
	if grep -q '^not ok' /tmp/said; then
		ok "$RULE: noticed after $((n + 1)) cuts"
		note "$(grep -m 1 -A 2 '^not ok' /tmp/said)"
	else
		fail "$RULE" "not noticed in $CUTS cuts"
	fi
}

make_disks && target_load && target_prepare || exit 1
if [ -n "${RULE:-}" ]; then all_rounds_broken; else all_rounds; fi
exit 0
