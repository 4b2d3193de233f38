#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Print a kernel that QEMU starts at once, made of a bzImage: the uncompressed
# one within, which is kept in the cache under the hash of the bzImage. An
# emulated processor is busy with its decompression for more than a second.
# QEMU starts such a file only if the kernel was built with CONFIG_PVH; of
# another kernel, and of one packed in an unknown way, the name given is printed.
#
#   tests/vm/vmlinux.sh BZIMAGE

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

image=${1:?a bzImage}
parent=${vm_cache:?}/vmlinux
new=

# number OFFSET BYTES: of the image's header, Documentation/arch/x86/boot.rst
number() {
	od -An "-tu$2" --endian=little -j "$1" -N "$2" "$image" | tr -d ' '
}

# Where the compressed kernel begins, counted from the start of the file.
payload_start() {
	local sectors
	sectors=$(number $((0x1f1)) 1)
	[ "$sectors" -ne 0 ] || sectors=4 # as the protocol has it
	echo $((($(number $((0x248)) 4)) + (sectors + 1) * 512))
}

unpacker() {
	local command
	case $1 in
	28b52ffd*) command=zstd ;;
	02214c18*) command=lz4 ;;
	fd377a58*) command=xz ;;
	1f8b*) command=gzip ;;
	*) return ;;
	esac
	command -v "$command" >/dev/null ||
		vm_die "$command is missing, see deps.sh"
	echo "$command -dcq"
}

# The payload's last four bytes are a length, which unpackers take for
# garbage: their status says nothing, the result does.
unpack() {
	local start magic command
	start=$(payload_start)
	magic=$(od -An -tx1 -j "$start" -N 4 "$image" | tr -d ' ')
	command=$(unpacker "$magic")
	[ -n "$command" ] || return 1
	# shellcheck disable=SC2086 # a command and its options
	tail -c +$((start + 1)) "$image" |
		head -c "$(number $((0x24c)) 4)" | $command >"$1" 2>/dev/null ||
		true
	readelf -nW "$1" 2>/dev/null |
		grep -qE 'Xen .*(0x00000012|PHYS32_ENTRY)'
}

cleanup() {
	[ -z "$new" ] || rm -rf "$new"
}

trap cleanup EXIT
if [ "$(head -c $((0x206)) "$image" | tail -c 4 | tr -d '\0')" != HdrS ]; then
	echo "$image"
	exit
fi
result=$parent/$(cat "$0" "$image" | sha256sum | cut -c1-16)
if [ ! -f "$result" ]; then
	vm_lock vmlinux
fi
if [ ! -f "$result" ]; then
	new=$(vm_temp_dir "$parent")
	# An empty file remembers that it cannot be done.
	unpack "$new/vmlinux" || : >"$new/vmlinux"
	mv "$new/vmlinux" "$result"
	find "$parent" -maxdepth 1 -type f -mtime +14 -delete
fi
touch "$result"
if [ -s "$result" ]; then
	echo "$result"
else
	echo "$image"
fi
