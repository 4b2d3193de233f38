#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Get Debian's kernels and their headers into the cache without installing
# them:
#
#   tests/vm/fetch.sh [--update] [KEY...]     KEY of the table below; all the
#                                             default ones when none is given
#   tests/vm/fetch.sh [--update] source       the source of the kernel that
#                                             debug-kernel.sh builds
#   tests/vm/fetch.sh [--update] scripts      checkpatch.pl and its friends,
#                                             which come with that
#   tests/vm/fetch.sh kasan|kcsan             what debug-kernel.sh prints
#
# Prints the directory of each. What is cached is used as it is and needs no
# network; --update asks the archive for a newer version. Results, each
# directory named by its exact package version and complete by construction
# (it is unpacked beside and renamed):
#
#   kernels/KEY -> kernels/VERSION
#   kernels/VERSION/vmlinuz              the image
#   kernels/VERSION/lib/modules/REL      its modules, with depmod's files
#   kernels/VERSION/headers              KDIR for out-of-tree modules
#   kernels/VERSION/release              uname -r
#   kernels/source -> source-VERSION     the source, as far as it is needed
#   kernels/VERSION/tools                the compiler that its headers want, if
#                                        this Debian has it not
#   kernels/scripts -> source/scripts    checkpatch.pl spelling.txt ...
#
# No mirror is named here: it is the one that the machine's apt uses.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

# key  suites (comma separated)  image metapackage  headers metapackage
# and, if compiler and libraries of this Debian are too old, a suite for those
table='
6.1   bookworm,bookworm-security  linux-image-cloud-amd64     linux-headers-cloud-amd64
6.12  bookworm-security           linux-image-6.12-cloud-amd64 linux-headers-6.12-cloud-amd64
7.x   trixie-backports            linux-image-cloud-amd64     linux-headers-cloud-amd64  trixie
'
default_keys='6.1 6.12'

