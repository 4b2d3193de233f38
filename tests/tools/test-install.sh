#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# "make install-tools" puts the command, its pages and its completion where they
# belong, and "make uninstall-tools" takes all of it away again.

# shellcheck disable=SC2317 # expect and check call functions by their names

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

make_it() {
	make --no-print-directory -C "$tests_dir/.." DESTDIR="$tmp/root" \
		PREFIX=/usr "$1"
}

root=$tmp/root/usr
expect "install" 0 'install' make_it install-tools
expect "the command runs from there" 0 '^ssdcache [0-9]' \
	"$root/sbin/ssdcache" --version
for f in share/man/man8/ssdcache.8 share/man/man8/ssdcache-create.8 \
	share/man/man5/ssdcachetab.5 \
	share/bash-completion/completions/ssdcache; do
	expect "$f" 0 . head -n 3 "$root/$f"
done
expect "uninstall" 0 'rm' make_it uninstall-tools
expect "nothing is left" 0 '' find "$root" ! -type d
exit $failed
