#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Measure the cache and its peers in virtual machines on virtual time, compare
# with the last run, write docs/benchmarks.md. See README.md beside this.
#
# Environment:
#   BENCH=quick|full|smoke   quick is the default: the workloads that goals are
#                            set for. smoke shows only that it works, and keeps
#                            nothing.
#   SYSTEM=NAME              one system; the others' last figures are kept
#   WORKLOAD=NAME            one group of workloads, or one up to a workload
#   PROFILE=yes              count instructions by function, too (groups cpu
#                            and start)
#   CPUS=N                   with PROFILE=yes and WORKLOAD=cpu: on so many
#                            processors, so many jobs; nothing is measured
#   BUILD, KERNEL, JOBS      where modules are, for which kernel, machines at
#                            a time

set -euo pipefail
cd "$(dirname "$0")/../.."

bench=${BENCH:-quick}
cpus=${CPUS:-1}
build=${BUILD:-build}
kernel=${KERNEL:-6.12}
work=$build/bench
results=docs/benchmarks/results.json
if [ "$bench" = smoke ]; then
	work=$build/bench/smoke
	results=$work/results/results.json
fi

# Groups by what they need, in the order in which they are shown; guest.sh has
# what is in them.
quick_groups='hit sync zipf seq full latency cpu'
full_groups="$quick_groups hit64 scan xfs burst drain"
all_systems='hdd ssd ssdcache dm_cache bcache dm_writecache'
# Only ours is asked how long it takes to start.
own_groups='start'

die() {
	echo "bench.sh: $*" >&2
	exit 2
}

# ---- what is to be run ------------------------------------------------------

# Groups that the bare SSD says nothing about.
skipped() {
	case $1.$2 in
	ssd.zipf | ssd.full | ssd.scan | ssd.xfs | ssd.burst | ssd.seq) return 0 ;;
	ssd.latency | ssd.drain | hdd.drain | hdd.cpu | hdd.hit64) return 0 ;;
	esac
	return 1
}

# group_of WORKLOAD: the group in which guest.sh measures it
group_of() {
	awk -v name="$1" '
		/^group_/ { group = substr($1, 7); sub(/\(\)/, "", group) }
		$1 == "measure" && $2 == name { print group; exit }
	' tests/bench/guest.sh tests/bench/more.sh
}

choose() {
	local word
	case $bench in
	quick) groups="$quick_groups $own_groups" ;;
	full) groups="$full_groups $own_groups" ;;
	smoke) groups=hit ;;
	*) die "BENCH is quick, full or smoke, not '$bench'" ;;
	esac
	systems=$all_systems last=''
	[ "$bench" != smoke ] || systems=ssdcache
	if [ -n "${WORKLOAD:-}" ]; then
		word=$(group_of "$WORKLOAD")
		if [ -n "$word" ]; then
			groups=$word last=$WORKLOAD
		elif [[ " $full_groups $own_groups " == *" $WORKLOAD "* ]]; then
			groups=$WORKLOAD
		else
			die "no workload or group '$WORKLOAD'"
		fi
	fi
	if [ -n "${SYSTEM:-}" ]; then
		[[ " $all_systems " == *" $SYSTEM "* ]] ||
			die "SYSTEM is one of: $all_systems"
		systems=$SYSTEM
	fi
}

# options SYSTEM GROUP: of run.sh
options() {
	local raw=$work/raw/$1.$2
	printf -- '--mem 3072 --timeout 7200 --out %s ' "$raw"
	if [ "$cpus" -gt 1 ]; then
		printf -- '--cpus %s --env BENCH_JOBS=%s ' "$cpus" "$cpus"
	else
		printf -- '--virtual-time '
	fi
	printf -- '--module %s/simdisk.ko --module %s/ssdcache.ko ' \
		"$build/$kernel" "$build/$kernel"
	printf -- '--file tests/bench/systems.sh --file tests/bench/more.sh '
	printf -- '--file tests/simdisk/guest.sh:/test/simdisk.sh '
	if [ "$bench" = smoke ]; then
		printf -- '--env BENCH_SHORT=yes '
	fi
	if [ "${PROFILE:-}" = yes ] && [[ $2 =~ ^(cpu|start)$ ]]; then
		printf -- '--file %s/mark --qemu -plugin --qemu %s,out=%s ' \
			"$work" "$(realpath "$work")/libprofile.so" \
			"$(realpath "$work")/profile.$1.$2"
	fi
}

jobs() {
	local system group
	for group in $groups; do
		for system in $systems; do
			if skipped "$system" "$group"; then
				continue
			fi
			if [[ " $own_groups " == *" $group "* ]] &&
				[ "$system" != ssdcache ]; then
				continue
			fi
			echo "$system.$group $kernel $(options "$system" "$group")" \
				"tests/bench/guest.sh $system $group $last"
		done
	done
}

# ---- running it -------------------------------------------------------------

build_profiler() {
	gcc -O2 -Wall -Wextra -shared -fPIC -fvisibility=hidden \
		-o "$work/libprofile.so" tests/bench/profile.c
	gcc -O2 -static -o "$work/mark" tests/bench/mark.c
}

# The last commit that changed the module; none, if there are changes since.
module_source() {
	if git diff --quiet HEAD -- Kbuild src include 2>/dev/null; then
		git log -1 --format=%h -- Kbuild src include
	else
		echo unknown
	fi
}

# What a run's figures are worth nothing without.
versions() {
	echo "source $(module_source)"
	echo "linux $(basename "$(tests/vm/fetch.sh "$kernel")")"
	echo "fio $(fio --version)"
	echo "qemu $(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')"
	echo "bcache-tools $(dpkg-query -W -f '${Version}' bcache-tools)"
	echo "date $(date -u +%F)"
}

# The profiles by function; the n-th is of the n-th line "NAME profiled NR".
fold_profiles() {
	local dir job n workload nr
	for dir in "$work"/raw/*/; do
		job=$(basename "$dir")
		[ -f "$dir/kallsyms" ] || continue
		n=0
		awk '$2 == "profiled" { print $1, $3 }' "$dir/figures" |
			while read -r workload nr; do
				n=$((n + 1))
				echo "== $workload, instructions for each of $nr"
				python3 tests/bench/fold.py "$dir/kallsyms" \
					"$work/profile.$job.$n" "$nr"
			done >"$work/profile.$job.txt"
	done
}

choose
mkdir -p "$work"
rm -rf "$work/raw"
mkdir -p "$work/raw"
[ "${PROFILE:-}" != yes ] || build_profiler
versions >"$work/raw/versions"
jobs >"$work/jobs"
status=0
tests/vm/many.sh --log "$work/log" "$work/jobs" || status=1
[ "${PROFILE:-}" != yes ] || fold_profiles
# Such a machine is not in virtual time: its figures say nothing.
[ "$cpus" -eq 1 ] || exit $status
python3 tests/bench/report.py "$work/raw" "$results" || status=1
exit $status
