#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run fuzz targets, as many at a time as there are CPUs:
#
#   tests/fuzz/run.sh LOG-DIR PROGRAM...
#
# Each runs for SECONDS_EACH (30) from the corpus in the tree. With SEED as
# given (1) it does the same each time, as far as it gets; with SEED=random it
# goes on from what earlier such runs found, beside the program in corpus/.
# A failure names the input, which the program takes as its argument.

set -euo pipefail

seconds=${SECONDS_EACH:-30}
seed=${SEED:-1}
# fuzz NAME PROGRAM LOG: libFuzzer's exit status
fuzz() {
	local found args=(-max_total_time="$seconds" -max_len=2000 -timeout=60
		-rss_limit_mb=2048 -reload=0 -print_final_stats=1
		-artifact_prefix="${3%.log}-")
	found=$(dirname "$2")/corpus/$1
	if [ "$seed" = random ]; then
		args+=(-seed="$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')")
	else
		rm -rf "$found"
		args+=(-seed="$seed")
	fi
	mkdir -p "$found"
	ASAN_OPTIONS=quarantine_size_mb=16:detect_leaks=1 \
		"$2" "${args[@]}" "$found" "tests/fuzz/corpus/$1" >"$3" 2>&1
}

one() {
	local name=${2##*/} log=$1/${2##*/}.log r=0 runs
	name=${name#fuzz-}
	fuzz "$name" "$2" "$log" || r=$?
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	if [ $r -ne 0 ]; then
		echo "not ok - fuzz $name: exit status $r"
		grep -E '^property broken|^SUMMARY|Test unit written|runtime error' \
			"$log" | sed 's/^/#   /' || true
	elif [ "${runs:-0}" -le "$(find "tests/fuzz/corpus/$name" -type f |
		wc -l)" ]; then
		echo "not ok - fuzz $name: nothing but the corpus was run"
	else
		echo "ok - fuzz $name"
	fi
	echo "# $name: $(sed -n 's/^INFO: Seed: /SEED=/p' "$log"), ${runs:-0} inputs, $(
		grep -oE 'cov: [0-9]+ ft: [0-9]+' "$log" | tail -n 1)"
	return $r
}

if [ "$1" = --one ]; then
	one "$2" "$3"
	exit
fi
log_dir=$1
shift
mkdir -p "$log_dir"
printf '%s\n' "$@" | xargs -P "$(nproc)" -n 1 "$0" --one "$log_dir"
