#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# dracut: put in what starts the caches that the root file system is on, those
# that have x-initrd.attach in /etc/ssdcachetab; systemd does it there as it
# does it later.

# shellcheck disable=SC2154 # dracut sets them

_lines() {
	grep -E '^[^#]*[[:space:],]x-initrd\.attach(,|[[:space:]]|$)' \
		"${dracutsysrootdir-}/etc/ssdcachetab" 2>/dev/null
}

check() {
	require_binaries @SBIN@/ssdcache udevadm || return 1
	_lines >/dev/null || return 255
}

depends() {
	echo dm systemd udev-rules
}

installkernel() {
	instmods ssdcache dm_mod
}

install() {
	inst_multiple @SBIN@/ssdcache @LIBEXEC@/ssdcache-origin udevadm \
		@SYSTEMD@/system-generators/ssdcache-generator \
		@SYSTEMD@/system/ssdcache@.service
	inst_multiple -o /etc/modprobe.d/ssdcache.conf
	inst_rules 66-ssdcache.rules
	_lines >"$initdir/etc/ssdcachetab"
	# As in the hook of initramfs-tools.
	mkdir -p "$initdir/var/lib" "$initdir/etc/ssdcache-state"
	ln -sfn /run/ssdcache "$initdir/var/lib/ssdcache"
	for f in /var/lib/ssdcache/*; do
		! grep -qsx alone=yes "$f" ||
			echo alone=yes >"$initdir/etc/ssdcache-state/${f##*/}"
	done
	inst_hook pre-udev 20 "$moddir/state.sh"
}
