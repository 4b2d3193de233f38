# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For tests of the target in the guest, which begin with:
#
#   . /lib/test.sh
#   . /test/lib.sh
#
# NAME is a dm name; the device is /dev/mapper/NAME. A function prints nothing
# but what it is asked for and returns the status of what it does, unless it
# reports like run() does; those have a test's NAME first and say so.

# ---- tables -----------------------------------------------------------------

# sc_load: load the module unless it is there
sc_load() {
	[ -d /sys/module/ssdcache ] || [ -d /sys/module/ssdcache_broken ] ||
		load_module /modules/ssdcache.ko
}

# sc_table META CACHE ORIGIN [BLOCK [FEATURES [POLICY [KEY VALUE]...]]]: print
# the line. BLOCK is in sectors, default 8; FEATURES are words in one, such as
# "writethrough metadata2", default none. SC_LENGTH is the length, if set.
sc_table() {
	local _tb_devs="$1 $2 $3" _tb_block=${4:-8} _tb_feat=${5:-}
	local _tb_policy=${6:-default} _tb_len=${SC_LENGTH:-}
	[ -n "$_tb_len" ] || _tb_len=$(sectors "$3")
	shift $(($# < 6 ? $# : 6))
	echo "0 $_tb_len ssdcache $_tb_devs $_tb_block" \
		"$(_words "$_tb_feat")${_tb_feat:+ $_tb_feat} $_tb_policy $#" "$@"
}

# _words WORDS: how many
_words() {
	# shellcheck disable=SC2086 # words on purpose
	set -- $1
	echo $#
}

# sc_create NAME ARGS OF sc_table...
sc_create() {
	local _cr_name=$1
	shift
	sc_load && sc_table "$@" | dm_create "$_cr_name"
}

# sc_reload NAME ARGS OF sc_table...: another table, taken into use
sc_reload() {
	local _rl_name=$1
	shift
	sc_table "$@" | dmsetup load "$_rl_name" && dmsetup resume "$_rl_name"
}

# sc_remove NAME...
sc_remove() {
	for _rm in "$@"; do
		dmsetup remove --retry "$_rm" || return 1
	done
}

# sc_message NAME WORD...
sc_message() {
	local _ms_name=$1
	shift
	dmsetup message "$_ms_name" 0 "$*"
}

# ---- status -----------------------------------------------------------------

# sc_fields NAME: the status line as lines "field=value". Names are those of
# docs/interface.md; a field <used>/<total> also comes as field_used and
# field_total, policy_args as one line "arg:KEY=VALUE" for each.
sc_fields() {
	dmsetup status "$1" | awk '
	function say(name, value) {
		print name "=" value
		if (split(value, w, "/") == 2 && value ~ /^[0-9]+\/[0-9]+$/) {
			print name "_used=" w[1]
			print name "_total=" w[2]
		}
	}
	function list(name, n, text) {
		for (n = $(i++); n > 0; n--)
			text = text (text == "" ? "" : " ") $(i++)
		say(name, text)
		return text
	}
	{
		n = split("metadata_block_size metadata_blocks block_size " \
			"cache_blocks read_hits read_misses write_hits " \
			"write_misses demotions promotions dirty", name, " ")
		i = 4
		if ($4 == "Fail") {
			say("access", "Fail")
			i = 5
		} else {
			for (k = 1; k <= n; k++)
				say(name[k], $(i++))
			list("features")
			list("core_args")
			say("policy", $(i++))
			n = split(list("policy_args"), arg, " ")
			for (k = 1; k < n; k += 2)
				print "arg:" arg[k] "=" arg[k + 1]
			say("access", $(i++))
			say("check", $(i++))
		}
		for (; i <= NF; i++) {
			eq = index($i, "=")
			say(substr($i, 1, eq - 1), substr($i, eq + 1))
		}
	}'
}

# sc_get NAME FIELD: one of sc_fields
sc_get() {
	sc_fields "$1" | sed -n "s/^$2=//p"
}

# sc_is NAME FIELD VALUE
sc_is() {
	[ "$(sc_get "$1" "$2")" = "$3" ]
}

# sc_wait NAME FIELD VALUE: until it is so, at most a minute
sc_wait() {
	wait_for 60 sc_is "$@"
}

# sc_clean NAME: destage everything and wait until nothing is dirty
sc_clean() {
	sc_message "$1" flush && sc_wait "$1" dirty 0
}

# sc_events NAME: how many events it has seen
sc_events() {
	dmsetup info -c --noheadings -o events "$1" | tr -d ' '
}

# ---- disks and data ---------------------------------------------------------

# disk_stat DEVICE COUNT: reads, read_sectors, writes, write_sectors, discards
# or flushes that it has served
disk_stat() {
	local _ds_n
	case $2 in
	reads) _ds_n=1 ;;
	read_sectors) _ds_n=3 ;;
	writes) _ds_n=5 ;;
	write_sectors) _ds_n=7 ;;
	discards) _ds_n=12 ;;
	flushes) _ds_n=16 ;;
	*) return 1 ;;
	esac
	awk -v n=$_ds_n '{ print $n }' \
		"/sys/class/block/$(basename "$(readlink -f "$1")")/stat"
}

