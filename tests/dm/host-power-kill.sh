#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The whole machine loses its power, again and again, in the midst of writing:
# what is on the images of its disks then is what had been flushed. The next
# machine finds every sector between the flushed and the last written version,
# and goes on from there. What was submitted and acknowledged is logged on a
# disk of its own, that loses nothing.
#
#   tests/dm/host-power-kill.sh KERNEL SSDCACHE.ko
#
# simdisk.ko is beside that module. From outside come KILLS, SEED, and LOG, a
# directory that gets the logs of the machines.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kernel=$1
module=$2
kills=${KILLS:-3}
RANDOM=${SEED:=$((RANDOM % 32768))}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
log=${LOG:-$dir/log}
echo "# SEED=$SEED KILLS=$kills"

# Of the stamps, the log and the state.
make_disks() {
	truncate -s 32M "$dir/origin" "$dir/log"
	truncate -s 12M "$dir/cache"
	truncate -s 2M "$dir/meta" "$dir/state"
}

make_guest() {
	cat >"$dir/test.sh" <<-'END'
	#!/bin/dash
	. /lib/test.sh
	. /test/lib.sh
	. /test/simdisk.sh
	sc=/dev/mapper/sc
	state_bytes=$((($(sectors /dev/vda) + 1) * 8))

	# The disks lose what is not flushed when the machine dies.
	sim_create origin /dev/vda null cache_kb 16384 hold 1 discard 1
	sim_create cache /dev/vdb null cache_kb 8192 hold 1
	sim_create meta /dev/vdc null cache_kb 1024 hold 1
	head -c $state_bytes /dev/vde >/tmp/state

	run "$1: starts" sc_create sc /dev/mapper/meta /dev/mapper/cache \
		/dev/mapper/origin "$2" "$3" default idle_ms "$4" || exit
	note "$1: $(dmsetup status sc | cut -d' ' -f4-20)"
	run "$1: flushed <= found <= written" \
		/test/stamp check $sc /tmp/state /dev/vdd || exit
	same "$1: state" "$(sc_get sc state) $(sc_get sc lost_blocks)" "rw 0"
	if [ "$1" = last ]; then
		run "destage" sc_clean sc
		run "the same" /test/stamp check $sc /tmp/state /dev/vdd
		sc_remove sc
		run "and on the origin alone" /test/stamp check \
			/dev/mapper/origin /tmp/state /dev/vdd
		exit 0
	fi
	dd if=/tmp/state of=/dev/vde bs=1M conv=notrunc,fsync 2>/dev/null
	/test/stamp run $sc /tmp/state /dev/vdd ops=0 threads=12 max=128 \
		flush=3 discard=2 seed=$6 say="$5" | while read -r line; do
		[ "$line" != "$5 done" ] || result "kill me"
	done
	fail "writing" "it ended"
	END
}

# machine NAME BLOCK MODE IDLE OPS SEED [OPTIONS OF run.sh]...
machine() {
	local args=("${@:1:6}")
	shift 6
	"$here/../vm/run.sh" --kernel "$kernel" --log "$log/${args[0]}" \
		--module "$module" --module "${module%/*}/simdisk.ko" \
		--file "$dir/stamp" --file "$here/lib.sh" \
		--file "$here/../simdisk/guest.sh:/test/simdisk.sh" \
		--disk "$dir/origin" --disk "$dir/cache" --disk "$dir/meta" \
		--disk "$dir/log" --disk "$dir/state" "$@" \
		"$dir/test.sh" "${args[@]}"
}

gcc -O2 -Wall -static -pthread -o "$dir/stamp" "$here/stamp.c"
make_disks
make_guest
modes=(writeback writeback writethrough)
idles=(3600000 100 0)
block=$((RANDOM % 2 ? 8 : 64))
status=0
for ((n = 1; n <= kills; n++)); do
	machine "kill-$n" $block "${modes[n % 3]}" "${idles[RANDOM % 3]}" \
		$((100 + RANDOM % 1500)) $((SEED + n)) --kill-on 'kill me' ||
		status=1
done
machine last $block writeback 1000 0 0 || status=1
exit $status
