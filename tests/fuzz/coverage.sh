#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How much of src/core the unit tests, the simulations and the fuzzers' corpus
# reach: a table by file; exit status 1 if the branches are below 90 %.
#
#   tests/fuzz/coverage.sh        BUILD is where; the text, line by line, goes
#                                 to $BUILD/coverage/src/

set -euo pipefail
cd "$(dirname "$0")/../.."

least=90
dir=${BUILD:-build}/coverage
flags='-O1 -g -fprofile-instr-generate -fcoverage-mapping'
words=("BUILD=$dir" CC=clang-14 "USER_CFLAGS=$flags"
	"FUZZ_CFLAGS=$flags -fsanitize=fuzzer-no-link")

list() {
	make -s --no-print-directory "${words[@]}" "$1-list" | tr ' ' '\n'
}

# Its results do not matter here, but that it ends.
run() {
	LLVM_PROFILE_FILE=$dir/raw/${1##*/}-%p.profraw "$@" \
		>"$dir/${1##*/}.log" 2>&1 || echo "# ${1##*/}: exit status $?"
}

make --no-print-directory -j"$(nproc)" "${words[@]}" unit-programs \
	sim-programs fuzz-programs
rm -rf "$dir/raw"
mkdir -p "$dir/raw"
objects=() # the first is an argument of its own
for kind in unit sim fuzz; do
	for program in $(list $kind); do
		args=()
		[ $kind != fuzz ] ||
			args=(-runs=0 "tests/fuzz/corpus/${program##*/fuzz-}")
		run "$program" "${args[@]}"
		objects+=(${objects:+-object} "$program")
	done
done
llvm-profdata-14 merge -sparse "$dir"/raw/*.profraw -o "$dir/all.profdata"
llvm-cov-14 show "${objects[@]}" -instr-profile="$dir/all.profdata" \
	-show-branches=count -output-dir="$dir/src" src/core
llvm-cov-14 report "${objects[@]}" -instr-profile="$dir/all.profdata" \
	-show-branch-summary src/core >"$dir/report"
awk -v least=$least '
	/^(Filename|TOTAL)/ || /\.[ch] / {
		printf "%-20s %8s lines  %6s branches, %s missed\n", $1,
			$1 == "Filename" ? "" : $10, $NF, $(NF - 1)
	}
	/^TOTAL/ { bad = $NF + 0 < least }
	END { exit bad }
' "$dir/report"
