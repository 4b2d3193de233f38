#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A Debian 12 with systemd boots with our packages installed by dpkg and the
# module built by DKMS: a cached data volume in fstab, then / on a cached
# device; reboots, power cuts, a missing SSD.
#
#   tests/boot/test.sh BUILD-DIR [data|root]...
#
# BUILD-DIR has deb/*.deb. Prints the lines of a test. Needs root, for chroot.
#
# shellcheck disable=SC2317 # the tests are called by their names

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../vm/host.sh
. "$(dirname "$0")/../vm/host.sh"

here=$(cd "$(dirname "$0")" && pwd)
build=$(realpath "${1:?a build directory}")
shift
[ $# -gt 0 ] || set -- data root
logs=${LOG:-$build/log/boot}
failed=0
tree=

cleanup() {
	[ -z "$tree" ] || leave_tree
	[ -z "${tmp:-}" ] || rm -rf "$tmp"
}

leave_tree() {
	local d
	for d in dev sys proc; do
		! mountpoint -q "$tree/$d" || umount -R -l "$tree/$d"
	done
	tree=
}

# in_tree COMMAND...: in a chroot of the tree $1
in_tree() {
	local d
	tree=$1
	shift
	for d in proc sys dev; do
		mount --rbind "/$d" "$tree/$d"
		mount --make-rslave "$tree/$d"
	done
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive \
		LC_ALL=C.UTF-8 chroot "$tree" "$@" </dev/null
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

install_test() {
	cp "$here/guest.sh" "$1/opt/guest.sh"
	cat >"$1/etc/systemd/system/boottest.service" <<-'END'
	[Unit]
	After=data.mount ssdcache@data.service multi-user.target
	[Service]
	ExecStart=/opt/guest.sh
	StandardOutput=tty
	[Install]
	WantedBy=graphical.target
	END
	in_tree "$1" systemctl -q enable boottest.service
	in_tree "$1" systemctl -q set-default graphical.target
}

make_tree() {
	local image
	image=$("$here/image.sh")
	cp -a --reflink=auto "$image" "$tmp/tree"
	one "the packages install" install_packages "$tmp/tree" &&
		one "DKMS has built the module" built_by_dkms "$tmp/tree" &&
		install_test "$tmp/tree"
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

# boot STEP BOOT ROOT-DEVICE [OPTIONS OF run.sh]...: and pass on what it reports
boot() {
	local step=$1 boot=$2 root=$3
	shift 3
	"$vm_dir/run.sh" --kdir-image "$boot" --initrd "$boot/initrd" \
		--timeout "${TIMEOUT:-600}" --log "$logs/$step" \
		--append "root=$root ro boottest=$step panic=5" "$@" ||
		failed=1
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

root_is() {
	echo "$1 / ext4 defaults 0 1" >"$tmp/tree/etc/fstab"
}

test_data() {
	local boot=$tmp/boot-system disk=$tmp/system step
	local slow=(--disk "$tmp/slow") fast=(--disk "$tmp/fast")
	root_is /dev/disk/by-id/virtio-disk0
	make_disk "$tmp/tree" "$disk"
	truncate -s 256M "$tmp/slow"
	truncate -s 96M "$tmp/fast"
	for step in create reboot cut refuse again alone back; do
		local options=(--disk "$disk" "${slow[@]}")
		case $step in
		refuse | alone) ;;
		*) options+=("${fast[@]}") ;;
		esac
		[ "$step" != reboot ] || options+=(--kill-on '^# written')
		boot "$step" "$boot" /dev/disk/by-id/virtio-disk0 "${options[@]}"
	done
}

# In the initramfs there is nobody to ask: it must not go on, and say why.
test_root() {
	local so_far boot=$tmp/boot-root disks=(--disk "$tmp/root" --disk "$tmp/fast")
	echo "root /dev/disk/by-id/virtio-disk0 /dev/disk/by-id/virtio-disk1 -" \
		"metadata-size=8M,idle_ms=3600000,x-initrd.attach,x-systemd.device-timeout=5" \
		>"$tmp/tree/etc/ssdcachetab"
	root_is /dev/mapper/root
	one "the initramfs is made" in_tree "$tmp/tree" update-initramfs -u
	make_disk "$tmp/tree" "$tmp/root"
	rm -f "$tmp/fast"
	truncate -s 256M "$tmp/fast"
	boot root "$boot" /dev/mapper/root "${disks[@]}"
	boot rootcut "$boot" /dev/mapper/root "${disks[@]}" --kill-on '^# written'
	boot rootend "$boot" /dev/mapper/root "${disks[@]}"
	so_far=$failed
	boot rootlost "$boot" /dev/mapper/root --disk "$tmp/root" >/dev/null
	failed=$so_far
	said rootlost "a missing SSD is refused" 'may hold data that'
	said rootlost "and it is said what to do" 'start --degraded'
}

[ "$(id -u)" -eq 0 ] || vm_die "chroot needs root"
trap cleanup EXIT
trap 'exit 130' INT TERM HUP
tmp=$(vm_temp_dir "$vm_cache/run")
mkdir -p "$logs"
make_tree || exit 1
for part; do
	"test_$part"
done
exit $failed
