#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Test the simulated disk itself, in virtual machines:
#
#   tests/simdisk/run.sh [KEY [TEST.sh...]]
#
# KEY is a kernel of tests/vm/fetch.sh, default 6.12.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
key=${1:-6.12}
shift || true
ko=$("$here/build.sh" "$key")
[ $# -gt 0 ] || set -- "$here"/test-*.sh "$here"/host-*.sh

status=0
for t; do
	echo "# ${t##*/} on $key"
	case ${t##*/} in
	host-*)
		"$t" "$key" "$ko" || status=1
		;;
	*)
		"$here/../vm/run.sh" --kernel "$key" --module "$ko" \
			--file "$here/guest.sh" --file "$here/data.sh" "$t" ||
			status=1
		;;
	esac
done
exit $status
