#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.1,6.12,7.x --file src:/test/tree/src --file tests:/test/tree/tests --file docs:/test/tree/docs
#
# A file system on the cache: a tree is copied there, changed, trimmed, frozen;
# its checksums must hold after each of these, after a remount, after a restart
# of the cache, and on the origin alone. xfs_repair must find nothing.

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc
mnt=/mnt

# ---- the tree ---------------------------------------------------------------

# tar_tree DIRECTORY...: copies of them below the mount point
tar_tree() {
	tar -C / -cf - "$@" | tar -C $mnt -xf -
}

sums() {
	(cd $mnt && find . -type f -print0 | sort -z | xargs -0 sha256sum &&
		find . -printf '%p %y %m %n %s %l\n' | sort)
}

drop() {
	echo 3 >/proc/sys/vm/drop_caches
}

# tree_holds NAME: read from the device, it is as it was
tree_holds() {
	drop
	sums >/tmp/sums.now
	run "$1" cmp /tmp/sums /tmp/sums.now
}

# What users do to files; what they did is the tree from now on.
change_tree() {
	rm -r "$mnt"/test/tree/tests &&
		mv "$mnt"/test/tree/src "$mnt"/sources &&
		for f in "$mnt"/sources/dm/*.c; do
			xfs_io -c "pwrite -q -S 0x61 1000 3000" \
				-c "fsync" "$f" || return 1
		done &&
		cp -r "$mnt"/usr/bin "$mnt"/copy &&
		xfs_io -f -c "falloc 0 8m" -c "pwrite -q 1m 3m" -c "fsync" \
			-c "fpunch 2m 1m" "$mnt"/holes &&
		ln "$mnt"/holes "$mnt"/sources/link && sums >/tmp/sums
}

# ---- tests ------------------------------------------------------------------

test_fill() {
	run "mkfs" mkfs.xfs -q $sc || exit 1
	run "mount" mount -t xfs $sc $mnt || exit 1
	run "copy" tar_tree usr/bin test/tree
	sums >/tmp/sums
	note "$(grep -c / /tmp/sums) names, $(du -sm $mnt | cut -f1) MiB"
	run "sync" sync -f $mnt
	tree_holds "after it was read from the device"
}

test_change() {
	run "change" change_tree
	tree_holds "after it was changed"
	run "trim" fstrim -v $mnt
	holds "the cache was told" "$(sc_get sc discards) > 0"
	holds "and the origin" "$(disk_stat "$origin" discards) > 0"
	tree_holds "after it was trimmed"
}

freeze() {
	dmsetup suspend sc && dmsetup resume sc
}

test_freeze() {
	tar_tree usr/bin >/dev/null 2>&1 &
	run "suspend and resume" freeze
	run "and again" freeze
	run "and once more" freeze
	run "copied while it was frozen three times" wait $!
	tree_holds "after it was frozen"
}

# remount NAME: the same tree, and nothing to repair
remount() {
	run "$1: umount" umount $mnt
	run "$1: repair finds nothing" xfs_repair -n $sc
	run "$1: mount" mount -t xfs $sc $mnt
	tree_holds "$1"
}

test_restart() {
	run "umount" umount $mnt
	used=$(sc_get sc cache_blocks_used)
	run "remove" sc_remove sc
	run "create again" sc_create sc "$meta" "$cache" "$origin"
	same "what was cached still is" "$(sc_get sc cache_blocks_used)" "$used"
	run "mount" mount -t xfs $sc $mnt
	tree_holds "after a restart"
	holds "with hits" "$(sc_get sc read_hits) > 100"
}

test_origin() {
	run "umount" umount $mnt
	run "flush" sc_clean sc
	run "remove" sc_remove sc
	run "repair finds nothing on the origin" xfs_repair -n "$origin"
	run "mount the origin" mount -t xfs "$origin" $mnt
	tree_holds "the origin alone"
	run "umount the origin" umount $mnt
}

origin=$(discard_disk 384)
cache=$(ram_disk 16)
meta=$(ram_disk 4)
run "create" sc_create sc "$meta" "$cache" "$origin" 8 writeback default \
	idle_ms 200
test_fill
test_change
remount "after a remount"
test_freeze
test_restart
sc_message sc mode writethrough
remount "in mode writethrough"
test_origin
same "no error was seen" "$(dmesg | grep -cE 'XFS.*(error|orrupt)')" 0
exit 0
