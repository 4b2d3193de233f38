#!/bin/dash
# SPDX-License-Identifier: GPL-2.0-only
# vm: kernels=6.12,kasan
#
# Metadata that no module writes, see tests/images/hostile.c: the module refuses
# each for the reason that its list gives and changes nothing, or takes it and
# works. The kernel's log, in which nothing else may be wrong, is read once at
# the end, as a hundred times would take longer than all the rest.

# shellcheck disable=SC2317 # run() calls functions by their names

# shellcheck source=tests/vm/guest-lib.sh
. /lib/test.sh
# shellcheck source=tests/dm/lib.sh
. /test/lib.sh

sc=/dev/mapper/sc

# image put|same NAME
image() {
	/test/hostile "$1" "$2" "$meta" "$cache" "$size" 8
}

# refused NAME: and nothing is changed, and nothing is left behind
refused() {
	if dmsetup create sc --table "$table"; then
		dmsetup remove --retry sc
		echo "it was taken"
		return 1
	fi
	! dmsetup info sc && image same "$1"
}

# Read all of it, write some of it.
use() {
	dd if="$sc" of=/dev/null bs=4M iflag=direct &&
		dd if=/dev/zero of="$sc" bs=64k count=4 oflag=direct conv=fsync
}

taken() {
	echo "$table" | dm_create sc && use && sc_is sc state rw &&
		sc_remove sc
}

meet() {
	echo "<7>hostile $1" >/dev/kmsg
	image put "$1" || return 1
	if [ -n "$2" ]; then
		refused "$1"
	else
		taken
	fi
}

# _reasons: each refusal is in the log behind the name, with its reason
_reasons() {
	dmesg | awk -F'|' '
	FILENAME == "/tmp/list" { why[$1] = $2; next }
	match($0, /hostile [a-z0-9_]+$/) {
		name = substr($0, RSTART + 8)
		seen[name] = 1
		next
	}
	name in why && index($0, why[name]) { found[name] = 1 }
	END {
		for (n in why)
			if (why[n] != "" && !(n in found)) {
				print n ": no \"" why[n] "\" in the log" \
					(n in seen ? "" : ", which is too short")
				bad = 1
			}
		exit bad
	}' /tmp/list -
}

origin=$(ram_disk 4)
cache=$(ram_disk 8)
meta=$(ram_disk 1)
size=$(sectors "$origin")
table=$(sc_table "$meta" "$cache" "$origin")
sc_load
/test/hostile list >/tmp/list
holds "there are more than 100 of them" "$(wc -l </tmp/list) > 100"
run "a good one is taken" meet good ""
while IFS='|' read -r name why; do
	run "$name is ${why:+refused: }${why:-taken}" meet "$name" "$why" || {
		[ ! -e $sc ] || sc_remove sc
	}
done </tmp/list
run "each was refused for its reason" _reasons
run "a good one is still taken" meet good ""
exit 0
