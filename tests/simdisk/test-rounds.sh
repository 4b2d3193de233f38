#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12,7.x
#
# Many cuts in the middle of a load: what a flush covered is there after each
# of them, and the disks of a group agree on the moment.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/guest.sh
# shellcheck source=tests/simdisk/data.sh
. /test/data.sh

rounds=10

# number DISK N: one write of eight sectors, each full of lines with N
number() {
	yes "$(printf '%07d' "$2")" | head -c 4096 |
		dd of="/dev/mapper/$1" bs=4096 count=1 iflag=fullblock \
			oflag=direct conv=notrunc
}

# numbers DISK: what the sectors begin with, each number once
numbers() {
	fetch "$1" 0 8 2>/dev/null | fold -b -w 512 | grep -a -o '^[0-9]\{7\}' |
		sed 's/^0*\(.\)/\1/' | sort -nu | tr '\n' ' '
}

# From the number in $n on: to d, flush, to e, flush, until one fails. What
# was flushed is in $d and $e.
steps() {
	while :; do
		number d $((n + 1)) || return
		n=$((n + 1))
		flush d || return
		d=$n
		number e $n || return
		flush e || return
		e=$n
	done >/dev/null 2>&1
}

# recent FLUSHED TRIED NUMBER...: all are the flushed one, or the one after it
recent() {
	_flushed=$1
	_tried=$2
	shift 2
	[ $# -gt 0 ] || return 1
	for _n in "$@"; do
		[ "$_n" -ge "$_flushed" ] && [ "$_n" -le "$_tried" ] || return 1
	done
}

# round WRITES: cut after so many writes, of the load's and ours
round() {
	fio --name=load --filename=/dev/mapper/d --offset=1m --direct=1 --bs=6k \
		--ioengine=libaio --iodepth=8 --rw=randrw --time_based \
		--thread --runtime=600 --randseed="$1" --output=/tmp/fio &
	sim_cut_after_group d "$1" random
	steps
	wait
	wait_for 20 sim_is e state off
	sim_revive_group d both
	# shellcheck disable=SC2046 # a list of words
	run "cut at $1: d has ${d} or newer" recent "$d" $((n + 1)) $(numbers d)
	# shellcheck disable=SC2046
	run "cut at $1: e has ${e} or newer" recent "$e" "$n" $(numbers e)
	n=$((n + 1))
}

a=$(ram_disk 32)
b=$(ram_disk 32)
sim_create d "$a" ssd cache_kb 512 seed 3 group both
sim_create e "$b" ssd cache_kb 512 seed 4 group both hold 1
n=1 d=1 e=1
number d 1
number e 1
flush d
flush e
i=0
while [ $i -lt $rounds ]; do
	i=$((i + 1))
	round $((40 + i * 37))
done
run "steps were made" [ "$n" -gt $((rounds * 2)) ]
