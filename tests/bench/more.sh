# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Workloads that no goal is set for, or that are more than one run of fio. Used
# by guest.sh, whose functions and variables they use.
#
# shellcheck disable=SC2154

mnt=/mnt

# Slots of 4 KiB, filled by requests of 64 KiB.
group_hit64() {
	quietly --rw=randwrite --bs=64k --size="${set_mib}m"
	quietly --rw=randread --bs=64k --size="${set_mib}m"
	measure rd64-hit --rw=randread --bs=64k --size="${set_mib}m" \
		--time_based --runtime="$(seconds 2)"
}

# hits NAME: reads of the set that the slow disk did not see, in percent
hits() {
	local _reads _all=2000
	_reads=$(sim_stat hdd reads)
	quietly --rw=randread --size="${set_mib}m" --norandommap \
		--number_ios=$_all --randseed=3
	_reads=$(($(sim_stat hdd reads) - _reads))
	figure "$1" percent $((100 - 100 * _reads / _all))
	ok "$system $1"
}

group_scan() {
	set_mib=96
	warm
	hits scan-before
	quietly --rw=read --bs=1m --offset=512m --size=512m
	hits scan-after
}

group_xfs() {
	mkfs.xfs -q -f "$dev" && mount "$dev" $mnt || return 1
	disks_stat >/out/xfs-fsync.before
	run "$system xfs-fsync" fio --name=xfs --directory=$mnt --nrfiles=16 \
		--filesize=1m --rw=randwrite --bs=4k --ioengine=psync \
		--fsync=1 --numjobs=4 --thread --group_reporting \
		--time_based --runtime="$(seconds 10)" --output-format=json \
		--output=/out/xfs-fsync.json
	disks_stat >/out/xfs-fsync.after
	umount $mnt
}

# dirty BLOCKS: so many random blocks of the first GiB
dirty() {
	quietly --rw=randwrite --size=1g --number_ios="$1" --randseed=4
}

# Reads of what is not cached, first alone, then beside the flusher.
group_latency() {
	local _uncached="--rw=randread --offset=1g --size=500m --iodepth=4
		--time_based"
	# shellcheck disable=SC2086 # words on purpose
	measure lat-quiet $_uncached --runtime="$(seconds 20)"
	dirty 25000
	# shellcheck disable=SC2086
	measure lat-drain $_uncached --runtime="$(seconds 20)" --randseed=5
}

group_burst() {
	measure burst --rw=randwrite --io_size=$((ssd_mib * 3 / 2))m
}

# Each system's own way to have all written back.
start_drain() {
	case $system in
	ssdcache) dmsetup message cached 0 flush ;;
	dm_writecache) dmsetup message cached 0 flush ;;
	bcache) echo 0 >/sys/block/bcache0/bcache/writeback_percent ;;
	dm_cache)
		dmsetup suspend cached
		echo "0 $(sectors "$hdd") cache $meta $ssd $hdd 128 1" \
			"writeback cleaner 0" | dmsetup load cached
		dmsetup resume cached
		;;
	esac
}

group_drain() {
	local _begin
	dirty 20000
	_begin=$(now)
	start_drain
	run "$system drain" wait_clean 600
	figure drain seconds $((($(now) - _begin) / 1000))
}
