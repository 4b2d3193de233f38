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

# Which of the rig's machines is best at it. On one SSD a flush of the cache, with
# which each commit begins, makes the last journal durable as well.
job() {
	case $1 in
	no-meta-fua) echo crash-4k ;;
	*) echo crash-64k ;;
	esac
}

all_rules() {
	sed -n 's/.*= { "\([a-z-]*\)",$/\1/p' tests/broken/rules.c
}

jobs_of() {
	local rule
	for rule; do
		RULE=$rule TEST=crash tests/vm-jobs.sh "$build" "$kernel" |
			sed -n "s/^$(job "$rule") /control-$rule /p"
	done
}

mapfile -t rules < <(all_rules)
[ $# -eq 0 ] || rules=("$@")
mkdir -p "$build/log"
jobs_of "${rules[@]}" >"$build/log/control.jobs"
tests/vm/many.sh --verbose --log "$build/log/control" "$build/log/control.jobs"
