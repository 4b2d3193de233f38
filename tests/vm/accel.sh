#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Print "kvm" if KVM works on this machine, else "tcg". That /dev/kvm is there
# proves nothing, nor does a QEMU that starts: a guest may crawl in emulation
# of single instructions. So one is booted to its userspace with a time limit;
# the answer is kept until the machine boots again.
#
#   tests/vm/accel.sh KERNEL-IMAGE

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

limit=8 # seconds; with KVM that works it takes one or two

boots_with_kvm() {
	local dir r=1
	[ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
	dir=$(vm_temp_dir "$vm_cache/run")
	mkdir "$dir/root"
	cat >"$dir/root/init" <<-'END'
	#!/bin/sh
	mount -t devtmpfs dev /dev
	echo alive >/dev/ttyS1
	poweroff -n -f
	END
	chmod 755 "$dir/root/init"
	{
		cat "$("$vm_dir/initramfs.sh" base)"
		(cd "$dir/root" && echo init | cpio -o -H newc -R 0:0 --quiet)
	} >"$dir/initrd"
	timeout -s KILL "$limit" qemu-system-x86_64 -nodefaults -no-reboot \
		-display none -machine pc,accel=kvm -cpu host -m 512 \
		-kernel "$1" -initrd "$dir/initrd" \
		-append "console=ttyS0 panic=-1" \
		-serial null -serial "file:$dir/result" \
		>/dev/null 2>&1 </dev/null || true
	grep -q alive "$dir/result" 2>/dev/null && r=0
	rm -rf "$dir"
	return $r
}

answer=$vm_cache/accel-$(cat /proc/sys/kernel/random/boot_id)
if [ ! -f "$answer" ]; then
	vm_lock accel
fi
if [ ! -f "$answer" ]; then
	rm -f "$vm_cache"/accel-*
	word=tcg
	# The shell would tell of the program killed.
	if boots_with_kvm "$1" 2>/dev/null; then
		word=kvm
	fi
	echo "$word" >"$answer.new"
	mv "$answer.new" "$answer"
fi
cat "$answer"
