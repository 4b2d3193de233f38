#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
#
# The demo's part in the virtual machine: the same work on XFS on a simulated
# hard disk, and then with the cache in front of it; then what no benchmark
# shows: draining, a restart, a power cut. Figures go to /out, words to the
# result channel. demo.sh turns both into a page.
#
# CACHE_TARGET may name dm-cache's target, "cache": the same for a peer.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/simdisk.sh

target=${CACHE_TARGET:-ssdcache}
hdd_mib=1024
ssd_mib=256
meta_mib=16
hdd_cache_kb=16384 # a disk's own volatile cache, whose content a cut loses
ssd_cache_kb=4096
db_mib=96
db_requests=4000 # of each client; the same work everywhere
mnt=/mnt
cached=/dev/mapper/cached

# now: virtual milliseconds, which is what the disks take
now() {
	sed 's/\.\(.*\) .*/\10/' /proc/uptime
}

# figure NAME VALUE
figure() {
	echo "$1 $2" >>/out/figures
}

# timed NAME COMMAND...: its time as a figure
timed() {
	local _name=$1 _begin _r=0
	shift
	_begin=$(now)
	"$@" || _r=$?
	figure "$_name" $(($(now) - _begin))
	return $_r
}

# ---- disks and the cache ----------------------------------------------------

make_disks() {
	brd_disks 2 $hdd_mib &&
		sim_create hdd /dev/ram0 hdd group power \
			cache_kb $hdd_cache_kb seed 1 &&
		sim_create_part ssd /dev/ram1 0 $(((ssd_mib + meta_mib) * 2048)) \
			ssd group power cache_kb $ssd_cache_kb seed 2 &&
		echo "0 $((meta_mib * 2048)) linear /dev/mapper/ssd 0" |
		dm_create meta &&
		echo "0 $((ssd_mib * 2048)) linear /dev/mapper/ssd $((meta_mib * 2048))" |
		dm_create fast
}

cache_table() {
	local _len
	_len=$(sectors /dev/mapper/hdd)
	set -- /dev/mapper/meta /dev/mapper/fast /dev/mapper/hdd
	if [ "$target" = cache ]; then
		echo "0 $_len cache $* 128 1 writeback smq 0"
	else
		echo "0 $_len ssdcache $* 8 1 writeback s3fifo 0"
	fi
}

cache_create() {
	cache_table | dm_create cached
}

cache_remove() {
	dmsetup remove --retry cached
}

# cache_field NUMBER, of the status line
cache_field() {
	dmsetup status --noflush cached | cut -d' ' -f"$1"
}

# dm-cache's order: read and write hits and misses, then what is dirty
cache_counts() {
	dmsetup status --noflush cached | awk '{ print $8 + $10, $9 + $11 }'
}

dirty_blocks() {
	cache_field 14
}

used_blocks() {
	cache_field 7 | cut -d/ -f1
}

is_clean() {
	[ "$(dirty_blocks)" -eq 0 ]
}

# hit_ratio NAME COMMAND...: percent of hits while it runs, as a figure
hit_ratio() {
	local _name=$1 _before _r=0
	shift
	_before=$(cache_counts)
	"$@" || _r=$?
	echo "$_before $(cache_counts)" | awk -v name="$_name" '{
		hits = $3 - $1
		all = hits + $4 - $2
		printf "%s %.1f\n", name, all ? 100 * hits / all : 0
	}' >>/out/figures
	return $_r
}

# ---- work -------------------------------------------------------------------

db_layout() {
	fio --name=layout --directory=$mnt --filename=db --size=${db_mib}M \
		--rw=write --bs=1M --direct=1 --ioengine=psync --end_fsync=1 \
		>/dev/null
}

# db NAME: four clients of a database; each eighth write is committed
db() {
	fio --name=db --directory=$mnt --filename=db --size=${db_mib}M \
		--rw=randrw --rwmixread=70 --bs=4k --random_distribution=zipf:0.9 \
		--direct=1 --ioengine=psync --numjobs=4 --thread --fsync=8 \
		--group_reporting --number_ios=$db_requests \
		--output-format=json --output="/out/$1.json" --randseed=7
}

# Read each block of it once, in random order.
db_scan() {
	fio --name=scan --directory=$mnt --filename=db --size=${db_mib}M \
		--rw=randread --bs=4k --direct=1 --ioengine=libaio --iodepth=16 \
		--randseed=8 >/dev/null
}

unpack_tree() {
	mkdir $mnt/tree && tar -C $mnt/tree -xf /test/tree.tar && sync -f $mnt
}

read_tree() {
	find $mnt/tree -type f -print0 | xargs -0 cat | wc -c >/tmp/tree.bytes
}

# Each file from the disk again, not from memory
drop_caches() {
	sync -f $mnt
	echo 3 >/proc/sys/vm/drop_caches
}

tree_is_right() {
	(cd $mnt/tree && sha256sum -c --quiet /test/tree.sha256)
}

