#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Measure the disk models alone, in virtual time, and compare them with the
# figures that the peers were measured on. No test: a look after changes.
#
#   tests/simdisk/calibrate.sh [KEY]

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
key=${1:-6.12}

"$here/../vm/run.sh" --virtual-time --mem 3072 --timeout 1800 --kernel "$key" \
	--module "$("$here/build.sh" "$key")" --file "$here/guest.sh" \
	"$here/calibrate-guest.sh"
