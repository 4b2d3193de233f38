#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build the parts of the guest's initramfs, each an uncompressed cpio archive
# in the cache whose name holds the hash of what it was made from:
#
#   tests/vm/initramfs.sh base           busybox and the tools of this machine
#   tests/vm/initramfs.sh fio            fio, not needed by most tests
#   tests/vm/initramfs.sh modules DIR    modules of the kernel in DIR, that has
#                                        vmlinuz and lib/modules/RELEASE
#
# Prints the archive's path. The kernel unpacks archives put one after the
# other, so both kernels share the first two, and a run adds its own small one
# with /init and the test. Nothing is compressed: emulated processors unpack
# slowly, and the page cache of the host keeps the archives at hand.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

images=${vm_cache:?}/initramfs

# What tells one content of a file from another: size, times, inode. A file
# that is replaced, even by one of the same age, differs.
stat_state='%s %Y %Z %i'
find_state='%s %T@ %C@ %i\n'
new=

# Everything goes to /usr/bin in the guest; /bin and so on are links to it.
# Debian's busybox runs its own applets without looking at PATH, be it from its
# shell, env, find or xargs. These come from here lest its modprobe, which
# knows no compressed modules and no dependencies, or its mount be run.
base_tools='
modprobe insmod rmmod lsmod modinfo depmod
dmsetup lvm
mkfs.xfs xfs_repair xfs_io xfs_db xfs_growfs
mkfs.ext4 e2fsck debugfs resize2fs tune2fs
pdata_tools make-bcache bcache-super-show
blkdiscard blockdev losetup flock lsblk wipefs blkid fallocate mount umount
zramctl
dd stat sync timeout truncate sha256sum cmp
dash bash env find xargs nice nohup setsid taskset
'

# Links that the guest gets if this machine has them.
base_links='lv* vg* pv* cache_* thin_* era_* fsck.ext4 mke2fs'

# Loaded at run time by name, so that ldd does not know, or needed by the command
# ssdcache, which tests bring along.
extra_libraries='libgcc_s.so.1 libjson-c.so.5 libexpat.so.1'

# Loaded by guest-init.
boot_modules='virtio_pci virtio_blk virtio_console dm-mod'

modules="$boot_modules "'
virtio_scsi sd_mod dm-bufio dm-persistent-data dm-bio-prison
dm-cache dm-cache-smq dm-writecache dm-flakey dm-delay dm-snapshot
dm-thin-pool dm-log-writes dm-raid dm-crypt dm-mirror dm-integrity dm-zero
dm-dust dm-clone dm-era dm-unstripe dm-verity dm-service-time
raid0 raid1 raid10 raid456 bcache
xfs ext4 btrfs loop brd null_blk scsi_debug zram
libcrc32c crc32c_generic crc32c-intel crc32c-cryptoapi crc32-pclmul xxhash_generic
sha256_generic sha256-ssse3 aes_generic aesni-intel xts essiv cbc ecb lz4 lzo
lzo-rle
'

# ---- shared -----------------------------------------------------------------

cleanup() {
	[ -z "$new" ] || rm -rf "$new"
}

hash_of() {
	sha256sum | cut -c1-16
}

# pack DIR FILE
pack() {
	(cd "$1" && find . -print0 | sort -z |
		cpio -0 -o -H newc -R 0:0 --quiet --reproducible) >"$2"
}

# Keep a few of each kind; those of the last days may be in use elsewhere.
prune() {
	find "$images" -maxdepth 1 -name "$1-*.cpio" -mtime +14 -delete
}

# build KIND HASH FUNCTION ARGS: make the archive unless it is there
build() {
	local kind=$1 image=$images/$1-$2.cpio
	shift 2
	if [ ! -f "$image" ]; then
		vm_lock initramfs
	fi
	if [ ! -f "$image" ]; then
		new=$(vm_temp_dir "$images")
		mkdir "$new/root"
		"$@" "$new/root"
		pack "$new/root" "$new/image"
		mv "$new/image" "$image"
		prune "$kind"
	fi
	touch "$image"
	echo "$image"
}

# ---- userland ---------------------------------------------------------------

