#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Show what the cache does: install what is missing, build, boot a virtual
# machine with a simulated hard disk and SSD, work on them, print a summary.
# The machine runs on virtual time: disks take the time that real ones take
# however slow this computer is. About five minutes.
#
# Environment: BUILD; KERNEL; CACHE_TARGET=cache shows dm-cache instead.

set -euo pipefail
cd "$(dirname "$0")/../.."

build=${BUILD:-build}
kernel=${KERNEL:-6.12}
target=${CACHE_TARGET:-ssdcache}
work=$build/demo
minutes=10

step() {
	printf '[%2d:%02d] %s\n' $((SECONDS / 60)) $((SECONDS % 60)) "$*"
}

die() {
	step "FAILED: $*"
	exit 1
}

# quietly WHAT COMMAND...: its output is shown only if it fails
quietly() {
	local what=$1
	shift
	step "$what"
	if ! "$@" >"$work/step.log" 2>&1; then
		tail -n 30 "$work/step.log"
		die "$what"
	fi
}

# A source tree of real files: the headers of the kernel we have anyway.
make_tree() {
	local headers
	headers=$(echo "$(tests/vm/fetch.sh "$kernel")"/usr/src/linux-headers-*-common)
	tar -C "$headers/include" --sort=name -cf "$work/tree.tar" linux net
	(cd "$headers/include" && find linux net -type f -print0 |
		sort -z | xargs -0 sha256sum) >"$work/tree.sha256"
}

run_machine() {
	local modules=("--module" "$build/$kernel/simdisk.ko")
	if [ "$target" = ssdcache ]; then
		modules+=(--module "$build/$kernel/ssdcache.ko")
	fi
	rm -rf "$work/out"
	tests/vm/run.sh --kernel "$kernel" --virtual-time --mem 2048 \
		--timeout $((minutes * 60)) --env "CACHE_TARGET=$target" \
		"${modules[@]}" --file tests/simdisk/guest.sh:/test/simdisk.sh \
		--file "$work/tree.tar" --file "$work/tree.sha256" \
		--out "$work/out" --log "$work/log" tests/demo/guest.sh
}

# The machine's lines as progress.
narrate() {
	local line
	while IFS= read -r line; do
		case $line in
		'# == '*) ;;
		'# '*) step "  ${line#\# }" ;;
		'ok - '*) step "    ${line#ok - }" ;;
		'not ok - '*) step "    FAILED: ${line#not ok - }" ;;
		esac
	done
}

mkdir -p "$work"
# What a demo needs that is not there; the figures are computed by python.
quietly "installing what is missing" tests/vm/deps.sh
quietly "fetching Linux $kernel" tests/vm/fetch.sh "$kernel"
for module in simdisk $([ "$target" = cache ] || echo "$target"); do
	quietly "building $module.ko" make --no-print-directory \
		BUILD="$build" "$module-$kernel"
done
quietly "packing a source tree" make_tree
step "booting a virtual machine with a 7200 rpm disk and an SSD, on virtual time"
status=0
run_machine | narrate || status=1
echo
python3 tests/demo/summary.py "$work/out" "$target" || status=1
if [ $status -ne 0 ]; then
	echo "The demo FAILED; logs are in $work/log."
	exit 1
fi
