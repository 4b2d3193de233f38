#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Make the images of the initramfs anew, if what they were told of caches is old:
# that an origin was used without its cache, or that this is over. What fails or
# is cut short is done at the next boot.

set -eu
old=/var/lib/ssdcache/initramfs=old

make_images() {
	if command -v update-initramfs >/dev/null; then
		update-initramfs -u -k all
	elif command -v dracut >/dev/null; then
		dracut --force --regenerate-all
	else
		echo "no update-initramfs, no dracut: the initramfs is old" >&2
		return 1
	fi
}

# Something may be noted while it works.
while [ -e $old ] || [ -e $old.now ]; do
	[ ! -e $old ] || mv $old $old.now
	make_images
	sync
	rm $old.now
done
