#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build simdisk.ko for a kernel of tests/vm/fetch.sh and print its path:
#
#   tests/simdisk/build.sh [KEY]        default 6.12
#   tests/simdisk/build.sh DIR          or any kernel's headers or build tree
#
# It is built beside the tree, in build/simdisk-*, so that several kernels and
# several users do not disturb each other. Warnings go to standard error.

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
key=${1:-6.12}

if [ -f "$key/Makefile" ]; then
	kdir=$(realpath "$key")
else
	kdir=$("$here/../vm/fetch.sh" "$key")/headers
fi
out=$here/../../build/simdisk-$(realpath "$kdir" | cksum | cut -d' ' -f1)
mkdir -p "$out"
out=$(realpath "$out")
exec 9>"$out/.lock"
flock 9
for f in "$here"/Kbuild "$here"/*.[ch]; do
	cmp -s "$f" "$out/${f##*/}" || cp "$f" "$out/"
done
checks=()
if command -v sparse >/dev/null; then
	checks=(C=1)
fi
make -s -C "$kdir" M="$out" W=1 "${checks[@]}" modules 2>&1 |
	{ grep -v 'Skipping BTF generation' || true; } >&2
echo "$out/simdisk.ko"
