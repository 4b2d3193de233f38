#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot a virtual machine, run one test script in it, return its verdict. See
# usage() for the options and README.md for how it works.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

usage() {
	cat <<-'END'
	usage: tests/vm/run.sh [options] TEST.sh [args]
	  --kernel KEY         kernel of fetch.sh, default 6.12
	  --kdir-image DIR     or a kernel of one's own: DIR/vmlinuz (or bzImage)
	                       and DIR/lib/modules/RELEASE, if it has modules
	  --cpus N             default 2
	  --mem MIB            default 1024
	  --module FILE.ko     put into /modules/; repeatable
	  --file PATH[:GUEST]  put a file or directory into the guest, default
	                       /test/NAME; repeatable
	  --disk SIZE|FILE     /dev/vda and so on; a SIZE like 512M is a temporary
	                       one, a FILE (raw) stays; repeatable
	  --virtual-time       one instruction is one nanosecond; one processor
	  --timeout SECONDS    of wall time, default 600
	  --append "WORDS"     more kernel arguments
	  --log DIR            keep console.log, result.log and qemu.log there
	  --out DIR            receive what the guest put into /out
	  --kill-on PATTERN    SIGKILL the machine when a result line matches the
	                       extended regular expression; that is success then
	  --shell              a shell on the terminal; TEST.sh is only put in
	END
}

kernel=6.12 kernel_dir='' cpus=2 mem=1024 timeout=600 append='' log='' out=''
kill_on='' shell=no virtual_time=no test='' test_args=()
modules=() files=() disks=()

# What the kernel's log must not contain. Only its own lines are looked at,
# which have a time stamp; programs may warn as they like.
bad_log='BUG:|WARNING:|Oops|Kernel panic|INFO: task .* blocked'
bad_log+='|general protection|KASAN|possible recursive locking|UBSAN|kmemleak'
bad_log+='|Call Trace|possible circular locking|inconsistent lock state'
bad_log+='|detected stall|unable to handle|invalid opcode|refcount_t:'
# Said by kernels in order: kmemleak introduces itself.
allowed_log='kmemleak: (Kernel memory leak detector|Automatic memory scanning)'
# KASAN's and lockdep's switches are shown with the command line.
allowed_log+='|Command line:|Kernel command line:'

# ---- options ----------------------------------------------------------------

parse_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--shell) shell=yes ;;
		--virtual-time) virtual_time=yes ;;
		-h | --help)
			usage
			exit 0
			;;
		--*)
			[ $# -ge 2 ] || vm_die "$1 wants a value"
			parse_valued "$1" "$2"
			shift
			;;
		*)
			test=$1
			shift
			test_args=("$@")
			break
			;;
		esac
		shift
	done
	if [ -z "$test" ] && [ $shell = no ]; then
		usage >&2
		exit 2
	fi
	[ -z "$test" ] || [ -f "$test" ] || vm_die "no test '$test'"
}

parse_valued() {
	case $1 in
	--kernel) kernel=$2 ;;
	--kdir-image) kernel_dir=$2 ;;
	--cpus) cpus=$2 ;;
	--mem) mem=$2 ;;
	--module) modules+=("$2") ;;
	--file) files+=("$2") ;;
	--disk) disks+=("$2") ;;
	--timeout) timeout=$2 ;;
	--append) append=$2 ;;
	--log) log=$2 ;;
	--out) out=$2 ;;
	--kill-on) kill_on=$2 ;;
	*)
		usage >&2
		exit 2
		;;
	esac
}

# ---- the guest's memory: kernel and initramfs -------------------------------

find_kernel() {
	local image
	if [ -z "$kernel_dir" ]; then
		kernel_dir=$("$vm_dir/fetch.sh" "$kernel")
	fi
	for image in vmlinuz bzImage arch/x86/boot/bzImage; do
		if [ -f "$kernel_dir/$image" ]; then
			kernel_image=$kernel_dir/$image
			return
		fi
	done
	vm_die "no kernel image in '$kernel_dir'"
}

