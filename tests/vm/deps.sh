#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Install the packages of Debian 12 that building, checking and testing need.
# Says and does nothing, and touches no network, when all of them are there.
# It never asks; it needs to be root or to be allowed to use sudo.
#
#   tests/vm/deps.sh           install what is missing
#   tests/vm/deps.sh --check   only name what is missing; exit 1 if anything is
#   tests/vm/deps.sh --list    name all

set -eu
exec </dev/null

# The module and the tools
packages='
build-essential bc flex bison libelf-dev libssl-dev dwarves pkg-config
libdevmapper-dev libblkid-dev libjson-c-dev libexpat1-dev'
# unit tests, fuzzers, simulators
packages="$packages libcmocka-dev clang clang-14 libclang-rt-14-dev llvm"
# packages, and a Debian to try them in
packages="$packages debhelper dh-dkms lintian mmdebstrap"
# lints
packages="$packages sparse shellcheck clang-format perl python3 man-db git file tmux"
# machines: getting kernels, packing an initramfs, running it
packages="$packages ca-certificates
qemu-system-x86 busybox-static bash dash kmod cpio
tar gzip bzip2 xz-utils zstd lz4 rsync"
# what goes into the guest
packages="$packages util-linux fdisk fio xfsprogs e2fsprogs dmsetup lvm2
thin-provisioning-tools bcache-tools"

tries=3

missing() {
	# dpkg-query fails for a name it never heard of, and still tells the rest.
	# shellcheck disable=SC2086 # a list of words on purpose
	dpkg-query -W -f '${Package} ${db:Status-Abbrev}\n' $packages \
		2>/dev/null | awk -v want="$packages" '
		$2 == "ii" { have[$1] = 1 }
		END {
			n = split(want, w)
			for (i = 1; i <= n; i++)
				if (!(w[i] in have))
					printf "%s ", w[i]
		}'
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif [ -n "${CI:-}" ]; then
		sudo -n "$@" # nobody is there to type a password
	else
		sudo "$@"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 \
		APT_LISTCHANGES_FRONTEND=none LC_ALL=C.UTF-8 \
		apt-get -q -y -o DPkg::Lock::Timeout=600 \
		-o Acquire::Retries=3 -o Dpkg::Use-Pty=0 \
		-o Dpkg::Options::=--force-confdef \
		-o Dpkg::Options::=--force-confold "$@"
}

# By default apt-get goes on with the lists it could get and exits with 0.
# When some can not be got even at the second try, they may do all the same.
update() {
	apt -o APT::Update::Error-Mode=any update ||
		apt -o APT::Update::Error-Mode=any update || true
}

die() {
	echo "deps.sh: $*" >&2
	exit 1
}

[ "${1:-}" != --list ] || { echo "$packages" && exit; }
command -v apt-get >/dev/null ||
	die "this is no Debian; by hand, please: $packages"
want=$(missing)
[ -n "$want" ] || exit 0
echo "deps.sh: missing: $want"
[ "${1:-}" != --check ] || exit 1
[ "$(id -u)" -eq 0 ] || command -v sudo >/dev/null ||
	die "not root, and there is no sudo"

# The lists at hand may do; they are fetched when they do not.
n=1
# shellcheck disable=SC2086 # a list of words on purpose
until apt --no-install-recommends install $want; do
	[ $n -lt $tries ] || die "giving up after $tries tries"
	# An installation broken off before stands in the way of any other.
	as_root dpkg --configure -a || true
	sleep $((n * 2)) # the archive's trouble passes in its own time
	update
	n=$((n + 1))
done
want=$(missing)
[ -z "$want" ] || die "still missing: $want"
