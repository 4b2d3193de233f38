#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Verbs for running caches, where nothing can run: what is wrong with a command
# line is said before anything is touched, with the right exit code; nothing
# drives the terminal; help fits into it.

# shellcheck disable=SC2317 # expect and check call functions by their names

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

export SSDCACHE_TAB=$tmp/tab SSDCACHE_STATE=$tmp/state

# check NAME COMMAND...: it succeeds
check() {
	local name=$1
	shift
	if "$@"; then
		ok "$name"
	else
		not_ok "$name" "exit status $? of: $*"
	fi
}

# ---- command lines ----------------------------------------------------------

long=$(head -c 5000 /dev/zero | tr '\0' x)
escape=$(printf 'a\033[2Jb\r\n\tc')

expect "nothing to do" 2 'what is to be done' ssdcache
expect "no such verb" 2 "no verb 'x'" ssdcache x
expect "a verb that is too long" 2 'no verb' ssdcache "$long"
expect "an empty verb" 2 "no verb ''" ssdcache ''
expect "no such option" 2 'no such option: --nonsense' ssdcache start --nonsense
expect "no such letter" 2 'no option -z' ssdcache start -z
expect "a value missing" 2 'wants a value' ssdcache create x --origin
expect "an ambiguous option" 2 'no such option: --m' ssdcache create x --m
expect "too few words" 2 'too few words' ssdcache flush
expect "too many words" 2 'too many words' ssdcache remove a b
expect "start what?" 2 'name caches or give --all' ssdcache start
expect "start both" 2 'not both' ssdcache start --all a
expect "start all with consent" 2 'named' ssdcache start --all --degraded
expect "stop what?" 2 'name caches or give --all' ssdcache stop
expect "an interval of none" 2 'interval' ssdcache top -i 0
expect "an interval of letters" 2 'must be a number' ssdcache status -w -i x
expect "a negative one" 2 'must be a number' ssdcache status --interval=-1
expect "the second level" 2 "no verb 'x'" ssdcache lvm x
expect "no second level" 2 'usage: ssdcache lvm create' ssdcache lvm
expect "no volume" 2 'must be VG/LV' ssdcache lvm create a --fast b
expect "too deep" 2 'must be VG/LV' ssdcache lvm create /dev/a/b/c --fast b
expect "no fast device" 2 '--fast is needed' ssdcache lvm create a/b
for verb in create remove start stop list status top stats set mode flush \
	resize lvm; do
	expect "$verb --help" 0 "usage: ssdcache $verb" ssdcache $verb --help
done
expect "a name that is too long" 2 'name: must have 1 to' ssdcache create "$long"

# ---- devices and files ------------------------------------------------------

create=(ssdcache create x --origin)
expect "create: no devices" 2 'are needed' ssdcache create x
expect "create: no such device" 4 'No such file' "${create[@]}" /none --cache /n
expect "create: no block device" 2 'Block device' "${create[@]}" /dev/null \
	--cache /dev/zero
expect "create: a directory" 2 'Block device' "${create[@]}" / --cache /dev
expect "create: a bad name" 2 'name' ssdcache create a/b --origin /x --cache /y
expect "create: a bad size" 2 'block size' "${create[@]}" /x --cache /y -b 5k
expect "create: a bad tunable" 2 'no tunable' "${create[@]}" /x --cache /y \
	--set "x=$escape"
expect "create: a long one" 2 'key=value' "${create[@]}" /x --cache /y \
	--set "idle_ms=0$long"
expect "create: no pair" 2 'key=value' "${create[@]}" /x --cache /y --set idle_ms
mapfile -t many < <(yes -- --set=idle_ms=1 | head -n 100)
expect "create: too many" 2 'too often' ssdcache create x "${many[@]}"
check "create: no line is left" [ ! -e tab ]
check "create: no state is left" [ ! -e state ]
expect "start: not there" 4 'is not in' ssdcache start x
expect "remove: not there" 4 'is not in' ssdcache remove x
expect "resize: not there" 4 'is not in' ssdcache resize x

printf 'x /o /c /m\nbad line\n%s /o /c /m\n' "$long" >tab
expect "a bad line is told of" 4 'line 2: must be: <name>' ssdcache start y
expect "a long one, too" 4 'line 3: name' ssdcache start y
head -c 100000 /dev/urandom >tab
expect "a file of noise" 4 'y is not in' ssdcache start y
head -c 3000000 /dev/zero >tab
expect "a file of zeroes" 4 'y is not in' ssdcache start y
rm tab && mkdir tab
expect "a directory" 1 'cannot read' ssdcache start --all
rmdir tab

# ---- the terminal -----------------------------------------------------------

# No byte that moves the cursor comes from a name.
clean() {
	! "$@" 2>&1 </dev/null | LC_ALL=C grep -q '[^[:print:]]'
}

check "names are stripped" clean "$SSDCACHE" start "$escape"
check "paths are stripped" clean "$SSDCACHE" create x --origin "$escape" \
	--cache /x
check "verbs are stripped" clean "$SSDCACHE" "$escape"

# help_fits WIDTH: no line is longer
help_fits() {
	COLUMNS=$1 "$SSDCACHE" create --help | awk -v w="$1" '
		length() > w { print; bad = 1 } END { exit bad }' >out
}
for width in 40 60 80 132; do
	check "help fits into $width columns" help_fits $width
done
expect "version" 0 '^ssdcache [0-9.]+$' ssdcache --version

# A result that cannot be written is a failure.
to_full() {
	ssdcache --help >/dev/full
}
expect "a full disk is told of" 1 'cannot write' to_full

exit $failed
