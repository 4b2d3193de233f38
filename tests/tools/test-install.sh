#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "make install" puts the command, its pages and its completion, what starts caches
# at boot and the sources for DKMS where they belong, and "make uninstall" takes all
# of it away again. That of the module itself needs a kernel's headers.

# shellcheck disable=SC2317 # expect and check call functions by their names

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

make_it() {
	env -u MAKEFLAGS make --no-print-directory -C "$tests_dir/.." DESTDIR="$tmp/root" \
		PREFIX=/usr "$@"
}

root=$tmp/root/usr
expect "install" 0 'install' make_it install-tools install-boot install-dkms
expect "the command runs from there" 0 '^ssdcache [0-9]' \
	"$root/sbin/ssdcache" --version
for f in share/man/man8/ssdcache.8 share/man/man8/ssdcache-create.8 \
	share/man/man5/ssdcachetab.5 \
	share/bash-completion/completions/ssdcache \
	lib/systemd/system/ssdcache@.service lib/udev/rules.d/66-ssdcache.rules \
	share/initramfs-tools/hooks/ssdcache libexec/ssdcache/initrd-state \
	lib/systemd/system/ssdcache-renew.service libexec/ssdcache/initramfs-renew \
	lib/dracut/modules.d/90ssdcache/module-setup.sh src/ssdcache-*/Kbuild; do
	# shellcheck disable=SC2086 # the version is a pattern
	expect "$f" 0 . head -n 3 "$root"/$f
done
holds "no place is left open in it" not grep -rE '@[A-Z]+@' "$root/lib" \
	"$root/libexec" "$root/share/initramfs-tools"
expect "uninstall" 0 'rm' make_it uninstall-tools uninstall-boot \
	uninstall-dkms
expect "nothing is left" 0 '' find "$root" ! -type d
exit $failed