# Names of base_links that exist, as absolute paths.
link_paths() {
	local pattern
	for pattern in $base_links; do
		compgen -G "/usr/sbin/$pattern" || true
	done
}

tool_paths() {
	local tool
	for tool in $1; do
		command -v "$tool" || vm_die "$tool is missing, see deps.sh"
	done
}

# libraries PROGRAM...: what the programs load
libraries() {
	local library
	# ldd fails for static programs, of which there are.
	{
		(ldd "$@" 2>/dev/null || true) |
			sed -n 's/.*=> *\(\/[^ ]*\).*/\1/p; s/^\t\(\/[^ ]*\) .*/\1/p'
		for library in $extra_libraries; do
			ldconfig -p | sed -n "s/.*$library .*x86-64.*=> //p"
		done
	} | sort -u
}

# libraries_kept PROGRAM...: the same. ldd takes its time, so the answer is
# kept for as long as neither the programs nor the linker's cache change.
libraries_kept() {
	local kept
	kept=$images/libraries-$({
		cat "$0"
		stat -L -c "%n $stat_state" "$@" /etc/ld.so.cache
	} | hash_of)
	if [ ! -f "$kept" ]; then
		mkdir -p "$images"
		libraries "$@" >"$kept.$$"
		mv "$kept.$$" "$kept"
	fi
	cat "$kept"
}

# What the archive depends on: this script, the programs and the libraries.
userland_hash() {
	local names files
	names=$(tool_paths "$1" && link_paths) || exit 1
	mapfile -t files <<<"$names"
	names=$(libraries_kept "${files[@]}")
	mapfile -t -O ${#files[@]} files <<<"$names"
	{
		cat "$0" "$vm_dir/fio-light.sh"
		stat -L -c "%n $stat_state" "${files[@]}"
		cat /etc/mke2fs.conf 2>/dev/null || true
	} | hash_of
}

# install_program PATH ROOT: with its libraries; a link stays a link
install_program() {
	local real name=${1##*/}
	real=$(realpath "$1")
	if [ ! -e "$2/usr/bin/${real##*/}" ]; then
		cp "$real" "$2/usr/bin/${real##*/}"
	fi
	if [ "$name" != "${real##*/}" ]; then
		ln -sf "${real##*/}" "$2/usr/bin/$name"
	fi
}

# install_libraries ROOT: those of all that lies in usr/bin
install_libraries() {
	local library target
	libraries "$1"/usr/bin/* | while read -r library; do
		target=$library
		case $target in
		"$1"/*) continue ;; # is there already
		/usr/*) ;;
		*) target=/usr$target ;;
		esac
		mkdir -p "$1${target%/*}"
		cp -L "$library" "$1$target"
	done
}

# Empty directories and links of a merged /usr.
skeleton() {
	local d
	mkdir -p "$1"/{dev,proc,sys,run,tmp,mnt,out,modules,test,etc/lvm,root} \
		"$1"/usr/{bin,lib,lib64} "$1/var/lib"
	ln -s bin "$1/usr/sbin"
	for d in bin sbin lib lib64; do
		ln -s "usr/$d" "$1/$d"
	done
	ln -s ../run "$1/var/run"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$1/etc/passwd"
	echo 'root:x:0:' >"$1/etc/group"
	[ ! -f /etc/mke2fs.conf ] || cp /etc/mke2fs.conf "$1/etc/"
	ln -s ../proc/self/mounts "$1/etc/mtab"
}

# There is no udev in the guest, and nothing that watches.
lvm_config() {
	cat >"$1/etc/lvm/lvm.conf" <<-'END'
	activation { udev_sync=0 udev_rules=0 monitoring=0 verify_udev_operations=0 }
	devices { obtain_device_list_from_udev=0 external_device_info_source="none" use_devicesfile=0 }
	global { event_activation=0 use_lvmpolld=0 cache_check_executable="/usr/bin/cache_check" thin_check_executable="/usr/bin/thin_check" }
	backup { backup=0 archive=0 }
	END
}

# Busybox fills in what is not there yet; never a link to itself.
link_busybox() {
	local applet
	for applet in $(busybox --list); do
		if [ "$applet" != busybox ] && [ ! -e "$1/usr/bin/$applet" ]; then
			ln -s busybox "$1/usr/bin/$applet"
		fi
	done
}

make_base() {
	local program
	skeleton "$1"
	lvm_config "$1"
	for program in $(tool_paths "$base_tools") $(link_paths); do
		install_program "$program" "$1"
	done
	cp "$(command -v busybox)" "$1/usr/bin/busybox"
	ln -s dash "$1/usr/bin/sh"
	install_libraries "$1"
	link_busybox "$1"
}

# fio as it is, if it cannot be had lighter.
make_fio() {
	mkdir -p "$1/usr/bin"
	if "$vm_dir/fio-light.sh" "$1"; then
		LD_LIBRARY_PATH=$1/usr/lib/x86_64-linux-gnu install_libraries "$1"
	else
		install_program "$(command -v fio)" "$1"
		install_libraries "$1"
	fi
}

# ---- modules ----------------------------------------------------------------

modules_hash() {
	{
		cat "$0"
		find "$(realpath "$1")/lib/modules/" -type f \
			-printf "%p $find_state" 2>/dev/null | sort || true
	} | hash_of
}

# depends DIR RELEASE MODULE: the files to load for it, in order, as paths
# below lib/modules/RELEASE. Nothing for one built in, and for one not there.
depends() {
	modprobe -d "$1" -S "$2" --show-depends "$3" 2>/dev/null |
		sed -n "s,^insmod .*/lib/modules/$2/\([^ ]*\).*,\1,p" || true
}

# The list by which guest-init loads what every guest needs, of lines
# "NAME PATH...", without modprobe and its libraries.
boot_list() {
	local module path paths
	for module in $boot_modules; do
		paths=
		while read -r path; do
			paths+=" $2/${path%.ko*}.ko"
		done < <(depends "$1" "$2" "$module")
		[ -z "$paths" ] || echo "$module$paths"
	done
}

# Modules are unpacked here, once; the emulated guest would do it at each load.
unpack_module() {
	case $1 in
	*.xz) xz -dc "$1" >"${2%.xz}" ;;
	*.zst) zstd -dcq "$1" >"${2%.zst}" ;;
	*.gz) gzip -dc "$1" >"${2%.gz}" ;;
	*) cp "$1" "$2" ;;
	esac
}

