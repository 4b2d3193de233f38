#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=control kernels=kasan -- control
# vm: name=io kernels=kasan -- io
# debug: name=control kernels=kasan -- control
#
# Memory that is not to be had, on a kernel that can refuse it: nothing crashes,
# nothing leaks, what fails says why, and the next attempt works.
#
#   test-nomem.sh control|io
#
# control: each single allocation of a constructor, a resume, a message and so
# on fails in turn, or, of one that makes hundreds, those that SEED draws. io:
# while data is written and read, all those fail that the module makes, in
# whatever thread, and I/O must do with its reserves (P7).

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc
debug=/sys/kernel/debug
most=30
note "SEED=${SEED:=1}"

# ---- what fails -------------------------------------------------------------

# set_fault KIND FILE VALUE
set_fault() {
	echo "$3" >"$debug/$1/$2"
}

# Every allocation may fail, also one that could wait for memory, and of any
# size; the kernel does not show a stack for each.
faults_ready() {
	for kind in failslab fail_page_alloc; do
		set_fault "$kind" ignore-gfp-wait N &&
			set_fault "$kind" verbose 0 &&
			set_fault "$kind" times -1 || return 1
	done
	set_fault fail_page_alloc ignore-gfp-highmem N &&
		set_fault fail_page_alloc min-order 0
}

# Those allocations only that our module is on the stack of. Modules are in the
# last 2 GiB of all addresses, whose upper halves dash cannot add to.
faults_of_module() {
	local at size
	at=$(awk '$1 == "ssdcache" { print $6 }' /proc/modules)
	size=$(awk '$1 == "ssdcache" { print $2 }' /proc/modules)
	for kind in failslab fail_page_alloc; do
		set_fault "$kind" stacktrace-depth 32 &&
			set_fault "$kind" require-start "$at" &&
			set_fault "$kind" require-end "0xffffffff$(printf %x \
				$((0x${at#0xffffffff} + size)))" || return 1
	done
}

# faults PERCENT
faults() {
	for kind in failslab fail_page_alloc; do
		set_fault "$kind" probability "$1" || return 1
	done
}

# ---- what may be said -------------------------------------------------------

# The kernel complains of each page that it cannot give, with a stack, which
# would be taken for trouble. So the console is told of nothing meanwhile, and
# what was logged is looked through afterwards.
quiet() {
	mark
	dmesg -n 1
}

bad_words='BUG:|WARNING:|KASAN|UBSAN|ODEBUG|refcount_t:|INFO: t|detected'

# loud NAME: two tests of what was logged
loud() {
	dmesg -n 7
	dmesg_since_mark >/tmp/said
	same "$1: the kernel finds nothing wrong" \
		"$(grep -E "$bad_words" /tmp/said | head -n 3)" ""
	sed -n 's/.*device-mapper: ssdcache: [^ ]* //p' /tmp/said | sort |
		uniq -c | while read -r line; do
		note "$1: said $line"
	done
}

# ---- control ----------------------------------------------------------------

# each NAME COMMAND...: as dmdo nomem has it
each() {
	local name=$1
	shift
	quiet
	run "$name" /test/dmdo nomem most=$most seed="$SEED" "$@" >/tmp/each
	loud "$name"
	note "$name: $(tail -n 1 /tmp/each)"
}

# told NAME: of what failed in the module itself there was a word
told() {
	run "$1: it is said" grep -qE \
		'ssdcache: .*(no memory|read error|cannot)' /tmp/said
}

line() {
	sc_table "$meta" "$cache" "$origin" 8 "$@"
}

works() {
	put /tmp/data "$sc" "$1" >/dev/null && holds_file /tmp/data "$sc" "$1"
}

# 64 KiB and more in one piece are what a machine that has run for long cannot
# give, least of all without I/O: a resume must do without.
test_pieces() {
	dmsetup suspend sc
	quiet
	set_fault fail_page_alloc min-order 4
	set_fault fail_page_alloc probability 100
	run "a resume without large pieces of memory" dmsetup resume sc
	run "it works" works 256
	run "flush" sc_clean sc
	set_fault fail_page_alloc probability 0
	set_fault fail_page_alloc min-order 0
	loud "without large pieces"
}

test_control() {
	random_file /tmp/data 256
	dmsetup create sc --notable
	each "a table" load sc "$(line)"
	told "a table"
	line | dmsetup load sc
	each "the first resume" "wipe=$meta" resume sc
	told "the first resume"
	dmsetup resume sc && dmsetup mknodes sc
	run "it works" works 0
	dmsetup suspend sc
	each "a resume with something dirty" resume sc
	told "a resume with something dirty"
	dmsetup resume sc
	run "the data is there" holds_file /tmp/data $sc
	test_pieces
	each "another table while it works" load sc "$(line writethrough)"
	each "suspend" suspend sc
	for words in "mode writethrough" "mode writeback" "idle_ms 100" flush \
		"small_queue 20" "stats reset" "mode writethrough" \
		"mode passthrough" "invalidate_cblocks 0-100"; do
		each "message $words" message sc "$words"
	done
	sc_message sc mode writeback
	each "status" status sc
	each "table" table sc
	run "it still works" works 512
	sc_remove sc
	run "removed, and made again" sc_create sc "$meta" "$cache" "$origin"
	run "the data is there" holds_file /tmp/data $sc 512
	sc_remove sc
}

# ---- I/O --------------------------------------------------------------------

# The disks have all their memory: an allocation of theirs, on our stack, is
# none of ours.
fill_disks() {
	for d in "$meta" "$cache" "$origin"; do
		dd if=/dev/urandom of="$d" bs=1M oflag=direct 2>/dev/null
	done
	dd if=/dev/zero of="$meta" bs=4k count=1 oflag=direct 2>/dev/null
	blkdiscard -z "$origin"
}

injected() {
	local kind sum=0
	for kind in failslab fail_page_alloc; do
		sum=$((sum - $(cat "$debug/$kind/times")))
	done
	echo $sum
}

# without_memory NAME PERCENT MODE
without_memory() {
	sc_message sc mode "$3"
	quiet
	# Counted down for each failure.
	for kind in failslab fail_page_alloc; do
		set_fault "$kind" times 1000000000
	done
	faults "$2"
	run "$1" /test/stamp run $sc /tmp/state /tmp/log ops="$ops" threads=8 \
		max=256 seed="$SEED" first=0 sectors=32768
	faults 0
	loud "$1"
	holds "$1: something failed" \
		"2000000000 > $((2000000000 + $(injected)))"
	note "$1: $((2000000000 + $(injected))) failures"
	run "$1: the data" /test/stamp check $sc /tmp/state /tmp/log exact=1 \
		first=0 sectors=32768
	same "$1: state" "$(sc_get sc state) $(sc_get sc lost_blocks)" "rw 0"
}

test_io() {
	run "create" sc_create sc "$meta" "$cache" "$origin" "$1" "" default \
		idle_ms 0 || exit 1
	without_memory "every fifth" 20 writeback
	without_memory "all of them" 100 writeback
	without_memory "all of them, written through" 100 writethrough
	run "flush" sc_clean sc
	sc_remove sc
	run "the origin alone" /test/stamp check "$origin" /tmp/state \
		/tmp/log first=0 sectors=32768
}

run "memory can be refused" faults_ready || exit 1
sc_load
run "the module's allocations are known" faults_of_module
origin=$(ram_disk 16)
cache=$(ram_disk 6)
meta=$(ram_disk 1)
ops=600
fill_disks
case $1 in
control) test_control ;;
io) test_io 8 ;;
esac
exit 0
