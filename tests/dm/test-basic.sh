#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: short
# debug: kernels=kasan
# debug: short kernels=kcsan
#
# What the target says and does when nothing is wrong: table, status, messages,
# events, destaging, warm restart.

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc

# number DEVICE: its major:minor, as tables show it
number() {
	cat "/sys/class/block/${1##*/}/dev"
}

origin_reads() {
	disk_stat "$origin" read_sectors
}

# ---- table and status -------------------------------------------------------

test_create() {
	run "create" sc_create sc "$meta" "$cache" "$origin" || exit 1
	same "its size" "$(sectors $sc)" "$(sectors "$origin")"
	same "the table shows the line" "$(dmsetup table sc)" \
		"0 $(sectors "$origin") ssdcache $(number "$meta") \
$(number "$cache") $(number "$origin") 8 0 default 0"
	sc_fields sc >/tmp/status
	for want in metadata_block_size=8 block_size=8 cache_blocks_used=0 \
		read_hits=0 read_misses=0 write_hits=0 write_misses=0 \
		demotions=0 promotions=0 dirty=0 features=writeback \
		"core_args=migration_threshold 2048" policy=default \
		arg:sequential_cutoff=4096 access=rw check=- state=rw \
		mode=writeback dirty_sectors=0 lost_blocks=0; do
		run "status: $want" grep -qxF "$want" /tmp/status
	done
	uuid=$(sc_get sc uuid)
	run "status: a uuid" expr "$uuid" : '[0-9a-f]\{8\}\(-[0-9a-f]\{4\}\)\{3\}-'
	# Of 64 MiB, the labels and less than one alignment are no slots.
	holds "status: all of the cache device is slots" \
		"$(sc_get sc cache_blocks_total) >= 64 * 256 - 2"
	holds "status: the metadata device is not full" \
		"0 < $(sc_get sc metadata_blocks_used) &&
		$(sc_get sc metadata_blocks_used) < $(sc_get sc metadata_blocks_total)"
	same "the tree says every field once" "" \
		"$(sed 's/=.*//' /tmp/status | sort | uniq -d)"
}

# echo_of LINE-AFTER-DEVICES: what the table shows for it; reloads sc
echo_of() {
	echo "0 $(sectors "$origin") ssdcache $meta $cache $origin $1" |
		dmsetup load sc && dmsetup resume sc &&
		dmsetup table sc | cut -d' ' -f7-
}

test_echo() {
	while read -r line; do
		same "echo of $line" "$(echo_of "$line")" "$line"
		dmsetup table sc | dmsetup load sc
		same "and again" "$(dmsetup table --inactive sc)" \
			"$(dmsetup table sc)"
		dmsetup clear sc
	done <<-'END'
		8 1 writethrough lru 2 idle_ms 0
		8 2 metadata2 writeback smq 2 migration_threshold 100
		8 3 metadata2 passthrough no_discard_passdown s3fifo 0
		8 1 writearound cleaner 4 commit_interval 7 destage_depth 3
		8 0 mq 2 ghost 100
	END
	same "old keys are taken, and not shown" \
		"$(echo_of "8 0 smq 4 random_threshold 4 sequential_threshold 512")" \
		"8 0 smq 0"
	run "back to the first" sc_reload sc "$meta" "$cache" "$origin"
	same "the uuid stays" "$(sc_get sc uuid)" "$uuid"
}

# ---- data -------------------------------------------------------------------

# The file is smaller than the stream that bypasses the cache.
test_write_read() {
	random_file /tmp/a 3072
	sc_message sc idle_ms 3600000
	run "write" put /tmp/a $sc 1000
	sc_fields sc >/tmp/status
	for want in write_misses=768 write_hits=0 dirty=768 \
		dirty_sectors=6144 cache_blocks_used=768 promotions=768; do
		run "written: $want" grep -qxF "$want" /tmp/status
	done
	holds "commits with as many records" \
		"$(sc_get sc commits) > 0 && $(sc_get sc commit_records) >= 768"
	before=$(origin_reads)
	run "read back" holds_file /tmp/a $sc 1000
	same "read hits" "$(sc_get sc read_hits)" 768
	same "the origin is not read" "$(origin_reads)" "$before"
	run "write again" put /tmp/a $sc 1000
	same "write hits" "$(sc_get sc write_hits)" 768
	same "no new slots" "$(sc_get sc cache_blocks_used)" 768
	expect_fail "the origin is not written" differ \
		holds_file /tmp/a "$origin" 1000
}

