# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# For tests of the command in the guest, beside lib.sh. A tree of files on what is
# mounted at $mnt is noted and held against the note later.

mnt=/mnt

# exits NAME STATUS PATTERN COMMAND...: it ends so, and says so
exits() {
	_ex_name=$1 _ex_want=$2 _ex_pattern=$3 _ex_got=0
	shift 3
	"$@" >/tmp/said 2>&1 </dev/null || _ex_got=$?
	cat /tmp/said
	if [ $_ex_got -ne "$_ex_want" ]; then
		fail "$_ex_name" "exit status $_ex_got of: $*"
		_show /tmp/said
	elif ! grep -qE -e "$_ex_pattern" /tmp/said; then
		fail "$_ex_name" "it does not say /$_ex_pattern/: $*"
		_show /tmp/said
	else
		ok "$_ex_name"
	fi
}

# json NAME KEY: the value of a plain member of what status says
json() {
	ssdcache status --json "$1" | sed -n "s/^ *\"$2\": \"\\{0,1\\}\\([^\",]*\\)\"\\{0,1\\},\\{0,1\\}\$/\\1/p"
}

sums() {
	(cd $mnt && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

# tree_holds NAME: what is mounted is what was noted
tree_holds() {
	echo 3 >/proc/sys/vm/drop_caches
	sums >/tmp/sums.now
	run "$1" cmp /tmp/sums /tmp/sums.now
}

mounted() {
	mount -t xfs "$1" "$mnt"
}

# write_some NAME: a new file, noted
write_some() {
	head -c 3000000 /dev/urandom >"$mnt/$1" && sync -f "$mnt" && sums >/tmp/sums
}
