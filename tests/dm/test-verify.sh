#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=writeback kernels=6.12,kasan,kcsan -- writeback
# vm: name=writeback kernels=6.1,7.x short -- writeback -b "8 128"
# vm: name=writethrough kernels=6.1,7.x -- writethrough -b "8 128"
# vm: name=writethrough kernels=kasan,kcsan -- writethrough -b "32 2048"
# vm: name=writearound kernels=6.12,7.x -- writearound -b "8 2048"
# vm: name=writearound kernels=kasan,kcsan -- writearound -b "32 128"
# vm: name=passthrough kernels=6.1,7.x -- passthrough -b "8 2048"
# vm: name=passthrough kernels=kasan,kcsan -- passthrough -b "32 128"
#
# Whatever is written is read back (P1), in a mode, with all sizes of blocks. The
# cache is much smaller than what is written, so that slots are evicted, moved,
# destaged and filled all the time. Then a restart with all that is dirty, then
# the origin alone.
#
#   test-verify.sh MODE [-b "BLOCK-SECTORS..."]

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc
SEED=${SEED:-1}
note "SEED=$SEED"

# busy NAME MODE: whether what the test is for has happened
busy() {
	sc_fields sc >/tmp/status
	case $2 in
	writeback)
		holds "$1: evicts" "$(sc_get sc demotions) > 100 / $block"
		holds "$1: destages" "$(sc_get sc destaged_blocks) > 0"
		;;
	writethrough)
		holds "$1: evicts" "$(sc_get sc demotions) > 100 / $block"
		same "$1: is clean" "$(sc_get sc dirty)" 0
		;;
	writearound)
		holds "$1: fills and drops" "$(sc_get sc fills) > 0 &&
			$(sc_get sc invalidations) > 0"
		;;
	passthrough)
		same "$1: caches nothing" "$(sc_get sc promotions)" 0
		;;
	esac
	same "$1: state" "$(grep -E '^(state|check|lost_blocks)=' /tmp/status |
		tr '\n' ' ')" "check=- state=rw lost_blocks=0 "
}

# matrix_cell MODE BLOCK
matrix_cell() {
	local mode=$1 block=$2
	local name="$mode, $((block / 2)) KiB"

	dd if=/dev/zero of="$meta" bs=4k count=1 2>/dev/null
	run "$name: create" sc_create sc "$meta" "$cache" "$origin" "$block" \
		"$mode" default idle_ms 200 || return 1
	run "$name: what is written is read" verify_load $sc 48 64 2 || return 1
	busy "$name" "$mode"
	copy_of $sc /tmp/shadow
	run "$name: remove" sc_remove sc
	run "$name: create again" sc_create sc "$meta" "$cache" "$origin" \
		"$block" "$mode" || return 1
	run "$name: the same after a restart" holds_file /tmp/shadow $sc 0 1024
	run "$name: flush" sc_clean sc
	run "$name: the origin has it" holds_file /tmp/shadow "$origin" 0 1024
	sc_remove sc
	run "$name: the origin alone" holds_file /tmp/shadow "$origin" 0 1024
}

# trims BLOCK: discards among the writes, on an origin that can
trims() {
	local block=$1 name="discards, $(($1 / 2)) KiB"

	rm -f /tmp/state /tmp/log
	blkdiscard "$thin"
	dd if=/dev/zero of="$meta" bs=4k count=1 2>/dev/null
	run "$name: create" sc_create sc "$meta" "$cache" "$thin" "$block" \
		writeback default idle_ms 0 || return 1
	run "$name: what is written is read" /test/stamp run $sc /tmp/state \
		/tmp/log ops=2500 discard=15 max=512 seed="$SEED" || return 1
	holds "$name: the origin gets them" "$(disk_stat "$thin" discards) > 50"
	run "$name: it stays" /test/stamp check $sc /tmp/state /tmp/log exact=1
	run "$name: flush" sc_clean sc
	sc_remove sc
	run "$name: the origin alone" \
		/test/stamp check "$thin" /tmp/state /tmp/log
}

blocks="8 32 128 2048"
[ "${2:-}" != -b ] || blocks=$3
origin=$(ram_disk 64)
cache=$(ram_disk 20)
meta=$(ram_disk 4)
for block in $blocks; do
	matrix_cell "$1" "$block"
done
free_disk "$origin"
if [ "$1" = writeback ]; then
	thin=$(discard_disk 64)
	for block in $blocks; do
		trims "$block"
	done
fi
exit 0
