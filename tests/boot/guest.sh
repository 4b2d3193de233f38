#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the Debian that boots: one step of tests/boot/test.sh, named on the kernel's
# command line. Disks are found by what they are called there: disk0 the
# system, disk1 the slow one, disk2 the fast one.
#
# shellcheck disable=SC2317 # the steps are called by their names

slow=/dev/disk/by-id/virtio-disk1
fast=/dev/disk/by-id/virtio-disk2

say() {
	printf '%s\n' "$*" >/dev/ttyS1
}

# check NAME COMMAND...
check() {
	name=$1
	shift
	if "$@" >/tmp/check 2>&1; then
		say "ok - $step: $name"
	else
		say "not ok - $step: $name: exit status $? of: $*"
		tail -n 20 /tmp/check | sed 's/^/#   /' >/dev/ttyS1
		failed=yes
	fi
}

# What is known when something failed.
show_state() {
	{
		systemctl --no-pager --failed
		systemctl --no-pager list-jobs
		journalctl -b --no-pager -o cat -u 'ssdcache@*' | tail -n 30
		dmsetup table
		lsblk -o NAME,FSTYPE,MOUNTPOINTS
	} 2>&1 | sed 's/^/#   /' >/dev/ttyS1
}

mounted_from() {
	[ "$(findmnt -n -o SOURCE "$1")" = "/dev/mapper/$2" ]
}

status_is() {
	ssdcache status --json "$1" | grep -q "\"$2\": *\"*$3\"*"
}

is_hidden() {
	udevadm info -q property "$1" | grep -qx SYSTEMD_READY=0
}

# put FILE: random bytes, with their sum beside them, durable
put() {
	head -c 3000000 /dev/urandom >"$1" && sha256sum "$1" >"$1.sum" &&
		sync "$1" "$1.sum" "${1%/*}"
}

holds() {
	sha256sum -c --quiet "$1.sum"
}

# renew FILE: the same blocks, other bytes
renew() {
	head -c 3000000 /dev/urandom | dd of="$1" bs=64K conv=notrunc status=none &&
		sha256sum "$1" >"$1.sum" && sync "$1" "$1.sum" "${1%/*}"
}

dirty_is() {
	grep -qx "dirty=$2" "/var/lib/ssdcache/$1"
}

# What the user does, as README says; the file system was there before.
step_create() {
	check "a file system on the origin" mkfs.ext4 -q -L data "$slow"
	mkdir -p /data
	mount $slow /data
	check "a file" put /data/before
	umount /data
	check "ssdcache create" ssdcache create data --origin $slow \
		--cache $fast --set idle_ms=3600000
	sed -i '/^data/s/[^ \t]*$/&,nofail,x-systemd.device-timeout=5/' \
		/etc/ssdcachetab
	echo "/dev/mapper/data /data ext4 nofail 0 2" >>/etc/fstab
	systemctl daemon-reload
	check "mount" mount /data
	check "its label is the cached device's" test "$(realpath /dev/disk/by-label/data)" = \
		"$(realpath /dev/mapper/data)"
	check "is from the cached device" mounted_from /data data
	check "the file is there" holds /data/before
	check "another" put /data/cached
}

common() {
	check "/data is mounted" findmnt /data
	check "from the cached device" mounted_from /data data
	check "its service is active" systemctl -q is-active ssdcache@data
	check "the origin is hidden" is_hidden $slow
	check "the first file" holds /data/before
	check "the second" holds /data/cached
}

step_reboot() {
	common
	check "writes" put /data/cut
	say "# written"
	while :; do
		put /data/more
	done
}

step_cut() {
	common
	check "what was synced before the power cut" holds /data/cut
	check "writes" put /data/dirty
	check "is dirty" sh -c '! ssdcache status --json data |
		grep -q "\"dirty\": *0,"'
}

