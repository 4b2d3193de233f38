#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Break the rules one by one in the module, each in a machine of its own, and
# see that the crash rig notices.
#
#   tests/broken/control.sh BUILD-DIR KERNEL [RULE...]
#
# CUTS, default 100, is how many it may take. The last line is a sum.

set -euo pipefail
cd "$(dirname "$0")/../.."

build=$1
kernel=$2
shift 2
: "${CUTS:=100}"
export CUTS

# Which of the rig's machines is best at it, and what is better not drawn there.
# On one SSD a flush of the cache, with which each commit begins, makes the last
# journal durable as well. Rules 4 and 7 are about writes to the origin, and
# whether somebody is waited for is seen where he may come late. Where nothing is
# evicted there are few commits, and most writes have a slot.
settings() {
	case $1 in
	no-meta-fua) echo crash-4k ;;
	early-origin) echo crash-64k MODE=writearound ;;
	no-hold) echo crash-64k MODE=writethrough ;;
	no-grace) echo crash-64k MODE=writeback SHUFFLE=200 ;;
	no-writers) echo crash-4k MODE=writearound SHUFFLE=200 CACHE_MIB=2 ORIGIN_MIB=1 ;;
	direct-flush) echo crash-4k MODE=writeback CACHE_MIB=8 ORIGIN_MIB=4 ;;
	unsettled) echo crash-4k MODE=writeback CACHE_MIB=4 ORIGIN_MIB=2 QUIET=1 ;;
	*) echo crash-64k ;;
	esac
}

all_rules() {
	sed -n 's/.*= { "\([a-z-]*\)",$/\1/p' tests/broken/rules.c
}

jobs_of() {
	local rule job words
	for rule; do
		read -r job words < <(settings "$rule")
		# shellcheck disable=SC2086 # words on purpose
		env $words RULE="$rule" TEST=crash \
			tests/vm-jobs.sh "$build" "$kernel" |
			sed -n "s/^$job /control-$rule /p"
	done
}

mapfile -t rules < <(all_rules)
[ $# -eq 0 ] || rules=("$@")
mkdir -p "$build/log"
jobs_of "${rules[@]}" >"$build/log/control.jobs"
tests/vm/many.sh --verbose --log "$build/log/control" "$build/log/control.jobs"