# Where PATH really is in the guest, whose /bin, /lib and so on are links.
guest_path() {
	case $1 in
	/usr/sbin/*) echo "/usr/bin/${1#/usr/sbin/}" ;;
	/bin/* | /lib/* | /lib64/*) echo "/usr$1" ;;
	/sbin/*) echo "/usr/bin/${1#/sbin/}" ;;
	*) echo "$1" ;;
	esac
}

# put FROM GUEST-PATH
put() {
	local to
	to=$own$(guest_path "$2")
	[ -e "$1" ] || vm_die "no file '$1'"
	mkdir -p "${to%/*}"
	if [ -d "$1" ]; then
		mkdir -p "$to"
		cp -RL "$1/." "$to/"
	else
		cp -L "$1" "$to"
	fi
}

# Libraries of the programs put in, as far as the base has them not.
put_libraries() {
	local library
	find "$own" -type f -perm -u+x ! -name '*.ko' ! -name '*.sh' -print0 |
		xargs -0 -r ldd 2>/dev/null |
		sed -n 's/.*=> *\(\/[^ ]*\).*/\1/p' | sort -u |
		while read -r library; do
			if ! grep -qxF "$(guest_path "$library")" "$tmp/base.list"; then
				put "$library" "$library"
			fi
		done || true
}

write_config() {
	local mode=test
	[ $shell = no ] || mode=shell
	echo "VM_MODE=$mode VM_DISKS=${#disks[@]}"
	if [ -n "$out" ]; then
		echo "VM_OUT=yes"
	fi
	if [ -n "$test" ]; then
		printf 'VM_TEST=/test/%q\nVM_ARGS=%q\n' "${test##*/}" \
			"${test_args[*]@Q}"
	fi
}

