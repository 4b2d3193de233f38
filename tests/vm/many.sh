#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Run many tests, several machines at a time, and sum up. See usage().

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

usage() {
	cat <<-'END'
	usage: tests/vm/many.sh [-j N] [--log DIR] [--verbose] [FILE]
	  FILE           the jobs, else they come on stdin. One a line:
	                   NAME KERNEL [options of run.sh] TEST.sh [args]
	                 KERNEL is a key of fetch.sh, or a directory (with a
	                 slash) as for run.sh --kdir-image. Words may be quoted
	                 with '', "" and \; nothing is expanded. Empty lines and
	                 those that begin with # do not count.
	  -j N           machines at a time, default $JOBS, else all processors
	  --log DIR      DIR/NAME-KERNEL/ gets each job's logs; default is a new
	                 directory below the cache
	  --verbose      show the reports of tests that passed, too
	The last line is "N passed, N failed"; a machine that crashed, hung or
	ended early is one failure.
	END
}

jobs=${JOBS:-$(nproc)} log='' verbose=no list=/dev/stdin
keep_days=7 # how long logs stay that nobody named a place for
shown=60    # lines of a failed job's report; all of it is in the log

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		-j | --log)
			[ $# -ge 2 ] || vm_die "$1 wants a value"
			if [ "$1" = -j ]; then jobs=$2; else log=$2; fi
			shift
			;;
		--verbose) verbose=yes ;;
		-h | --help)
			usage
			exit 0
			;;
		-?*)
			usage >&2
			exit 2
			;;
		*) list=$1 ;;
		esac
		shift
	done
	[[ $jobs =~ ^[1-9][0-9]*$ ]] || vm_die "-j wants a number, not '$jobs'"
}

# ---- the list ---------------------------------------------------------------

names=() kernels=() lines=()

# split LINE: its words into the array `words`. xargs knows quotes, and
# expands nothing.
split() {
	mapfile -t -d '' words < <(xargs printf '%s\0' <<<"$1")
	wait $! || vm_die "what does this mean: $1"
}

read_list() {
	local line name words
	while IFS= read -r line || [ -n "$line" ]; do
		[[ $line =~ ^[[:space:]]*(#|$) ]] && continue
		split "$line"
		[ ${#words[@]} -ge 3 ] ||
			vm_die "NAME KERNEL TEST.sh wanted, got: $line"
		name=${words[0]}-${words[1]//\//_}
		[[ $name =~ ^[A-Za-z0-9._+-]+$ ]] ||
			vm_die "no name for a job: '$name'"
		[[ " ${names[*]} " != *" $name "* ]] ||
			vm_die "two jobs of the name $name"
		names+=("$name")
		kernels+=("${words[1]}")
		lines+=("$line")
	done <"$list"
	[ ${#names[@]} -gt 0 ] || vm_die "no jobs given"
}

# ---- one job ----------------------------------------------------------------

# start_job NUMBER: in the background, its pid into `running`
start_job() {
	local dir=$log/${names[$1]} words kernel
	split "${lines[$1]}"
	kernel=(--kernel "${kernels[$1]}")
	if [[ ${kernels[$1]} == */* ]]; then
		kernel=(--kdir-image "${kernels[$1]}")
	fi
	rm -rf "$dir"
	mkdir -p "$dir"
	"$vm_dir/run.sh" "${kernel[@]}" --log "$dir" \
		"${words[@]:2}" >/dev/null 2>"$dir/host.log" </dev/null &
	running[$!]=$1
	started[$!]=$SECONDS
}

count() {
	grep -c "^$2" "$1" || true
}

# report NUMBER STATUS SECONDS
report() {
	local dir=$log/${names[$1]} oks not_oks word=PASS
	touch "$dir/result.log"
	# A host side that failed is a failure even if it could not say so.
	if [ "$2" -ne 0 ] && ! grep -q '^not ok - ' "$dir/result.log"; then
		{
			echo "not ok - run.sh: exit status $2"
			sed 's/^/#   /' "$dir/host.log"
		} >>"$dir/result.log"
	fi
	oks=$(count "$dir/result.log" 'ok - ')
	not_oks=$(count "$dir/result.log" 'not ok - ')
	passed=$((passed + oks))
	failed=$((failed + not_oks))
	[ "$not_oks" -eq 0 ] || word=FAIL
	echo "$word ${names[$1]}: $oks passed, $not_oks failed, $3 s"
	if [ $word = FAIL ]; then
		show_failures "$dir/result.log"
		echo "    logs: $dir"
	elif [ $verbose = yes ]; then
		sed 's/^/    /' "$dir/result.log"
	fi
}

# Failures come with the comments that follow them.
show_failures() {
	awk -v most=$shown '
		/^not ok - / { on = 1 }
		!/^not ok - / && !/^#   / { on = 0 }
		on && n++ < most { print "    " $0 }
		END { if (n > most) print "    ... " n - most " lines more" }' "$1"
}

# ---- all --------------------------------------------------------------------

running=() started=() passed=0 failed=0

# wait_job: for the first that ends, and report it
wait_job() {
	local pid status=0 number
	wait -n -p pid "${!running[@]}" || status=$?
	number=${running[$pid]}
	unset "running[$pid]"
	report "$number" $status $((SECONDS - started[pid]))
}

stop() {
	trap - INT TERM HUP
	# Not INT: the shell has the background ignore it.
	[ ${#running[@]} -eq 0 ] || kill -TERM "${!running[@]}" 2>/dev/null ||
		true
	wait
	echo "many.sh: stopped" >&2
	exit 130
}

choose_log() {
	local parent=$vm_cache/run
	if [ -z "$log" ]; then
		mkdir -p "$parent"
		find "$parent" -maxdepth 1 -name 'many-*' -mtime +$keep_days \
			-exec rm -rf {} +
		log=$(mktemp -d "$parent/many-$(date +%Y%m%d-%H%M%S)-XXXX")
	fi
	mkdir -p "$log"
	log=$(realpath "$log")
}

parse_options "$@"
read_list
choose_log
trap stop INT TERM HUP
for number in "${!names[@]}"; do
	while [ ${#running[@]} -ge "$jobs" ]; do
		wait_job
	done
	start_job "$number"
done
while [ ${#running[@]} -gt 0 ]; do
	wait_job
done
echo "logs: $log"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
