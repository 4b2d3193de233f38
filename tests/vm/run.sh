#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Boot a virtual machine, run one test script in it, return its verdict. See
# usage() for the options and README.md for how it works.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

usage() {
	cat <<-'END'
	usage: tests/vm/run.sh [options] TEST.sh [args]
	  --kernel KEY         kernel of fetch.sh, default 6.12, or kasan, kcsan
	  --kdir-image DIR     or a kernel of one's own: DIR/vmlinuz (or bzImage)
	                       and DIR/lib/modules/RELEASE, if it has modules
	  --initrd FILE        boot with this and nothing of ours: what the disks
	                       hold reports to /dev/ttyS1; no TEST.sh
	  --cpus N             default 2
	  --mem MIB            default 1024
	  --module FILE.ko     put into /modules/; repeatable
	  --file PATH[:GUEST]  put a file or directory into the guest, default
	                       /test/NAME; repeatable
	  --disk SIZE|FILE     /dev/vda and so on; a SIZE like 512M is a temporary
	                       one, a FILE (raw) stays; repeatable
	  --virtual-time       one instruction is one nanosecond; one processor
	  --timeout SECONDS    of wall time, default 600
	  --append "WORDS"     more kernel arguments; repeatable
	  --qemu WORD          one more word for QEMU's command; repeatable
	  --env NAME=VALUE     a variable for the guest's test; repeatable
	  --log DIR            keep console.log, result.log and qemu.log there
	  --out DIR            receive what the guest put into /out
	  --kill-on PATTERN    SIGKILL the machine when a result line matches the
	                       extended regular expression; that is success then
	  --shell              a shell on the terminal; TEST.sh is only put in
	END
}

kernel=6.12 kernel_dir='' cpus=2 mem=1024 timeout=600 append='' log='' out=''
kill_on='' shell=no virtual_time=no initrd='' test='' test_args=()
modules=() files=() disks=() disk_files=() variables=() qemu_words=()

# What the kernel's log must not contain. Only its own lines are looked at,
# which have a time stamp; programs may warn as they like.
bad_log='BUG:|WARNING:|Oops|Kernel panic|INFO: task .* blocked'
bad_log+='|general protection|KASAN|possible recursive locking|UBSAN|kmemleak'
bad_log+='|Call Trace|possible circular locking|inconsistent lock state'
bad_log+='|detected .*stall|unable to handle|invalid opcode|refcount_t:'
bad_log+='|KCSAN|ODEBUG|suspicious RCU|INFO: trying to register non-static key'
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
	if [ -z "$test$initrd" ] && [ $shell = no ]; then
		usage >&2
		exit 2
	fi
	[ -z "$test" ] || [ -f "$test" ] || vm_die "no test '$test'"
}

parse_valued() {
	case $1 in
	--kernel) kernel=$2 ;;
	--kdir-image) kernel_dir=$2 ;;
	--initrd) initrd=$(realpath "$2") ;;
	--cpus) cpus=$2 ;;
	--mem) mem=$2 ;;
	--module) modules+=("$2") ;;
	--file) files+=("$2") ;;
	--disk) disks+=("$2") ;;
	--timeout) timeout=$2 ;;
	--append) append+=" $2" ;;
	--qemu) qemu_words+=("$2") ;;
	--env)
		[[ $2 =~ ^[A-Za-z_][A-Za-z0-9_]*= ]] ||
			vm_die "--env wants NAME=VALUE, not '$2'"
		variables+=("$2")
		;;
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
			kernel_image=$("$vm_dir/vmlinux.sh" "$kernel_dir/$image")
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

# quoted WORD...: for any shell
quoted() {
	local word
	for word; do
		printf "'%s' " "${word//\'/\'\\\'\'}"
	done
}

