#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Show that the debug kernels see what they are for: a module does it, one
# thing after the other, and each must be told of. Prints the lines of a test.
#
#   tests/vm/debug/selftest.sh [KIND...]      kasan kcsan

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../host.sh
. "$(dirname "$0")/../host.sh"
tmp=$(vm_temp_dir "${vm_cache:?}/run")
trap 'rm -rf "$tmp"' EXIT
[ $# -gt 0 ] || set -- kasan kcsan

# word of bad.c|what the kernel says of it. lockdep looks away after anything
# that went wrong, so it comes first.
declare -A wanted=(
	[kasan]='
order|possible circular locking dependency detected
freed|BUG: KASAN: slab-use-after-free in bad_freed
bounds|BUG: KASAN: slab-out-of-bounds in bad_bounds
object|ODEBUG: free active
shift|UBSAN: shift-out-of-bounds
sleep|BUG: sleeping function called from invalid context
leak|bad_leak'
	[kcsan]='
race|BUG: KCSAN: data-race in bad_racer'
)

cat >"$tmp/selftest.sh" <<'END'
#!/bin/dash
. /lib/test.sh

deed() {
	mark
	insmod /modules/bad.ko what="$1"
	[ "$1" != leak ] || leaks >/dev/kmsg
	rmmod bad
	dmesg_since_mark >/tmp/said
	run "$1: seen" grep -qE "$2" /tmp/said
}

# What is younger than five seconds is not looked at. Of a module that is gone
# the names are gone, too.
leaks() {
	wait_for 30 a_leak
	cat /sys/kernel/debug/kmemleak
	echo clear >/sys/kernel/debug/kmemleak
}

a_leak() {
	echo scan >/sys/kernel/debug/kmemleak
	grep -q bad_leak /sys/kernel/debug/kmemleak
}

while IFS='|' read -r word pattern; do
	[ -z "$word" ] || deed "$word" "$pattern"
done </test/wanted
exit 0
END

# The kind of kernel goes in front of what is tested. And run.sh must
# have failed the machine for what its kernel said, and for nothing else.
verdict() {
	awk -v kind="$1" '
		/^not ok - vm: the kernel complains: [^;]*$/ {
			$0 = "ok - vm: fails for it"
			told = 1
		}
		/^(not )?ok - / { sub(/ - /, "&" kind ": ") }
		/^not ok - / { bad = 1 }
		!told || !/^#/
		END {
			if (!told)
				print "not ok - " kind ": vm: does not fail for it"
			exit bad || !told
		}'
}

r=0
for kind; do
	dir=$("$vm_dir/debug-kernel.sh" "$kind")
	mkdir "$tmp/$kind"
	cp "$vm_dir"/selftest/{Kbuild,bad.c} "$tmp/$kind/"
	if ! make -s -C "$dir/headers" M="$tmp/$kind" modules \
		>"$tmp/$kind/log" 2>&1; then
		echo "not ok - $kind: the module builds: see the log"
		sed 's/^/#   /' "$tmp/$kind/log"
		r=1
		continue
	fi
	echo "${wanted[$kind]}" >"$tmp/wanted"
	{ "$vm_dir/run.sh" --kdir-image "$dir" --module "$tmp/$kind/bad.ko" \
		--file "$tmp/wanted" --append "panic_on_warn=0 kasan_multi_shot" \
		"$tmp/selftest.sh" || true; } | verdict "$kind" || r=1
done
exit $r
