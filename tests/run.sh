#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run parts of the tests in sequence and add up what they report:
#
#   tests/run.sh PART...      deps lint unit sim fuzz tools modules bed vm host
#                             bench debug soak boot
#
# A part prints "ok - NAME" or "not ok - NAME: REASON" for each test, comments
# after "#", and its exit status counts. All of it is kept in build/log/PART.log;
# shown are the failures, with their comments, and a line for each part. The
# last line is "N passed, N failed", the exit status is 0 if none failed.
#
# Environment: BUILD, KERNELS, of these SHORT_KERNELS get but the tests marked
# "short", see vm-jobs.sh; PROGRAM (unit, sim, fuzz, tools) and TEST (vm) choose
# one; MINUTES and SEED for soak.

set -euo pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build}
read -ra kernels <<<"${KERNELS:-6.1 6.12}"
logs=$build/log
jobs=$(nproc)

# ---- the parts --------------------------------------------------------------

# A command that is one test of its own, with the end of its output.
one() {
	local name=$1 out r=0
	shift
	out=$("$@" 2>&1) || r=$?
	if [ $r -eq 0 ]; then
		echo "ok - $name"
	else
		echo "not ok - $name: exit status $r"
	fi
	tail -n 40 <<<"$out" | sed 's/^/#   /'
	return $r
}

make_quiet() {
	make --no-print-directory -j"$jobs" "BUILD=$build" "$@"
}

part_deps() {
	one "the packages needed are there" tests/vm/deps.sh &&
		one "kernels and headers are there" \
			tests/vm/fetch.sh "${kernels[@]}" scripts
}

part_lint() {
	local r=0
	tests/lint/lint.sh || r=1
	tests/lint/selftest.sh || r=1
	return $r
}

