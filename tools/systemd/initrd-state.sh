#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# What the initramfs knows of the caches that it starts. The state files lie in
# the root file system, which it cannot read before; so it gets copies of those
# that let it start a cache without its fast device, and is made anew when
# they change:
#
#   initrd-state known DIRECTORY   put there what an initramfs made now has to know
#   initrd-state renew             make all anew
#   initrd-state keep              note what the initramfs noted; if that is news
#                                  to the one that was booted, renew

set -eu
tab=${SSDCACHE_TAB:-/etc/ssdcachetab}
states=${SSDCACHE_STATE:-/var/lib/ssdcache}
noted=${SSDCACHE_NOTED:-/run/ssdcache}

# The names in the tab that the initramfs starts, with their options.
started() {
	sed -n -E 's/^[[:space:]]*([^#[:space:]]+)([[:space:]]+[^[:space:]]+){3}[[:space:]]+([^#[:space:]]+).*/\1 ,\3,/p' \
		"$tab" 2>/dev/null | grep ',x-initrd\.attach,' || true
}

# is_safe NAME OPTIONS: without its fast device, start goes on. In mode
# writeback that changes with the first write.
is_safe() {
	! grep -qsx alone=yes "$states/$1" || return 0
	case $2 in
	*,mode=writeback,*) return 1 ;;
	*,mode=writethrough,* | *,mode=writearound,* | *,mode=passthrough,*) ;;
	*) return 1 ;;
	esac
	grep -qsx dirty=no "$states/$1"
}

known() {
	mkdir -p "$1"
	started | while read -r name options; do
		! is_safe "$name" "$options" || cp "$states/$name" "$1/$name"
	done
}

renew() {
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k all
	elif command -v dracut >/dev/null; then
		dracut --force --regenerate-all
	else
		echo "initrd-state: neither update-initramfs nor dracut is here" >&2
		return 1
	fi
	sync
}

keep() {
	mkdir -p "$states"
	for f in "$noted"/*; do
		name=${f##*/}
		# Locks and the like are not for keeping.
		grep -qs '^dirty=' "$f" || continue
		cp "$f" "$states/.$name.new"
		sync "$states/.$name.new"
		mv "$states/.$name.new" "$states/$name"
		sync "$states"
	done
	now=$(mktemp -d)
	known "$now"
	if diff -r "$now" "$noted/.known" >/dev/null 2>&1; then
		rm -r "$now"
	else
		rm -r "$now"
		renew
	fi
}

case ${1:-} in
known) known "$2" ;;
renew) renew ;;
keep) keep ;;
*)
	echo "usage: initrd-state known DIRECTORY | renew | keep" >&2
	exit 2
	;;
esac