test_read_fill() {
	random_file /tmp/b 1024
	put /tmp/b "$origin" 20000
	run "read what is not cached" holds_file /tmp/b $sc 20000 4
	same "read misses" "$(sc_get sc read_misses)" 256
	wait_for 20 sc_is sc fills 256
	same "fills" "$(sc_get sc fills)" 256
	before=$(origin_reads)
	run "read it again" holds_file /tmp/b $sc 20000 64
	same "from the cache" "$(origin_reads)" "$before"
	run "read_fill 0" sc_message sc read_fill 0
	run "read more" dd if=$sc of=/dev/null bs=4k skip=7500 count=256 \
		iflag=direct
	same "no more fills" "$(sc_get sc fills)" 256
	sc_message sc read_fill 1
}

test_sequential() {
	random_file /tmp/s 2048
	sc_message sc sequential_cutoff 512
	used=$(sc_get sc cache_blocks_used)
	run "a long stream is written" put /tmp/s $sc 40000
	holds "most of it bypasses" "$(sc_get sc cache_blocks_used) - $used < 200"
	holds "and is counted" "$(sc_get sc sequential_bypasses) > 10"
	run "it is read" holds_file /tmp/s $sc 40000
	sc_message sc sequential_cutoff 0
	used=$(sc_get sc cache_blocks_used)
	run "with cutoff 0 it is cached" put /tmp/s $sc 50000
	same "all of it" $(($(sc_get sc cache_blocks_used) - used)) 512
	sc_message sc sequential_cutoff 4096
}

# ---- messages ---------------------------------------------------------------

test_tunables() {
	while read -r key value default; do
		run "message $key $value" sc_message sc "$key" "$value"
		same "$key: status and table have it" "$(sc_get sc "arg:$key") \
$(dmsetup table sc | sed -n "s/.* $key \([0-9]*\).*/\1/p")" "$value $value"
		sc_message sc "$key" "$default"
	done <<-'END'
		sequential_cutoff 8192 4096
		read_fill 0 1
		write_budget 1000 0
		commit_interval 60000 1000
		dirty_target 1 5
		dirty_low 12 10
		dirty_high 71 70
		dirty_limit 100 85
		idle_ms 0 3600000
		destage_depth 64 32
		small_queue 90 10
	END
	run "message migration_threshold" sc_message sc migration_threshold 7
	same "status has it" "$(sc_get sc core_args)" "migration_threshold 7"
	run "an old key" sc_message sc read_promote_adjustment 1
}

test_modes() {
	sc_clean sc
	for mode in writethrough writearound passthrough writeback; do
		run "message mode $mode" sc_message sc mode $mode
		same "status has it" "$(sc_get sc mode) $(sc_get sc features)" \
			"$mode $mode"
	done
}

# after_write MODE: write a file and see what it changed
after_write() {
	sc_message sc mode "$1"
	random_file /tmp/m 256
	run "$1: write" put /tmp/m $sc 1000
	run "$1: the origin has it" holds_file /tmp/m "$origin" 1000
	same "$1: nothing is dirty" "$(sc_get sc dirty)" 0
	before=$(origin_reads)
	run "$1: read" holds_file /tmp/m $sc 1000
}

test_mode_semantics() {
	sc_message sc read_fill 0
	after_write writethrough
	same "writethrough: the cache has it, too" "$(origin_reads)" "$before"
	after_write writearound
	same "writearound: the cache has it not" \
		$(($(origin_reads) - before)) 512
	after_write passthrough
	same "passthrough: the cache has it not" \
		$(($(origin_reads) - before)) 512
	# What is cached and was not written is not read either, but kept.
	before=$(origin_reads)
	run "passthrough: read what is cached" holds_file /tmp/b $sc 20000
	same "passthrough: from the origin" $(($(origin_reads) - before)) 2048
	sc_message sc mode writeback
	before=$(origin_reads)
	run "writeback: read what is cached" holds_file /tmp/b $sc 20000
	same "writeback: it still is" "$(origin_reads)" "$before"
	sc_message sc read_fill 1
}