# ---- the scenes -------------------------------------------------------------

fresh_xfs() {
	mkfs.xfs -q -f "$1" && mount "$1" $mnt
}

# work_on DEVICE NAME: all of it, from a fresh file system
work_on() {
	run "$2: XFS made and mounted" fresh_xfs "$1" || return 1
	note "$2: a kernel's source tree is unpacked, synced, and read again"
	run "$2: tree unpacked" timed "$2.unpack" unpack_tree
	drop_caches
	run "$2: tree read" timed "$2.read" read_tree
	run "$2: database file written" timed "$2.layout" db_layout
	note "$2: a database of four clients: 70 % reads, an fsync after each 8th write"
}

scene_hdd() {
	work_on /dev/mapper/hdd hdd || return 1
	run "hdd: database" db hdd.db
	umount $mnt
	# The cache will start from nothing.
	dd if=/dev/zero of=/dev/mapper/meta bs=4k count=1 conv=fsync 2>/dev/null
}

scene_cached() {
	run "cached: created" cache_create || return 1
	work_on $cached cached || return 1
	run "cached: database, cold" hit_ratio cold.hits db cold.db
	note "cached: each block of the database is read once, in random order"
	run "cached: database read once" db_scan
	drop_caches
	run "cached: tree read again" timed cached.again read_tree
	run "cached: database, warm" hit_ratio warm.hits db warm.db
	figure warm.used "$(used_blocks)"
}

# wait_clean SECONDS: watch the dirty blocks go
wait_clean() {
	local _i=0
	until is_clean; do
		[ $_i -lt "$1" ] || return 1
		[ $((_i % 5)) -ne 4 ] || note "$(dirty_blocks) blocks are dirty"
		sleep 1
		_i=$((_i + 1))
	done
}

scene_drain() {
	local _begin
	_begin=$(now)
	figure drain.dirty "$(dirty_blocks)"
	note "the flusher writes $(dirty_blocks) dirty blocks back while nothing else happens"
	run "dirty blocks drained to zero" wait_clean 120
	figure drain.ms $(($(now) - _begin))
}

scene_restart() {
	note "the cache is removed and created again"
	run "removed" sh -c "umount $mnt && dmsetup remove --retry cached"
	run "created again" timed restart.ms cache_create || return 1
	figure restart.used "$(used_blocks)"
	mount $cached $mnt
	run "database, at once" hit_ratio restart.hits db restart.db
	drop_caches
	run "the tree is what it was" tree_is_right
}

# Files, each fsynced with its directory, until the power goes. What is in
# /tmp/synced was durable when it was put there.
write_files() {
	local _i=0 _f
	mkdir -p "$mnt/$1"
	while :; do
		_f=$1/$_i
		head -c $((_i * 517 % 20000 + 1)) /dev/urandom >"/tmp/file" &&
			cp /tmp/file "$mnt/$_f" && sync "$mnt/$_f" "$mnt/$1" ||
			return 0
		(cd /tmp && sha256sum file | sed "s,file,$_f,") >>/tmp/synced
		_i=$((_i + 1))
	done 2>/dev/null
}

background_load() {
	fio --name=load --directory=$mnt --filename=db --size=${db_mib}M \
		--rw=randwrite --bs=4k --direct=1 --ioengine=psync --numjobs=2 \
		--thread --time_based --runtime=600 >/dev/null 2>&1
}

# power_cut NUMBER WRITES: power off at that write, on again, all checked
power_cut() {
	sim_cut_after_group ssd "$2" random
	background_load &
	write_files "cut$1"
	run "cut $1: the power is off" wait_for 30 sim_is ssd state off
	wait
	umount $mnt 2>/dev/null || umount -f $mnt
	run "cut $1: removed" dmsetup remove --retry cached
	sim_revive_group ssd power
	figure "cut$1.files" "$(wc -l </tmp/synced)"
	figure "cut$1.lost" $(($(sim_stat ssd lost_sectors) + $(sim_stat hdd lost_sectors)))
	run "cut $1: recovered" timed "cut$1.ms" cache_create || return 1
	figure "cut$1.dirty" "$(dirty_blocks)"
	run "cut $1: XFS mounts" mount $cached $mnt || return 1
	run "cut $1: all $(wc -l </tmp/synced) fsynced files are intact" \
		sh -c "cd $mnt && sha256sum -c --quiet /tmp/synced"
}

scene_power() {
	: >/tmp/synced
	note "files are written and fsynced beside a random writer until the power goes"
	power_cut 1 1500 && power_cut 2 2500 || return 1
	run "the tree is what it was" tree_is_right
	umount $mnt
	run "xfs_repair -n finds nothing" xfs_repair -n $cached
}

: >/out/figures
run "simulated HDD and SSD" make_disks || exit 1
load_module "/modules/$target.ko" 2>/dev/null || modprobe "dm-$target"
for scene in hdd cached drain restart power; do
	note "== $scene"
	"scene_$scene" || exit 1
done
cache_remove
