#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Put fio into the directory of an initramfs without the libraries of network
# storage that Debian's is linked to, 70 MB of them: an emulated processor
# needs half a second for each start of fio to link them, and a second more to
# unpack them. In their place come libraries that define the same names and
# versions, and trap when called, which only those I/O engines do that no test
# can use. If that fails, or fio does not run with them on this machine,
# nothing is put there, and the exit status is 1.
#
#   tests/vm/fio-light.sh ROOT

set -euo pipefail

root=${1:?a directory}
fio=$(command -v fio)
libraries=$root/usr/lib/x86_64-linux-gnu
replaced='lib(gfapi|nbd|ibverbs|rdmacm|rados|rbd|pmem|pmemblk)\.so\..*'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Those of the regular expression that this fio needs.
needed() {
	readelf -dW "$fio" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		grep -xE "$replaced"
}

# version_names LIBRARY: of which fio wants names of that library
version_names() {
	readelf -VW "$fio" | awk -v library="$1" '
		/ File: / { for (i = 1; i < NF; i++) if ($i == "File:") file = $(i + 1) }
		/ Name: / && file == library {
			for (i = 1; i < NF; i++) if ($i == "Name:") print $(i + 1)
		}'
}

# Lines "SYMBOL VERSION", or "SYMBOL -", of functions that others define.
wanted_symbols() {
	readelf --dyn-syms -W "$fio" | awk '
		$7 == "UND" && $4 == "FUNC" && $5 == "GLOBAL" {
			n = split($8, w, "@")
			print w[1], (n > 1 ? w[n] : "-")
		}'
}

# The symbols without a version of the libraries that are replaced.
plain_symbols() {
	awk '$2 == "-" && $1 ~ /^(rados|rbd)_/ { print $1 }' "$tmp/symbols"
}

# make_library NAME: its versions, and all the plain symbols, for the same
# name may be defined many times
make_library() {
	local version symbols script=
	{
		plain_symbols | sed 's/.*/void &(void) { __builtin_trap(); }/'
		for version in $(version_names "$1"); do
			awk -v v="$version" '$2 == v { print $1 }' "$tmp/symbols" |
				sed 's/.*/void &(void) { __builtin_trap(); }/'
		done
	} >"$tmp/stub.c"
	for version in $(version_names "$1"); do
		symbols=$(awk -v v="$version" '$2 == v { printf "%s; ", $1 }' \
			"$tmp/symbols")
		echo "$version { ${symbols:+global: $symbols}};"
	done >"$tmp/stub.map"
	[ ! -s "$tmp/stub.map" ] || script=-Wl,--version-script=$tmp/stub.map
	gcc -O1 -fno-builtin -nostdlib -shared -fPIC -o "$tmp/lib/$1" \
		-Wl,-soname="$1" ${script:+"$script"} "$tmp/stub.c"
}

works() {
	local said
	said=$(LD_LIBRARY_PATH=$tmp/lib LD_BIND_NOW=1 "$fio" --name=try \
		--ioengine=libaio --rw=write --size=64k --output-format=terse \
		--filename="$tmp/try" 2>&1) && [[ $said =~ ^3\;fio-[0-9.]+\;try\;0\;0\; ]]
}

mkdir "$tmp/lib"
wanted_symbols >"$tmp/symbols"
for library in $(needed); do
	make_library "$library" 2>/dev/null || exit 1
done
works || exit 1
mkdir -p "$root/usr/bin" "$libraries"
cp "$(realpath "$fio")" "$root/usr/bin/fio"
cp "$tmp"/lib/* "$libraries/"
