#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the command says of itself, its manual pages and its completion agree: each
# verb has a page, each option of --help is in it, man finds no fault in it, and
# completion offers verbs, options and the names of ssdcachetab.

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

pages=$tests_dir/../tools/man
mapfile -t verbs < <("$SSDCACHE" --help | awk '/^  [a-z]/ { print $1 }')

# ---- pages ------------------------------------------------------------------

# page_of VERB: its text
page_of() {
	MANWIDTH=200 man -l -P cat "$pages/ssdcache-$1.8" 2>/dev/null
}

# options_of VERB...: those of --help, and of the second level
options_of() {
	local second
	COLUMNS=200 "$SSDCACHE" "$@" --help |
		grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+'
	for second in $([ "$1" != lvm ] || [ $# -gt 1 ] || echo create); do
		options_of "$1" "$second"
	done
}

[ ${#verbs[@]} -gt 15 ] || not_ok "there are verbs" "only ${verbs[*]}"
for verb in "${verbs[@]}"; do
	if [ ! -f "$pages/ssdcache-$verb.8" ]; then
		not_ok "$verb has a page" "no $pages/ssdcache-$verb.8"
		continue
	fi
	page_of "$verb" >page
	missing=$(for option in $(options_of "$verb"); do
		grep -q -- "$option\b" page || echo "$option"
	done)
	if [ -z "$missing" ]; then
		ok "$verb: its page tells of all options"
	else
		not_ok "$verb: its page tells of all options" "not $missing"
	fi
	if grep -q "ssdcache-$verb" <(MANWIDTH=200 man -l -P cat "$pages/ssdcache.8"); then
		ok "$verb: ssdcache(8) names it"
	else
		not_ok "$verb: ssdcache(8) names it" "it does not"
	fi
done
for page in "$pages"/*.[58]; do
	if faults=$(man --warnings -l -Tutf8 "$page" 2>&1 >/dev/null) &&
		[ -z "$faults" ]; then
		ok "${page##*/}: man finds no fault"
	else
		not_ok "${page##*/}: man finds no fault" "$faults"
	fi
done

# ---- completion -------------------------------------------------------------

ln -s "$SSDCACHE" ssdcache
export PATH=$tmp:$PATH SSDCACHE_TAB=$tmp/tab
echo "# x
fast /o /c /m
slow /o /c /m" >tab
# shellcheck source=/dev/null
. "$tests_dir/../tools/completion/ssdcache"

# completes NAME WANT WORD...: the last word is what is typed
completes() {
	local name=$1 want
	read -ra want <<<"$2"
	shift 2
	COMP_WORDS=(ssdcache "$@")
	COMP_CWORD=$#
	_ssdcache
	# In any order.
	if [ "$(printf '%s\n' "${COMPREPLY[@]}" | sort | xargs)" = \
		"$(printf '%s\n' "${want[@]}" | sort | xargs)" ]; then
		ok "completion: $name"
	else
		not_ok "completion: $name" "offers '${COMPREPLY[*]}', not '${want[*]}'"
	fi
}

completes "a verb" "status" statu
completes "two verbs" "stats status stop start" "st"
completes "names" "fast slow" stop ""
completes "a name" "slow" mode s
completes "an option" "--degraded" start --d
completes "modes" "writethrough writeback writearound" mode fast w
completes "a mode of create" "passthrough" create x --mode p
completes "the second level" "create" lvm c
completes "options of the second level" "--fast" lvm create --f
completes "nothing behind =" "" set fast idle_ms =
exit $failed
