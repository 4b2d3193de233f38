#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: name=lines kernels=6.12,kasan -- lines
# vm: name=metadata kernels=6.12,kasan -- metadata
#
# Bad input (P6): each is refused, the kernel's log says why in words that name
# what is wrong, and not a byte of any device is changed.
#
#   test-badinput.sh lines|metadata

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc

# ---- "nothing changed" ------------------------------------------------------

# remember: what is on the devices now is what must stay
remember() {
	copy_of "$meta" /tmp/meta.img
	copy_of "$cache" /tmp/cache.img
	copy_of "$origin" /tmp/origin.img
}

unchanged() {
	holds_file /tmp/meta.img "$meta" 0 1024 &&
		holds_file /tmp/cache.img "$cache" 0 1024 &&
		holds_file /tmp/origin.img "$origin" 0 1024
}

# restore: the devices get what is remembered
restore() {
	put /tmp/meta.img "$meta" 0 1024 >/dev/null &&
		put /tmp/cache.img "$cache" 0 1024 >/dev/null &&
		put /tmp/origin.img "$origin" 0 1024 >/dev/null
}

# refused NAME PATTERN COMMAND...: two tests
refused() {
	expect_fail "$@"
	run "$1: nothing is changed" unchanged
	if [ -e $sc ]; then
		fail "$1" "it exists"
		sc_remove sc
	fi
}

# ---- table lines ------------------------------------------------------------

# Each line: a pattern of the message, a bar, the words behind the length. M, C
# and O stand for the devices.
lines='
ends before the three devices|
ends before the three devices|M C
ends before the block size|M C O
ends before the #features|M C O 8
ends before the policy|M C O 8 0
ends before the last feature|M C O 8 1
ends before the policy|M C O 8 1 writeback
ends before the #policy args|M C O 8 0 default
ends before the last policy argument|M C O 8 0 default 2
ends before the last policy argument|M C O 8 0 default 2 idle_ms
should end before .more|M C O 8 0 default 0 more
should end before .idle_ms|M C O 8 0 default 0 idle_ms 5
#features: must be a number from 0 to 3, got .4|M C O 8 4 writeback default 0 0
#features: must be a number.*writeback|M C O 8 writeback default 0
#policy args: must be a number.*idle_ms|M C O 8 0 default idle_ms 5
#policy args: must be even.*got 3|M C O 8 0 default 3 idle_ms 5 read_fill
#policy args: must be a number.*1025|M C O 8 0 default 1025 idle_ms 5
unknown feature .writebak|M C O 8 1 writebak default 0
only one mode is possible|M C O 8 2 writeback writethrough default 0
metadata2 is given twice|M C O 8 2 metadata2 metadata2 default 0
unknown policy .clock|M C O 8 0 clock 0
unknown key .idlems|M C O 8 0 default 2 idlems 5
unknown key .random_threshold|M C O 8 0 s3fifo 2 random_threshold 5
idle_ms is given twice|M C O 8 0 default 4 idle_ms 5 idle_ms 6
block size: must be a power of two.*.0.|M C O 0 0 default 0
block size: must be a power of two.*.4.|M C O 4 0 default 0
block size: must be a power of two.*.9.|M C O 9 0 default 0
block size: must be a power of two.*.24.|M C O 24 0 default 0
block size: must be a power of two.*.4096.|M C O 4096 0 default 0
block size: must be a power of two.*.-8|M C O -8 0 default 0
block size: must be a power of two.*.8k|M C O 8k 0 default 0
block size: must be a power of two.*.0x8|M C O 0x8 0 default 0
block size: must be a power of two.*.18446744073709551624|M C O 18446744073709551624 0 default 0
block size: must be a power of two.*.4294967304|M C O 4294967304 0 default 0
dirty_limit: must be a number from 1 to 100 %, got .101|M C O 8 0 default 2 dirty_limit 101
dirty_limit: must be a number.*.0.|M C O 8 0 default 2 dirty_limit 0
idle_ms: must be a number.*.-1|M C O 8 0 default 2 idle_ms -1
destage_depth: must be a number.*.65|M C O 8 0 default 2 destage_depth 65
commit_interval: must be a number.*.18446744073709551617|M C O 8 0 default 2 commit_interval 18446744073709551617
dirty_target .20. must not exceed dirty_low .10.|M C O 8 0 default 2 dirty_target 20
dirty_high .70. must not exceed dirty_limit .60.|M C O 8 0 default 2 dirty_limit 60
journal_blocks: must be 0 or at least 16, got 15|M C O 8 0 default 2 journal_blocks 15
cannot open the metadata device /dev/none|/dev/none C O 8 0 default 0
cannot open the cache device /dev/none|M /dev/none O 8 0 default 0
cannot open the origin device /dev/none|M C /dev/none 8 0 default 0
three different devices|M M O 8 0 default 0
three different devices|M C C 8 0 default 0
three different devices|M C M 8 0 default 0
'

