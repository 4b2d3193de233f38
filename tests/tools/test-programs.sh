#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Called by the names of thin-provisioning-tools' programs, the command takes their
# options, does to our metadata what they do to dm-cache's, and exits like them.

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

images=$tests_dir/images
for name in check dump repair restore writeback; do
	ln -s "$SSDCACHE" "cache_$name"
	expect "cache_$name --help" 0 'usage: cache_' "./cache_$name" --help
	expect "cache_$name -V" 0 '^[0-9]+\.[0-9]+\.[0-9]+$' "./cache_$name" -V
	expect "cache_$name with nothing to do" 2 'missing|which devices' \
		"./cache_$name"
	expect "cache_$name --nonsense" 2 'nonsense' "./cache_$name" --nonsense
done

golden meta
expect "cache_check" 0 'faults +0' ./cache_check meta
expect "cache_check as LVM calls it" 0 '' \
	./cache_check -q --clear-needs-check-flag meta
expect "the mark is gone" 0 'needs check +false' ./cache_check meta
expect "what makes no difference is accepted" 0 '' ./cache_check -q \
	--super-block-only --skip-mappings --skip-hints --skip-discards meta

golden meta
./cache_dump meta >xml
same "cache_dump" xml "$images/meta-v1.xml"
./cache_dump -o xml2 meta
same "cache_dump -o" xml2 xml
./cache_dump -r meta >xml2
same "cache_dump -r" xml2 xml

truncate -s 256K new
expect "cache_restore" 0 '' ./cache_restore -q -i xml -o new \
	--metadata-version 2
./cache_dump new >xml2
same "is the inverse" xml2 xml

# LVM's repair: from the damaged one to a spare.
dd if=/dev/urandom of=meta bs=4k count=1 conv=notrunc status=none
truncate -s 256K spare
expect "cache_check of a damaged superblock" 0 'good superblocks +1' \
	./cache_check meta
expect "cache_repair" 0 'damages +' ./cache_repair -i meta -o spare
expect "cache_check of the repaired" 0 'good superblocks +2' \
	./cache_check spare
./cache_dump spare | sed 's/needs_check="0"/needs_check="1"/' >xml2
same "nothing was lost" xml2 xml

dd if=/dev/urandom of=meta bs=4k count=2 conv=notrunc status=none
expect "cache_check of no superblock" 1 'holds something else' \
	./cache_check meta
truncate -s 256K spare2
expect "cache_repair of no superblock" 1 'holds something else' \
	./cache_repair -i meta -o spare2
truncate -s 256K zero
same "writes nothing then" spare2 zero
finish
