#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Name the tests that need a virtual machine, of one kind:
#
#   tests/vm-tests.sh test|host     TEST=.. chooses
#
# test-*.sh run in the guest, host-*.sh on the host, where they boot as many
# machines as they like. TEST may be a path, a name, or a shell pattern of
# names; it is an error if it chooses nothing of either kind.

set -euo pipefail
cd "$(dirname "$0")/.."

# name FILE-OR-NAME: without directory, kind and suffix
name() {
	local n=${1##*/}
	n=${n%.sh}
	n=${n#test-}
	echo "${n#host-}"
}

want=$(name "${TEST:-*}")
any=no
for f in tests/simdisk/{test,host}-*.sh tests/dm/{test,host}-*.sh; do
	# shellcheck disable=SC2053 # a pattern on purpose
	[[ -f $f && $(name "$f") == $want ]] || continue
	any=yes
	case ${f##*/} in
	"$1"-*) echo "$f" ;;
	esac
done
if [ $any = no ] && [ -n "${TEST:-}" ]; then
	echo "${0##*/}: no test '$TEST'" >&2
	exit 1
fi
