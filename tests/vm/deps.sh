#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Install the Debian packages that building, checking and testing need. Does
# nothing, and touches no network, when all of them are present.
#
#   tests/vm/deps.sh           install what is missing
#   tests/vm/deps.sh --check   only name what is missing; exit 1 if anything is

set -eu

packages='
build-essential bc flex bison libelf-dev libssl-dev kmod cpio rsync
xz-utils zstd bzip2 gzip tar file git ca-certificates pkg-config dwarves
clang clang-format clang-14 libclang-rt-14-dev llvm
sparse shellcheck python3 perl man-db
qemu-system-x86 busybox-static
util-linux fdisk fio xfsprogs e2fsprogs dmsetup lvm2
thin-provisioning-tools bcache-tools
libcmocka-dev libdevmapper-dev libblkid-dev libjson-c-dev
'

tries=5

installed() {
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null)" = 'ii ' ]
}

missing() {
	for p in $packages; do
		installed "$p" || echo "$p"
	done
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
		-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 "$@"
}

# An update that fails keeps the old lists: APT::Update::Error-Mode=any makes
# apt-get say so by its exit status instead of going on with half of them.
update() {
	apt -o APT::Update::Error-Mode=any update || apt update
}

# bcache-tools and lvm2 start no service here that matters, but policy-rc.d of
# the machine is left alone: a build machine may well be somebody's desktop.
install() {
	# shellcheck disable=SC2086 # a list of words on purpose
	apt --no-install-recommends install $1
}

want=$(missing | tr '\n' ' ')
[ -n "$want" ] || exit 0
echo "deps: missing: $want"
[ "${1:-}" != --check ] || exit 1

if ! command -v apt-get >/dev/null; then
	echo "deps: this is no Debian machine; install these by hand" >&2
	exit 1
fi

# The lists at hand may do; they are fetched when they do not.
n=1
until install "$want"; do
	if [ "$n" -ge "$tries" ]; then
		echo "deps: giving up after $tries tries" >&2
		exit 1
	fi
	sleep $((n * 2)) # the archive's trouble passes in its own time
	update || true
	n=$((n + 1))
done
