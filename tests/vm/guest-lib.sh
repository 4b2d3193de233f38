# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For tests in the guest, which begin with: . /lib/test.sh
#
# A test script reports through these functions only. What it or its commands
# print otherwise goes to the console's log. Its exit status counts: anything
# but 0 is a failure of its own.

# result LINE: one line on the result channel, which run.sh reads
result() {
	printf '%s\n' "$*" >/dev/ttyS1
	printf '%s\n' "$*" >/dev/console
}

# ok NAME
ok() {
	result "ok - $*"
}

# fail NAME REASON
fail() {
	_name=$1
	shift
	result "not ok - $_name: $*"
}

# note TEXT
note() {
	result "# $*"
}

# _show FILE: the end of a command's output as comments
_show() {
	tail -n 20 "$1" | while IFS= read -r _line; do
		result "#   $_line"
	done
}

# run NAME COMMAND...: ok if it exits with 0. Returns its status.
run() {
	local _run_name=$1 _run_out _r
	shift
	_run_out=$(mktemp /tmp/run.XXXXXX)
	if "$@" >"$_run_out" 2>&1; then
		ok "$_run_name"
		_r=0
	else
		_r=$?
		fail "$_run_name" "exit status $_r of: $*"
		_show "$_run_out"
	fi
	cat "$_run_out"
	rm -f "$_run_out"
	return $_r
}

# expect_fail NAME PATTERN COMMAND...: ok if it fails and its output or what
# the kernel logged meanwhile matches the extended regular expression.
expect_fail() {
	local _xf_name=$1 _xf_pattern=$2 _xf_out _r
	shift 2
	_xf_out=$(mktemp /tmp/run.XXXXXX)
	mark
	if "$@" >"$_xf_out" 2>&1; then
		fail "$_xf_name" "succeeded: $*"
		_show "$_xf_out"
		_r=1
	else
		dmesg_since_mark >>"$_xf_out"
		if grep -qE -e "$_xf_pattern" "$_xf_out"; then
			ok "$_xf_name"
			_r=0
		else
			fail "$_xf_name" "failed without /$_xf_pattern/: $*"
			_show "$_xf_out"
			_r=1
		fi
	fi
	cat "$_xf_out"
	rm -f "$_xf_out"
	return $_r
}

# mark: remember this point of the kernel's log
mark() {
	_mark="test-mark-$$-$(cut -d' ' -f1 /proc/uptime)-${_mark_nr:-0}"
	_mark_nr=$((${_mark_nr:-0} + 1))
	echo "<7>$_mark" >/dev/kmsg
}

# dmesg_since_mark: what the kernel logged since
dmesg_since_mark() {
	dmesg | sed "1,/$_mark\$/d"
}

# wait_for SECONDS COMMAND...: until it succeeds; fails after the limit
wait_for() {
	local _wf_end
	_wf_end=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(cut -d. -f1 /proc/uptime)" -le $_wf_end ] || return 1
		sleep 0.1
	done
}

# load_module FILE.ko [PARAMETERS]: insmod, after the modules it depends on
load_module() {
	for _dep in $(modinfo -F depends "$1" | tr ',' ' '); do
		modprobe "$_dep" || return 1
	done
	insmod "$@"
}

# _null_disk MIB BLOCK_SIZE DISCARD: make one, print its path
_null_disk() {
	[ -d /sys/module/null_blk ] || modprobe null_blk nr_devices=0 || return 1
	# Not mounted at the start, for the module takes its time.
	[ -d /sys/kernel/config/nullb ] ||
		mount -t configfs config /sys/kernel/config || return 1
	_nd=0
	while [ -d "/sys/kernel/config/nullb/rd$_nd" ]; do
		_nd=$((_nd + 1))
	done
	_nd_dir=/sys/kernel/config/nullb/rd$_nd
	mkdir "$_nd_dir" &&
		echo 1 >"$_nd_dir/memory_backed" &&
		echo "$1" >"$_nd_dir/size" &&
		echo "$2" >"$_nd_dir/blocksize" &&
		echo "$3" >"$_nd_dir/discard" &&
		echo 1 >"$_nd_dir/power" || return 1
	_nd_path=/dev/rd$_nd
	# Older kernels name it by number, not by its directory.
	[ -b "$_nd_path" ] || _nd_path=/dev/nullb$(cat "$_nd_dir/index")
	[ -b "$_nd_path" ] && echo "$_nd_path"
}

# ram_disk MIB [BLOCK_SIZE]: prints the device, made of null_blk with memory.
# Any number and size, and no discard, on all kernels. Use: d=$(ram_disk 64)
ram_disk() {
	_null_disk "$1" "${2:-512}" 0
}

# discard_disk MIB [BLOCK_SIZE]: the same, with discard
discard_disk() {
	_null_disk "$1" "${2:-512}" 1
}

# free_disk DEVICE: undo either
free_disk() {
	for _fd in /sys/kernel/config/nullb/rd*; do
		if [ "${1##*/}" = "${_fd##*/}" ] ||
			[ "${1##*/}" = "nullb$(cat "$_fd/index")" ]; then
			rmdir "$_fd"
			return
		fi
	done
	return 1
}

# brd_disks COUNT MIB: /dev/ram0 and so on, the fastest there is; one call
brd_disks() {
	modprobe brd rd_nr="$1" rd_size=$(($2 * 1024))
}

# loop_disk MIB: prints a loop device on a sparse file in memory; can discard
loop_disk() {
	modprobe -q loop
	_ld=$(mktemp /dev/shm/disk.XXXXXX) &&
		truncate -s "$1M" "$_ld" &&
		losetup -f --show "$_ld"
}

# dm_create NAME: the table comes on stdin; makes the node, as no udev does
dm_create() {
	dmsetup create "$1" && dmsetup mknodes "$1"
}

# sectors DEVICE: its size
sectors() {
	blockdev --getsz "$1"
}

# out FILE...: hand them back to the host, see run.sh --out
out() {
	cp -R "$@" /out/
}
