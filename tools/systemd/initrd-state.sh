#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Keep what the initramfs noted of the caches that it started. That the origin
# was used without its cache must be known there the next time, before the
# root file system can be read: so it becomes part of the initramfs.

set -eu
from=/run/ssdcache
to=/var/lib/ssdcache
renew=no

is_alone() {
	grep -qsx alone=yes "$1"
}

mkdir -p "$to"
for f in "$from"/*; do
	name=${f##*/}
	# Locks and the like are not for keeping.
	grep -qs '^dirty=' "$f" || continue
	if is_alone "$f" || is_alone "$to/$name"; then
		renew=yes
	fi
	cp "$f" "$to/.$name.new"
	sync "$to/.$name.new"
	mv "$to/.$name.new" "$to/$name"
	sync "$to"
done
[ $renew = yes ] || exit 0
if command -v update-initramfs >/dev/null; then
	update-initramfs -u -k all
elif command -v dracut >/dev/null; then
	dracut --force --regenerate-all
fi
sync
