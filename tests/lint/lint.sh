#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the project demands of its sources beyond that they work:
#
#   tests/lint/lint.sh [--root DIR] [NAME...]     all lints, or these
#   tests/lint/lint.sh --list
#
# Looks at files that git tracks (at all, in a tree without git). A lint prints
# what it finds, "file:line: text"; one that prints nothing holds.
#
# shellcheck disable=SC2317 # the lints are called by their names

set -euo pipefail

lint_dir=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$lint_dir/../.." && pwd)

# find_files PATTERN...: as git ls-files does
find_files() {
	local f want=(-false) but=()
	for f; do
		case $f in
		:!*) but+=(! -path "./${f#:!}*") ;;
		*) want+=(-o -path "./$f") ;;
		esac
	done
	find . -type f ! -path './build/*' ! -path './.git/*' \
		\( "${want[@]}" \) "${but[@]}" -printf '%P\0'
}

# files PATTERN...: tracked files that still exist
files() {
	local f
	if [ -e .git ]; then
		git -c safe.directory="$PWD" ls-files -z -- "$@"
	else
		find_files "$@"
	fi | sort -zu | while IFS= read -r -d '' f; do
		[ ! -f "$f" ] || printf '%s\0' "$f"
	done
}

# on COMMAND... -- PATTERN...: run the command on the files, if there are any
on() {
	local command=()
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	files "$@" | xargs -0 -r "${command[@]}"
}

# Where checkpatch.pl and kernel-doc are; fetched if they are not there.
scripts_dir() {
	"$lint_dir/../vm/fetch.sh" scripts 2>/dev/null ||
		echo "cannot fetch the kernel's scripts" >&2
}

# ---- the lints --------------------------------------------------------------

lint_arrows() {
	on python3 "$lint_dir/arrows.py" -- '*.c' '*.h'
}

lint_shape() {
	on python3 "$lint_dir/shape.py" -- '*.c' '*.h' '*.sh' '*.py' '*.md' \
		Makefile Kbuild tests/vm/guest-init .ci/run
}

lint_contract() {
	on python3 "$lint_dir/contract.py" -- 'src/*.h' 'include/*.h' \
		'tests/simdisk/*.h' 'tools/*.h'
}

lint_links() {
	on python3 "$lint_dir/links.py" -- '*.md' '*.c' '*.h' '*.sh' \
		':!tests/lint/selftest.sh'
}

# What checkpatch may say of a file: the seams define what others must use,
# compat.h is what knows versions, and tables that are expanded several times look like broken macros to it.
excused='
src/core/env-user.h VOLATILE|PREFER_DEFINED_ATTRIBUTE_MACRO
src/dm/compat.h LINUX_VERSION_CODE|CONSTANT_COMPARISON
tests/simdisk/compat.h LINUX_VERSION_CODE|CONSTANT_COMPARISON
tests/sim/model-kernel.h MACRO_ARG_UNUSED|MACRO_WITH_FLOW_CONTROL|MEMORY_BARRIER|NEW_TYPEDEFS|PREFER_DEFINED_ATTRIBUTE_MACRO|STRNCPY|UNNECESSARY_CASTS
tests/sim/model-task.h NEW_TYPEDEFS|WAITQUEUE_ACTIVE
tools/ssdcache.c COMPLEX_MACRO
tools/verbs.h COMPLEX_MACRO|TRAILING_SEMICOLON
tools/lib/report-term.c VOLATILE
tools/lib/drain.c VOLATILE
tools/cmd-lvm.c STATIC_CONST_CHAR_ARRAY
tools/cmd-remove.c STATIC_CONST_CHAR_ARRAY
tools/lib/change.c STATIC_CONST_CHAR_ARRAY
tests/tools/test-start.c AVOID_EXTERNS
tests/tools/test-screen.c AVOID_EXTERNS
tests/bench/profile.c AVOID_EXTERNS
src/core/counter.h COMPLEX_MACRO|MACRO_ARG_UNUSED
src/core/tunable.h COMPLEX_MACRO|TRAILING_SEMICOLON
'

lint_checkpatch() {
	local script
	script=$(scripts_dir)/checkpatch.pl
	files '*.c' '*.h' | xargs -0 -r -n 30 -P "$(nproc)" \
		perl "$script" --terse --no-summary -f |
		awk -v excused="$excused" '
			BEGIN {
				n = split(excused, line, "\n")
				for (i = 1; i <= n; i++) {
					split(line[i], w, " ")
					but[w[1]] = w[2]
				}
			}
			{
				file = $1
				sub(/:.*/, "", file)
				type = $2
				sub(/^[A-Z]+:/, "", type)
				sub(/:$/, "", type)
			}
			!(file in but) || type !~ "^(" but[file] ")$"'
}

# The value that only counts the others need not be described.
lint_kernel_doc() {
	local script
	script=$(scripts_dir)/kernel-doc
	on perl "$script" -none -Wreturn -Wshort-desc -- 'src/*.h' \
		'include/*.h' 'src/*.c' 'tests/simdisk/*.[ch]' 'tools/*.h' 2>&1 |
		grep -E '(warning|error):' |
		grep -vE "Enum value '[A-Z]+_NR_\w+' not described"
}

lint_shellcheck() {
	on -n 12 -P "$(nproc)" shellcheck -x -f gcc -- '*.sh' .ci/run \
		tests/vm/guest-init 'tools/completion/*' 'tools/initramfs/*'
}

