#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Frames and the progress bar on a terminal that somebody else has written, tmux:
# what is to be seen there, whatever was on it before. test-screen.c has the
# programs.

# shellcheck disable=SC2317 # called by their names

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

program=$(dirname "$SSDCACHE")/../tests/tools/test-screen
opened=0
seconds=60 # until something that does not come is missed
trap 'term kill-server 2>/dev/null; rm -rf "$tmp"' EXIT

# Of its own, without anybody's settings.
term() {
	env -u TMUX tmux -f /dev/null -S "$tmp/socket$opened" "$@"
}

# open WIDTH COMMAND: in a terminal of ten lines, behind a prompt that stays
open() {
	term kill-server 2>/dev/null
	opened=$((opened + 1)) # the old one may not be gone yet
	term new-session -d -x "$1" -y 10 \
		"printf 'before\n'; stty -g >tty.was; $2; stty -g >tty.is; printf 'after\n'; cat"
}

resize() {
	term resize-window -x "$1" -y 10
}

# shows PATTERN: waits for it
shows() {
	local end=$((SECONDS + seconds))
	until term capture-pane -p >screen && grep -qE -e "$1" screen; do
		[ "$SECONDS" -lt "$end" ] || {
			cat screen
			return 1
		}
		sleep 0.05
	done
}

# frame_of WIDTH COLUMNS: its head is there, no line is wrapped, and nothing is left of
# the last frame. COLUMNS is 1 if the wide one fits.
frame_of() {
	local width=$1 wide=$2
	shows "^<$width>" && shows '^fast' || return
	[ "$(grep -c WIDE screen)" -eq "$wide" ] || return
	[ "$(grep -c '^NAME' screen)" -eq 1 ] &&
		[ "$(grep -vcE '^(<[0-9]+>|NAME.*|fast +[0-9]+.*|)$' screen)" -eq 0 ]
}

# escapes PATTERN: in colours and the like
escapes() {
	term capture-pane -pe >coloured && grep -q "$1" coloured
}

# The only line of that kind: none is left behind
one_line() {
	[ "$(grep -c "$1" screen)" -eq 1 ]
}

open 80 "'$program' frames"
holds "a frame" frame_of 80 1
holds "what was there is not in it" not grep -q before screen
resize 33
holds "narrower: a column less" frame_of 33 0
resize 120
holds "wider" frame_of 120 1
resize 20
holds "narrow" frame_of 20 0
term send-keys q
holds "q ends it" shows '^after'
holds "what was there is there again" one_line '^before'
holds "and nothing of the frames" not grep -qE '^(<|fast)' screen
same "the terminal is as it was" tty.was tty.is

open 80 "'$program' frames"
holds "a frame, again" frame_of 80 1
holds "in colour" escapes '\[1'
term send-keys q
holds "ends" shows '^after'
open 80 "NO_COLOR=1 '$program' frames"
holds "one without colour" frame_of 80 1
holds "has none" not escapes '\[[0-9]'
term send-keys q
holds "ends, too" shows '^after'

for width in 20 40 80; do
	open "$width" "stty -echo; '$program' bar; stty echo"
	holds "a bar on $width columns" shows '100%'
	holds "is one line" one_line %
	term send-keys Enter
	holds "its end on $width columns" shows '^after'
	holds "leaves nothing" not grep -q % screen
done

open 80 "'$program' bar </dev/null 2>&1 | cat"
holds "no terminal" shows '^after'
holds "no bar" not grep -q % screen
finish
