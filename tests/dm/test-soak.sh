#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12 --mem 256 --append rootfstype=ramfs --disk 256M --disk 40M --disk 6M -- 30
# vm: name=kasan kernels=kasan --mem 640 --append rootfstype=ramfs --disk 576M --disk 40M --disk 6M -- 60
# vm: name=kcsan kernels=kcsan --mem 384 --append rootfstype=ramfs --disk 256M --disk 40M --disk 6M -- 60
#
# Everything at once, for as long as one likes: stamps are written and read, an
# administrator does to the cache what comes into his head, and the memory is
# short, with the swap on the cached device. Nothing may be seen of it in the
# data, nor in what was swapped out.
#
#   test-soak.sh SECONDS; SEED and SOAK, other seconds, are taken from outside

# shellcheck disable=SC2317 # functions are called by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
SEED=${SEED:-1}
# shellcheck source=tests/dm/live.sh
. /test/live.sh

seconds=${SOAK:-$1}
note "SEED=$SEED, $seconds seconds"

# What programs live in is no file system that could be swapped out, so that
# they run while the swap is suspended. Some memory is kept for the kernel.
origin=/dev/vda
cache=/dev/vdb
meta=/dev/vdc
# So long that there is room for all that could be swapped out: one that gets full
# while the device is suspended is full for good, as Linux then looks at nothing
# any more that is in it. The rest is for more_origin().
swap_first=147456
swap_sectors=$(($(sectors $origin) - swap_first - 81920))
short=$((swap_first + swap_sectors + 5))
SC_LENGTH=$short
round=0

# draw NUMBER: below it; the same series for the same SEED
draw() {
	random=$(((random * 1103515245 + 12345) % 2147483648))
	drawn=$((random / 65536 % $1))
}
random=$SEED

uptime() {
	cut -d. -f1 /proc/uptime
}

# ---- memory -----------------------------------------------------------------

meminfo() {
	awk -v name="$1:" '$1 == name { print int($2 / 1024) }' /proc/meminfo
}

make_swap() {
	echo 8192 >/proc/sys/vm/min_free_kbytes
	echo "0 $swap_sectors linear $sc $swap_first" | dm_create swap &&
		mkswap /dev/mapper/swap && swapon /dev/mapper/swap
}

# More than there is.
start_hog() {
	local mib=$(($(meminfo MemAvailable) + 24))
	echo 1000 >/proc/self/oom_score_adj
	/test/hog $mib "$SEED" >/tmp/hog 2>&1 &
	hog=$!
	echo 0 >/proc/self/oom_score_adj
	note "a hog of $mib MiB, $(meminfo MemAvailable) are there"
}

stop_hog() {
	local mib
	mib=$(awk 'END { print int($4 / 1024) }' /proc/swaps)
	note "swapped out: $mib MiB"
	holds "the memory was short" "$mib >= 16"
	kill -TERM $hog
	run "what was swapped out came back as it was" wait $hog
	note "hog: $(cat /tmp/hog)"
}

# ---- what is done -----------------------------------------------------------

try_passthrough() {
	mode_passthrough "$1" && sc_message sc mode writeback
}

# Larger or smaller.
resize_cache() {
	shrink_to $((8192 + 301 * $1))
}

# It never gets smaller.
more_origin() {
	[ "$grown" -lt 80 ] || return 0
	grow_origin "$grown"
	grown=$((grown + 1))
}

one_action() {
	draw 100
	if [ $drawn -lt 20 ]; then
		action=suspend_resume
	elif [ $drawn -lt 35 ]; then
		action=mode_message
	elif [ $drawn -lt 42 ]; then
		action=try_passthrough
	elif [ $drawn -lt 54 ]; then
		action=mode_reload
	elif [ $drawn -lt 66 ]; then
		action=policy_reload
	elif [ $drawn -lt 74 ]; then
		action=tunables
	elif [ $drawn -lt 80 ]; then
		action=discard_spare
	elif [ $drawn -lt 85 ]; then
		action=more_origin
	elif [ $drawn -lt 93 ]; then
		action=resize_cache
	else
		action=status_and_flush
	fi
	# What is discarded ends before the swap begins.
	draw 200
	$action "$drawn" >/tmp/action 2>&1 && return
	failures=$((failures + 1))
	/test/dmdo resume sc
	note "round $round: $action $drawn failed"
	while read -r line; do
		note "  $line"
	done </tmp/action
}

# A round ends with a look at all data. Its log is memory that cannot be swapped
# out, and what checks it reads all of it once more: 512 bytes a record and two
# records an operation, 4 MiB.
one_round() {
	local n=0
	load_begin 4000
	while [ $n -lt 12 ] && kill -0 "$load"; do
		one_action
		go_on
		n=$((n + 1))
		actions=$((actions + 1))
	done
	load_end "round $round"
	round=$((round + 1))
}

echo "0 20480 linear $cache 0" | dm_create fast
run "create" sc_create sc "$meta" "$fast" "$origin" 8 || exit 1
run "swap on it" make_swap || exit 1
start_hog
actions=0 failures=0 grown=0 passed=0 refused=0
end=$(($(uptime) + seconds))
while [ "$(uptime)" -lt $end ]; do
	one_round
done
same "$actions actions, failed" $failures 0
stop_hog
run "swapoff" swapoff /dev/mapper/swap
dmsetup remove swap
run "flush" sc_clean sc
sc_remove sc
# shellcheck disable=SC2086
run "the origin alone" /test/stamp check $origin /tmp/state /tmp/log $load_range
exit 0
