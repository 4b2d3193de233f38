#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's part of a benchmark: one system, one group of workloads.
#
#   guest.sh SYSTEM GROUP [WORKLOAD]    the last to be measured, default all
#
# Each workload leaves /out/NAME.json of fio, and lines "NAME KEY VALUE" in
# /out/figures. bench.sh collects them, report.py knows what they mean.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/simdisk.sh
# shellcheck source=tests/bench/systems.sh
. /test/systems.sh

cpu_runtime=300ms
[ ! -x /test/mark ] || cpu_runtime=700ms
# Several processors are in nobody's virtual time, and slow.
profile_after=0.4 profile_for=0.1
[ -z "${BENCH_JOBS:-}" ] || cpu_runtime=20s profile_after=10 profile_for=5

system=$1
group=$2
last=${3:-}
# Shortens all that is bound by time: to see that it works, not to measure.
short=${BENCH_SHORT:-}

# seconds N: as long as that
seconds() {
	if [ -n "$short" ]; then echo 200ms; else echo "${1}s"; fi
}

# now: virtual hundredths of seconds
now() {
	sed 's/\.\(.*\) .*/\1/' /proc/uptime
}

# since BEGIN: seconds since now() said that
since() {
	awk "BEGIN { printf \"%.2f\", ($(now) - $1) / 100 }"
}

figure() {
	echo "$*" >>/out/figures
}

# fio_do NAME OPTIONS...: with what is common to all
fio_do() {
	local _fd_name=$1
	shift
	fio --name="$_fd_name" --filename="$dev" --direct=1 --ioengine=libaio \
		--bs=4k --iodepth=16 --randrepeat=1 --group_reporting "$@"
}

disks_stat() {
	for _d in hdd ssd meta whole; do
		[ ! -b /dev/mapper/$_d ] || echo "$_d $(dmsetup status $_d)"
	done
	system_status
}

# nr_ios: requests that the device has completed
nr_ios() {
	local _nr
	_nr=$(stat -L -c '%t %T' "$dev")
	# shellcheck disable=SC2046 # words on purpose
	set -- $(cat "/sys/dev/block/$((0x${_nr% *})):$((0x${_nr#* }))/stat")
	echo $(($1 + $5))
}

# Begin or end a profile, see profile.c, if that is there.
mark_profile() {
	[ ! -x /test/mark ] || /test/mark
}

# profile NAME: count instructions for a while in the middle of a run
profile() {
	local _n
	[ -x /test/mark ] || return 0
	sleep "$profile_after"
	_n=$(nr_ios)
	mark_profile
	sleep "$profile_for"
	mark_profile
	figure "$1" profiled $(($(nr_ios) - _n))
}

# measure NAME OPTIONS...: a workload of fio; ends the group with the last
measure() {
	local _m=$1
	shift
	disks_stat >"/out/$_m.before"
	fio_do "$_m" --output-format=json --output="/out/$_m.json" "$@" &
	profile "$_m"
	if wait $!; then
		ok "$system $_m"
	else
		fail "$system $_m" "fio: exit status $?"
	fi
	disks_stat >"/out/$_m.after"
	[ "$_m" != "$last" ] || exit 0
}

# quietly OPTIONS...: fio for what it leaves behind
quietly() {
	fio_do quietly --output=/tmp/fio.log "$@" || cat /tmp/fio.log
}

wait_clean() {
	wait_for "$1" is_clean
}

is_clean() {
	[ "$(nr_dirty)" -eq 0 ]
}

set_mib=128
[ -z "$short" ] || set_mib=4

# warm [OPTIONS OF THE WRITES]: each block of the set written once and read once
warm() {
	quietly --rw=randwrite --size="${set_mib}m" "$@"
	quietly --rw=randread --size="${set_mib}m"
}

# ---- groups -----------------------------------------------------------------

group_hit() {
	warm
	measure rd-hit --rw=randread --size="${set_mib}m" --time_based \
		--runtime="$(seconds 3)"
	measure wr-hit --rw=randwrite --size="${set_mib}m" --time_based \
		--runtime="$(seconds 3)"
}

# By itself: some clean up for long after so many writes.
group_sync() {
	warm
	measure sync --rw=randwrite --size="${set_mib}m" --time_based \
		--runtime="$(seconds 10)" --ioengine=psync --iodepth=1 \
		--numjobs=4 --thread --fdatasync=1
}

zipf_options="--rw=randrw --rwmixread=70 --random_distribution=zipf:1.1
--size=1g --norandommap"

# The same seed again gives the same accesses: as many as there were.
group_zipf() {
	local _n
	# shellcheck disable=SC2086 # words on purpose
	measure zipf-cold $zipf_options --randseed=1 --time_based \
		--runtime="$(seconds 60)"
	_n=$(grep '"total_ios"' /out/zipf-cold.json | tr -dc '0-9\n' |
		awk '{ n += $1 } END { print n }')
	# shellcheck disable=SC2086
	measure zipf-again $zipf_options --randseed=1 --number_ios="$_n" \
		--io_size=1t --runtime="$(seconds 20)"
	# shellcheck disable=SC2086
	measure zipf-fresh $zipf_options --randseed=2 --time_based \
		--runtime="$(seconds 20)"
}

group_seq() {
	measure seq-read --rw=read --bs=1m --time_based --runtime="$(seconds 8)"
	measure seq-write --rw=write --bs=1m --time_based \
		--runtime="$(seconds 8)"
	measure mix-1m --rw=randrw --bs=1m --percentage_random=50 \
		--time_based --runtime="$(seconds 20)"
}

group_full() {
	measure full-write --rw=randwrite --time_based --runtime="$(seconds 60)"
}

# What the processor does for each request, without any service times.
group_cpu() {
	set_mib=16
	# Nobody is to commit or clean up for it while we count.
	warm --end_fsync=1
	measure cpu-rd-hit --rw=randread --size="${set_mib}m" --time_based \
		--runtime="$cpu_runtime" --numjobs="${BENCH_JOBS:-1}" --thread
	measure cpu-wr-hit --rw=randwrite --size="${set_mib}m" --time_based \
		--runtime="$cpu_runtime" --numjobs="${BENCH_JOBS:-1}" --thread
	measure cpu-sync --rw=randwrite --size="${set_mib}m" --time_based \
		--runtime="$cpu_runtime" --ioengine=psync --iodepth=1 \
		--numjobs=4 --thread --fdatasync=1
	quietly --rw=randwrite --bs=64k --offset=64m --size="${set_mib}m"
	measure cpu-rd64-hit --rw=randread --bs=64k --offset=64m \
		--size="${set_mib}m" --time_based --runtime="$cpu_runtime"
}

# shellcheck source=tests/bench/more.sh
. /test/more.sh

# ---- main -------------------------------------------------------------------

case $group in
cpu) devices=ram ;;
start) devices=large ;;
*) devices=sim ;;
esac
: >/out/figures
brd_disks 2 $hdd_mib
# Memory comes at the first write, which is not to be measured.
touch_ram() {
	dd if=/dev/zero of="$1" bs=1M count="$2" oflag=direct 2>/dev/null
}
case $devices in
ram)
	touch_ram /dev/ram0 $set_mib
	touch_ram /dev/ram1 $((ssd_mib + meta_mib))
	;;
sim) touch_ram /dev/ram1 $((ssd_mib + meta_mib)) ;;
large) touch_ram /dev/ram1 $((large_mib * 24 / 2048)) ;;
esac
sim_load
run "devices" devices_$devices || exit 1
run "$system" "system_$system" || exit 1
[ ! -x /test/mark ] || cp /proc/kallsyms /out/
"group_$group"
