#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What an initramfs is given to know of caches, and when it is made anew. The
# program that makes it is made up.

# shellcheck disable=SC2317 # called by their names

# shellcheck source=tests/tools/lib.sh
. "$(dirname "$0")/lib.sh"

export SSDCACHE_TAB=$tmp/tab SSDCACHE_STATE=$tmp/states SSDCACHE_NOTED=$tmp/noted
mkdir bin
# shellcheck disable=SC2016 # the program expands it
printf '%s\n' '#!/bin/sh' 'echo "$*" >>"$SSDCACHE_STATE/../made"' \
	'exit $(cat "$SSDCACHE_STATE/../status")' >bin/update-initramfs
chmod 755 bin/update-initramfs
export PATH=$tmp/bin:$PATH
echo 0 >status

state() {
	mkdir -p "${4:-states}"
	printf 'dirty=%s\nalone=%s\n' "$2" "$3" >"${4:-states}/$1"
}

initrd_state() {
	sh "$tests_dir/../tools/systemd/initrd-state.sh" "$@"
}

# given NAME...: these, and no others
given() {
	rm -rf given
	initrd_state known given && [ "$(ls given)" = "$(printf '%s\n' "$@")" ]
}

cat >tab <<'END2'
root /dev/a /dev/b - mode=writethrough,metadata-size=8M,x-initrd.attach
other /dev/a /dev/b - mode=writethrough,metadata-size=8M
near /dev/a /dev/b - mode=writethrough,x-initrd.attach2
# no /dev/a /dev/b - mode=writethrough,x-initrd.attach
  wb  /dev/a	/dev/b /dev/c x-initrd.attach,mode=writeback # mode=writethrough
wa /dev/a /dev/b /dev/c x-initrd.attach,mode=writearound
plain /dev/a /dev/b /dev/c x-initrd.attach
none
END2
for name in root other near no wb wa plain none; do
	state $name no no
done
holds "clean ones whose mode leaves them so" given root wa
state wa maybe no
holds "none that may be dirty" given root
state wb no yes
state plain maybe yes
holds "those whose origin was used alone" given plain root wb
rm -r states
holds "nothing is known" given ''
rm tab
holds "no ssdcachetab" given ''

echo 'root /dev/a /dev/b - mode=writethrough,x-initrd.attach' >tab
state root no no noted
mkdir noted/.known
: >noted/lock
expect "what it noted is kept" 0 '' initrd_state keep
same "as it is" states/root noted/root
holds "and nothing else" test "$(ls -A states)" = root
same "that is news: it is made anew, all are" made <(echo "-u -k all")
rm made
state root no no noted/.known
expect "it knew" 0 '' initrd_state keep
holds "nothing is made" test ! -e made
state root no yes noted
expect "used alone" 0 '' initrd_state keep
holds "is news" test -s made
echo 3 >status
expect "a failure is told" 3 '' initrd_state keep
expect "and here" 3 '' initrd_state renew
expect "other words" 2 usage initrd_state other

finish
