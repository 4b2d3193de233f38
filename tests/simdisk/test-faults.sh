#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12,7.x
#
# Requests that fail, disks that go away, silent corruption.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/guest.sh
# shellcheck source=tests/simdisk/data.sh
. /test/data.sh

test_fail() {
	sim_fail d read
	expect_fail "fail read" "rror" fetch d 0 8
	run "writes pass" fill d a 0 8
	sim_fail d off
	run "fail off" fetch d 0 8

	sim_fail d write 100 10
	expect_fail "a write that ends in the range" "rror" fill d x 93 8
	expect_fail "a write that begins in it" "rror" fill d x 109 8
	run "a write just below" fill d b 92 8
	run "a write just above" fill d b 110 8
	sim_fail d off

	sim_fail d flush
	expect_fail "fail flush" "rror" flush d
	sim_fail d off
	sim_fail d discard
	expect_fail "fail discard" "." blkdiscard -o 0 -l 4096 /dev/mapper/d
	sim_fail d off
	sim_fail d all
	expect_fail "fail all: read" "rror" fetch d 0 8
	expect_fail "fail all: write" "rror" fill d x 0 8
	expect_fail "fail all: flush" "rror" flush d
	sim_fail d off
	same "what failed did nothing" "$(shows d 0 8)$(shows d 100 10)" a0
}

test_fail_nth() {
	sim_stats_reset d
	sim_fail_nth d write 3
	run "write 1" fill d c 0 8
	run "reads do not count" fetch d 0 8
	run "write 2" fill d c 8 8
	expect_fail "write 3 fails" "rror" fill d x 16 8
	run "write 4" fill d c 24 8
	same "one failed" "$(sim_stat d failed)" 1
	same "the rule is gone" "$(sim_stat d rules)" 0
	sim_fail_nth d any 2
	run "any 1" fill d c 16 8
	expect_fail "any 2" "rror" fetch d 0 8
	same "what was written" "$(shows d 0 32)" c
}

test_away() {
	fill d d 0 8
	sim_away d
	same "away" "$(sim_stat d state)" away
	expect_fail "no read" "rror" fetch d 0 8
	expect_fail "no write" "rror" fill d x 0 8
	sim_back d
	same "nothing is lost" "$(shows d 0 8)" d
	run "it works" fill d e 0 8
}

test_corrupt() {
	fill d f 0 24
	flush d
	sim_corrupt d 8 8
	same "beside it" "$(shows d 0 8)$(shows d 16 8)" ff
	# The complement of f (146 octal), as od shows it.
	same "flipped" "$(fetch d 8 8 2>/dev/null | od -An -v -to1 -w1 |
		sort -u | tr -d ' ')" 231
	expect_fail "corrupt outside" "nvalid" sim_corrupt d 32760 16
}

test_words() {
	for words in "" "cut maybe" "cut group" "cut_after x" "revive you" \
		"fail" "fail none" "fail read 1" "fail read 1 0" "fail_nth all" \
		"fail_nth read 0" "stats" "corrupt 1" "away now" "nonsense"; do
		expect_fail "message '$words'" "nvalid" dmsetup message d 0 "$words"
	done
	expect_fail "no such group" "No such" sim_cut_group d nobody
	for words in "ram" "hdd cache_kb" "ssd cache_kb -1" "ssd hold 2" \
		"null nonsense 1" "null group this-name-is-longer-than-a-group's-may-be"; do
		expect_fail "table '$words'" "." sim_create x "$base" "$words"
	done
}

# one MODEL [KEY VALUE]...
one() {
	note "$*"
	base=$(discard_disk 16)
	sim_create d "$base" "$@" discard 1
	test_fail
	test_fail_nth
	test_away
	test_corrupt
	sim_remove d
	free_disk "$base"
}

one null
one null cache_kb 4096 hold 1
one ssd
base=$(ram_disk 16)
sim_create d "$base" null
test_words
