#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian 12 with systemd boots with our packages installed by dpkg and the
# module built by DKMS: a cached data volume in fstab, then / on a cached
# device; reboots, power cuts, a missing SSD. Then what README says is done as
# it says it, an initramfs of dracut's boots, and "make install" is undone.
#
#   tests/boot/test.sh BUILD-DIR [data|root|readme|dracut|install]...
#
# BUILD-DIR has deb/*.deb. Prints the lines of a test, and one for each machine.
# Needs root, for chroot.
#
# shellcheck disable=SC2317 # the tests are called by their names

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../vm/host.sh
. "$(dirname "$0")/../vm/host.sh"

here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${1:?a build directory}")
shift
[ $# -gt 0 ] || set -- data root readme dracut install
logs=${LOG:-$build/log/boot}
failed=0
entered= # the tree that in_tree is in

cleanup() {
	[ -z "$entered" ] || leave_tree
	[ -z "${tmp:-}" ] || rm -rf "$tmp"
}

leave_tree() {
	local d
	for d in dev sys proc; do
		! mountpoint -q "$entered/$d" || umount -R -l "$entered/$d"
	done
	entered=
}

# in_tree COMMAND...: in a chroot of the tree $1
in_tree() {
	local d
	entered=$1
	shift
	for d in proc sys dev; do
		mount --rbind "/$d" "$entered/$d"
		mount --make-rslave "$entered/$d"
	done
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
		LC_ALL=C.UTF-8 chroot "$entered" "$@" </dev/null
	leave_tree
}

# one NAME COMMAND...: a test on the host
one() {
	local name=$1 r=0
	shift
	"$@" >"$logs/one.log" 2>&1 || r=$?
	if [ $r -eq 0 ]; then
		echo "ok - $name"
		return
	fi
	echo "not ok - $name: exit status $r"
	tail -n 30 "$logs/one.log" | sed 's/^/#   /'
	failed=1
	return 1
}

# lines_of README'S-BLOCK: the commands between ```sh BLOCK and ```
lines_of() {
	awk -v block="\`\`\`sh $1" '/^```/ { on = $0 == block; next } on' \
		"$here/../../README.md"
}

# ---- the system --------------------------------------------------------------

install_packages() {
	mkdir "$1/opt/deb"
	cp "$build"/deb/ssdcache_*.deb "$build"/deb/ssdcache-dkms_*.deb "$1/opt/deb/"
	in_tree "$1" sh -c 'dpkg -i /opt/deb/*.deb && dpkg --audit'
	rm -r "$1/opt/deb"
}

built_by_dkms() {
	in_tree "$1" dkms status ssdcache | grep -q ': installed'
}

# With all modules it would take the guest, which has to make it, minutes.
small_initramfs() {
	local etc=$1/etc/initramfs-tools
	[ -d "$etc" ] || return 0
	sed -i 's/^MODULES=.*/MODULES=list/' "$etc/initramfs.conf"
	printf '%s\n' virtio_pci virtio_blk ext4 >>"$etc/modules"
	install "$here/initramfs.sh" "$etc/scripts/local-top/boottest"
}

install_test() {
	small_initramfs "$1"
	cp "$here/guest.sh" "$1/opt/guest.sh"
	cat >"$1/etc/systemd/system/boottest.service" <<-'END'
	[Unit]
	After=data.mount ssdcache@data.service ssdcache-renew.service multi-user.target
	[Service]
	ExecStart=/opt/guest.sh
	StandardOutput=tty
	[Install]
	WantedBy=graphical.target
	END
	in_tree "$1" systemctl -q enable boottest.service
	in_tree "$1" systemctl -q set-default graphical.target
}

# make_tree NAME INITRAMFS-PACKAGE: to $tmp/NAME, without our packages
make_tree() {
	local image
	image=$("$here/image.sh" "$2")
	cp -a --reflink=auto "$image" "$tmp/$1"
	install_test "$tmp/$1"
}

# equip NAME: with our packages
equip() {
	one "$1: the packages install" install_packages "$tmp/$1" &&
		one "$1: DKMS has built the module" built_by_dkms "$tmp/$1"
}

# make_disk TREE FILE: and what boots it, to $tmp/boot-NAME
make_disk() {
	local boot=$tmp/boot-${2##*/} release
	release=$(cd "$1/lib/modules" && echo *)
	mkdir -p "$boot"
	cp "$1/boot/vmlinuz-$release" "$boot/vmlinuz"
	cp "$1/boot/initrd.img-$release" "$boot/initrd"
	truncate -s 2G "$2"
	mkfs.ext4 -q -F -d "$1" -L root "$2"
}

# ---- machines ----------------------------------------------------------------

# boot WHAT STEP BOOT ROOT-DEVICE [OPTIONS OF run.sh]...: pass on what it reports,
# and say in a line what was tried
boot() {
	local what=$1 step=$2 boot=$3 root=$4 begin=$SECONDS verdict=PASS
	shift 4
	"$vm_dir/run.sh" --kdir-image "$boot" --initrd "$boot/initrd" \
		--timeout "${TIMEOUT:-1200}" --log "$logs/$step" \
		--append "root=$root ro boottest=$step panic=5" "$@" || {
		verdict=FAIL
		failed=1
	}
	echo "$verdict $step: $what, $((SECONDS - begin)) s"
}

# said STEP NAME PATTERN: on its console
said() {
	if tr -d '\r\0' <"$logs/$1/console.log" | grep -qaE "$3"; then
		echo "ok - $1: $2"
	else
		echo "not ok - $1: $2: the console does not say /$3/"
		failed=1
	fi
}

# root_is TREE DEVICE
root_is() {
	echo "$2 / ext4 defaults 0 1" >"$1/etc/fstab"
}

# ---- a data volume -----------------------------------------------------------

test_data() {
	local disk=$tmp/data-system
	root_is "$tmp/system" "$system"
	make_disk "$tmp/system" "$disk"
	truncate -s 256M "$tmp/slow"
	truncate -s 96M "$tmp/fast"
	local alone=("$tmp/boot-data-system" "$system" --disk "$disk" --disk "$tmp/slow")
	local both=("${alone[@]}" --disk "$tmp/fast")
	boot "a cache is created, and goes into fstab" create "${both[@]}"
	boot "a reboot; the power is cut while files are written" \
		reboot "${both[@]}" --kill-on '^# written'
	boot "after the power cut" cut "${both[@]}"
	boot "dirty, and without the SSD: refused" refuse "${alone[@]}"
	boot "with the SSD again; to writethrough" again "${both[@]}"
	boot "clean, and without the SSD: from the origin" alone "${alone[@]}"
	boot "with the SSD again, which is old; removed" back "${both[@]}"
}

# ---- the root file system ----------------------------------------------------

# cached_root TREE: / of the tree is on a cache of two disks
cached_root() {
	echo "root $system /dev/disk/by-id/virtio-disk1 -" \
		"metadata-size=8M,idle_ms=3600000,x-initrd.attach,x-systemd.device-timeout=5" \
		>"$1/etc/ssdcachetab"
	root_is "$1" /dev/mapper/root
}

# refused WHY WHAT-TO-DO, and as boot: a machine that does not come up, and says that
refused() {
	local why=$1 advice=$2 step=$4
	shift 2
	(boot "$@" | sed -n 's/^FAIL/PASS/; /^PASS/p')
	said "$step" "it is refused" "$why"
	said "$step" "and it is said what to do" "$advice"
}

# take_initrd DISK BOOT: what the guest has made, as a boot loader would
take_initrd() {
	local path
	path=/boot/$(debugfs -R 'ls -p /boot' "$1" 2>&1 |
		grep -o 'initrd.img-[^/]*')
	rm "$2/initrd"
	debugfs -R "dump $path $2/initrd" "$1" 2>&1 && [ -s "$2/initrd" ]
}

test_root() {
	local tree=$tmp/system boot=$tmp/boot-root
	cached_root "$tree"
	one "the initramfs is made" in_tree "$tree" update-initramfs -u
	make_disk "$tree" "$tmp/root"
	rm "$tree/etc/ssdcachetab"
	rm -f "$tmp/fast"
	truncate -s 256M "$tmp/fast"
	local both=("$boot" /dev/mapper/root --disk "$tmp/root" --disk "$tmp/fast")
	boot "/ on a cached device" root "${both[@]}"
	boot "a reboot; the power is cut while files are written" \
		rootcut "${both[@]}" --kill-on '^# written'
	boot "after the power cut; to writethrough" rootend "${both[@]}"
	local alone=("$boot" /dev/mapper/root --disk "$tmp/root")
	refused 'may hold data that' 'start --degraded' \
		"clean, and without the SSD: refused, for nobody can know" \
		rootrefuse "${alone[@]}"
	boot "the same; start --degraded in the initramfs" rootalone "${alone[@]}"
	one "the initramfs it made" take_initrd "$tmp/root" "$boot" || return 0
	refused 'was used without the cache' 'start --forget' \
		"with the SSD again, which is old: refused" rootold "${both[@]}"
	boot "the same; start --forget in the initramfs" rootforget "${both[@]}"
	one "the initramfs it made then" take_initrd "$tmp/root" "$boot" || return 0
	boot "a reboot with that" rootlast "${both[@]}"
}

# ---- README ------------------------------------------------------------------

# Where README's commands are typed: the packages have been made there.
place_readme() {
	local block
	mkdir -p "$1/opt/readme/build/deb"
	cp "$build"/deb/ssdcache_*.deb "$build"/deb/ssdcache-dkms_*.deb \
		"$1/opt/readme/build/deb/"
	for block in use remove lvm; do
		lines_of "$block" >"$1/opt/readme/$block"
		[ -s "$1/opt/readme/$block" ] || return
	done
}

# As README has it: sdb is the slow disk, the SSD's second partition is free.
test_readme() {
	local disk name words=(-device "virtio-scsi-pci,id=scsi")
	make_tree bare initramfs-tools
	root_is "$tmp/bare" "$system"
	one "README has the commands" place_readme "$tmp/bare" || return 0
	make_disk "$tmp/bare" "$tmp/readme"
	for name in spare origin group; do
		truncate -s 160M "$tmp/$name"
		words+=(-drive "if=none,id=$name,format=raw,cache=unsafe,file=$tmp/$name"
			-device "scsi-hd,drive=$name,serial=$name")
	done
	truncate -s 128M "$tmp/nvme"
	printf 'size=8M\n-\n' | sfdisk -q --label gpt "$tmp/nvme"
	words+=(-drive "if=none,id=nvme,format=raw,cache=unsafe,file=$tmp/nvme"
		-device "nvme,drive=nvme,serial=nvme")
	local options=("$tmp/boot-readme" "$system" --disk "$tmp/readme") word
	for word in "${words[@]}"; do
		options+=(--qemu "$word")
	done
	TIMEOUT=3000 boot "README: the packages, a cache, fstab" readme "${options[@]}"
	boot "a reboot; README: removed, and a logical volume" \
		readmenext "${options[@]}"
	boot "a reboot with that" readmelast "${options[@]}"
}

# ---- dracut ------------------------------------------------------------------

make_dracut() {
	local release
	release=$(cd "$1/lib/modules" && echo *)
	in_tree "$1" dracut --force "/boot/initrd.img-$release" "$release"
}

test_dracut() {
	local tree=$tmp/dracut
	make_tree dracut dracut
	equip dracut || return 0
	cached_root "$tree"
	one "dracut makes an initramfs" make_dracut "$tree" || return 0
	make_disk "$tree" "$tmp/dracut-root"
	rm -f "$tmp/fast"
	truncate -s 256M "$tmp/fast"
	boot "/ on a cached device, with dracut" dracut "$tmp/boot-dracut-root" \
		/dev/mapper/root --disk "$tmp/dracut-root" --disk "$tmp/fast"
}

# ---- make install ------------------------------------------------------------

# A copy of what git tracks, in which "make" has been said; the guest has no
# compiler for the tools.
make_sources() {
	local sources=$1/opt/ssdcache release
	release=$(cd "$1/lib/modules" && echo *)
	mkdir "$sources"
	(cd "$here/../.." && git ls-files -z |
		xargs -0 cp -p --parents -t "$sources")
	env -u MAKEFLAGS make -C "$sources" BUILD=build tools boot-programs &&
		in_tree "$1" make -C /opt/ssdcache module \
			"KDIR=/lib/modules/$release/build"
}

test_install() {
	local tree=$tmp/sources
	make_tree sources initramfs-tools
	root_is "$tree" "$system"
	one "the sources compile" make_sources "$tree" || return 0
	make_disk "$tree" "$tmp/install"
	rm -f "$tmp/slow" "$tmp/fast"
	truncate -s 256M "$tmp/slow"
	truncate -s 96M "$tmp/fast"
	boot "make install, a cache, make uninstall" install "$tmp/boot-install" \
		"$system" --disk "$tmp/install" --disk "$tmp/slow" --disk "$tmp/fast"
}

[ "$(id -u)" -eq 0 ] || vm_die "chroot needs root"
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
tmp=$(vm_temp_dir "$vm_cache/run")
system=/dev/disk/by-id/virtio-disk0
mkdir -p "$logs"
case " $* " in
*" data "* | *" root "*)
	make_tree system initramfs-tools
	equip system || exit 1
	;;
esac
for part; do
	"test_$part"
done
exit $failed
