#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Test of the test bed: what must fail is made to fail, and has to be seen.
# All of it on the first of KERNELS, default "6.12 6.1", the main parts on the
# others. The last line is "N passed, N failed".
#
#   tests/vm/selftest.sh [--log DIR]

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

read -ra kernels <<<"${KERNELS:-6.12 6.1}"
passed=0 failed=0

verdict() {
	if [ "$2" -eq 0 ]; then
		echo "ok - $1"
		passed=$((passed + 1))
	else
		echo "not ok - $1: $3"
		failed=$((failed + 1))
	fi
}

# check NAME COMMAND...
check() {
	local name=$1 r=0
	shift
	"$@" >"$tmp/check" 2>&1 || r=$?
	verdict "$name" $r "exit status $r of: $*"
	[ $r -eq 0 ] || sed 's/^/#   /' "$tmp/check"
}

# script NAME: a guest's test from standard input
script() {
	{
		echo '#!/bin/sh'
		echo '. /lib/test.sh'
		cat
	} >"$tmp/$1.sh"
}

build_module() {
	local dir
	dir=$("$vm_dir/fetch.sh" "$1") || return 1
	mkdir -p "$tmp/bad-$1"
	cp "$vm_dir"/selftest/* "$tmp/bad-$1/"
	make -s -C "$dir/headers" M="$tmp/bad-$1" modules >"$tmp/bad-$1/log" 2>&1
}

# ---- the guests' tests ------------------------------------------------------

write_scripts() {
	script pass <<-'END'
	run "true" true
	expect_fail "its output" "No such file" ls /none
	expect_fail "the kernel's" "said so" sh -c 'echo "<6>said so" >/dev/kmsg; false'
	note "a note"
	END
	script fail <<-'END'
	ok "one"
	fail "two" "it was wrong"
	run "three" sh -c 'echo its output; exit 3'
	expect_fail "four" "" true
	expect_fail "five" "another reason" ls /none
	exit 0
	END
	script status <<-'END'
	ok "one"
	exit 7
	END
	script nothing <<-'END'
	true
	END
	script log <<-'END'
	ok "one"
	echo "<4>BUG: $1" >/dev/kmsg
	END
	script talk <<-'END'
	echo "WARNING: said by a program, not by the kernel"
	ok "one"
	END
	script panic <<-'END'
	ok "one"
	echo c >/proc/sysrq-trigger
	END
	script off <<-'END'
	ok "one"
	poweroff -n -f
	END
	script hang <<-'END'
	ok "one"
	sleep 1000
	END
	script bad <<-'END'
	run "loads" load_module /modules/bad.ko "what=$1"
	run "is there" test -d /sys/module/bad
	END
	script write <<-'END'
	ok "begin"
	yes "data on the disk" | dd of=/dev/vda bs=64k count=64 iflag=fullblock oflag=direct
	note "written"
	while :; do
		dd if=/dev/zero of=/dev/vda bs=64k seek=64 count=64 oflag=direct
	done
	END
	script read <<-'END'
	yes "data on the disk" | dd of=/tmp/want bs=64k count=64 iflag=fullblock
	run "the data is there" sh -c 'dd if=/dev/vda bs=64k count=64 | cmp - /tmp/want'
	END
	script emulator <<-'END'
	run "the disk is new" sh -c 'head -c 512 /dev/vda | cmp -n 512 - /dev/zero'
	yes | dd of=/dev/vda count=1 oflag=direct 2>/dev/null
	for line; do
		echo "<4>$line" >/dev/kmsg
	done
	echo c >/proc/sysrq-trigger
	END
	script out <<-'END'
	echo "from the guest" >/tmp/file
	out /tmp/file
	run "the arguments" test "$#:$1:$2" = "2:a 'b':"
	run "the variable" test "$VARIABLE" = "it's \"one\""
	run "the file" test "$(cat /data/file)" = "from the host"
	END
	script time <<-'END'
	begin=$(cut -d. -f1 /proc/uptime)
	sleep 1000
	run "a thousand seconds" test $(($(cut -d. -f1 /proc/uptime) - begin)) -ge 1000
	END
}

# ---- what is expected of whom -----------------------------------------------

jobs=()

# job NAME KERNEL WORDS...: for many.sh
job() {
	printf '"%s" ' "${@//\"/\"\\\"\"}" >>"$tmp/jobs"
	echo >>"$tmp/jobs"
	jobs+=("$log/$1-$2")
}

main_jobs() {
	job pass "$1" "$tmp/pass.sh"
	job fail "$1" "$tmp/fail.sh"
	job panic "$1" "$tmp/panic.sh"
	job module "$1" --module "$tmp/bad-$1/bad.ko" "$tmp/bad.sh" none
	job warn "$1" --module "$tmp/bad-$1/bad.ko" "$tmp/bad.sh" warn
	truncate -s 16M "$tmp/disk-$1"
	job kill "$1" --disk "$tmp/disk-$1" --kill-on '^# written' "$tmp/write.sh"
}

more_jobs() {
	job status "$1" "$tmp/status.sh"
	job nothing "$1" "$tmp/nothing.sh"
	job log "$1" "$tmp/log.sh" "of a kind"
	job talk "$1" "$tmp/talk.sh"
	job off "$1" "$tmp/off.sh"
	job hang "$1" --timeout 25 "$tmp/hang.sh"
	job stuck "$1" --timeout 25 --module "$tmp/bad-$1/bad.ko" "$tmp/bad.sh" stuck
	job oops "$1" --module "$tmp/bad-$1/bad.ko" "$tmp/bad.sh" oops
	job emulator "$1" --disk 1M "$tmp/emulator.sh" \
		"RSP: 0018:ffffc9000059fd10 EFLAGS: 3db38a02"
	job poked "$1" --disk 1M "$tmp/emulator.sh" "Oops: int3: 0000 [#1] PREEMPT" \
		"Code: 54 55 53 66 <90> e8 c1" "EFLAGS: 00000006"
	job int3 "$1" --disk 1M "$tmp/emulator.sh" "Oops: int3: 0000 [#1] PREEMPT" \
		"Code: 54 55 53 cc <90> e8 c1" "EFLAGS: 00000006"
	job nokill "$1" --kill-on 'never said' "$tmp/pass.sh"
	job nofile "$1" "$tmp/is-not-there.sh"
	job time "$1" --virtual-time "$tmp/time.sh"
	mkdir -p "$tmp/data"
	echo "from the host" >"$tmp/data/file"
	job out "$1" --out "$tmp/out" --file "$tmp/data:/data" \
		--env "VARIABLE=it's \"one\"" "$tmp/out.sh" "a 'b'" ""
}

# passes JOB: with nothing but passes, more than none
passes() {
	grep -q "^PASS $1: [1-9][0-9]* passed, 0 failed" "$log/report" &&
		! grep -q '^not ok' "$log/$1/result.log"
}

# fails JOB OKS NOT-OKS LINE: with these numbers, and a failure that matches
fails() {
	grep -q "^FAIL $1: $2 passed, $3 failed" "$log/report" &&
		grep -q "^not ok - .*$4" "$log/$1/result.log"
}

main_checks() {
	check "$1: a test passes" passes "pass-$1"
	check "$1: a failure is seen, and each" fails "fail-$1" 1 4 'two: it was wrong'
	check "$1: a panic" fails "panic-$1" 1 1 'vm: .*Kernel panic'
	check "$1: a module is loaded" passes "module-$1"
	check "$1: a warning of the kernel" fails "warn-$1" 2 1 'vm: .*WARNING'
	check "$1: the machine is killed in mid-run" passes "kill-$1"
	check "$1: a disk keeps what was written" passes "read-$1"
}

more_checks() {
	local k=$1
	check "exit status of a test" fails "status-$k" 1 1 'status.sh: exit status 7'
	check "a test without a verdict" fails "nothing-$k" 0 1 'nothing was tested'
	check "words of trouble in the kernel's log" fails "log-$k" 1 1 'BUG: of a kind'
	check "the same said by a program" passes "talk-$k"
	check "a machine that ends early" fails "off-$k" 1 1 'ended before its test'
	check "a test that hangs" fails "hang-$k" 1 1 'timeout after 25 s'
	check "a kernel that hangs" fails "stuck-$k" 0 1 'timeout after 25 s'
	check "is shown where it hangs" grep -q '^#.* bad_init+' "$log/stuck-$k/result.log"
	check "an oops" fails "oops-$k" 0 1 'NULL pointer'
	check "runs but once" test ! -e "$log/oops-$k/console-emulator.log"
	check "one with flags that cannot be runs twice" test -s \
		"$log/emulator-$k/console-emulator.log"
	check "and one with an int3 that is not there" test -s \
		"$log/poked-$k/console-emulator.log"
	check "but not with one that is" test ! -e \
		"$log/int3-$k/console-emulator.log"
	check "with its disks as before" fails "emulator-$k" 1 1 'Kernel panic'
	check "--kill-on a line that does not come" fails "nokill-$k" 3 1 'no line matched'
	check "a test that is not there" fails "nofile-$k" 0 1 'exit status'
	check "virtual time" passes "time-$k"
	check "--env, --file and arguments" passes "out-$k"
	check "--out" grep -qx "from the guest" "$tmp/out/file"
}

check_sum() {
	local oks not_oks want
	cat "${jobs[@]/%//result.log}" >"$tmp/all"
	oks=$(grep -c '^ok - ' "$tmp/all")
	not_oks=$(grep -c '^not ok - ' "$tmp/all")
	want="$oks passed, $not_oks failed"
	check "the sum of many.sh is right" test "$(tail -n 1 "$log/report")" = "$want"
	check "many.sh fails if a test does" test "$many_status" -eq 1
	"$vm_dir/many.sh" --log "$log" >"$tmp/reread" \
		<<<"read2 ${kernels[0]} --disk $tmp/disk-${kernels[0]} $tmp/read.sh" &&
		r=0 || r=$?
	check "many.sh succeeds if all tests do" test "$r" -eq 0
}

# ---- the caches -------------------------------------------------------------

# Four at once build the same in an empty cache: all get the same file, whole.
check_caches() {
	local n cache=$tmp/cache
	mkdir -p "$cache/ssdcache"
	for n in 1 2 3 4; do
		XDG_CACHE_HOME=$cache "$vm_dir/initramfs.sh" base >"$tmp/base$n" &
	done
	wait
	check "builds at the same time give one archive" test \
		"$(cat "$tmp"/base? | sort -u | wc -l):$(find "$cache/ssdcache/initramfs" -name 'base-*.cpio' | wc -l)" = 1:1
	check "and nothing else stays" test \
		-z "$(find "$cache/ssdcache/initramfs" -name '.new-*')"
	check "the archive is whole" sh -c "cpio -t --quiet <'$(cat "$tmp/base1")' | grep -qx usr/bin/dmsetup"
}

# ---- main -------------------------------------------------------------------

cleanup() {
	[ -z "$many_pid" ] || kill -TERM "$many_pid" 2>/dev/null || true
	rm -rf "$tmp"
}

run_jobs() {
	"$vm_dir/many.sh" --log "$log" "$tmp/jobs" >"$log/report" &
	many_pid=$!
	many_status=0
	wait $many_pid || many_status=$?
	many_pid=
}

many_pid=
tmp=$(vm_temp_dir "$vm_cache/run")
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
log=$tmp/log
if [ "${1:-}" = --log ]; then
	log=${2:?a directory}
fi
mkdir -p "$log"
log=$(realpath "$log")
write_scripts
for kernel in "${kernels[@]}"; do
	check "$kernel: the module builds" build_module "$kernel"
	main_jobs "$kernel"
done
more_jobs "${kernels[0]}"
for kernel in "${kernels[@]}"; do
	job read "$kernel" --disk "$tmp/disk-$kernel" "$tmp/read.sh"
done
run_jobs
for kernel in "${kernels[@]}"; do
	main_checks "$kernel"
done
more_checks "${kernels[0]}"
check_sum
check_caches
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
