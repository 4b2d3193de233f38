#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the initramfs: what an administrator would type in its shell.

case $1 in
prereqs)
	echo ssdcache
	exit 0
	;;
esac

case $(cat /proc/cmdline) in
*boottest=rootalone*) ssdcache start --degraded root ;;
*boottest=rootforget*) ssdcache start --forget root ;;
*) exit 0 ;;
esac
udevadm settle
