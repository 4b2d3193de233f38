#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shellcheck disable=SC2317 # functions are called by expect
#
# From dm-cache's pool to a cache of ours and back, with the XML of the real tools:
# no block moves but the two under our labels.

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

# pool.py BLOCKS CACHE-KIB: a pool with every third block free and every second
# dirty; block n of the cache device holds n + 1, of the origin 0xff.
cat >pool.py <<'END'
import sys
blocks, kib = int(sys.argv[1]), int(sys.argv[2])
with open("cache", "wb") as f:
    for n in range(blocks):
        f.write(bytes([n + 1]) * 65536)
    f.truncate(kib * 1024)
with open("origin", "wb") as f:
    f.write(b"\xff" * (65536 * 300 + 512 * 3))
print(f'<superblock uuid="" block_size="128" nr_cache_blocks="{blocks}"'
      ' policy="smq" hint_width="4">\n  <mappings>')
for n in range(blocks):
    if n % 3 != 1:
        print(f'    <mapping cache_block="{n}" origin_block="{n * 2}"'
              f' dirty="{str(n % 2 == 1).lower()}"/>')
print("  </mappings>\n  <hints>")
for n in range(blocks):
    if n % 3 != 1:
        print(f'    <hint cache_block="{n}" data="AQAAAA=="/>')
print("  </hints>\n</superblock>")
END

# content.py DIRTY-ONLY: the origin must have what the pool said
cat >content.py <<'END'
import re, sys
origin = open("origin", "rb").read()
want = {}
for m in re.finditer(r'"(\d+)" origin_block="(\d+)" dirty="(\w+)"',
                     open("pool.xml").read()):
    if m[3] == "true" or sys.argv[1] == "all":
        want[int(m[2])] = int(m[1]) + 1
for block in range(300):
    data = origin[block * 65536:(block + 1) * 65536]
    assert data == bytes([want.get(block, 255)]) * 65536, block
assert origin[300 * 65536:] == b"\xff" * 1536
END

# The real tools' own dump, as a user would have it.
make_pool() {
	python3 pool.py "$1" "$2" >made.xml
	rm -f foreign meta
	truncate -s 4M foreign
	truncate -s 1M meta
	cache_restore -q -i made.xml -o foreign
	cache_dump foreign >pool.xml
}

import() {
	ssdcache import pool.xml --metadata meta --cache cache --origin origin \
		"$@"
}

writeback() {
	ssdcache writeback --metadata meta --cache cache --origin origin
}

sum_slots() {
	dd if=cache bs=64k skip=1 count="$1" status=none | sha256sum
}

# ---- there ------------------------------------------------------------------

make_pool 100 6400
sum_slots 98 >before
expect "import" 0 'blocks imported +65' import
sum_slots 98 >after
same "no block moved" before after
expect "it is sound" 0 'faults +0' ssdcache check meta --cache cache
expect "all is dirty, as nobody knows" 0 '"dirty": 65' \
	ssdcache check meta --cache cache --json
expect "once more is no more" 0 'blocks imported +65' import
expect "writeback" 0 'blocks written back +65' writeback
expect "the origin has all of it" 0 '' python3 content.py all
expect "what changed since is not taken for it" 3 'not this pool' import

make_pool 100 6404
expect "with room for a label behind it" 0 'under our labels +1' import
expect "one block more" 0 '"mapped": 66' ssdcache check meta --json

make_pool 100 6400
expect "the dump believed" 0 'of these dirty +32' import --trust-clean
expect "writeback of those" 0 'blocks written back +32' writeback
expect "the origin has what was dirty" 0 '' python3 content.py dirty

# ---- and back ---------------------------------------------------------------

make_pool 100 6400
import --trust-clean >/dev/null
ssdcache export meta >back.xml 2>/dev/null
grep mapping pool.xml | grep -vE 'block="(0|99)" o' >want.xml
grep mapping back.xml >got.xml
same "export tells what import was told" want.xml got.xml
rm foreign
truncate -s 4M foreign
expect "cache_restore takes it" 0 '' cache_restore -q -i back.xml -o foreign
expect "cache_check is content" 0 '' cache_check -q foreign
cache_dump foreign | grep 'mapping ' >got.xml
grep 'mapping ' want.xml >want2.xml
same "cache_dump tells the same" want2.xml got.xml

# A slot of which 4 KiB are dirty and 4 KiB clean, another with 4 KiB clean.
ssdcache dump meta >text
sed -i 's/{"slot":1,\(.*\),"valid":65535,"dirty":[0-9]*/{"slot":1,\1,"valid":3,"dirty":1/
	s/{"slot":2,\(.*\),"valid":65535,"dirty":[0-9]*/{"slot":2,\1,"valid":1,"dirty":0/
' text
ssdcache restore --quiet text meta
expect "blocks in part that are dirty" 3 'not whole: --fill' \
	ssdcache export meta
expect "are completed" 0 '64 blocks exported|65 blocks exported' ssdcache \
	export meta --fill --cache cache --origin origin --output filled.xml
holds "from the origin" python3 -c '
cache = open("cache", "rb").read()
slot = cache[65536 * 2:65536 * 3]
assert slot == b"\x03" * 8192 + b"\xff" * (65536 - 8192), "slot 1"
slot = cache[65536 * 3:65536 * 4]
assert slot == b"\x04" * 4096 + b"\xff" * (65536 - 4096), "slot 2"
assert cache[65536 * 5:65536 * 6] == b"\x06" * 65536, "slot 4"
'

# ---- what is refused --------------------------------------------------------

# refused NAME CODE PATTERN SED-SCRIPT
refused() {
	make_pool 20 1280
	sed -i "$4" pool.xml
	sha256sum meta cache origin >before
	expect "refused: $1" "$2" "$3" import
	sha256sum meta cache origin >after
	same "nothing changed: $1" before after
}

refused "more blocks than the device" 2 'more blocks' 's/blocks="20"/blocks="21"/'
refused "a block size of 96 sectors" 2 'power of two' 's/size="128"/size="96"/'
refused "a block size of 2 MiB" 2 'power of two' 's/size="128"/size="4096"/'
refused "a block outside the origin" 2 'outside of the origin' \
	's/origin_block="6"/origin_block="301"/'
refused "a slot twice" 2 'told twice' 's/cache_block="6"/cache_block="8"/'
refused "a block twice" 1 'two dirty slots' 's/origin_block="6"/origin_block="10"/'
refused "a block twice, once under a label" 2 'told twice' \
	's/origin_block="6"/origin_block="0"/'
refused "XML that is none" 2 'line' 's/<mappings>/<mappings/'

make_pool 20 1280
cp foreign meta
expect "the pool's own metadata is not overwritten" 3 '--force' import
expect "but with --force" 0 'blocks imported' import --force
rm meta
truncate -s 1M meta
expect "a cache device of ours is not imported" 3 'ours already' import
make_pool 20 1280
truncate -s 64K meta
expect "a metadata device too small" 1 'too small' import
expect "one device twice" 2 'different' ssdcache import pool.xml \
	--metadata meta --cache cache --origin cache
finish
