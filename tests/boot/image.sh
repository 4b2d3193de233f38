#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Make a Debian 12 with systemd, a kernel and its headers and DKMS, as a
# directory in the cache:
#
#   tests/boot/image.sh initramfs-tools|dracut     prints the directory
#
# The word is the package that makes the initramfs. Made from the mirror that the machine's apt uses; its name holds the hash of
# what it was made from: this script and the versions of the main packages.
# Needs root, as all below it does.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../vm/host.sh
. "$(dirname "$0")/../vm/host.sh"

parent=${vm_cache:?}/debian
suite=bookworm
packages="${1:?what makes the initramfs} systemd systemd-sysv udev dbus kmod dmsetup
linux-image-cloud-amd64 linux-headers-cloud-amd64 dkms gcc-12 e2fsprogs lz4
libblkid1 libjson-c5 libexpat1 libdevmapper1.02.1 lvm2 cpio"
# Of no use in a machine that lives for a minute.
masked='apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer
e2scrub_all.timer e2scrub_reap.service fstrim.timer logrotate.timer
getty.target serial-getty@ttyS0.service systemd-timesyncd.service
systemd-networkd.service systemd-resolved.service systemd-logind.service
systemd-tmpfiles-clean.timer systemd-journal-flush.service
systemd-update-utmp.service systemd-update-utmp-runlevel.service'

# Lines of a sources.list: what the machine itself uses.
sources() {
	# shellcheck disable=SC2016 # apt-get expands these
	apt-get indextargets 'Created-By: Packages' --format \
		'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' |
		grep " $suite" | sort -u
}

hash_of() {
	{
		cat "$0"
		echo "$packages"
		# shellcheck disable=SC2086 # words on purpose
		apt-cache policy $packages | grep -E '^[a-z]|Candidate'
	} | sha256sum | cut -c1-16
}

# Quickly packed, and for any machine.
set_initramfs() {
	if [ -d "$1/dracut.conf.d" ]; then
		printf 'hostonly=no\ncompress=lz4\n' >"$1/dracut.conf.d/test.conf"
	else
		sed -i 's/^COMPRESS=.*/COMPRESS=lz4/' \
			"$1/initramfs-tools/initramfs.conf"
	fi
}

make_image() {
	local unit
	# shellcheck disable=SC2086 # words on purpose
	sources | mmdebstrap --quiet --variant=minbase \
		--aptopt='Apt::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/man/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--include="$(echo $packages | tr ' ' ,)" \
		"$suite" "$1" - >&2
	for unit in $masked; do
		ln -s /dev/null "$1/etc/systemd/system/$unit"
	done
	echo test >"$1/etc/hostname"
	set_initramfs "$1/etc"
}

image=$parent/$(hash_of)
vm_lock debian
if [ ! -d "$image" ]; then
	new=$(vm_temp_dir "$parent")
	trap 'rm -rf "$new"' EXIT
	make_image "$new/root"
	mv -T "$new/root" "$image"
	find "$parent" -mindepth 1 -maxdepth 1 -mtime +14 ! -path "$image" \
		-exec rm -rf {} +
fi
touch "$image"
echo "$image"