# part_user KIND RUN: unit, sim, fuzz or tools, and what runs such programs
part_user() {
	local program programs=()
	one "$1 programs build" make_quiet "$1-programs" || return 1
	for program in $(make_quiet -s "$1-list"); do
		# shellcheck disable=SC2053 # a pattern on purpose
		[[ $(basename "$program" .sh) != ${PROGRAM:-*} ]] ||
			programs+=("$program")
	done
	if [ ${#programs[@]} -eq 0 ]; then
		echo "not ok - $1: no program ${PROGRAM:-to run}"
		return 1
	fi
	"$2" "$logs/$1" "${programs[@]}"
}

part_unit() {
	part_user unit tests/unit/run.sh
}

part_sim() {
	part_user sim tests/unit/run.sh
}

# Without the sanitizers: ten times the lives.
part_sim_long() {
	one "sim programs build" make_quiet BUILD="$build/fast" \
		USER_CFLAGS='-O2 -g' sim-programs || return 1
	tests/sim/long.sh "$logs/sim-long" "$build/fast/user/tests/sim"
}

part_fuzz() {
	part_user fuzz tests/fuzz/run.sh
}

part_tools() {
	export SSDCACHE=$build/user/tools/ssdcache
	part_user tools tests/unit/run.sh
}

part_modules() {
	local kernel r=0
	for kernel in "${kernels[@]}"; do
		one "modules build for $kernel without a warning" \
			make_quiet "modules-$kernel" || r=1
	done
	return $r
}

# Those of the kernels that get all tests.
full_kernels() {
	local kernel
	for kernel in "${kernels[@]}"; do
		[[ " ${SHORT_KERNELS:-} " == *" $kernel "* ]] || echo "$kernel"
	done
}

part_bed() {
	local full
	full=$(full_kernels)
	rm -rf "$logs/bed"
	KERNELS="${full//$'\n'/ }" tests/vm/selftest.sh --log "$logs/bed"
}

part_vm() {
	one "programs for the guest build" make_quiet dm-programs tools ||
		return 1
	tests/vm-jobs.sh "$build" "${kernels[@]}" >"$logs/vm.jobs" || return 1
	tests/vm/many.sh --log "$logs/vm" "$logs/vm.jobs"
}

# host-X.sh KERNEL MODULE.ko boots machines; it finds logs' place in LOG.
host_test() {
	local test=$1 kernel=$2 module=simdisk.ko out r=0
	[[ $test != tests/dm/* ]] || module=ssdcache.ko
	out=$(LOG=$logs/$(basename "$test" .sh)-$kernel \
		"$test" "$kernel" "$build/$kernel/$module") || r=1
	echo "$out"
	return $r
}

# The kernels beside each other: most of the time such a test is one boot.
part_host() {
	local test tests kernel pids pid r=0
	tests=$(tests/vm-tests.sh host) || return 1
	for test in $tests; do
		pids=()
		for kernel in $(full_kernels); do
			host_test "$test" "$kernel" &
			pids+=($!)
		done
		for pid in "${pids[@]}"; do
			wait "$pid" || r=1
		done
	done
	return $r
}

# The kernels that watch themselves, and what is worth their time.
part_debug() {
	local kind kinds=(kasan kcsan) r=0
	one "programs for the guest build" make_quiet dm-programs || return 1
	for kind in "${kinds[@]}"; do
		one "a kernel with $kind" tests/vm/debug-kernel.sh "$kind" &&
			one "modules build for $kind without a warning" \
				make_quiet KERNELS="${kinds[*]}" \
				"modules-$kind" || return 1
	done
	tests/vm/debug/selftest.sh "${kinds[@]}" || r=1
	LIST=debug tests/vm-jobs.sh "$build" "${kinds[@]}" \
		>"$logs/debug.jobs" || return 1
	tests/vm/many.sh --log "$logs/debug" "$logs/debug.jobs" || r=1
	return $r
}

# The jobs of vm, for longer.
part_soak() {
	local seconds=$((${MINUTES:-20} * 60)) options
	options="--timeout $((3 * seconds + 600)) --env SOAK=$seconds"
	options+=" --env SEED=${SEED:-$RANDOM}"
	one "programs for the guest build" make_quiet dm-programs || return 1
	TEST=soak tests/vm-jobs.sh "$build" "${kernels[@]}" |
		sed "s, tests/dm/test-soak.sh, $options&," >"$logs/soak.jobs"
	tests/vm/many.sh --verbose --log "$logs/soak" "$logs/soak.jobs"
}

# PARTS chooses some of tests/boot/test.sh.
part_boot() {
	one "the packages needed are there" tests/vm/deps.sh &&
		one "Debian's packages are made, lintian has no word to say" \
			make_quiet deb || return 1
	# shellcheck disable=SC2086 # words on purpose
	tests/boot/test.sh "$build" ${PARTS:-}
}

# That the benchmarks run, on one system and for an instant; no figures.
part_bench() {
	one "benchmarks run" env BENCH=smoke BUILD="$build" tests/bench/bench.sh
}

# ---- running them -----------------------------------------------------------

# Failures with the comments behind them, as they come; all that many.sh says.
show() {
	sed -un -e '/^\(PASS\|FAIL\|    \)/ { p; d; }' \
		-e '/^not ok/,/^ok/ { /^ok/! p; }'
}

# count LOG: the passed and the failed, by the sum in the last line if there
# is one, as many.sh's, else by the lines
count() {
	awk '/^ok / { o++ } /^not ok / { n++ } { last = $0 }
	     END {
		if (last !~ /^[0-9]+ passed, [0-9]+ failed$/)
			last = o + 0 " passed, " n + 0
		split(last, w, /[ ,]+/)
		print w[1], w[3]
	     }' "$1"
}

run_part() {
	local log=$logs/$1.log begin=$SECONDS status=0 oks not_oks
	echo "== $1"
	("part_$1") 2>&1 | tee "$log" | show || status=$?
	read -r oks not_oks < <(count "$log")
	if [ "$not_oks" -eq 0 ] && [ "$status" -ne 0 ]; then
		echo "not ok - $1: exit status $status, see $log"
		not_oks=1
	elif [ $((oks + not_oks)) -eq 0 ]; then
		echo "not ok - $1: nothing was tested, see $log"
		not_oks=1
	fi
	echo "   $1: $oks passed, $not_oks failed, $((SECONDS - begin)) s, $log"
	passed=$((passed + oks))
	failed=$((failed + not_oks))
}

passed=0 failed=0
mkdir -p "$logs"
for part; do
	if ! declare -F "part_$part" >/dev/null; then
		echo "${0##*/}: no part '$part'" >&2
		exit 2
	fi
done
for part; do
	run_part "$part"
	# Without packages nothing else can be told of.
	[ "$part" != deps ] || [ $failed -eq 0 ] || break
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