# Dirty, and the fast device is missing.
step_refuse() {
	check "nothing is mounted" sh -c '! findmnt /data'
	check "the service failed" systemctl -q is-failed ssdcache@data
	check "it is said what to do" sh -c \
		'journalctl -b -u ssdcache@data | grep -q "start --degraded"'
	check "the origin is hidden" is_hidden $slow
}

step_again() {
	common
	check "what was dirty" holds /data/dirty
	check "ssdcache mode" ssdcache mode --save data writethrough
	check "ssdcache flush" ssdcache flush data
	check "writes" put /data/through
}

# Clean, and the fast device is missing: it has these files, too, in what it holds.
step_alone() {
	common
	check "what was dirty" holds /data/dirty
	check "what was written through" holds /data/through
	check "a warning" sh -c \
		'journalctl -b -u ssdcache@data | grep -q "without a cache"'
	check "writes" put /data/alone
	check "overwrites what was dirty" renew /data/dirty
	check "and what was written through" renew /data/through
}

# It is back, and what it holds is old.
step_back() {
	common
	check "what was written without it" holds /data/alone
	check "what was overwritten" holds /data/dirty
	check "and this" holds /data/through
	check "cached" status_is data mode writethrough
	check "it says that it begins empty" sh -c \
		'journalctl -b -u ssdcache@data | grep -q "begins empty"'
	check "ssdcache remove" sh -c 'umount /data && ssdcache remove data'
	udevadm settle
	check "the plain origin is back" sh -c "! udevadm info -q property $slow |
		grep -qx SYSTEMD_READY=0"
	check "and mounts" sh -c "mount $slow /data && sha256sum -c --quiet /data/alone.sum"
}

# The root file system.
step_root() {
	check "/ is on the cached device" mounted_from / root
	check "it serves" sh -c 'ssdcache status root'
	check "writes" put /srv/first
}

step_rootcut() {
	check "/ is on the cached device" mounted_from / root
	check "what was written before" holds /srv/first
	check "writes" put /srv/cut
	say "# written"
	while :; do
		put /srv/more
	done
}

step_rootend() {
	check "/ is on the cached device" mounted_from / root
	check "what was written before" holds /srv/first
	check "what was synced before the power cut" holds /srv/cut
	check "writes" put /srv/dirty
	check "ssdcache mode" ssdcache mode --save root writethrough
	check "ssdcache flush" ssdcache flush root
	check "it is noted that nothing is dirty" dirty_is root no
	check "writes" put /srv/through
}

# Images that the guest has made know that / was used without its cache.
images_know() {
	lsinitramfs "/boot/initrd.img-$(uname -r)" |
		grep -x etc/ssdcache-state/root && nothing_is_due
}

images_know_nothing() {
	! lsinitramfs "/boot/initrd.img-$(uname -r)" |
		grep -x etc/ssdcache-state/root && nothing_is_due
}

nothing_is_due() {
	! find /var/lib/ssdcache -name 'initramfs=*' | grep .
}

step_rootalone() {
	check "/ is on the device" mounted_from / root
	check "which is without its cache" status_is root state alone
	check "what was written through" holds /srv/through
	check "is overwritten" renew /srv/through
	check "the initramfs knows" images_know
}

step_rootforget() {
	check "/ is on the cached device" mounted_from / root
	check "it is cached" status_is root state running
	check "what was overwritten without the cache" holds /srv/through
	check "the initramfs has forgotten, too" images_know_nothing
	check "writes" put /srv/after
}

step_rootlast() {
	check "/ is on the cached device" mounted_from / root
	check "it is cached" status_is root state running
	check "what was overwritten without the cache" holds /srv/through
	check "what was written since" holds /srv/after
}

# What README says, as it says it: the host has put its blocks into files.
readme() {
	check "README: $1" env -C /opt/readme sh -e "$1"
}

# One that was never used; a boot may call it by another name than the last.
blank_disk() {
	lsblk -dnpo NAME,FSTYPE | awk '/^.dev.sd/ && NF == 1 { print $1; exit }'
}

