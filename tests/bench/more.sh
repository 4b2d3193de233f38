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
	# One file for each job: of several, fio syncs another than it wrote.
	run "$system xfs-fsync" fio --name=xfs --directory=$mnt \
		--filesize=16m --rw=randwrite --bs=4k --ioengine=psync \
		--fsync=1 --numjobs=4 --thread --group_reporting \
		--time_based --runtime="$(seconds 10)" --output-format=json \
		--output=/out/xfs-fsync.json
	disks_stat >/out/xfs-fsync.after
	umount $mnt
}

nr_drained=40000
[ -z "$short" ] || nr_drained=400

# dirty BLOCKS: so many random blocks of the first GiB
dirty() {
	quietly --rw=randwrite --size=1g --number_ios="$1" --randseed=4
}

# Reads of what is not cached, first alone, then while all is written back.
group_latency() {
	local _uncached
	_uncached="--rw=randread --offset=1g --size=500m --iodepth=4
		--time_based --runtime=$(seconds 10)"
	# shellcheck disable=SC2086 # words on purpose
	measure lat-quiet $_uncached
	dirty $nr_drained
	start_drain &
	# Other blocks; with randrepeat fio has a seed of its own for these.
	# shellcheck disable=SC2086
	measure lat-drain $_uncached --randrepeat=0 --randseed=5
	# Who lets the disk alone again and again must not find it taken.
	# shellcheck disable=SC2086
	measure lat-pauses $_uncached --iodepth=1 --thinktime=20000 \
		--randrepeat=0 --randseed=6
	figure lat-pauses dirty_left "$(nr_dirty)"
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
	dirty $nr_drained
	_begin=$(now)
	start_drain
	run "$system drain" wait_clean 600
	figure drain seconds "$(since "$_begin")"
}

# ---- how long a large cache takes to start, and what memory it takes --------

# All of it mapped, by requests of 1 MiB, and clean.
fill_large() {
	dmsetup message cached 0 mode writethrough &&
		dmsetup message cached 0 sequential_cutoff 0 &&
		fio_do fill --rw=write --bs=1m --size="${large_mib}m" &&
		dmsetup message cached 0 mode writeback
}

free_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	awk '/^MemFree/ { print $2 }' /proc/meminfo
}

# start_again NAME: what the table says, and what it takes
start_again() {
	local _free _begin _slots
	_free=$(free_kib)
	_begin=$(now)
	mark_profile
	run "$system $1" dm_create cached </tmp/table || return 1
	mark_profile
	figure "$1" seconds "$(since "$_begin")"
	_slots=$(dmsetup status --noflush cached | cut -d' ' -f7)
	_slots=${_slots#*/}
	[ ! -x /test/mark ] || figure "$1" profiled "$_slots"
	_free=$((_free - $(free_kib)))
	figure start-ram bytes "$(awk "BEGIN { print 1024 * $_free / $_slots }")"
	disks_stat >"/out/$1.after"
}

# Random writes without end, until the journal is nearly as long as it gets
# (a checkpoint begins at one half), and then no power any more.
cut_large() {
	fio_do writes --rw=randwrite --size="${large_mib}m" --norandommap \
		--time_based --runtime=600 --output=/tmp/fio.log &
	wait_for 600 journal_used 45 || return 1
	disks_stat >/out/start-crash.before
	sim_cut_group meta power
	killall fio
	wait $! || true
	dmsetup remove --retry cached && sim_revive_group meta power
}

# journal_used PERCENT: so much of it, or more
journal_used() {
	dmsetup status --noflush cached |
		sed 's,.* journal=\([0-9]*\)/\([0-9]*\) .*,\1 \2,' |
		awk "{ exit 100 * \$1 < $1 * \$2 }"
}

# mapped PERCENT: so many slots hold something, or more
mapped() {
	dmsetup status --noflush cached | cut -d' ' -f7 |
		awk -F/ "{ exit 100 * \$1 < $1 * \$2 }"
}

is_dirty() {
	[ "$(nr_dirty)" -gt 0 ]
}

group_start() {
	run "start: fill" fill_large || return 1
	dmsetup table cached >/tmp/table
	disks_stat >/out/start-clean.before
	run "start: a clean end" dmsetup remove cached || return 1
	start_again start-clean || return 1
	run "start-clean: all is there" mapped 90 || return 1
	run "start: a cut" cut_large || return 1
	start_again start-crash || return 1
	run "start-crash: all is there" mapped 90
	run "start-crash: not all is clean" is_dirty
}
