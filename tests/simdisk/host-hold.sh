#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A machine that is killed loses what its simulated disk had not flushed: the
# image it leaves behind has the flushed data and nothing else.
#
#   tests/simdisk/host-hold.sh KEY SIMDISK.ko

set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
truncate -s 16M "$dir/image"

cat >"$dir/test.sh" <<'END'
#!/bin/dash
. /lib/test.sh
. /test/guest.sh
. /test/data.sh
sim_create d /dev/vda null cache_kb 4096 hold 1
fill d a 0 64
flush d
fill d b 8 8
fill d b 1000 64
[ "$(shows d 8 8)$(shows d 1000 64)" = bb ] || fail "read" "wrong data"
ok "all is written"
result "kill me"
sleep 600
END

"$here/../vm/run.sh" --kernel "$1" --module "$2" --file "$here/guest.sh" \
	--file "$here/data.sh" --disk "$dir/image" --kill-on 'kill me' \
	"$dir/test.sh"

# found FIRST COUNT: the characters there
found() {
	dd if="$dir/image" bs=512 skip="$1" count="$2" status=none |
		tr '\0' 0 | fold -w 1 | sort -u | tr -d '\n'
}

status=0
check() {
	if [ "$2" = "$3" ]; then
		echo "ok - $1"
	else
		echo "not ok - $1: found '$2', wanted '$3'"
		status=1
	fi
}

check "flushed data are in the image" "$(found 0 64)" a
check "unflushed data are not" "$(found 1000 64)" 0
exit $status