step_readme() {
	check "a file system on the origin" mkfs.ext4 -q -L origin /dev/sdb
	mount /dev/sdb /mnt
	check "a file" put /mnt/before
	umount /mnt
	readme use
	check "DKMS has built the module" sh -c \
		'dkms status ssdcache | grep -q ": installed"'
	check "/mnt is cached" mounted_from /mnt fast
	check "the file is there" holds /mnt/before
	check "another" put /mnt/cached
}

step_readmenext() {
	check "/mnt is cached" mounted_from /mnt fast
	check "the first file" holds /mnt/before
	check "the second" holds /mnt/cached
	readme remove
	check "ssdcachetab is empty" sh -c '! grep -q "^fast" /etc/ssdcachetab'
	slow_part=$(blank_disk)
	check "a group, with the SSD" vgcreate -q vg "$slow_part" /dev/nvme0n1p2
	check "a volume" lvcreate -q -n home -L 64M vg "$slow_part"
	check "a file system" mkfs.ext4 -q /dev/vg/home
	mount /dev/vg/home /mnt
	check "a file" put /mnt/before
	umount /mnt
	readme lvm
	check "mounts" mount /dev/mapper/vg_home /mnt
	check "the file is there" holds /mnt/before
	check "another" put /mnt/cached
}

step_readmelast() {
	check "the volume is cached" systemctl -q is-active ssdcache@vg_home
	check "mounts" mount /dev/mapper/vg_home /mnt
	check "the first file" holds /mnt/before
	check "the second" holds /mnt/cached
	umount /mnt
	check "the disk that was cached mounts" mount LABEL=origin /mnt
	check "its first file" holds /mnt/before
	check "its second" holds /mnt/cached
}

step_dracut() {
	check "/ is on the cached device" mounted_from / root
	check "it serves" sh -c 'ssdcache status root'
	check "dracut has made the initramfs" test -d /run/initramfs
	check "and no other program" sh -c '! command -v update-initramfs'
	check "writes" put /srv/first
}

# All files, whatever is called like us, and what depmod knows.
files() {
	find /usr /etc /boot ! -type d -printf '%p %l\n' | sort
	find / -xdev -name '*ssdcache*' ! -path '/opt/*' | sort
	sha256sum "/lib/modules/$(uname -r)"/modules.*
}

# From sources; ssdcachetab is the user's, and stays.
step_install() {
	files >/run/before
	check "make install" make -C /opt/ssdcache install
	check "depmod has found the module" modprobe ssdcache
	check "ssdcache create" ssdcache create data --origin $slow --cache $fast
	check "a file system" mkfs.ext4 -q /dev/mapper/data
	mount /dev/mapper/data /mnt
	check "a file" put /mnt/file
	umount /mnt
	check "ssdcache stop" ssdcache stop data
	check "the origin is hidden" is_hidden $slow
	systemctl daemon-reload
	check "its service starts it" systemctl start ssdcache@data
	mount /dev/mapper/data /mnt
	check "the file is there" holds /mnt/file
	umount /mnt
	check "the service stops it" systemctl stop ssdcache@data
	check "ssdcache remove" ssdcache remove data
	check "the plain origin mounts" mount $slow /mnt
	check "the file is there, too" holds /mnt/file
	umount /mnt
	check "the module is not in use" rmmod ssdcache
	check "ssdcachetab names no cache" sh -c '! grep -v "^#" /etc/ssdcachetab'
	rm /etc/ssdcachetab
	check "make uninstall" make -C /opt/ssdcache uninstall
	files >/run/after
	check "nothing is left" diff /run/before /run/after
}

step=$(sed -n 's/.*boottest=\([a-z]*\).*/\1/p' /proc/cmdline)
[ -n "$step" ] || exit 0
failed=no
stty -F /dev/ttyS1 raw -echo
# Jobs that failed are no longer in the way; those of the boot are over.
"step_$step"
[ $failed = no ] || show_state
say "1..done"
sync
systemctl reboot