test_invalidate() {
	expect_fail "invalidate_cblocks wants passthrough" \
		"possible in mode passthrough only" \
		sc_message sc invalidate_cblocks 0
	sc_message sc mode passthrough
	used=$(sc_get sc cache_blocks_used)
	total=$(sc_get sc cache_blocks_total)
	[ "$used" -gt 0 ] || fail "something is cached" "$used slots"
	expect_fail "a range too far" "goes too far" \
		sc_message sc invalidate_cblocks 0 "5-$((total + 1))"
	same "of several ranges none is carried out" \
		"$(sc_get sc cache_blocks_used)" "$used"
	run "invalidate_cblocks" sc_message sc \
		invalidate_cblocks 0 1-9 "9-$total"
	wait_for 20 sc_is sc cache_blocks_used 0
	same "nothing is cached" "$(sc_get sc cache_blocks_used)" 0
	sc_message sc mode writeback
	run "the data stay" holds_file /tmp/b $sc 20000
}

test_stats_reset() {
	holds "counters count" "$(sc_get sc read_hits) > 0"
	run "stats reset" sc_message sc stats reset
	same "they are 0" "$(sc_fields sc | grep -cE \
		'^(read_hits|write_misses|fills|destaged_blocks|discards)=0$')" 5
}

# ---- destaging and events ---------------------------------------------------

# Waits for the event, not for the message, which may return before it.
test_flush_event() {
	sc_message sc idle_ms 3600000
	run "write" put /tmp/a $sc 1000
	same "dirty" "$(sc_get sc dirty)" 768
	nr=$(sc_events sc)
	timeout 60 dmsetup wait sc "$nr" &
	run "flush" sc_message sc flush
	run "an event when nothing is dirty any more" wait $!
	same "nothing is dirty" "$(sc_get sc dirty)" 0
	run "the origin has the data" holds_file /tmp/a "$origin" 1000
	holds "in few writes" "$(sc_get sc destage_writes) <= 128"
	same "counted by blocks" "$(sc_get sc destaged_blocks)" 768
}

test_idle() {
	run "write" put /tmp/a $sc 5000
	sc_message sc idle_ms 0
	run "idle_ms 0 destages at once" sc_wait sc dirty 0
	run "the origin has the data" holds_file /tmp/a "$origin" 5000
	sc_message sc idle_ms 3600000
}

# ---- restart ----------------------------------------------------------------

test_restart() {
	random_file /tmp/c 2048
	run "write" put /tmp/c $sc 60000
	dirty=$(sc_get sc dirty)
	used=$(sc_get sc cache_blocks_used)
	same "dirty before" "$dirty" 512
	run "remove" sc_remove sc
	run "create again" sc_create sc "$meta" "$cache" "$origin" 8 "" default \
		idle_ms 3600000
	same "dirty after" "$(sc_get sc dirty)" "$dirty"
	same "used after" "$(sc_get sc cache_blocks_used)" "$used"
	same "the uuid" "$(sc_get sc uuid)" "$uuid"
	before=$(origin_reads)
	run "what was dirty" holds_file /tmp/c $sc 60000
	run "what was clean" holds_file /tmp/a $sc 1000
	same "the origin is not read" "$(origin_reads)" "$before"
	same "hits" "$(sc_get sc read_hits)" 1280
}

# The origin alone has everything after a flush and a removal.
test_destage_compare() {
	run "flush" sc_clean sc
	digest $sc >/tmp/digest
	run "remove" sc_remove sc
	same "the origin alone" "$(digest "$origin")" "$(cat /tmp/digest)"
	run "the module can be removed" rmmod ssdcache
	run "and loaded" sc_load
}

origin=$(ram_disk 128)
cache=$(ram_disk 64)
meta=$(ram_disk 8)
test_create
test_echo
test_write_read
test_read_fill
test_sequential
test_tunables
test_modes
test_mode_semantics
test_invalidate
test_stats_reset
test_flush_event
test_idle
test_restart
test_destage_compare
exit 0
