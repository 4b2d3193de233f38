#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12
#
# Caches for logical volumes, with lvm's own commands: a volume with a file system
# is cached, the group is deactivated and activated, and the cache removed; a thin
# pool lies on a cached volume.

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh
# shellcheck source=tests/dm/tools.sh
. /test/tools.sh

cached=/dev/mapper/vg_home

lv_names() {
	lvm lvs --noheadings -o lv_name "$@" | xargs
}

prepare() {
	run "the module" sc_load
	slow=$(loop_disk 700)
	ssd=$(loop_disk 96)
	other=$(loop_disk 32)
	run "volume group" lvm vgcreate -q vg "$slow" "$ssd"
	run "another group" lvm vgcreate -q other "$other"
	run "volume" lvm lvcreate -q -y -L 330M -n home vg "$slow"
	run "mkfs" mkfs.xfs -q /dev/vg/home
	run "mount" mounted /dev/vg/home
	run "data" cp -r /usr/bin $mnt/
	sums >/tmp/sums
}

test_refusals() {
	set -- ssdcache lvm create --fast
	exits "a mounted volume" 3 "mounted on /mnt" "$@" "$ssd" vg/home
	umount $mnt
	exits "no such volume" 4 "." "$@" "$ssd" vg/none
	exits "no such physical volume" 4 "." "$@" /dev/none vg/home
	exits "one of another group" 3 "no physical volume of vg" \
		"$@" "$other" vg/home
	exits "too large" 3 "96 MiB|92 MiB|does not suffice" \
		"$@" "$ssd" --size 1G vg/home
	exits "a bad mode" 2 "unknown mode" "$@" "$ssd" --mode fast vg/home
	same "nothing is left of these" "$(lv_names vg)" home
	same "no tags either" "$(lv_names @ssdcache)" ""
}

test_create() {
	run "create" ssdcache lvm create vg/home --fast "$ssd" \
		--set idle_ms=3600000 || exit 1
	same "volumes are made" "$(lv_names vg)" "home home_fast home_fastmeta"
	same "all are tagged" "$(lv_names @ssdcache)" \
		"home home_fast home_fastmeta"
	exits "list" 0 "^vg +home +vg_home +home_fast +[0-9.]+MiB +home_fastmeta" \
		ssdcache lvm list
	exits "not twice" 3 "has a cache already" \
		ssdcache lvm create vg/home --fast "$ssd"
	run "mount" mounted $cached
	tree_holds "the files are there"
	run "a new file" write_some new
	holds "it is dirty" "$(json vg_home dirty_blocks) > 0"
}

test_activation() {
	exits "the group cannot go while it is in use" 5 "in use|is used" \
		lvm vgchange -an vg
	umount $mnt
	run "stop" ssdcache stop vg_home
	run "deactivate" lvm vgchange -q -an vg
	exits "start without it" 4 "is missing" ssdcache start vg_home
	run "activate" lvm vgchange -q -ay vg
	run "start" ssdcache start vg_home
	run "mount" mounted $cached
	tree_holds "after vgchange -an, -ay"
	exits "the tags tell the same" 0 "^vg +home +vg_home" ssdcache lvm list
}

test_remove() {
	exits "remove while it is mounted" 3 "in use" ssdcache lvm remove vg/home
	umount $mnt
	run "remove" ssdcache lvm remove vg/home
	same "volumes are gone" "$(lv_names vg)" home
	same "and tags" "$(lv_names @ssdcache)" ""
	same "and the line" "$(grep -c vg_home /etc/ssdcachetab)" 0
	run "repair finds nothing" xfs_repair -n /dev/vg/home
	run "mount" mounted /dev/vg/home
	tree_holds "the volume has everything"
	umount $mnt
	exits "remove again" 4 "has no cache" ssdcache lvm remove vg/home
}

# The other way round for thin pools, as ssdcache-lvm(8) says.
test_thin() {
	run "a pool" lvm lvcreate -q -y --type thin-pool -L 100M -n pool vg "$slow"
	exits "its data volume" 3 "thin pool" \
		ssdcache lvm create vg/pool_tdata --fast "$ssd"
	exits "the pool itself" 3 "thin pool" \
		ssdcache lvm create vg/pool --fast "$ssd"
	run "remove the pool" lvm lvremove -q -y vg/pool
	run "cache the plain volume" ssdcache lvm create vg/home --fast "$ssd"
	run "physical volume on it" lvm pvcreate -q -y -ff $cached
	run "its group" lvm vgcreate -q pools $cached
	run "thin pool" lvm lvcreate -q -y --type thin-pool -L 300M -n pool pools
	run "thin volume" lvm lvcreate -q -y -V 400M --thinpool pools/pool -n thin
	run "mkfs" mkfs.xfs -q /dev/pools/thin
	run "mount" mounted /dev/pools/thin
	run "data" cp -r /usr/bin $mnt/
	sums >/tmp/sums
	umount $mnt
	exits "stop while the pool is on it" 3 "used by the device pools-" \
		ssdcache stop vg_home
	run "deactivate the pool" lvm vgchange -q -an pools
	run "stop" ssdcache stop vg_home
	run "start" ssdcache start vg_home
	run "activate the pool" lvm vgchange -q -ay pools
	run "mount" mounted /dev/pools/thin
	tree_holds "the pool holds after a restart of the cache"
	umount $mnt
	lvm vgchange -q -an pools
}

# There is no udev that knows when devices are ready.
export DM_DISABLE_UDEV=1
prepare
test_refusals
test_create
test_activation
test_remove
test_thin
exit 0
