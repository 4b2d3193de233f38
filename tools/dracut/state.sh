#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dracut, before udev: what the initramfs was given to know of caches.

mkdir -p /run/ssdcache
for state in /etc/ssdcache-state/*; do
	[ ! -f "$state" ] || cat "$state" >"/run/ssdcache/${state##*/}"
done
