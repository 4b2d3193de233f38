#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.1,7.x
#
# Power cuts: groups, cuts at a write, torn writes.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/simdisk/guest.sh
. /test/guest.sh
# shellcheck source=tests/simdisk/data.sh
. /test/data.sh

test_group() {
	fill d a 0 8
	fill e a 0 8
	fill f a 0 8
	sim_cut_group f pair
	same "both are off" "$(sim_stat d state) $(sim_stat e state)" "off off"
	same "the other is not" "$(sim_stat f state)" on
	sim_revive d
	same "one comes back" "$(sim_stat d state) $(sim_stat e state)" "on off"
	sim_revive_group f pair
	same "all come back" "$(sim_stat d state) $(sim_stat e state)" "on on"
	same "what is left" "$(shows d 0 8)$(shows e 0 8)$(shows f 0 8)" 00a
	sim_cut d
	same "one alone" "$(sim_stat d state) $(sim_stat e state)" "off on"
	expect_fail "back is not revive" "usy" sim_back d
	sim_revive d
}

# test_cut_after NEW LEFT: which data the failed write has and leaves behind
test_cut_after() {
	sim_cut_after d 3 keep
	run "write 1" fill d b 0 8
	run "another disk's do not count" fill e b 0 8
	run "write 2" fill d b 8 8
	expect_fail "write 3 fails" "rror" fill d "$1" 16 8
	wait_for 10 sim_is e state off
	same "the group is off" "$(sim_stat d state) $(sim_stat e state)" "off off"
	sim_revive_group d pair
	same "what was acknowledged is kept" \
		"$(shows d 0 16)$(shows e 0 8)" bb
	# Keep is for data on their way as well, where there is a cache.
	same "what was not may be" "$(shows d 16 8)" "$2"

	sim_cut_after_group d 2
	run "write 1 of the group" fill d d 0 8
	expect_fail "write 2 of the group" "rror" fill e d 0 8
	wait_for 10 sim_is d state off
	sim_revive_group d pair
	sim_cut_after d 1
	sim_cut_after d 0
	run "called off" fill d e 0 8
}

# kinds DISK: of each block of 8 sectors, whether it is old, new or torn
kinds() {
	fetch "$1" 0 8192 2>/dev/null | tr '\0' 0 | fold -w 4096 |
		tr -s '[:alnum:]' | sed 's/^0$/old/; s/^x$/new/; /[0x][0x]/s/.*/torn/' |
		sort | uniq -c | tr -s ' ' | tr '\n' ' '
}

between() {
	[ "$1" -lt "$2" ] && [ "$2" -lt "$3" ]
}

# Of 1024 blocks a third is old, new, torn; coins differ by 15 in 1 sigma.
test_random() {
	fill d x 0 8192
	sim_cut d random
	sim_revive d
	kinds d >/tmp/kinds
	note "random cut:$(cat /tmp/kinds)"
	for kind in old new torn; do
		n=$(sed "s/.* \([0-9]*\) $kind .*/\1/" /tmp/kinds)
		run "$kind: a third of the blocks" between 280 "$n" 400 || true
	done
	same "cached sectors" "$(sim_stat d cached_sectors)" 0
	same "destaged and lost" "$(($(sim_stat d destaged_sectors) +
		$(sim_stat d lost_sectors)))" 8192
}

digest() {
	fetch "$1" 0 8192 2>/dev/null | sha256sum
}

# seeded SEED: what a random cut leaves of the same writes
seeded() {
	blank=$(ram_disk 4)
	sim_create s "$blank" null cache_kb 8192 hold 1 seed "$1"
	fill s x 0 8192 >/dev/null
	sim_cut s random
	sim_revive s
	digest s
	sim_remove s
	free_disk "$blank"
}

test_seed() {
	seeded 1 >/tmp/1
	seeded 1 >/tmp/1-again
	seeded 2 >/tmp/2
	run "a seed repeats" cmp /tmp/1 /tmp/1-again
	run "another does not" test "$(cat /tmp/1)" != "$(cat /tmp/2)"
}

# create KEY VALUE...: d and e share their power
create() {
	sim_create d "$a" null "$@" seed 1 group pair
	sim_create e "$b" null "$@" seed 2 group pair
}

a=$(ram_disk 4)
b=$(ram_disk 4)
c=$(ram_disk 4)
sim_create f "$c" null cache_kb 8192
create cache_kb 8192 hold 1
test_group
test_cut_after c c
sim_remove d e
note "without a cache"
create
test_cut_after z c
sim_remove d e
test_seed
a=$(ram_disk 4)
sim_create d "$a" null cache_kb 8192 hold 1 seed 11
test_random
