#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Print the jobs for tests/vm/many.sh: the guest's tests on these kernels.
#
#   tests/vm-jobs.sh BUILD-DIR KERNEL...     TEST chooses, see vm-tests.sh
#
# A test says how it wants to run in comments of its head, each of which is
# one job; without any it runs once, on all kernels, with run.sh's defaults:
#
#   # vm: [name=NAME] [kernels=KEY,KEY] [short] [options of run.sh] [-- arguments]
#
# On kernels that are named in SHORT_KERNELS only jobs marked "short" run.
#
# With LIST=debug lines "# debug: ..." are taken in their place, and a test that
# has none does not run. A kernel that watches itself is slow and large, so it
# gets more time and memory, unless the test says how much.
#
# Into the guest go the modules of that kernel, to /modules, and to /test the
# scripts beside the test that are no tests, simdisk's library as simdisk.sh,
# and the programs made of the C files beside the test. Tests of the command,
# test-tools* and test-lvm, find it as /usr/bin/ssdcache. Variables that tests take
# from outside are handed on.

set -euo pipefail
cd "$(dirname "$0")/.."

build=$1
shift

is_short() {
	[[ " ${SHORT_KERNELS:-} " == *" $1 "* ]]
}

# common TEST KERNEL: options that every job gets
common() {
	local dir=${1%/*} f
	for f in "$build/$2"/*.ko; do
		printf -- '--module %s ' "$f"
	done
	for f in "$dir"/*.sh "$build/user/$dir"/*; do
		case ${f##*/} in
		test-* | host-* | run.sh | build.sh | calibrate* | *.d | *.o | '*'*) ;;
		*) printf -- '--file %s ' "$f" ;;
		esac
	done
	printf -- '--file tests/simdisk/guest.sh:/test/simdisk.sh '
	case $1 in
	*/test-tools* | */test-lvm.sh) printf -- '--file %s:/usr/bin/ssdcache ' \
		"$build/tools/ssdcache" ;;
	esac
	case $2 in
	kasan | kcsan) printf -- '--mem 1536 --timeout 1800 ' ;;
	esac
	case $1 in
	*/test-crash.sh) printf -- '--timeout %s ' $((1800 + ${CUTS:-0} * 40)) ;;
	esac
	for f in CUTS SEED MODE BS LAYOUT SHUFFLE QUIET CACHE_MIB ORIGIN_MIB TARGET RULE ROUNDS; do
		[ -z "${!f:-}" ] || printf -- '--env %s=%s ' "$f" "${!f}"
	done
}

# job TEST WORDS...: one line for each kernel that both sides want
job() {
	local test=$1 name options=() wanted='' short=no kernel
	name=$(basename "${test#*/test-}" .sh)
	case $test in
	tests/dm/*) ;;
	*) name=$(basename "${test%/*}")-$name ;;
	esac
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		case $1 in
		name=*) name+=-${1#*=} ;;
		kernels=*) wanted=,${1#*=}, ;;
		short) short=yes ;;
		*) options+=("$1") ;;
		esac
		shift
	done
	[ $# -eq 0 ] || shift
	for kernel in "${all_kernels[@]}"; do
		[[ -z $wanted || $wanted == *,$kernel,* ]] || continue
		[ $short = yes ] || ! is_short "$kernel" || continue
		echo "$name $kernel $(common "$test" "$kernel")${options[*]}" \
			"$test $*"
	done
}

jobs_of() {
	local line words found=no
	while read -r line; do
		read -ra words <<<"$line"
		job "$1" "${words[@]}"
		found=yes
	done < <(sed -n "/^#/!q; s/^# ${LIST:-vm}: *//p" "$1")
	[ $found = yes ] || [ "${LIST:-vm}" != vm ] || job "$1"
}

all_kernels=("$@")
tests=$(tests/vm-tests.sh test)
for test in $tests; do
	jobs_of "$test"
done
