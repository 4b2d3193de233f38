# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For tests of failing devices: disks that fail on demand, and a cache made of
# them. Modes are set by assigning $mode.
#
# shellcheck disable=SC2034 # used by the tests

sc=/dev/mapper/sc
m=/dev/mapper/meta
c=/dev/mapper/cache
o=/dev/mapper/origin

again() {
	sc_create sc $m $c $o 8 "$mode" default idle_ms 3600000
}

# error_disks: three simulated disks, and files a, b and c to write
error_disks() {
	sim_create origin "$(ram_disk 12)" null &&
		sim_create cache "$(ram_disk 5)" null &&
		sim_create meta "$(ram_disk 1)" null || return 1
	for f in a b c; do
		random_file /tmp/$f 256
	done
}

# fresh MODE: an empty cache, all devices well
fresh() {
	mode=$1
	[ ! -e $sc ] || sc_remove sc
	for d in meta cache origin; do
		sim_fail $d off
	done
	dd if=/dev/zero of=$m bs=4k count=1 oflag=direct 2>/dev/null
	again || fail "create" "refused"
}

restart() {
	run "$1: remove" sc_remove sc
	run "$1: create again" again
}

# state NAME STATE CHECK
state() {
	same "$1: the state" "$(sc_get sc state) $(sc_get sc check)" "$2 $3"
}

# counts NAME KEY: it is not 0
counts() {
	holds "$1: $2" "$(sc_get sc "$2") > 0"
}

# Where parts of the devices' content lie, in KiB.
a_at=0
b_at=1024
c_at=2048
