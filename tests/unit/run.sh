#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run test programs one after the other and pass on what they report:
#
#   tests/unit/run.sh LOG-DIR PROGRAM...
#
# A program prints "ok - NAME" or "ok 7 - NAME" for what holds, "not ok" for
# what does not, comments after "#". It has failed as well if its exit status
# says so, if it reports nothing, or if it reports fewer tests than its plan
# "1..N" promised: a sanitizer ends a program in the middle.

set -euo pipefail

timeout=${UNIT_TIMEOUT:-600} # seconds for each program

export CMOCKA_MESSAGE_OUTPUT=TAP
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1:abort_on_error=0
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

# The program's lines in the form that all parts of the tests share.
normalise() {
	sed -nE "s/^(not )?ok( [0-9]+)? (- )?(.*)/\1ok - $1: \4/p; /^#/p" "$2"
}

# judge NAME STATUS LOG: what the lines alone do not tell
judge() {
	local planned seen
	planned=$(sed -nE 's/^1\.\.([0-9]+)$/\1/p' "$3" | head -n 1)
	seen=$(grep -cE '^(not )?ok\b' "$3" || true)
	if [ "$2" -eq 124 ]; then
		echo "not ok - $1: still running after $timeout s"
	elif [ "$seen" -eq 0 ]; then
		echo "not ok - $1: exit status $2, and nothing was tested"
	elif [ -n "$planned" ] && [ "$seen" -lt "$planned" ]; then
		echo "not ok - $1: ended after $seen of $planned tests"
	elif [ "$2" -ne 0 ] && ! grep -q '^not ok\b' "$3"; then
		echo "not ok - $1: exit status $2"
	else
		return 0
	fi
	tail -n 40 "$3" | sed 's/^/#   /'
	return 1
}

run_one() {
	local name=${1##*/} log status=0
	log=$log_dir/$name.log
	timeout "$timeout" "$1" >"$log" 2>&1 </dev/null || status=$?
	normalise "$name" "$log"
	judge "$name" "$status" "$log" && [ "$status" -eq 0 ]
}

log_dir=$1
shift
mkdir -p "$log_dir"
failed=0
for program; do
	run_one "$program" || failed=1
done
exit $failed
