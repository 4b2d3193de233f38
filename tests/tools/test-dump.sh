#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# shellcheck disable=SC2317 # functions are called by expect
#
# Dumps of the golden image are as ever; dump and restore are inverse to each other
# in both notations; what is no dump, or not all of one, is refused.

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

images=$tests_dir/images

empty() {
	rm -f "$1"
	truncate -s 256K "$1"
}

# ---- as ever ----------------------------------------------------------------

golden meta
expect "the golden image is sound" 0 'faults +0' ssdcache check meta
ssdcache dump meta >json
same "its JSON" json "$images/meta-v1.json"
ssdcache dump --xml meta --output xml
same "its XML" xml "$images/meta-v1.xml"
golden before
same "a dump changes nothing" meta before

# ---- and back ---------------------------------------------------------------

for notation in json xml; do
	empty new
	expect "restore $notation" 0 '2 blocks restored' \
		ssdcache restore $notation new
	ssdcache dump new >json2
	same "dump after restore $notation" json json2
	expect "check after restore $notation" 0 'shut down in order +true' \
		ssdcache check new
done
empty new
restore_from_pipe() {
	ssdcache dump meta | ssdcache restore --quiet - new
}
expect "from standard input" 0 '' restore_from_pipe
ssdcache dump new >json2
same "is the same" json json2

# Some thousands of slots, written by somebody else, in no order.
head -n 1 json >json-head
python3 -c '
import json, random
random.seed(1)
cache = json.load(open("json-head"))
slots = random.sample(range(4000), 2500)
blocks = random.sample(range(100000), 2500)
cache.update(block_sectors=8, origin_sectors=800000, nr_slots=4000,
             cache_sectors=4002 * 8, nr_mapped=2500)
print(json.dumps(cache, indent=1))
for slot, block in zip(slots, blocks):
    print(json.dumps(dict(slot=slot, block=block, valid=1,
                          dirty=block & 1, hint=slot % 256)))
' >many
empty new
expect "restore many" 0 '2500 blocks' ssdcache restore many new
ssdcache dump new >many2
empty new
expect "restore what was dumped" 0 '2500 blocks' ssdcache restore many2 new
ssdcache dump new >many3
same "many are the same" many2 many3
holds "nothing got lost or changed" python3 -c '
import json
def read(name):
    d = json.JSONDecoder()
    text = open(name).read()
    at, values = 0, []
    while at < len(text.rstrip()):
        value, at = d.raw_decode(text, at)
        values.append(json.dumps(value, sort_keys=True))
        at += len(text[at:]) - len(text[at:].lstrip())
    return sorted(values)
assert read("many") == read("many2")
'

# ---- what the other tools say -----------------------------------------------

truncate -s 4M foreign
expect "cache_restore takes our XML" 0 '' cache_restore -q -i xml -o foreign
expect "cache_check is content with it" 0 '' cache_check -q foreign
cache_dump foreign | grep mapping >foreign.xml
grep mapping xml | sed 's/ valid=.*/\/>/' >ours.xml
same "cache_dump says the same" foreign.xml ours.xml

# ---- what is refused --------------------------------------------------------

refused() {
	empty new
	cp new before
	expect "refused: $1" 2 "$2" ssdcache restore "$3" new
	same "nothing changed: $1" new before
}

head -n 2 json >short
refused "a dump cut short" 'cut short' short
head -c 300 json >shorter
refused "in the midst of a value" 'cut short' shorter
cat json json >double
refused "two dumps" 'not complete|impossible' double
head -n 5 xml >short.xml
refused "XML cut short" 'no element found|unclosed' short.xml
printf '<superblock block_size="128" nr_cache_blocks="9"></superblock>' >dm.xml
refused "a dump of dm-cache's" 'import takes that' dm.xml
sed 's/"ssdcache_dump":1/"ssdcache_dump":2/' json >version
refused "another version" 'another version' version
sed 's/"slot":336/"slot":335/' json >twice
refused "a slot twice" 'told twice' twice
sed 's/"slot":336/"slot":1000/' json >outside
refused "a slot outside" 'out of range' outside
sed 's/"nr_slots":1000/"nr_slots":999/' json >size
refused "sizes that do not fit" 'do not fit' size
: >nothing
refused "nothing" 'empty' nothing
refused "a directory" 'cannot be read|empty' .

sed 's/"block":0,/"block":1094624909430,/' json >pair
empty new
expect "refused: a block in two dirty slots" 1 'two dirty slots' \
	ssdcache restore pair new
expect "refused: no such file" 4 'No such file' ssdcache restore absent new

head -c 256K /dev/urandom >else
cp else before
expect "what is there is not overwritten" 3 'holds something; --force' \
	ssdcache restore json else
same "nothing changed: something else" else before
expect "but with --force" 0 '' ssdcache restore --quiet --force json else
expect "a cache of the same uuid is" 0 '' ssdcache restore --quiet json else
finish