# The package of the source, in this key's suites.
source_key=6.12
source_package=linux-source-6.12
# What no kernel for a virtual machine is built from.
source_without='
Documentation/*/* Documentation/*.rst arch/[!x]*/*.[chS] arch/[!x]*/*.dts*
drivers/gpu/*.[ch] drivers/media/*.[ch] drivers/net/*.[ch] drivers/staging/*.[ch]
sound/*.[ch] tools/testing/* tools/perf/*'

# What is wanted of that suite.
tools_gcc=14
tools_packages="gcc-$tools_gcc-x86-64-linux-gnu cpp-$tools_gcc-x86-64-linux-gnu
libgcc-$tools_gcc-dev binutils-x86-64-linux-gnu libbinutils libctf-nobfd0
libctf0 libsframe1 libjansson4 libc6 libgcc-s1 libstdc++6 libgmp10 libisl23
libmpc3 libmpfr6 libzstd1 zlib1g libelf1t64"

kernels=${vm_cache:?}/kernels
apt_dir=

# ---- apt with a configuration of our own, beside the machine's -------------

# Lines "URI suite component" of what the machine itself uses.
machine_sources() {
	# shellcheck disable=SC2016 # apt-get expands these
	apt-get indextargets 'Created-By: Packages' \
		--format '$(REPO_URI) $(RELEASE) $(COMPONENT)'
}

# The address where SUITE is: its own if the machine has that suite, else
# that of a suite of the same archive (plain or security).
suite_uri() {
	machine_sources | awk -v want="$1" '
		function base(s) { sub(/-.*/, "", s); return s }
		function security(s) { return s ~ /-security$/ }
		BEGIN {
			n = split("bookworm trixie forky duke sid stable " \
				  "testing unstable oldstable", d)
			for (i = 1; i <= n; i++) debian[d[i]] = 1
		}
		!(base($2) in debian) || $3 != "main" { next }
		$2 == want { exact = exact ? exact : $1 }
		security($2) == security(want) { same = same ? same : $1 }
		!security($2) { plain = plain ? plain : $1 }
		END {
			if (exact) print exact
			else if (same) print same
			else if (plain && security(want)) {
				sub(/debian\/*$/, "debian-security/", plain)
				print plain
			} else exit 1
		}'
}

# apt_open SUITE,SUITE...: private lists of these suites only.
apt_open() {
	local suite uri
	apt_dir=$(vm_temp_dir "$vm_cache/apt")
	mkdir -p "$apt_dir"/{lists/partial,cache/archives/partial,empty}
	: >"$apt_dir/status"
	for suite in ${1//,/ }; do
		uri=$(suite_uri "$suite") ||
			vm_die "apt of this machine knows no Debian mirror"
		echo "deb [arch=amd64] $uri $suite main"
	done >"$apt_dir/sources.list"
	retry apt get update || vm_die "cannot get the lists of $1"
}

apt_close() {
	[ -z "$apt_dir" ] || rm -rf "$apt_dir"
	apt_dir=
}

# apt get|cache ARGS: as root the download still is done by us, for the
# cache directory is in somebody's home.
apt() {
	local command=$1
	shift
	"apt-$command" -q \
		-o Dir::Etc::sourcelist="$apt_dir/sources.list" \
		-o Dir::Etc::sourceparts="$apt_dir/empty" \
		-o Dir::State="$apt_dir" \
		-o Dir::State::lists="$apt_dir/lists" \
		-o Dir::State::status="$apt_dir/status" \
		-o Dir::Cache="$apt_dir/cache" \
		-o APT::Sandbox::User="$(id -un)" \
		-o APT::Architecture=amd64 \
		-o APT::Update::Error-Mode=any \
		-o Acquire::Languages=none \
		-o Acquire::Retries=3 "$@"
}

retry() {
	local n
	for n in 1 2 3 4; do
		"$@" >&2 && return 0
		sleep "$n" # the archive's trouble passes in its own time
	done
	return 1
}

# package_field PACKAGE FIELD, of the newest version
package_field() {
	apt cache show --no-all-versions "$1" | sed -n "s/^$2: //p" | head -n 1
}

# The names in PACKAGE's Depends that match the extended REGEX.
depends_on() {
	package_field "$1" Depends | tr ",|" "[\n*]" |
		sed 's/^ *//; s/ .*//' | grep -E "^($2)\$" | sort -u || true
}

# point_to DIRECTORY NAME: let NAME be it from now on, at once
point_to() {
	ln -sfn "$1" "$kernels/.$2"
	mv -T "$kernels/.$2" "$kernels/$2"
}

# ---- kernels ----------------------------------------------------------------

# The packages of a kernel; the metapackages' Depends name the exact release.
kernel_packages() {
	local image headers
	image=$(depends_on "$1" 'linux-image-[0-9].*-cloud-amd64' | head -n 1)
	headers=$(depends_on "$2" 'linux-headers-[0-9].*-cloud-amd64' | head -n 1)
	[ -n "$image" ] && [ -n "$headers" ] || return 1
	echo "$image $headers"
	# Debian's kernels since 7.0 come in parts.
	depends_on "$image" 'linux-(binary|modules|base)-[0-9].*'
	depends_on "$headers" \
		'linux-headers-.*-common|linux-kbuild-.*|linux-compiler-.*'
}

# Make the unpacked tree in $1, which will live in $2, usable where it is.
settle_kernel() {
	local root=$1 final=$2 rel headers f
	if [ -d "$root/usr/lib/modules" ]; then
		mkdir -p "$root/lib/modules"
		cp -al "$root/usr/lib/modules/." "$root/lib/modules/"
		rm -rf "$root/usr/lib/modules"
	fi
	rel=$(cd "$root/lib/modules" && echo *)
	headers=usr/src/linux-headers-$rel
	[ -f "$root/$headers/Makefile" ] || return 1
	echo "$rel" >"$root/release"
	for f in "boot/vmlinuz-$rel" "lib/modules/$rel/vmlinuz"; do
		[ ! -f "$root/$f" ] || ln -sf "$f" "$root/vmlinuz"
	done
	[ -f "$root/vmlinuz" ] || return 1
	ln -s "$headers" "$root/headers"
	for f in "$root/$headers/Makefile" "$root/$headers/.kernelvariables"; do
		[ ! -f "$f" ] || sed -i "s,/usr/\(src\|lib\)/linux-,$final&,g" "$f"
	done
	for f in build source; do
		rm -f "$root/lib/modules/$rel/$f"
	done
	ln -s "../../../$headers" "$root/lib/modules/$rel/build"
	depmod -b "$root" "$rel"
	rm -rf "${root:?}/usr/share"
}

# ---- a compiler of a newer Debian ---------------------------------------------

# Programs of a newer Debian run here with its loader and libraries, with which
# the command $loader begins.

# wrap FILE COMMAND: make a script of FILE that runs COMMAND
wrap() {
	printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"$1"
	chmod 755 "$1"
}

# Programs of the headers that this machine's libraries are too old for.
# wrap_programs DIR FINAL: what is in DIR will live in FINAL
wrap_programs() {
	local f
	find "$1/usr/lib" -type f -perm -u+x -path '*/linux-kbuild-*' |
		while read -r f; do
			! { ldd "$f" 2>&1 || true; } | grep -q 'not found' ||
				{ mv "$f" "$f.newer" &&
					wrap "$f" "$loader $2${f#"$1"}.newer"; }
		done
}

# add_tools NEW FINAL SUITE: to the kernel in NEW/root, which will live in FINAL
add_tools() {
	local root=$1/root to=$2/tools triplet=x86_64-linux-gnu deb loader p
	local gcc=$triplet-gcc-$tools_gcc
	loader="$to/usr/lib/$triplet/ld-linux-x86-64.so.2"
	loader+=" --library-path $to/usr/lib/$triplet"
	mkdir -p "$1/tools" "$root/tools"/{bin,as}
	apt_open "$3"
	# shellcheck disable=SC2086 # a list of words on purpose
	(cd "$1/tools" && retry apt get download $tools_packages) ||
		vm_die "cannot download a compiler of $3"
	for deb in "$1"/tools/*.deb; do
		dpkg -x "$deb" "$root/tools"
	done
	rm -rf "$root/tools/usr/share"
	for p in as ld; do
		ln -s "../usr/bin/$triplet-$p" "$root/tools/as/$p"
	done
	wrap "$root/tools/bin/$gcc" "$loader $to/usr/bin/$gcc -B$to/as/ \
		-wrapper ${loader// /,}"
	sed -i "s,\$(CROSS_COMPILE)gcc-$tools_gcc\$,$to/bin/$gcc," \
		"$root"/usr/src/linux-headers-*/.kernelvariables
	wrap_programs "$root" "$2"
	rm -f "$root/headers/vmlinux" # of use to a newer pahole only
}

# fetch_kernel KEY SUITES IMAGE HEADERS [TOOLS-SUITE]
fetch_kernel() {
	local key=$1 version packages new deb
	apt_open "$2"
	packages=$(kernel_packages "$3" "$4") ||
		vm_die "no kernel $key found in $2"
	version=$(package_field "${packages%% *}" Version)
	[ -n "$version" ] || vm_die "no version for kernel $key"
	# An epoch or tilde would be legal, and a nuisance in make.
	version=${version//[:~]/_}
	if [ ! -d "$kernels/$version" ]; then
		new=$(vm_temp_dir "$kernels")
		mkdir "$new/debs" "$new/root"
		# shellcheck disable=SC2086 # a list of words on purpose
		(cd "$new/debs" && retry apt get download $packages) ||
			vm_die "cannot download kernel $key"
		for deb in "$new"/debs/*.deb; do
			dpkg -x "$deb" "$new/root"
		done
		settle_kernel "$new/root" "$kernels/$version" ||
			vm_die "the packages of $version are not as expected"
		[ -z "${5:-}" ] || (
			trap apt_close EXIT
			add_tools "$new" "$kernels/$version" "$5"
		)
		mv -T "$new/root" "$kernels/$version"
		rm -rf "$new"
	fi
	point_to "$version" "$key"
	apt_close
}

# ---- the source -------------------------------------------------------------

# unpack_source PACKAGE-FILE DIRECTORY
unpack_source() {
	local pattern without=()
	for pattern in $source_without; do
		without+=(--exclude="linux-source-*/$pattern")
	done
	dpkg-deb --fsys-tarfile "$1" |
		tar -x -O --wildcards './usr/src/linux-source-*.tar.xz' |
		tar -x -J -C "$2" --strip-components=1 --anchored \
			--wildcards "${without[@]}"
	# It is read by all, and all that is in it are notes on warnings.
	[ -f "$2/Documentation/Kconfig" ] || : >"$2/Documentation/Kconfig"
}

fetch_source() {
	local suites version new
	suites=$(table_row "$source_key" | awk '{print $2}')
	apt_open "$suites"
	version=$(package_field "$source_package" Version)
	[ -n "$version" ] || vm_die "no $source_package found in $suites"
	version=source-${version//[:~]/_}
	if [ ! -d "$kernels/$version" ]; then
		new=$(vm_temp_dir "$kernels")
		mkdir "$new/tree"
		(cd "$new" && retry apt get download "$source_package") ||
			vm_die "cannot download $source_package"
		unpack_source "$(echo "$new"/*.deb)" "$new/tree"
		[ -f "$new/tree/scripts/checkpatch.pl" ] ||
			vm_die "$source_package is not as expected"
		echo "$version" >"$new/tree/release"
		mv -T "$new/tree" "$kernels/$version"
		rm -rf "$new"
	fi
	point_to "$version" source
	point_to source/scripts scripts
	apt_close
}

# ---- main -------------------------------------------------------------------

table_row() {
	echo "$table" | awk -v key="$1" '$1 == key'
}

# cached NAME: is there something usable under that name?
cached() {
	[ -e "$kernels/$1/release" ] || [ -e "$kernels/$1/checkpatch.pl" ]
}

fetch() {
	local row
	if cached "$1" && [ "$update" = no ]; then
		return
	fi
	case $1 in
	source | scripts)
		fetch_source
		return
		;;
	esac
	row=$(table_row "$1")
	[ -n "$row" ] || vm_die "no kernel '$1'; there are:" \
		"$(echo "$table" | awk 'NF {printf "%s ", $1}')"
	# shellcheck disable=SC2086 # the row's fields
	fetch_kernel $row
}

update=no
if [ "${1:-}" = --update ]; then
	update=yes
	shift
fi
case ${1:-} in
-*) vm_die "usage: fetch.sh [--update] [KEY...|source|scripts]" ;;
esac
trap apt_close EXIT
# shellcheck disable=SC2086 # a list of words on purpose
[ $# -gt 0 ] || set -- $default_keys
for key; do
	case $key in
	kasan | kcsan)
		"$vm_dir/debug-kernel.sh" "$key"
		continue
		;;
	esac
	if [ "$update" = yes ] || ! cached "$key"; then
		(
			trap apt_close EXIT
			vm_lock fetch
			fetch "$key"
		)
	fi
	realpath "$kernels/$key"
done
