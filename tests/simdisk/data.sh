# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=dash
#
# Data for the tests of simdisk: sectors full of one character.

# _path DISK: a path, or a dm name
_path() {
	case $1 in
	/*) echo "$1" ;;
	*) echo "/dev/mapper/$1" ;;
	esac
}

# fill DISK CHARACTER FIRST COUNT [dsync]: one direct write of COUNT sectors
fill() {
	head -c $(($4 * 512)) /dev/zero | tr '\0' "$2" |
		dd of="$(_path "$1")" bs=$(($4 * 512)) seek=$(($3 * 512)) count=1 \
			iflag=fullblock oflag="seek_bytes,direct${5:+,$5}" \
			conv=notrunc 2>&1
}

# fetch DISK FIRST COUNT: read them, directly
fetch() {
	dd if="$(_path "$1")" bs=$(($3 * 512)) skip=$(($2 * 512)) count=1 \
		iflag=skip_bytes,direct
}

# shows DISK FIRST COUNT: the characters found there, each once; 0 for zeros
shows() {
	fetch "$1" "$2" "$3" 2>/dev/null | tr '\0' 0 | fold -w 512 | sort -u |
		tr -s '[:alnum:]' | tr -d '\n'
}

# flush DISK
flush() {
	xfs_io -c fsync "$(_path "$1")"
}

_same() {
	[ "$1" = "$2" ] || {
		echo "got '$1', wanted '$2'"
		return 1
	}
}

# same NAME GOT WANTED
same() {
	run "$1" _same "$2" "$3" || true
}
