# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The systems that are measured, in the guest: each is a block device made of
# a slow and a fast disk. Needs guest-lib.sh and simdisk.sh, and $system, which
# is the name.
#
# shellcheck disable=SC2034,SC2154

hdd_mib=1536
ssd_mib=256
meta_mib=16
large_mib=65536

# ---- the devices below ------------------------------------------------------

# $hdd, and one SSD: in two parts, $meta and $ssd, for those who want two
# devices, or as $whole for those who keep their metadata beside the data, so
# that all have the same memory. It is the one or the other.
name_devices() {
	ssd=/dev/mapper/ssd
	meta=/dev/mapper/meta
	whole=/dev/mapper/whole
	meta_sectors=$((meta_mib * 2048))
	ssd_sectors=$((ssd_mib * 2048))
}

# Simulated. Of the two parts each has the channels of an SSD of its own.
devices_sim() {
	name_devices
	hdd=/dev/mapper/hdd
	sim_create hdd /dev/ram0 hdd &&
		sim_create_part meta /dev/ram1 0 $meta_sectors ssd &&
		sim_create_part ssd /dev/ram1 $meta_sectors $ssd_sectors ssd &&
		sim_create_part whole /dev/ram1 0 \
			$((meta_sectors + ssd_sectors)) ssd
}

# Without service times: what remains is what the processor does. The cache
# lies on dm-linear, whose own cost is measured alone.
devices_ram() {
	name_devices
	hdd=/dev/ram0
	echo "0 $meta_sectors linear /dev/ram1 0" | dm_create meta &&
		echo "0 $ssd_sectors linear /dev/ram1 $meta_sectors" |
		dm_create ssd &&
		echo "0 $((meta_sectors + ssd_sectors)) linear /dev/ram1 0" |
		dm_create whole
}

# A cache of 64 GiB, its metadata on a simulated SSD. The slow disk and the
# data do not exist: read as zeros, only the cache's label is kept. All that
# is kept loses its power together.
devices_large() {
	hdd=/dev/mapper/hdd
	ssd=/dev/mapper/ssd
	meta=/dev/mapper/meta
	_data=$((large_mib * 2048 + 8))
	echo "0 $((large_mib * 4096)) zero" | dm_create hdd &&
		sim_create_part meta /dev/ram1 0 $((large_mib * 24)) ssd \
			group power &&
		sim_create_part label /dev/ram0 0 8 null group power &&
		printf '%s\n' "0 $_data zero" \
			"$_data 8 linear /dev/mapper/label 0" | dm_create ssd
}

# ---- the systems ------------------------------------------------------------

system_hdd() {
	dev=$hdd
}

system_ssd() {
	dev=$ssd
}

# dm_system TABLE-WORDS...: over the whole slow disk
dm_system() {
	dev=/dev/mapper/cached
	dd if=/dev/zero of="$meta" bs=4k count=1 conv=fsync 2>/dev/null
	echo "0 $(sectors "$hdd") $*" | dm_create cached
}

system_ssdcache() {
	load_module /modules/ssdcache.ko &&
		dm_system "ssdcache $meta $ssd $hdd 8 1 writeback default 0"
}

system_dm_cache() {
	modprobe -a dm-cache dm-cache-smq &&
		dm_system "cache $meta $ssd $hdd 128 1 writeback smq 0"
}

system_dm_writecache() {
	modprobe dm-writecache &&
		dd if=/dev/zero of="$whole" bs=4k count=1 conv=fsync 2>/dev/null &&
		dm_system "writecache s $hdd $whole 4096 0"
}

system_bcache() {
	modprobe bcache || return 1
	dev=/dev/bcache0
	wipefs -qa "$hdd" "$whole"
	make-bcache --writeback -B "$hdd" -C "$whole" >/dev/null || return 1
	# There is no udev to do so.
	for _d in $whole $hdd; do
		echo "$_d" >/sys/fs/bcache/register || return 1
	done
	wait_for 10 grep -qE 'dirty|clean' /sys/block/bcache0/bcache/state
}

# What a system says of itself, for whoever reads the raw results.
system_status() {
	case $dev in
	/dev/mapper/cached) dmsetup status --noflush cached ;;
	/dev/bcache0)
		grep -H . /sys/block/bcache0/bcache/state \
			/sys/block/bcache0/bcache/dirty_data \
			/sys/block/bcache0/bcache/stats_total/cache_* ;;
	esac
}

# nr_dirty: in a unit of the system's own; 0 if there is no such thing
nr_dirty() {
	case $system in
	ssdcache | dm_cache) dmsetup status --noflush cached | cut -d' ' -f14 ;;
	dm_writecache) dmsetup status --noflush cached | awk '{ print $5 - $6 }' ;;
	bcache) grep -c dirty /sys/block/bcache0/bcache/state ;;
	*) echo 0 ;;
	esac
}
