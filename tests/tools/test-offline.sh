#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shellcheck disable=SC2317 # functions are called by expect
#
# The offline verbs' command lines: right ones do what they say, wrong ones are told
# why, touch nothing, and crash nothing.

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

long=$(head -c 5000 /dev/zero | tr '\0' x)
verbs='check dump restore repair writeback size import export'

# ---- wrong ------------------------------------------------------------------

for verb in $verbs; do
	expect "$verb --help" 0 "^usage: ssdcache $verb" ssdcache "$verb" --help
	holds "$verb has a page" test -s "$tests_dir/../tools/man/ssdcache-$verb.8"
	expect "$verb without words" 2 'too few|which|either' ssdcache "$verb"
	expect "$verb with an option unknown" 2 'nonsense' \
		ssdcache "$verb" --nonsense
	expect "$verb with too many words" 2 'too many' ssdcache "$verb" a b c d
done

# with NAME CODE PATTERN DEVICE: each verb with that in place of a device
with() {
	local verb
	for verb in check dump repair export; do
		expect "$verb of $1" "$2" "$3" ssdcache "$verb" "$4"
	done
	expect "restore to $1" "$2" "$3" ssdcache restore \
		"$tests_dir/images/meta-v1.json" "$4"
	golden good
	truncate -s 70M other
	expect "writeback with metadata of $1" "$2" "$3" ssdcache writeback \
		--metadata "$4" --cache other --origin other2
	expect "writeback to $1" "$2" "$3|other|no label" ssdcache writeback \
		--metadata good --cache other --origin "$4"
	expect "import from $1" "$2" "$3" ssdcache import pool.xml \
		--metadata new --cache "$4" --origin other
}

truncate -s 1M other2 new
echo '<superblock block_size="64" nr_cache_blocks="2"></superblock>' >pool.xml
with "nothing" 4 'No such file|is not in' absent
with "an empty name" 4 'No such file' ''
with "a directory" 1 'neither a block device nor a file|no label' .
with "a character device" 1 'neither a block|no label' /dev/null
with "a name that is too long" 1 'too long|no label' "$long"
mkfifo fifo
with "a pipe" 1 'neither a block device|no label' fifo

expect "control characters are not printed" 4 "^ssdcache check: a\?\[31mb" \
	ssdcache check $'a\033[31mb'

: >empty
expect "check of an empty file" 1 'too small' ssdcache check empty
truncate -s 1M zero
expect "check of zeroes" 1 'no cache is there' ssdcache check zero
head -c 1M /dev/urandom >random
expect "check of something else" 1 'holds something else' ssdcache check random
expect "dump of something else" 1 'holds something else' ssdcache dump random
cp random before
expect "repair of something else" 1 'holds something else' \
	ssdcache repair random
same "it is still there" random before

golden meta
expect "one device twice" 2 'different' \
	ssdcache check meta --cache meta
ln meta meta-too
expect "one device by two names" 2 'different' \
	ssdcache check meta --cache meta-too
truncate -s 1M small
expect "a cache device too small" 1 'no label|has 2048 sectors' \
	ssdcache check meta --cache small
expect "labels and another device" 2 'either --cache or --output' \
	ssdcache repair meta --cache small --output new
expect "both notations" 2 'either --xml or --json' \
	ssdcache dump meta --xml --json
expect "XML asked for as JSON" 2 'export prints XML' \
	ssdcache export meta --json
expect "metrics asked for as JSON" 2 'either --prometheus or --json' \
	ssdcache stats --prometheus --json
expect "a file that cannot be written" 1 'No such file' \
	ssdcache dump meta --output absent/file
expect "--fill without devices" 2 'needs' ssdcache export meta --fill

dump_full() {
	ssdcache dump meta >/dev/full
}
expect "a full device is no success" 1 'cannot write' dump_full

# ---- parts of a device, and names -------------------------------------------

export SSDCACHE_TAB=$tmp/tab
sed 's/"origin_sectors":[0-9]*/"origin_sectors":1000000/
	s/"block":1094624909430/"block":4/' \
	"$tests_dir/images/meta-v1.json" >text
truncate -s $(((512 + 128256) * 512)) disk
truncate -s 600M origin
printf 'slot 335' | dd of=disk bs=512 seek=$((512 + 128 * 336)) \
	conv=notrunc status=none
echo "fast $tmp/origin $tmp/disk - metadata-size=256k,block-size=64k" >tab

expect "restore to a name" 0 '' ssdcache restore --quiet text fast
expect "a part of a device" 0 'used +2' ssdcache check "disk@0+512"
expect "the same by its name has no labels" 1 'no label' ssdcache check fast
expect "repair by name" 0 'clean data cannot be believed' ssdcache repair fast
expect "check by name" 0 'good labels +2' ssdcache check fast
expect "two parts" 0 'good labels +2' \
	ssdcache check "disk@0+512" --cache "disk@512+"
expect "parts that overlap" 2 'different' \
	ssdcache check "disk@0+512" --cache "disk@511+"
expect "dump by name" 0 '"slot":335' ssdcache dump fast
expect "export by name" 3 'not whole' ssdcache export fast
expect "writeback by name" 0 'blocks written back +2' ssdcache writeback fast
holds "the data is there" grep -q 'slot 335' <(dd if=origin bs=64k skip=4 \
	count=1 status=none)
expect "no such name" 4 'slow is not in' ssdcache check slow
for bad in disk@0+0 disk@+ disk@x+5 disk@0+99999999 disk@999999999+ disk@5; do
	expect "no such part: $bad" '[14]' 'No such|outside' \
		ssdcache check "$bad"
done

# ---- size -------------------------------------------------------------------

expect "size" 0 '"metadata_sectors": 524288|metadata_sectors' \
	ssdcache size 10G --json
expect "size for people" 0 '^metadata +' ssdcache size 10G --block-size 64k
for bad in x -1 1e3G 99999999999999999999 '' ' ' 1Q; do
	expect "size of '$bad'" 2 'size|too few' ssdcache size -- "$bad"
done
for bad in 0 5k 2k 2M 4097 x 1E; do
	expect "block size '$bad'" 2 'size|power' \
		ssdcache size 10G --block-size "$bad"
done
expect "a cache that is too small" 2 'too small' ssdcache size 8k
expect "a cache that is too large" 2 'too large' ssdcache size 9000T
expect "too many slots" 2 'at most' ssdcache size --slots 2000000000
expect "both" 2 'either' ssdcache size 10G --slots 5

# What it says is enough, and a step less is not.
sectors_for() {
	ssdcache size --slots "$1" --json |
		sed -n 's/.*metadata_sectors": \([0-9]*\).*/\1/p'
}
restore_slots() {
	sed "s/\"nr_slots\":1000/\"nr_slots\":$1/
		s/\"cache_sectors\":[0-9]*/\"cache_sectors\":$((($1 + 1) * 128 + 8))/" \
		"$tests_dir/images/meta-v1.json" >text
	rm -f new
	truncate -s $(($2 * 512)) new
	ssdcache restore --quiet text new
}
for n in 1000 5376 5377 100000 3000000; do
	sectors=$(sectors_for $n)
	expect "$n slots fit" 0 '' restore_slots $n "$sectors"
	[ "$sectors" -le 512 ] ||
		expect "$n slots do not fit into less" 1 'too small' \
			restore_slots $n $((sectors - 512))
done
finish