make_initrd() {
	local own=$tmp/own base f parts
	mkdir -p "$own/usr/lib" "$own/test"
	base=$("$vm_dir/initramfs.sh" base)
	parts=("$base" "$("$vm_dir/initramfs.sh" modules "$kernel_dir")")
	cp "$vm_dir/guest-init" "$own/init"
	cp "$vm_dir/guest-lib.sh" "$own/usr/lib/test.sh"
	chmod 755 "$own/init"
	[ -z "$test" ] || put "$test" "/test/${test##*/}"
	for f in "${modules[@]}"; do
		put "$f" "/modules/${f##*/}"
	done
	for f in "${files[@]}"; do
		case $f in
		*:/*) put "${f%%:/*}" "/${f#*:/}" ;;
		*) put "$f" "/test/$(basename "$f")" ;;
		esac
	done
	# fio is large: it comes along if anything of ours names it.
	if [ $shell = yes ] || grep -rqw fio "$own/test" ||
		[[ "${test_args[*]}" == *fio* ]]; then
		parts+=("$("$vm_dir/initramfs.sh" fio)")
	fi
	cpio -t --quiet <"$base" | sed 's,^,/,' >"$tmp/base.list"
	put_libraries
	write_config >"$own/test/vm.conf"
	(cd "$own" && find . -print0 |
		cpio -0 -o -H newc -R 0:0 --quiet) >"$tmp/own.cpio"
	cat "${parts[@]}" "$tmp/own.cpio" >"$tmp/initrd"
	rm -rf "$own" "$tmp/own.cpio"
}

# ---- the machine ------------------------------------------------------------

set_accel() {
	local words
	words="console=ttyS0 loglevel=5 panic=-1 oops=panic no_timer_check"
	words+=" random.trust_cpu=on log_buf_len=4M edd=off net.ifnames=0"
	words+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
	words+=" mitigations=off"
	if [ $virtual_time = yes ]; then
		cpus=1
		words+=" nokaslr"
		qemu+=(-accel tcg -icount "shift=0,sleep=off" -cpu max
			-seed 1 -rtc "base=2024-01-01,clock=vm")
	elif [ "$("$vm_dir/accel.sh" "$kernel_image")" = kvm ]; then
		qemu+=(-accel kvm -cpu host)
	else
		words+=" tsc=reliable"
		qemu+=(-accel "tcg,thread=multi" -cpu max)
	fi
	qemu+=(-append "$words $append")
}

add_disks() {
	local i=0 disk file
	for disk in "${disks[@]}"; do
		if [[ $disk =~ ^[0-9]+[KMGT]?$ ]]; then
			file=$tmp/disk$i
			truncate -s "$disk" "$file"
		else
			file=$disk
			[ -f "$file" ] || vm_die "no disk '$file'"
		fi
		# Flushes need not reach the host's disk: what QEMU wrote
		# outlives it, killed or not.
		qemu+=(-drive "if=none,id=d$i,format=raw,cache=unsafe,discard=unmap,file=$file"
			-device "virtio-blk-pci,drive=d$i,serial=disk$i")
		i=$((i + 1))
	done
}

make_command() {
	qemu=(qemu-system-x86_64 -machine pc -nodefaults -no-user-config
		-no-reboot -display none -m "$mem"
		-kernel "$kernel_image" -initrd "$tmp/initrd")
	set_accel
	qemu+=(-smp "$cpus")
	if [ -n "$out" ]; then
		qemu+=(-device virtio-serial-pci
			-chardev "file,id=out,path=$tmp/out.tar"
			-device "virtserialport,chardev=out,name=out")
	fi
	add_disks
}

# ---- running ----------------------------------------------------------------

say() {
	printf '%s\n' "$*"
	printf '%s\n' "$*" >>"$log/result.log"
}

judge_line() {
	case $1 in
	'ok - '*) oks=$((oks + 1)) ;;
	'not ok - '*) not_oks=$((not_oks + 1)) ;;
	1..done) done=yes ;;
	esac
}

fail_vm() {
	say "not ok - vm: $1"
	not_oks=$((not_oks + 1))
}

# Pass on what the guest reports until the machine ends or is ended.
read_results() {
	local deadline=$((SECONDS + timeout)) line status
	while :; do
		status=0
		IFS= read -r -t $((deadline - SECONDS + 1)) -u "$results" line ||
			status=$?
		if [ $status -gt 128 ] || [ $SECONDS -gt $deadline ]; then
			timed_out=yes
			break
		elif [ $status -ne 0 ]; then
			break
		fi
		line=${line%$'\r'}
		say "$line"
		judge_line "$line"
		if [ -n "$kill_on" ] && [[ $line =~ $kill_on ]]; then
			killed=yes
			break
		fi
	done
}

run_machine() {
	: >"$log/result.log"
	: >"$log/console.log"
	exec {results}< <(
		exec setpriv --pdeathsig KILL "${qemu[@]}" \
			-serial "file:$log/console.log" -serial stdio \
			</dev/null 2>"$log/qemu.log"
	)
	pid=$!
	read_results
	if [ $timed_out = yes ] || [ $killed = yes ]; then
		kill -KILL $pid 2>/dev/null || true
	fi
	wait $pid 2>/dev/null || true
	pid=
	exec {results}<&-
}

run_shell() {
	"${qemu[@]}" -serial mon:stdio -serial "file:$log/result.log" || true
}

# Lines of the kernel's log that mean trouble, with some context.
check_console() {
	local found
	tr -d '\r\0' <"$log/console.log" >"$tmp/console"
	grep -aE '\[ *[0-9]+\.[0-9]{6}\]' "$tmp/console" |
		grep -avE "$allowed_log" >"$tmp/kernel" || true
	found=$(grep -aE -B 2 -A 25 "$bad_log" "$tmp/kernel" | head -n 120) ||
		true
	if [ -n "$found" ]; then
		fail_vm "the kernel complains: $(grep -aE -m 1 "$bad_log" "$tmp/kernel")"
		say "${found//$'\n'/$'\n'}" | sed 's/^/#   /'
	fi
}

show_console() {
	tail -n 25 "$tmp/console" | sed 's/^/#   /'
	sed 's/^/# qemu: /' "$log/qemu.log"
}

judge() {
	check_console
	if [ $timed_out = yes ]; then
		fail_vm "timeout after $timeout s"
		show_console
	elif [ -n "$kill_on" ]; then
		[ $killed = yes ] || fail_vm "no line matched /$kill_on/"
	elif [ $done = no ]; then
		fail_vm "the machine ended before its test did"
		show_console
	elif [ $oks -eq 0 ]; then
		fail_vm "nothing was tested"
	fi
	[ $not_oks -eq 0 ]
}

unpack_out() {
	mkdir -p "$out"
	[ ! -s "$tmp/out.tar" ] || tar -C "$out" -xf "$tmp/out.tar" ||
		fail_vm "what came from /out is broken"
}

cleanup() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	rm -rf "$tmp"
}

pid='' oks=0 not_oks=0 done=no timed_out=no killed=no
parse_options "$@"
tmp=$(vm_temp_dir "$vm_cache/run")
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
log=${log:-$tmp/log}
mkdir -p "$log"
log=$(realpath "$log")
find_kernel
make_initrd
make_command
if [ $shell = yes ]; then
	run_shell
	[ -z "$out" ] || unpack_out
	exit 0
fi
run_machine
[ -z "$out" ] || unpack_out
judge