# digest DEVICE...: of what is on it
digest() {
	for _dg in "$@"; do
		dd if="$_dg" bs=1M iflag=direct 2>/dev/null | sha256sum
	done
}

# random_file FILE KIB
random_file() {
	head -c $(($2 * 1024)) /dev/urandom >"$1"
}

# put FILE DEVICE [OFFSET_KIB [CHUNK_KIB]]: write it with direct I/O, durably
put() {
	dd if="$1" of="$2" bs="${4:-64}k" seek=$((${3:-0} * 1024)) \
		oflag=direct,seek_bytes conv=fsync,notrunc iflag=fullblock 2>&1
}

# holds_file FILE DEVICE [OFFSET_KIB [CHUNK_KIB]]: is it what is there?
holds_file() {
	dd if="$2" bs="${4:-64}k" skip=$((${3:-0} * 1024)) \
		count="$(stat -c %s "$1")" iflag=direct,skip_bytes,count_bytes \
		2>/dev/null | cmp - "$1"
}

# copy_of DEVICE FILE: all of it
copy_of() {
	dd if="$1" of="$2" bs=1M iflag=direct 2>/dev/null
}

# verify_load NAME-OF-DEVICE MIB RANGE-MIB JOBS [FIO OPTIONS]...: random writes
# of 512 bytes to 1 MiB, any alignment, that are read back and compared; each of
# the jobs does its share of the MiB on a part of the RANGE of its own. Two
# writes of one place are never on their way at the same time, for nobody could
# say what should be read then.
verify_load() {
	local _vl_dev=$1 _vl_io=$2 _vl_range=$3 _vl_jobs=$4 _vl_i=0 _vl_part
	shift 4
	_vl_part=$((_vl_range / _vl_jobs))
	set -- --filename="$_vl_dev" --direct=1 --ioengine=libaio --iodepth=16 \
		--rw=randrw --rwmixread=30 --norandommap --serialize_overlap=1 \
		--bssplit=512/8:1k/5:3k/5:4k/32:12k/10:16k/10:64k/20:200k/6:1m/4 \
		--blockalign=512 --random_distribution=zoned:70/25:30/75 \
		--verify=crc32c --verify_fatal=1 --verify_backlog=64 \
		--size="${_vl_part}m" --io_size=$((_vl_io / _vl_jobs))m \
		--randseed="${SEED:-1}" --group_reporting "$@"
	while [ $_vl_i -lt "$_vl_jobs" ]; do
		set -- "$@" --name="job$_vl_i" --offset=$((_vl_i * _vl_part))m
		_vl_i=$((_vl_i + 1))
	done
	fio "$@"
}

# ---- reports ----------------------------------------------------------------

_same() {
	[ "$1" = "$2" ] || {
		echo "got '$1', wanted '$2'"
		return 1
	}
}

# same NAME GOT WANTED: a test
same() {
	run "$1" _same "$2" "$3" || true
}

_holds() {
	# shellcheck disable=SC2046,SC1102,SC2086
	[ $(($1)) -ne 0 ] || {
		echo "does not hold: $1"
		return 1
	}
}

# holds NAME EXPRESSION: a test of numbers, in the shell's arithmetic
holds() {
	run "$1" _holds "$2" || true
}