# make_modules DIR ROOT
make_modules() {
	local dir=$1 root=$2 rel from to module path
	mkdir -p "$root/usr/lib/modules"
	: >"$root/usr/lib/modules/boot.list"
	rel=$(find "$dir/lib/modules/" -mindepth 1 -maxdepth 1 -printf '%f\n' \
		2>/dev/null | head -n 1) || true
	[ -n "$rel" ] || return 0 # a kernel with all built in
	from=$dir/lib/modules/$rel
	to=$root/usr/lib/modules/$rel
	mkdir -p "$to"
	cp "$from"/modules.{order,builtin,builtin.modinfo} "$to/"
	for module in $modules; do
		depends "$dir" "$rel" "$module"
	done | sort -u | while read -r path; do
		mkdir -p "$to/${path%/*}"
		unpack_module "$from/$path" "$to/$path"
		# Signatures go, too: to check one takes long.
		strip --strip-debug "$to/${path%.ko*}.ko"
	done
	boot_list "$dir" "$rel" >"$root/usr/lib/modules/boot.list"
	# depmod wants lib/modules, the guest has /lib as a link.
	ln -s usr/lib "$root/lib"
	depmod -b "$root" "$rel"
	rm "$root/lib"
}

# ---- main -------------------------------------------------------------------

trap cleanup EXIT
case ${1:-} in
base)
	hash=$(userland_hash "$base_tools busybox")
	build base "$hash" make_base
	;;
fio)
	hash=$(userland_hash fio)
	build fio "$hash" make_fio
	;;
modules)
	[ -f "${2:-}/vmlinuz" ] || vm_die "no kernel in '${2:-}'"
	build modules "$(modules_hash "$2")" make_modules "$(realpath "$2")"
	;;
*)
	vm_die "usage: initramfs.sh base|fio|modules DIR"
	;;
esac
