#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What systemd is told of ssdcachetab's caches, and udev of their origins. That it
# does what it is told is tests/boot's matter.

# shellcheck disable=SC2016,SC2317 # other shells expand; called by name

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

export SSDCACHE_TAB=$tmp/tab
template=/lib/systemd/system/ssdcache@.service

generate() {
	rm -rf units
	mkdir units
	"$SSDCACHE-generator" units units units
}

# says UNIT LINE: its drop-in has the line
says() {
	holds "$1: $2" grep -qxF -e "$2" "units/$1.d/50-ssdcachetab.conf"
}

# says_not UNIT PATTERN
says_not() {
	holds "$1: no $2" sh -c '! grep -q -e "$1" "$2"' - "$2" \
		"units/$1.d/50-ssdcachetab.conf"
}

# wanted UNIT KIND SERVICE
wanted() {
	holds "$1.$2: $3" test "$(readlink "units/$1.$2/$3")" = "${4:-$template}"
}

# unwanted SERVICE
unwanted() {
	holds "nobody wants $1" sh -c '! find units -type l | grep -qF "$1"' - "$1"
}

rm -f tab
expect "no file, no units" 0 '' generate
holds "none at all" sh -c '! find units -type f -o -type l | grep .'

cat >tab <<'END'
# the one with defaults
data /dev/disk/by-id/slow /dev/fast2 /dev/fast1
my-data.2 /dev/vg/o\040x /dev/fast3 /dev/fast4 nofail,x-systemd.device-timeout=7
root /dev/vda1 /dev/vdb - metadata-size=8M,x-initrd.attach
hand /dev/vdc /dev/vdd /dev/vde noauto
odd /dev/a%b$c"d /dev/vdf /dev/vdg x-systemd.device-timeout=soon
END
expect "a bad timeout is said, and no more" 0 'odd: .*seconds.*soon' generate

u=ssdcache@data.service
says $u 'Before=blockdev@dev-mapper-data.target'
says $u 'After=blockdev@dev-disk-by\x2did-slow.target'
says $u 'Before=local-fs.target'
says $u 'Conflicts=umount.target'
says $u 'Before=umount.target'
says $u 'ExecStartPre=-udevadm wait --timeout=90 "/dev/disk/by-id/slow"'
says $u 'ExecStartPre=-udevadm wait --timeout=90 "/dev/fast1"'
wanted local-fs.target requires $u
wanted dev-mapper-data.device requires $u

u='ssdcache@my\x2ddata.2.service'
says "$u" 'ExecStartPre=-udevadm wait --timeout=7 "/dev/vg/o x"'
says "$u" 'After=blockdev@dev-vg-o\x20x.target'
says_not "$u" Before=local-fs.target
wanted local-fs.target wants "$u"
wanted 'dev-mapper-my\x2ddata.2.device' requires "$u"

u=ssdcache@root.service
says_not $u Conflicts
says_not $u umount
says $u ExecStop=
wanted dev-mapper-root.device requires $u
wanted local-fs.target wants ssdcache-initrd.service \
	/lib/systemd/system/ssdcache-initrd.service
wanted local-fs.target wants ssdcache-renew.service \
	/lib/systemd/system/ssdcache-renew.service

unwanted ssdcache@hand.service
says ssdcache@hand.service 'Before=blockdev@dev-mapper-hand.target'
# shellcheck disable=SC2016 # nothing to expand
says ssdcache@odd.service \
	'ExecStartPre=-udevadm wait --timeout=90 "/dev/a%%b$$c\x22d"'

# What is hostile: none of it gets out of its place.
printf '%s\n' 'a/../../x /dev/a /dev/b /dev/c' \
	'good /dev/a /dev/b /dev/c' >tab
expect "a name with slashes is refused, others are not" 0 'name' generate
holds "nothing beside" test "$(find . -name '*x*' | wc -l)" -eq 0
wanted local-fs.target requires ssdcache@good.service
expect "a directory is missing" 1 'cannot write' "$SSDCACHE-generator" nowhere
expect "no directory" 1 'where to' "$SSDCACHE-generator"

# ---- origins ------------------------------------------------------------------

cat >tab <<'END'
data /dev/disk/by-id/slow /dev/fast2 /dev/fast1
null /dev/null /dev/fast3 /dev/fast4
END
expect "an origin, by a link" 0 '^SSDCACHE_ORIGIN=data$' \
	"$SSDCACHE-origin" /dev/none disk/by-path/x disk/by-id/slow
expect "a part of a link's name" 1 '' \
	"$SSDCACHE-origin" /dev/none disk/by-id/slow2 by-id/slow
expect "a cache device is none" 1 '' "$SSDCACHE-origin" /dev/fast2
expect "nor is what is no disk" 1 '' "$SSDCACHE-origin" /dev/zero
expect "by its node" 0 '^SSDCACHE_ORIGIN=null$' "$SSDCACHE-origin" /dev/null
rm tab
expect "no file, no origins" 1 '' "$SSDCACHE-origin" /dev/null
finish
