#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Print the jobs for tests/vm/many.sh: the tests of tests/dm on these kernels.
#
#   tests/vm-jobs.sh BUILD-DIR KERNEL...     TEST=name chooses one test
#
# A test says how it wants to run in comments of its head, each of which is
# one job; without any it runs once, on all kernels, with run.sh's defaults:
#
#   # vm: [name=NAME] [kernels=KEY,KEY] [options of run.sh] [-- arguments]
#
# The modules of that kernel and all files of tests/dm that are no tests
# themselves, such as libraries, go along.

set -euo pipefail
cd "$(dirname "$0")/.."

build=$1
shift

# Options that every job on KERNEL gets.
common() {
	local f
	for f in "$build/$1"/*.ko; do
		printf -- '--module %s ' "$f"
	done
	for f in tests/dm/*; do
		case ${f##*/} in
		test-* | host-*) ;;
		*) printf -- '--file %s ' "$f" ;;
		esac
	done
}

# job TEST WORDS...: one line for each kernel that both sides want
job() {
	local test=$1 name options=() wanted='' kernel
	name=$(basename "${test#*/test-}" .sh)
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		case $1 in
		name=*) name+=-${1#*=} ;;
		kernels=*) wanted=,${1#*=}, ;;
		*) options+=("$1") ;;
		esac
		shift
	done
	[ $# -eq 0 ] || shift
	for kernel in "${all_kernels[@]}"; do
		[[ -z $wanted || $wanted == *,$kernel,* ]] || continue
		echo "$name $kernel $(common "$kernel")${options[*]} $test $*"
	done
}

jobs_of() {
	local line words found=no
	while read -r line; do
		read -ra words <<<"$line"
		job "$1" "${words[@]}"
		found=yes
	done < <(sed -n '/^#/!q; s/^# vm: *//p' "$1")
	[ $found = yes ] || job "$1"
}

all_kernels=("$@")
tests=$(tests/dm-tests.sh test)
for test in $tests; do
	jobs_of "$test"
done
