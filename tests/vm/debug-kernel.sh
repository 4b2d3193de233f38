#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Build a kernel that watches itself, for run.sh --kernel KIND, and print its
# directory, which is laid out as those of fetch.sh are:
#
#   tests/vm/debug-kernel.sh kasan     KASAN, lockdep, kmemleak and more
#   tests/vm/debug-kernel.sh kcsan     data races
#
# tests/vm/debug/ has the configurations: what the guest needs and not a driver
# more, for the time goes into the number of files. Built once for each version
# of the source, configuration and compiler, into the cache.

set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=host.sh
. "$(dirname "$0")/host.sh"

kind=${1:-}
case $kind in
kasan | kcsan) ;;
*) vm_die "usage: debug-kernel.sh kasan|kcsan" ;;
esac
configs=("$vm_dir/debug/common.config" "$vm_dir/debug/$kind.config")
kernels=${vm_cache:?}/kernels
keep_days=30

# Sanitizers look at the modules that are tested and at what these call into.
# The kernel's own code is compiled without:
#   UBSAN    it is none of ours, and takes time;
#   KCSAN    it races knowingly in places that have no mark, and what races with
#            us is found from our side. Its barriers are told of all the same.
declare -A make_words=(
	[kasan]='CFLAGS_UBSAN='
	[kcsan]='CFLAGS_KCSAN=-D__KCSAN_INSTRUMENT_BARRIERS__'
)

# What a build depends on.
key() {
	{
		cat "$0" "${configs[@]}"
		cat "$1/release"
		gcc --version | head -n 1
		ld --version | head -n 1
	} | sha256sum | cut -c1-12
}

kernel_make() {
	nice make -s -C "$source" O="$build" -j"$(nproc)" "$@"
}

# Every word of the configuration must have been understood: one that depends
# on something else is dropped without a word.
check_config() {
	local line dropped=''
	while read -r line; do
		case $line in
		CONFIG_*=n) ! grep -q "^${line%n}[ym]" "$build/.config" || dropped+=" $line" ;;
		CONFIG_*) grep -qxF "$line" "$build/.config" || dropped+=" $line" ;;
		esac
	done < <(cat "${configs[@]}")
	[ -z "$dropped" ] || vm_die "not possible:$dropped"
}

configure() {
	cat "${configs[@]}" >"$build/wanted.config"
	kernel_make KCONFIG_ALLCONFIG="$build/wanted.config" allnoconfig
	check_config
}

# A vmlinux that QEMU starts needs no bzImage.
build_kernel() {
	local release
	configure
	kernel_make "${make_words[$kind]}" vmlinux modules
	kernel_make INSTALL_MOD_PATH="$dir" INSTALL_MOD_STRIP=1 modules_install
	objcopy --strip-debug "$build/vmlinux" "$dir/vmlinuz"
	release=$(kernel_make kernelrelease)
	rm -f "$dir/lib/modules/$release/"{build,source}
	# Modules are built with what is left.
	find "$build" \( -name '*.o' -o -name '*.a' -o -name '*.ko' \
		-o -name '.*.cmd' -o -name 'vmlinux*' \) \
		! -path '*/tools/*' ! -path '*/scripts/*' -delete
	echo "$release" >"$dir/release.new"
	mv "$dir/release.new" "$dir/release"
}

source=$("$vm_dir/fetch.sh" source)
dir=$kernels/$kind-$(key "$source")
build=$dir/headers
if [ ! -e "$dir/release" ]; then
	vm_lock "debug-kernel-$kind"
fi
if [ ! -e "$dir/release" ]; then
	find "$kernels" -maxdepth 1 -name "$kind-*" -mtime +$keep_days \
		-exec rm -rf {} +
	# One that was broken off goes on where it was.
	mkdir -p "$build"
	build_kernel >&2
fi
touch "$dir"
echo "$dir"
