#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
#
# The guest's side of calibrate.sh.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/guest.sh

# field FILE N: of fio's terse output: 7, 8 read KB/s and IOPS, 48, 49 write
field() {
	head -n 1 "$1" | cut -d';' -f"$2"
}

# measure UNIT WANTED NAME DEVICE FIO-OPTIONS...: compare reads plus writes
measure() {
	unit=$1
	wanted=$2
	name=$3
	dev=$4
	shift 4
	fio --name=m --filename="$dev" --direct=1 --ioengine=libaio \
		--bs=4k --iodepth=16 --time_based --randrepeat=1 \
		--group_reporting --output-format=terse --output=/tmp/fio "$@"
	case $unit in
	IOPS) got=$(($(field /tmp/fio 8) + $(field /tmp/fio 49))) ;;
	MB/s) got=$((($(field /tmp/fio 7) + $(field /tmp/fio 48)) * 1024 / 1000000)) ;;
	esac
	result "$(printf '# %-40s %7d %s' "$name" "$got" "$unit")" \
		"$([ "$wanted" = - ] || echo "was $wanted: $((got * 100 / wanted)) %")"
}

hdd() {
	sim_create hdd /dev/ram0 hdd
	set -- /dev/mapper/hdd
	measure IOPS 459 "hdd random read" "$1" --rw=randread --size=128m \
		--runtime=20
	measure IOPS 455 "hdd random write" "$1" --rw=randwrite --size=128m \
		--runtime=20
	measure IOPS 217 "hdd random write, fdatasync" "$1" --rw=randwrite \
		--size=128m --ioengine=psync --iodepth=1 --numjobs=4 \
		--fdatasync=1 --runtime=20
	measure IOPS 222 "hdd 70/30 zipf over 1 GiB" "$1" --rw=randrw \
		--rwmixread=70 --random_distribution=zipf:1.1 --size=1g \
		--norandommap --runtime=60
	measure IOPS 228 "hdd the same, 20 s more" "$1" --rw=randrw \
		--rwmixread=70 --random_distribution=zipf:1.1 --size=1g \
		--norandommap --runtime=20 --randseed=2
	measure MB/s 179 "hdd sequential read 1 MiB" "$1" --rw=read --bs=1m \
		--runtime=8
	measure IOPS 251 "hdd random write, whole device" "$1" --rw=randwrite \
		--runtime=60
	sim_remove hdd
}

# table NAME TARGET: over the second RAM disk
table() {
	echo "0 $(sectors /dev/ram1) $2" | dm_create "$1"
}

ssd() {
	sim_create ssd /dev/ram1 ssd
	measure IOPS - "ssd random read, one at a time" /dev/mapper/ssd \
		--rw=randread --size=128m --iodepth=1 --runtime=1
	measure IOPS - "ssd random write, one at a time" /dev/mapper/ssd \
		--rw=randwrite --size=128m --iodepth=1 --runtime=1
	measure IOPS 55681 "ssd random read" /dev/mapper/ssd --rw=randread \
		--size=128m --runtime=2
	measure IOPS 48273 "ssd random write" /dev/mapper/ssd --rw=randwrite \
		--size=128m --runtime=2
	measure MB/s - "ssd sequential read 1 MiB" /dev/mapper/ssd \
		--rw=read --bs=1m --size=256m --runtime=1
	measure MB/s - "ssd sequential write 1 MiB" /dev/mapper/ssd \
		--rw=write --bs=1m --size=256m --runtime=1
	measure IOPS - "ssd random write, fdatasync" /dev/mapper/ssd \
		--rw=randwrite --size=128m --ioengine=psync --iodepth=1 \
		--numjobs=4 --fdatasync=1 --runtime=1
	sim_remove ssd
}

# What the target itself costs: beside dm-linear, both on a RAM disk.
cost() {
	measure IOPS 115594 "RAM disk random read" /dev/ram1 --rw=randread \
		--size=128m --runtime=1
	measure IOPS 109064 "RAM disk random write" /dev/ram1 --rw=randwrite \
		--size=128m --runtime=1
	table lin "linear /dev/ram1 0"
	measure IOPS 95046 "dm-linear random read" /dev/mapper/lin \
		--rw=randread --size=128m --runtime=1
	measure IOPS 91383 "dm-linear random write" /dev/mapper/lin \
		--rw=randwrite --size=128m --runtime=1
	sim_create null /dev/ram1 null
	measure IOPS - "simdisk null random read" /dev/mapper/null \
		--rw=randread --size=128m --runtime=1
	measure IOPS - "simdisk null random write" /dev/mapper/null \
		--rw=randwrite --size=128m --runtime=1
}

brd_disks 2 1536
# Memory comes at the first write, which is not to be measured.
dd if=/dev/zero of=/dev/ram1 bs=1M count=256 oflag=direct 2>/dev/null
hdd
ssd
cost
ok "measured"
