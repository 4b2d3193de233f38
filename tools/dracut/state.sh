#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# dracut, before udev: what the initramfs was given to know of caches.

mkdir -p /run/ssdcache/.known
cp /etc/ssdcache-state/* /run/ssdcache/.known/ 2>/dev/null || true
cp /run/ssdcache/.known/* /run/ssdcache/ 2>/dev/null || true