write_config() {
	local mode=test variable
	[ $shell = no ] || mode=shell
	echo "VM_MODE=$mode VM_DISKS=${#disks[@]}"
	if [ -n "$out" ]; then
		echo "VM_OUT=yes"
	fi
	if [ -n "$test" ]; then
		echo "VM_TEST=$(quoted "/test/${test##*/}")"
		echo "VM_ARGS=$(quoted "$(quoted "${test_args[@]}")")"
	fi
	for variable in "${variables[@]}"; do
		echo "export ${variable%%=*}=$(quoted "${variable#*=}")"
	done
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

# Slow on an emulated processor and of no use here: self-tests of ciphers and
# of BPF, IPv6, the keys of modules' signatures. A name that a kernel has not
# is ignored.
skipped_initcalls='init_encrypted,crypto_kdf108_init,jent_mod_init'
skipped_initcalls+=',bpf_tcp_ca_kfunc_init,bpf_dummy_struct_ops_init'
skipped_initcalls+=',load_system_certificate_list,inet6_init'

# Warnings must reach the console, so loglevel stays at 5. KCSAN is off unless told.
kernel_words="console=ttyS0 loglevel=5 panic=-1 oops=panic no_timer_check
random.trust_cpu=on log_buf_len=4M edd=off net.ifnames=0
watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120 sysrq_always_enabled
kcsan.early_enable=1 mitigations=off cryptomgr.notests initcall_blacklist=$skipped_initcalls"

# Without it, QEMU's default needs some tenths of a second more.
firmware=/usr/share/qemu/qboot.rom

# An emulated processor has this one's time stamp counter. A guest that finds out
# its rate by itself may have a clock thirty times too fast, if the host is busy.
tsc_khz() {
	gcc -O2 -o "$tmp/tsc-khz" "$vm_dir/tsc-khz.c"
	"$tmp/tsc-khz"
}

# What a processor does fast and its emulation slowly: AVX goes through helpers, and
# a string instruction byte by byte. Without them tests take a fifth less time.
slow_features=-avx,-avx2,-erms,-fsrm

set_accel() {
	local words=${kernel_words//$'\n'/ }
	if [ $virtual_time = yes ]; then
		cpus=1
		words+=" nokaslr"
		qemu+=(-accel tcg -icount "shift=0,sleep=off" -cpu max
			-seed 1 -rtc "base=2024-01-01,clock=vm")
	elif [ "$("$vm_dir/accel.sh" "$kernel_image")" = kvm ]; then
		qemu+=(-accel kvm -cpu host)
	else
		words+=" tsc=reliable tsc_early_khz=$(tsc_khz) clearcpuid=rep_good"
		qemu+=(-accel "tcg,thread=multi" -cpu "max,$slow_features")
	fi
	[ ! -f $firmware ] || qemu+=(-bios "${firmware##*/}")
	qemu+=(-append "$words$append")
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
		disk_files+=("$file")
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
		-kernel "$kernel_image" -initrd "${initrd:-$tmp/initrd}")
	set_accel
	qemu+=(-smp "$cpus")
	if [ -n "$out" ]; then
		qemu+=(-device virtio-serial-pci
			-chardev "file,id=out,path=$tmp/out.tar"
			-device "virtserialport,chardev=out,name=out")
	fi
	add_disks
	qemu+=("${qemu_words[@]}")
}

# ---- running ----------------------------------------------------------------

say() {
	printf '%s\n' "$*"
	printf '%s\n' "$*" >>"$log/result.log"
}

# say_all PREFIX: standard input
say_all() {
	local line
	while IFS= read -r line; do
		say "$1$line"
	done
}

judge_line() {
	case $1 in
	'ok - '*) oks=$((oks + 1)) ;;
	'not ok - '*) not_oks=$((not_oks + 1)) ;;
	1..done) done=yes ;;
	esac
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

console_size() {
	stat -c %s "$log/console.log"
}

# Have the guest's kernel print what its processors do and which tasks are
# blocked, the first thing to know of one that hangs. What it prints is no
# complaint: only the console's log up to here is judged.
ask_what_hangs() {
	local key size=-1 n
	judged_size=$(console_size)
	for key in w l; do
		echo "sendkey alt-sysrq-$key"
	done >"$tmp/monitor.in"
	for n in 1 2 3 4 5 6 7 8; do
		[ "$size" -ne "$(console_size)" ] || [ "$n" -le 2 ] || break
		size=$(console_size)
		sleep 0.5
	done
}

run_machine() {
	: >"$log/result.log"
	: >"$log/console.log"
	oks=0 not_oks=0 done=no timed_out=no killed=no judged_size=''
	rm -f "$tmp"/monitor.*
	mkfifo "$tmp/monitor.in" "$tmp/monitor.out"
	exec {results}< <(
		exec setpriv --pdeathsig KILL "${qemu[@]}" \
			-chardev "pipe,id=monitor,path=$tmp/monitor" \
			-mon chardev=monitor,mode=readline \
			-serial "file:$log/console.log" -serial stdio \
			</dev/null 2>"$log/qemu.log"
	)
	pid=$!
	read_results
	[ $timed_out = no ] || ask_what_hangs
	if [ $timed_out = yes ] || [ $killed = yes ]; then
		kill -KILL $pid 2>/dev/null || true
	fi
	wait $pid 2>/dev/null || true
	pid=
	exec {results}<&-
}

# The disks as they are before the machine runs, in case that it has to run again.
keep_disks() {
	local n
	for n in "${!disks[@]}"; do
		cp --sparse=always "${disk_files[n]}" "$tmp/kept$n"
	done
}

restore_disks() {
	local n
	for n in "${!disks[@]}"; do
		cp --sparse=always "$tmp/kept$n" "${disk_files[n]}"
	done
}

# QEMU 7.2, on several threads, does two things once in thousands of machines.
# It takes an operand for the flags: no program can load such. Of these bit 1 is
# always set, others never, nor is virtual 8086 mode entered in the kernel. And it
# runs an int3 that the kernel has just patched away: by then something else is in
# front of where it says that it is.
emulator_failed() {
	local oops flags code
	oops=$(tr -d '\r\0' <"$log/console.log" |
		sed -nE '/Oops|int3: 0000|EFLAGS/,$p')
	flags=$(sed -n '/.*EFLAGS: \([0-9a-f]\{8\}\)$/ { s//\1/p; q; }' <<<"$oops")
	[ -z "$flags" ] || ! (((0x$flags ^ 2) & 0xffc2802a)) || return 0
	code=$(sed -n '/.*Code: .*\([0-9a-f]\{2\}\) <[0-9a-f]\{2\}>.*/ { s//\1/p; q; }' \
		<<<"$oops")
	[[ ${oops%%$'\n'*} == *'int3: 0000'* && -n $code && $code != cc ]]
}

# A machine of tests that have passed so far may run once more then.
run_reliably() {
	[ -n "$initrd" ] || keep_disks
	run_machine
	if [ -z "$initrd" ] && [ $not_oks -eq 0 ] && emulator_failed; then
		cp "$log/console.log" "$log/console-emulator.log"
		restore_disks
		echo "# the emulator failed, see console-emulator.log: once more"
		run_machine
	fi
}

run_shell() {
	"${qemu[@]}" -serial mon:stdio -serial "file:$log/result.log" || true
}

# ---- the verdict ------------------------------------------------------------

# The kernel's own lines of the console's log, into $tmp/kernel.
kernel_lines() {
	head -c "${judged_size:-$(console_size)}" "$log/console.log" |
		tr -d '\r\0' | grep -aE '\[ *[0-9]+\.[0-9]{6}\]' |
		grep -avE "$allowed_log" >"$tmp/kernel" || true
}

# What is wrong with the machine as a whole, one reason a line.
machine_faults() {
	local complaint
	complaint=$(grep -aE -m 1 "$bad_log" "$tmp/kernel") || true
	[ -z "$complaint" ] || echo "the kernel complains: $complaint"
	if [ $timed_out = yes ]; then
		echo "timeout after $timeout s"
	elif [ -n "$kill_on" ]; then
		[ $killed = yes ] || echo "no line matched /$kill_on/"
	elif [ $done = no ]; then
		echo "it ended before its test did"
	elif [ $oks -eq 0 ] && [ $not_oks -eq 0 ]; then
		echo "nothing was tested"
	fi
	[ ! -f "$tmp/broken" ] || echo "what came from /out is broken"
}

# The lines of $tmp/kernel that mean trouble with what stands around them, but
# for guesses of the stack's unwinder.
show_trouble() {
	grep -aE -B 2 -A 25 "$bad_log" "$tmp/kernel" | grep -av '\]  ? ' |
		head -n 80 || true
}

# The console's end, up to where it was judged.
show_console() {
	echo "the console's end:"
	head -c "${judged_size:-$(console_size)}" "$log/console.log" |
		tr -d '\r\0' | tail -n 15
}

# What ask_what_hangs() heard of blocked tasks; processors only are logged.
show_blocked() {
	tail -c "+$((judged_size + 1))" "$log/console.log" | tr -d '\r\0' |
		sed -n '/sysrq: Show Blocked/,/sysrq: Show backtrace/p' |
		grep -av '\]  ? ' | head -n 60 || true
}

show_context() {
	show_trouble
	if [ $timed_out = yes ]; then
		show_console
		show_blocked
	elif [ $done = no ] && [ $killed = no ] && ! grep -qaE "$bad_log" "$tmp/kernel"; then
		show_console
	fi
	sed 's/^/qemu: /' "$log/qemu.log"
}

# However much went wrong, a machine is one failure beside its test's own.
judge() {
	local faults
	kernel_lines
	faults=$(machine_faults)
	if [ -n "$faults" ]; then
		say "not ok - vm: ${faults//$'\n'/; }"
		show_context | say_all '#   '
	fi
	[ -z "$faults" ] && [ $not_oks -eq 0 ]
}

unpack_out() {
	mkdir -p "$out"
	if [ ! -s "$tmp/out.tar" ] && [ "$done" = no ]; then
		return # the machine did not live to send it
	fi
	tar -C "$out" -xf "$tmp/out.tar" || : >"$tmp/broken"
}

cleanup() {
	[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null || true
	rm -rf "$tmp"
}

pid=''
parse_options "$@"
tmp=$(vm_temp_dir "$vm_cache/run")
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
log=${log:-$tmp/log}
mkdir -p "$log"
log=$(realpath "$log")
find_kernel
[ -n "$initrd" ] || make_initrd
make_command
if [ $shell = yes ]; then
	run_shell
	[ -z "$out" ] || unpack_out
	exit
fi
run_reliably
[ -z "$out" ] || unpack_out
judge