test_lines() {
	echo "$lines" | while IFS='|' read -r pattern words; do
		[ -n "$pattern" ] || continue
		words=$(echo "$words" | sed "s,\<M\>,$meta,g; s,\<C\>,$cache,g
			s,\<O\>,$origin,g")
		expect_fail "table '$words'" "$pattern" sh -c \
			"echo '0 16384 ssdcache $words' | dmsetup create sc"
	done
	run "nothing is changed" unchanged
}

test_sizes() {
	tiny=$(ram_disk 1)
	modprobe dm-zero
	refused "a target longer than the origin" \
		"longer than the origin: 32769 sectors, the origin has 32768" \
		env SC_LENGTH=32769 sh -c '. /lib/test.sh; . /test/lib.sh
			sc_create sc "$@"' - "$meta" "$cache" "$origin"
	for n in 7 8 15 23; do
		echo "0 $n linear $tiny 0" | dm_create part
		refused "a cache device of $n sectors" \
			"smaller than one block|at least 24 sectors needed, got $n" \
			sc_create sc "$meta" /dev/mapper/part "$origin"
		sc_remove part
	done
	refused "a cache device without a whole block of 1 MiB" \
		"at least 4104 sectors needed, got 2048" \
		sc_create sc "$meta" "$tiny" "$origin" 2048
	echo "0 $((1 << 44)) zero" | dm_create huge
	refused "an origin of more blocks than 2^40" \
		"origin: must have 1 to 1099511627776 blocks" \
		sc_create sc "$meta" "$cache" /dev/mapper/huge
	refused "a cache of more slots than 2^30" \
		"too large for this block size: at most 1073741824 blocks" \
		sc_create sc "$meta" /dev/mapper/huge "$origin"
	sc_remove huge
}

# create_on SECTORS ARGS OF sc_create, after META: metadata in so small a part
create_on() {
	echo "0 $1 linear $tiny 0" | dm_create part || return 1
	shift
	sc_create sc /dev/mapper/part "$@"
}

# The size that the message names is enough, and less is not.
test_metadata_size() {
	echo "0 $((1 << 27)) zero" | dm_create large
	for n in 1 7 8 16 100; do
		expect_fail "$n sectors for metadata" \
			"metadata device too small: at least [0-9]+ KiB" \
			create_on $n "$cache" "$origin"
		sc_remove part
	done
	mark
	create_on 2048 /dev/mapper/large "$origin"
	needed=$(dmesg_since_mark |
		sed -n 's/.*too small: \([0-9]*\) KiB needed for .*/\1/p')
	holds "metadata for a large cache: the message names a size" \
		"${needed:-0} > 1024"
	same "64 GiB of cache: no more than 4 MiB + 44 bytes a slot" \
		$((${needed:-0} * 1024 <= 4194304 + 44 * (1 << 24))) 1
	sc_remove part large
	echo "0 8192 linear $cache 0" | dm_create part2
	mark
	create_on 64 /dev/mapper/part2 "$origin"
	needed=$(dmesg_since_mark |
		sed -n 's/.*too small: .*\<\([0-9]*\) KiB needed.*/\1/p')
	sc_remove part
	expect_fail "one block less than the message names" "too small" \
		create_on $((needed * 2 - 8)) /dev/mapper/part2 "$origin"
	sc_remove part
	run "what the message names" create_on $((needed * 2)) \
		/dev/mapper/part2 "$origin"
	sc_remove sc part part2
	restore
	dd if=/dev/zero of="$tiny" bs=1M count=1 2>/dev/null
}

test_foreign() {
	for fs in xfs ext4; do
		big=$(ram_disk 320)
		mkfs.$fs "$big" >/dev/null 2>&1
		dd if="$big" of=/tmp/head bs=1M count=1 2>/dev/null
		free_disk "$big"
		restore
		put /tmp/head "$meta" 0 1024 >/dev/null
		cp /tmp/meta.img /tmp/meta.first
		copy_of "$meta" /tmp/meta.img
		refused "$fs on the metadata device" "something else" \
			sc_create sc "$meta" "$cache" "$origin"
		mv /tmp/meta.first /tmp/meta.img
		restore
	done
	printf 'any other bytes' | dd of="$meta" conv=notrunc bs=1 seek=4000 \
		2>/dev/null
	expect_fail "something at the end of the first 4 KiB" "something else" \
		sc_create sc "$meta" "$cache" "$origin"
	restore
}

# ---- messages ---------------------------------------------------------------

messages='
unknown message .frobnicate|frobnicate
unknown message .frobnicate|frobnicate 1
unknown message .random_thresh|random_thresh 1
idle_ms: must be followed by one value|idle_ms
idle_ms: must be followed by one value|idle_ms 1 2
idle_ms: must be a number from 0 to 3600000 ms, got .3600001|idle_ms 3600001
idle_ms: must be a number.*.x|idle_ms x
idle_ms: must be a number.*.1 *.|idle_ms 1.0
destage_depth: must be a number.*.0|destage_depth 0
write_budget: must be a number.*.18446744073709551616|write_budget 18446744073709551616
dirty_low .80. must not exceed dirty_high .70.|dirty_low 80
dirty_target .5. must not exceed dirty_low .4.|dirty_low 4
ghost: takes a new table|ghost 10
journal_blocks: fixed when the metadata was formatted|journal_blocks 64
mode: must be followed by|mode
mode: must be followed by|mode writeback now
unknown mode .writebak|mode writebak
flush: must be followed by nothing|flush now
stats: must be followed by reset|stats
only word possible is reset|stats clear
possible in mode passthrough only|invalidate_cblocks 0
must be followed by|invalidate_cblocks
'

ranges='
a range must be|x
a range must be|1-
a range must be|-1
a range must be|1-2-3
a range must be|99999999999999999999
a range must be|1-99999999999999999999999
is empty|5-5
is empty|6-5
goes too far|4294967295
goes too far|0-4294967295
a range must be|0 1 y
'

# _bad LIST PREFIX: each message of the list is refused
_bad() {
	echo "$1" | while IFS='|' read -r pattern words; do
		[ -n "$pattern" ] || continue
		# shellcheck disable=SC2086 # words on purpose
		expect_fail "message '${2:+$2 }$words'" "$pattern" \
			sc_message sc ${2:+"$2"} $words
	done
}

test_messages() {
	run "create" sc_create sc "$meta" "$cache" "$origin" 8 "" default \
		idle_ms 3600000
	random_file /tmp/a 64
	put /tmp/a $sc 100 >/dev/null
	dmsetup table sc >/tmp/table
	sc_fields sc | grep -v ram_bytes | sed 's/commits=.*//' >/tmp/fields
	_bad "$messages" ""
	expect_fail "passthrough with dirty blocks, by message" \
		"there are dirty blocks" sc_message sc mode passthrough
	same "the table is as before" "$(dmsetup table sc)" "$(cat /tmp/table)"
	sc_fields sc | grep -v ram_bytes | sed 's/commits=.*//' >/tmp/fields2
	run "the status is as before" diff /tmp/fields /tmp/fields2
	sc_clean sc
	sc_message sc mode passthrough
	used=$(sc_get sc cache_blocks_used)
	_bad "$ranges" invalidate_cblocks
	same "nothing is invalidated" "$(sc_get sc cache_blocks_used)" "$used"
	sc_remove sc
}

# ---- metadata: how it is damaged --------------------------------------------

# number OFFSET BYTES: of the remembered metadata
number() {
	od -An -t "u$2" -j "$1" -N "$2" /tmp/meta.img | tr -d ' '
}

# crc FILE: crc32c of a block behind its checksum, as octal for printf
crc() {
	od -An -v -tu1 -w1 -j 12 -N 4084 "$1" | awk '
	BEGIN {
		for (i = 0; i < 256; i++) {
			c = i
			for (k = 0; k < 8; k++)
				c = c % 2 ? xor(rshift(c, 1), 2197175160) :
					rshift(c, 1)
			table[i] = c
		}
		c = 4294967295
	}
	{ c = xor(rshift(c, 8), table[and(xor(c, $1), 255)]) }
	END {
		c = 4294967295 - c
		for (i = 0; i < 4; i++) {
			printf "\\%03o", c % 256
			c = int(c / 256)
		}
	}'
}

# poke BLOCK OFFSET BYTES-FOR-PRINTF: change a block of the metadata device
# and its checksum
poke() {
	dd if="$meta" of=/tmp/block bs=4k skip="$1" count=1 2>/dev/null
	# shellcheck disable=SC2059 # bytes on purpose
	printf "$3" | dd of=/tmp/block bs=1 seek="$2" conv=notrunc 2>/dev/null
	# shellcheck disable=SC2059
	printf "$(crc /tmp/block)" |
		dd of=/tmp/block bs=1 seek=8 conv=notrunc 2>/dev/null
	dd if=/tmp/block of="$meta" bs=4k seek="$1" oflag=direct 2>/dev/null
}

# rot DEVICE BLOCK: some bytes in its midst turn
rot() {
	head -c 64 /dev/urandom |
		dd of="$1" bs=1 seek=$(($2 * 4096 + 1000)) conv=notrunc,fsync \
			2>/dev/null
	blockdev --flushbufs "$1"
}

# damaged NAME PATTERN: what was done is refused and stays; undone afterwards
damaged() {
	cp /tmp/meta.img /tmp/meta.good
	cp /tmp/cache.img /tmp/cache.good
	copy_of "$meta" /tmp/meta.img
	copy_of "$cache" /tmp/cache.img
	refused "$1" "$2" sc_create sc "$meta" "$cache" "$origin"
	mv /tmp/meta.good /tmp/meta.img
	mv /tmp/cache.good /tmp/cache.img
	restore
}

# survives NAME: what was done does no harm; undone afterwards
survives() {
	run "$1: create" create_idle
	run "$1: the data" holds_file /tmp/a $sc 100
	same "$1: state" "$(sc_get sc state) $(sc_get sc dirty)" "rw $dirty"
	sc_remove sc
	restore
}

# write_parts NUMBER...: 64 KiB pieces of the file, each with a commit of its own
write_parts() {
	for part; do
		dd if=/tmp/a of="$sc" bs=64k skip="$part" count=1 \
			seek=$((part * 65536 + 102400)) \
			oflag=direct,seek_bytes conv=fsync 2>/dev/null || return 1
	done
}

create_idle() {
	sc_create sc "$meta" "$cache" "$origin" 8 "" default idle_ms 3600000
}

# make_crashed: metadata with dirty blocks, as a power cut leaves it. They are
# too few for the flusher to begin.
make_crashed() {
	dd if=/dev/zero of="$meta" bs=1M 2>/dev/null
	random_file /tmp/a 512
	create_idle && write_parts 0 1 2 3 4 5 6 7 || return 1
	dirty=$(sc_get sc dirty)
	remember
	sc_remove sc
}

# make_clean: as removals leave it, more than one, so that table pages have
# been written to both of their places
make_clean() {
	make_crashed && restore && create_idle && sc_remove sc &&
		create_idle &&
		dd if="$sc" of=/dev/null bs=4k skip=1000 count=4 iflag=direct &&
		sc_remove sc && create_idle && write_parts 0 1 &&
		sc_remove sc && remember
}

test_supers() {
	restore
	survives "nothing done"
	rot "$meta" 0
	survives "superblock 0"
	rot "$meta" 1
	survives "superblock 1"
	rot "$meta" 0
	rot "$meta" 1
	damaged "both superblocks" "corrupt superblock.*checksum"
	dd if=/dev/zero of="$meta" bs=4k seek=1 count=1 oflag=direct 2>/dev/null
	survives "superblock 1 zeroed"
	poke 0 64 '\001'
	damaged "an unknown incompatible feature" \
		"unknown incompatible features 0x1, a newer"
	poke 1 71 '\200'
	damaged "another, in the second superblock" \
		"unknown incompatible features 0x8000000000000000"
	poke 0 12 '\002'
	damaged "another version" "version 2 is not supported"
	poke 0 56 '\001'
	poke 1 56 '\001'
	damaged "an unknown ro_compat feature" "feature"
	poke 0 48 '\001'
	poke 1 48 '\001'
	survives "an unknown compat feature"
}

test_journal() {
	journal=$(number 144 8)
	rot "$meta" "$journal"
	damaged "the first transaction" \
		"corrupt journal block $journal: .*transaction 1"
	dd if=/dev/zero of="$meta" bs=4k seek=$((journal + 1)) count=1 \
		oflag=direct 2>/dev/null
	damaged "a transaction in between, zeroed" \
		"corrupt journal block $((journal + 1)): .*transaction 2"
	# A record of it names a slot that is not there.
	poke "$journal" 64 '\377\377\377\017'
	damaged "a record of no slot" "corrupt journal"
}

# Slot 0 is in page 0; of that, one copy counts.
test_pages() {
	local first good=0 bad=0 copy
	first=$(number 152 8)
	# Copies of a page are neighbours, or a group apart.
	for copy in 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		holds_magic $((first + copy)) || continue
		rot "$meta" $((first + copy))
		if create_idle 2>/dev/null; then
			good=$((good + 1))
			run "page block $copy does not count: the data" \
				holds_file /tmp/a $sc 100
			sc_remove sc
			restore
		else
			bad=$((bad + 1))
			damaged "page block $copy counts" "corrupt page"
		fi
	done
	holds "of the copies of a page one counts" "$bad == 1 && $good == 1"
}

holds_magic() {
	[ "$(dd if="$meta" bs=4k skip="$1" count=1 2>/dev/null | head -c 8)" = \
		ssdcache ]
}

# Of the two regions of the map one counts.
test_map() {
	local start bad=0 i
	start=$(number 136 8)
	for i in $start $((start + $(number 124 4))); do
		holds_magic "$i" || continue
		rot "$meta" "$i"
		if sc_create sc "$meta" "$cache" "$origin" 2>/dev/null; then
			sc_remove sc
			restore
		else
			bad=$((bad + 1))
			damaged "map block $i" "corrupt map"
		fi
	done
	same "one of two map regions counts" $bad 1
}

test_labels() {
	local tail=$(($(sectors "$cache") / 8 - 1))
	rot "$cache" 0
	survives "the label at the begin"
	rot "$cache" $tail
	survives "the label at the end"
	rot "$cache" 0
	rot "$cache" $tail
	damaged "both labels" "cache device: no label"
	other_cache=$(ram_disk 8)
	other_meta=$(ram_disk 2)
	sc_create sc "$other_meta" "$other_cache" "$origin" && sc_remove sc
	refused "the cache device of another cache" \
		"label belongs to another cache" \
		sc_create sc "$meta" "$other_cache" "$origin"
	refused "the metadata of another cache" \
		"label belongs to another cache" \
		sc_create sc "$other_meta" "$cache" "$origin"
	dd if=/dev/zero of="$other_cache" bs=1M 2>/dev/null
	refused "a blank cache device for metadata in use" \
		"cache device: no label" \
		sc_create sc "$meta" "$other_cache" "$origin"
}

test_conflicts() {
	refused "another block size" "metadata was made for 8 sectors, got 16" \
		sc_create sc "$meta" "$cache" "$origin" 16
	refused "passthrough with dirty blocks" \
		"passthrough needs a clean cache, but $dirty blocks are dirty" \
		sc_create sc "$meta" "$cache" "$origin" 8 passthrough
	SC_LENGTH=1000
	refused "an origin shrunk below what is dirty" \
		"dirty data outside the new size" \
		sc_create sc "$meta" "$cache" "$origin"
	unset SC_LENGTH
	echo "0 160 linear $cache 0" | dm_create part
	refused "a cache device shrunk below what is dirty" \
		"dirty data outside the new size" \
		sc_create sc "$meta" /dev/mapper/part "$origin"
	sc_remove part
	survives "after all that"
}

# A refused table must not take the one in use away.
test_live_reload() {
	run "create" create_idle
	expect_fail "a bad table while one is in use" "unknown policy" \
		sc_reload sc "$meta" "$cache" "$origin" 8 "" clock
	run "it goes on" holds_file /tmp/a $sc 100
	SC_LENGTH=1000
	expect_fail "shrunk while in use" "dirty data outside the new size" \
		sc_reload sc "$meta" "$cache" "$origin"
	unset SC_LENGTH
	run "the old table again" sc_reload sc "$meta" "$cache" "$origin"
	run "it goes on, too" holds_file /tmp/a $sc 100
	sc_remove sc
}

origin=$(ram_disk 16)
cache=$(ram_disk 8)
meta=$(ram_disk 2)
sc_load
case $1 in
lines)
	remember
	test_lines
	test_sizes
	test_metadata_size
	test_foreign
	test_messages
	;;
metadata)
	run "metadata of a crash" make_crashed
	test_supers
	test_journal
	run "metadata of a removal" make_clean
	test_pages
	test_map
	test_labels
	test_conflicts
	test_live_reload
	;;
esac
exit 0
