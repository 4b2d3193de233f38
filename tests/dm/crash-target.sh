# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# The target under test of test-crash.sh, by TARGET: ssdcache, or the kernel's
# dm-cache or dm-writecache in its place. Each has these functions:
#
#   target_load       its module
#   target_unload     power is gone, and with it what the module remembers of
#                     caches that it gave up; else it would begin with empty ones
#   target_prepare    once, before all
#   target_create     the device sc, of $m, $c and $o
#   target_order ...  a message; may be refused
#   target_hurry      power is gone, and the target is about to go
#   target_clean      write back everything, wait until that is done
#   target_forget     nothing more is served from the cache; it is clean
#   target_is_well    after a start
#
# shellcheck disable=SC2154 # of test-crash.sh

# Old metadata of another life of the test is none of ours.
_format() {
	dd if=/dev/zero of="$1" bs=4k count=1 oflag=direct 2>/dev/null
}

target_load() {
	case $TARGET in
	ssdcache)
		if [ -n "${RULE:-}" ]; then
			load_module /modules/ssdcache-broken.ko "rule=$RULE"
		else
			sc_load
		fi
		;;
	cache) modprobe dm-cache && modprobe dm-cache-smq ;;
	writecache) modprobe dm-writecache ;;
	esac
}

target_unload() {
	case $TARGET${RULE:+ broken} in
	ssdcache) rmmod ssdcache ;;
	'ssdcache broken') rmmod ssdcache_broken ;;
	esac
}

target_prepare() {
	case $TARGET in
	cache) _format "$m" ;;
	writecache) _format "$c" ;;
	esac
}

target_create() {
	case $TARGET in
	ssdcache)
		sc_create sc "$m" "$c" "$o" "$block" "$mode" default \
			idle_ms "$idle" commit_interval "$interval"
		;;
	cache)
		_cache_table smq | dm_create sc
		;;
	writecache)
		# Blocks of 512 bytes: it takes no smaller requests.
		echo "0 $sectors writecache s $o $c 512 0" | dm_create sc
		;;
	esac
}

# dm-cache has no mode of ours but these two.
_cache_table() {
	local _ct_mode=$mode
	[ "$_ct_mode" = writeback ] || _ct_mode=writethrough
	echo "0 $sectors cache $m $c $o $block 2 metadata2 $_ct_mode $1 0"
}

target_order() {
	[ "$TARGET" = ssdcache ] || [ "$TARGET$1" = writecacheflush ] || return 0
	sc_message sc "$@"
}

_cache_is_clean() {
	[ "$(dmsetup status sc | awk '{ print $14 }')" = 0 ]
}

# The flusher tries to save what is dirty, at growing distances; each message
# makes it try at once.
target_hurry() {
	[ "$TARGET" = ssdcache ] || return 0
	for _ in 1 2 3 4 5 6; do
		is_suspended || sc_message sc idle_ms 0
	done >/dev/null 2>&1
	return 0
}

target_clean() {
	case $TARGET in
	ssdcache) sc_clean sc ;;
	cache)
		_cache_table cleaner | dmsetup load sc && dmsetup suspend sc &&
			dmsetup resume sc && wait_for 60 _cache_is_clean
		;;
	writecache) sc_message sc flush ;;
	esac
}

target_forget() {
	[ "$TARGET" = ssdcache ] || return 0
	sc_message sc mode passthrough &&
		sc_message sc invalidate_cblocks "0-$(sc_get sc cache_blocks_total)" &&
		holds_all "$sc" && same_slots 0
}

# same_slots NR: so many are in use
same_slots() {
	[ "$(sc_get sc cache_blocks_used)" = "$1" ]
}

target_is_well() {
	local _iw_state
	[ "$TARGET" = ssdcache ] || return 0
	_iw_state="$(sc_get sc state) $(sc_get sc lost_blocks)"
	[ "$_iw_state" = "rw 0" ] || {
		echo "state $_iw_state"
		return 1
	}
}