lint_python() {
	files '*.py' | xargs -0 -r -n 1 python3 -c '
import ast, sys
try:
    ast.parse(open(sys.argv[1]).read())
except SyntaxError as e:
    print(f"{sys.argv[1]}:{e.lineno}: {e.msg}")'
}

# The first line, the second after "#!"; // in .c and /* */ in .h as the kernel.
spdx_line() {
	local first
	first=$(head -n 1 "$1")
	[[ $first != '#!'* ]] || first=$(sed -n 2p "$1")
	echo "$first"
}

lint_spdx() {
	local f want
	while IFS= read -r -d '' f; do
		case $f in
		*.c) want='// SPDX-License-Identifier: GPL-2.0-only' ;;
		*.h) want='/* SPDX-License-Identifier: GPL-2.0-only */' ;;
		*) want='# SPDX-License-Identifier: GPL-2.0-only' ;;
		esac
		[ "$(spdx_line "$f")" = "$want" ] || echo "$f:1: want '$want'"
	done < <(files '*.c' '*.h' '*.sh' '*.py' '*.mk' Makefile '*/Makefile' \
		Kbuild '*/Kbuild' .ci/run tests/vm/guest-init)
}

# Paths and hosts of one machine, and notes of unfinished work.
lint_words() {
	local words
	words='\b(TODO|FIXME|XXX|HACK)\b|(^|[^A-Za-z0-9}"$])/(home|root|work)/'
	words+='|https?://[a-z0-9.]*(debian|ubuntu)[a-z0-9.]*/(debian|ubuntu|pool)'
	words+='|^(<<<<<<<|>>>>>>>) '
	files '*' ':!tests/lint/*' ':!tests/fuzz/corpus/*' |
		xargs -0 -r grep -nIE -e "$words" -- || true
}

lint_whitespace() {
	local f
	files '*' ':!tests/fuzz/corpus/*' |
		xargs -0 -r grep -nIE -e '[[:space:]]+$' -- |
		grep -v '^LICENSE:' | sed 's/:[^:]*$/: white space at the end/' ||
		true
	while IFS= read -r -d '' f; do
		grep -qI . "$f" || continue # empty, or no text
		[ -z "$(tail -c 1 "$f")" ] || echo "$f: no newline at the end"
		[ -n "$(tail -n 1 "$f")" ] || echo "$f: empty line at the end"
	done < <(files '*' ':!tests/fuzz/corpus/*')
}

# Each .c file is in its list, and each list names files that are there.
lint_lists() {
	local listed there
	listed=$(make -s --no-print-directory -f - 2>&1 <<-'END'
		src := .
		include Kbuild
		programs := $(sc_core_programs:%=src/core/%.c)
		all: ; @printf '%s\n' $(ssdcache-y:.o=.c) $(programs)
	END
	)
	there=$(files 'src/core/*.c' 'src/dm/*.c' | tr '\0' '\n')
	diff <(sort <<<"$listed") <(sort <<<"$there") | sed -nE \
		's/^< (.+)/\1: listed for the module, but not there/p
		 s/^> (.+)/\1: there, but not listed for the module/p'
}

# A header includes what it needs.
lint_headers() {
	local f
	while IFS= read -r -d '' f; do
		gcc -std=gnu11 -fsyntax-only -x c -Iinclude -Isrc/core \
			-include "$f" /dev/null 2>&1 | grep -E 'error:' |
			sed "s,^,$f: alone: ," || true
	done < <(files 'src/core/*.h' ':!src/core/env-kernel.h' 'include/*.h')
}

# What lies on the disk has its size asserted.
lint_format() {
	local s
	[ -f include/ssdcache/format.h ] || return 0
	sed -nE 's/^struct (\w+) \{.*/\1/p' include/ssdcache/format.h |
		while read -r s; do
			grep -qE "sizeof\(struct $s\)" include/ssdcache/format.h ||
				echo "include/ssdcache/format.h: no assertion on" \
					"the size of struct $s"
		done
}

# Every lock has its place in the order.
lint_locks() {
	local f line name
	files 'src/dm/*.c' 'src/dm/*.h' | xargs -0 -r grep -nE \
		'^\s+(raw_)?(spinlock_t|rwlock_t|struct mutex|struct rw_semaphore) ' \
		/dev/null | while IFS=: read -r f line name; do
		name=$(sed -E 's/.*[ *](\w+)(\[.*)?;.*/\1/' <<<"$name")
		grep -qsw "$name" docs/locking.md ||
			echo "$f:$line: docs/locking.md does not tell of '$name'"
	done
}

# ---- main -------------------------------------------------------------------

list() {
	declare -F | sed -n 's/^declare -f lint_//p'
}

run_lint() {
	local found
	found=$("lint_$1" 2>&1) || true
	if [ -z "$found" ]; then
		echo "ok - lint $1"
		return 0
	fi
	echo "not ok - lint $1: $(wc -l <<<"$found") findings"
	echo "#   ${found//$'\n'/$'\n'#   }"
	return 1
}

names=()
while [ $# -gt 0 ]; do
	case $1 in
	--root)
		root=$2
		shift
		;;
	--list)
		list
		exit 0
		;;
	*)
		declare -F "lint_$1" >/dev/null || {
			echo "lint.sh: no lint '$1'" >&2
			exit 2
		}
		names+=("$1")
		;;
	esac
	shift
done
cd "$root"
[ ${#names[@]} -gt 0 ] || mapfile -t names < <(list)
status=0
for name in "${names[@]}"; do
	run_lint "$name" || status=1
done
exit $status
