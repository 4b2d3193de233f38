# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What tests of the command have in common: source it. They run in a directory of
# their own, which is removed; SSDCACHE is the command to test, made under the
# sanitizers.

set -uo pipefail

tests_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SSDCACHE=$(realpath "${SSDCACHE:-$tests_dir/../build/user/tools/ssdcache}")
tmp=$(mktemp -d "${TMPDIR:-/tmp}/ssdcache-test.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1

ssdcache() {
	"$SSDCACHE" "$@"
}

failed=0

# ok NAME, not_ok NAME REASON
ok() {
	echo "ok - $1"
}

not_ok() {
	echo "not ok - $1: $2"
	failed=1
}

# The end of a test.
finish() {
	exit $failed
}

# expect NAME CODE PATTERN COMMAND...: it exits with CODE, a pattern as '[12]', and what it prints, on
# both, matches PATTERN, an extended regular expression; "" is nothing at all.
# A sanitizer's exit code is never expected, nor are its words.
expect() {
	local name=$1 code=$2 pattern=$3 r=0
	shift 3
	"$@" >out 2>&1 </dev/null || r=$?
	# shellcheck disable=SC2053 # a pattern on purpose
	if [[ $r != $code ]]; then
		not_ok "$name" "exit code $r, not $code"
	elif grep -qE 'Sanitizer|runtime error' out; then
		not_ok "$name" "a sanitizer found something"
	elif [ -z "$pattern" ] && [ -s out ]; then
		not_ok "$name" "it printed something"
	elif ! grep -qE -e "$pattern" out && [ -n "$pattern" ]; then
		not_ok "$name" "it does not say '$pattern'"
	else
		ok "$name"
		return 0
	fi
	cut -c 1-300 out | sed 's/^/#   /'
	return 1
}

not() {
	! "$@"
}

# holds NAME COMMAND...: it succeeds
holds() {
	local name=$1
	shift
	if "$@" >out 2>&1; then
		ok "$name"
	else
		not_ok "$name" "exit code $?"
		cut -c 1-300 out | sed 's/^/#   /'
	fi
}

# same NAME FILE FILE
same() {
	if cmp -s "$2" "$3"; then
		ok "$1"
	else
		not_ok "$1" "$2 and $3 differ"
		diff "$2" "$3" | head -n 10 | sed 's/^/#   /'
	fi
}

# golden FILE: the golden image, a metadata device, from tests/images
golden() {
	truncate -s 256K "$1"
	python3 -c '
import sys
image = open(sys.argv[2], "r+b")
for line in open(sys.argv[1]):
    if not line.startswith("#"):
        at, data = line.split(":")
        image.seek(int(at, 16))
        image.write(bytes.fromhex(data))' \
		"$tests_dir/images/meta-v1.txt" "$1"
}
