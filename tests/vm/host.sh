# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What the host side scripts of the test bed share; sourced, not run. All
# that is downloaded or built lies in one cache directory, see README.md.

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vm_cache=${XDG_CACHE_HOME:-$HOME/.cache}/ssdcache
export vm_dir vm_cache

# The system administrator's tools are not in everybody's PATH on Debian.
PATH=$PATH:/usr/sbin:/sbin

vm_die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# vm_lock NAME: hold the cache's lock NAME until this (sub)shell ends.
vm_lock() {
	mkdir -p "$vm_cache"
	exec 9>"$vm_cache/.lock-$1"
	flock 9
}

# vm_temp_dir PARENT: a directory in PARENT, meant to be renamed when done.
# Leftovers of killed runs are removed after a day.
vm_temp_dir() {
	mkdir -p "$1"
	find "$1" -maxdepth 1 -name '.new-*' -mtime +0 -exec rm -rf {} +
	mktemp -d "$1/.new-XXXXXX"
}
