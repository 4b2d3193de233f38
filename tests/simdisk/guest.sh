# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Simulated disks for tests in the guest. Give run.sh simdisk.ko as --module
# and this file as --file, and begin the test with:
#
#   . /lib/test.sh
#   . /test/guest.sh
#
# NAME is a dm name; the disk is /dev/mapper/NAME. Each function returns the
# status of what it does and prints nothing but what is asked for. MODE is
# drop (default), keep or random. README.md tells what the messages do.

# sim_load: load the module; sim_create does so when needed
sim_load() {
	[ -d /sys/module/simdisk ] || load_module /modules/simdisk.ko
}

# sim_create NAME DEVICE hdd|ssd|null [KEY VALUE]...: over all of DEVICE
sim_create() {
	local _sc_name=$1 _sc_dev=$2
	shift 2
	sim_create_part "$_sc_name" "$_sc_dev" 0 "$(sectors "$_sc_dev")" "$@"
}

# sim_create_part NAME DEVICE START SECTORS hdd|ssd|null [KEY VALUE]...
sim_create_part() {
	local _sc_name=$1 _sc_dev=$2 _sc_start=$3 _sc_len=$4
	shift 4
	sim_load || return 1
	echo "0 $_sc_len simdisk $_sc_dev $_sc_start $*" |
		dm_create "$_sc_name"
}

# sim_remove NAME...: unflushed data are written out first
sim_remove() {
	for _sr in "$@"; do
		dmsetup remove --retry "$_sr" || return 1
	done
}

# sim_message NAME WORD...
sim_message() {
	local _sm_name=$1
	shift
	dmsetup message "$_sm_name" 0 "$*"
}

# sim_cut NAME [MODE]: power off, this disk alone
sim_cut() {
	sim_message "$1" cut ${2:+"$2"}
}

# sim_cut_group NAME GROUP [MODE]: all disks of GROUP; NAME is any simdisk
sim_cut_group() {
	sim_message "$1" cut group "$2" ${3:+"$3"}
}

# sim_cut_after NAME N [MODE]: cut NAME's group at the Nth write to NAME
sim_cut_after() {
	sim_message "$1" cut_after "$2" ${3:+"$3"}
}

# sim_cut_after_group NAME N [MODE]: at the Nth write to any of the group
sim_cut_after_group() {
	sim_message "$1" cut_after group "$2" ${3:+"$3"}
}

# sim_revive NAME: power on
sim_revive() {
	sim_message "$1" revive
}

# sim_revive_group NAME GROUP
sim_revive_group() {
	sim_message "$1" revive group "$2"
}

# sim_fail NAME read|write|flush|discard|all [FIRST COUNT], or NAME off
sim_fail() {
	local _sf_name=$1
	shift
	sim_message "$_sf_name" fail "$@"
}

# sim_fail_nth NAME read|write|flush|discard|any N: that one request
sim_fail_nth() {
	sim_message "$1" fail_nth "$2" "$3"
}

# sim_away NAME: unplug it
sim_away() {
	sim_message "$1" away
}

# sim_back NAME: plug it in again
sim_back() {
	sim_message "$1" back
}

# sim_corrupt NAME FIRST COUNT: flip all bits of these sectors
sim_corrupt() {
	sim_message "$1" corrupt "$2" "$3"
}

# sim_stats_reset NAME...
sim_stats_reset() {
	for _ss in "$@"; do
		sim_message "$_ss" stats reset || return 1
	done
}

# sim_stat NAME KEY: print a field of the status line
sim_stat() {
	dmsetup status "$1" | tr ' ' '\n' | sed -n "s/^$2=//p"
}

# sim_is NAME KEY VALUE: compare, e.g. wait_for 10 sim_is d state off
sim_is() {
	[ "$(sim_stat "$1" "$2")" = "$3" ]
}
