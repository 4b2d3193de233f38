#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run the simulations over one random seed after the other, on all CPUs:
#
#   tests/sim/long.sh LOG-DIR PROGRAM-DIR      for MINUTES (10)
#
# A failure is reported with the seed and the command that repeat it, its output
# is kept; the rest goes on. At the end comes what was done in all.

set -euo pipefail

minutes=${MINUTES:-10}
# What is run with each seed; longer lives than "make sim", and more cuts.
commands=('sim-cache -n 400' 'sim-cache -f -n 400' 'sim-cache -k 1 -n 6'
	'sim-cache -f -k 1 -n 4' sim-meta sim-meta-rot)

# run SEED PROGRAM ARGUMENTS...
run() {
	local seed=$1 out
	shift
	out=$(mktemp "$logs/sim.XXXXXX")
	if SEED=$seed timeout 3600 "$programs/$1" "${@:2}" >"$out" 2>&1; then
		grep -E '^# .*lives' "$out" >>"$logs/done" || true
		rm "$out"
		return
	fi
	mv "$out" "$logs/$seed.$1.log"
	echo "not ok - SEED=$seed $*: $(grep -E '^# (life|SEED)' \
		"$logs/$seed.$1.log" | tail -n 1)"
}

worker() {
	local seed command words
	while [ "$(date +%s)" -lt "$end" ]; do
		seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
		echo seed >>"$logs/done"
		for command in "${commands[@]}"; do
			read -ra words <<<"$command"
			run "$seed" "${words[@]}"
		done
	done
}

logs=$1
programs=$2
end=$(($(date +%s) + minutes * 60))
rm -rf "$logs"
mkdir -p "$logs"
for ((n = 0; n < $(nproc); n++)); do
	worker &
done | tee "$logs/failures"
awk '
	$1 == "seed" { seeds++ }
	{ sub(/^# /, "") }
	match($0, /[0-9]+ lives/) { lives += substr($0, RSTART) }
	match($0, /[0-9]+ (power )?cuts/) { cuts += substr($0, RSTART) }
	END { printf "# %d seeds, %d lives, %d cuts\n", seeds, lives, cuts }
' "$logs/done"
[ -s "$logs/failures" ] || echo "ok - simulations over random seeds"
[ ! -s "$logs/failures" ]
