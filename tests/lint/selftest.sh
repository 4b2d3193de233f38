#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Does each lint find what it is for? In a small tree where all of them hold, a
# violation is planted, one at a time, and the lint has to tell of it.

set -euo pipefail

lint_dir=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
status=0
planted=' '

report() {
	if [ "$1" = yes ]; then
		echo "ok - selftest $2"
	else
		echo "not ok - selftest $2: $3"
		status=1
	fi
}

# ---- the tree ---------------------------------------------------------------

write() {
	mkdir -p "$(dirname "$1")"
	cat >"$1"
}

make_tree() {
	cd "$tree"
	cp "$lint_dir/../../.checkpatch.conf" .
	write src/core/core.mk <<-'END'
	# SPDX-License-Identifier: GPL-2.0-only
	sc_core := codec thing
	END
	write Kbuild <<-'END'
	# SPDX-License-Identifier: GPL-2.0-only
	include $(src)/src/core/core.mk
	ssdcache-y := $(sc_core:%=src/core/%.o) src/dm/io.o
	END
	write src/core/env.h <<-'END'
	/* SPDX-License-Identifier: GPL-2.0-only */
	#include "env-user.h"
	END
	write src/core/env-user.h <<-'END'
	/* SPDX-License-Identifier: GPL-2.0-only */
	#include <stdint.h>
	END
	write src/core/thing.h <<-'END'
	/* SPDX-License-Identifier: GPL-2.0-only */
	#include "env.h"

	/**
	 * sc_thing_add() - add one
	 * @a: to what
	 *
	 * Context: any.
	 * Return: the sum.
	 */
	int sc_thing_add(int a);
	END
	write src/core/thing.c <<-'END'
	// SPDX-License-Identifier: GPL-2.0-only
	#include "thing.h"

	int sc_thing_add(int a)
	{
		return a + 1;
	}
	END
	write include/ssdcache/format.h <<-'END'
	/* SPDX-License-Identifier: GPL-2.0-only */
	struct sc_disk_block {
		unsigned int magic;
	};
	_Static_assert(sizeof(struct sc_disk_block) == 4, "size");
	END
	write src/core/codec.c <<-'END'
	// SPDX-License-Identifier: GPL-2.0-only
	#include "ssdcache/format.h"
	END
	write src/dm/io.c <<-'END'
	// SPDX-License-Identifier: GPL-2.0-only
	#include <linux/bio.h>
	#include "thing.h"

	struct sc_io {
		spinlock_t io_lock; /* see docs/locking.md */
	};
	END
	write docs/locking.md <<-'END'
	# Locks

	`io_lock` is the only one, see [above](#locks) and `src/dm/io.c`.
	END
	write tests/run.sh <<-'END'
	#!/bin/sh
	# SPDX-License-Identifier: GPL-2.0-only
	echo "hello"
	END
	write tests/x.py <<-'END'
	# SPDX-License-Identifier: GPL-2.0-only
	print("hello")
	END
}

# ---- planting ---------------------------------------------------------------

# plant LINT PATTERN FILE: stdin is put at the end of FILE, which may be new;
# the lint must tell of FILE with something that matches.
plant() {
	local old=$tree/.old existed=no out
	planted+="$1 "
	mkdir -p "$(dirname "$3")"
	if [ -e "$3" ]; then
		existed=yes
		cp "$3" "$old"
	fi
	cat >>"$3"
	out=$("$lint_dir/lint.sh" --root "$tree" "$1") || true
	if [[ $out == "not ok"* ]] && grep -qE -- "$3.*$2|$2.*$3" <<<"$out"; then
		report yes "$1 finds: $2"
	else
		report no "$1 finds: $2" "it said: $(head -n 3 <<<"$out" | tr '\n' ' ')"
	fi
	rm -f "$3"
	[ $existed = no ] || mv "$old" "$3"
}

lines() {
	local i
	for ((i = 0; i < $1; i++)); do
		echo "$2"
	done
}

plant_arrows() {
	plant arrows 'linux/bio.h' src/core/thing.c <<<'#include <linux/bio.h>'
	plant arrows 'format.h' src/core/thing.c \
		<<<'#include "ssdcache/format.h"'
	plant arrows 'format.h' src/dm/io.c <<<'#include "ssdcache/format.h"'
	plant arrows 'disk format' tests/unit/test-map.c \
		<<<'#include <ssdcache/format.h>'
	plant arrows 'env-user.h is for' src/core/thing.c \
		<<<'#include "env-user.h"'
	plant arrows 'thing.h' src/core/policy-new.c <<<'#include "thing.h"'
	plant arrows 'src/dm' tools/ssdcache.c <<<'#include "../src/dm/io.h"'
	plant arrows 'libdevmapper.h' tools/ssdcache.c \
		<<<'#include <libdevmapper.h>'
	plant arrows 'blkid/blkid.h' tools/lib/dm.c <<<'#include <blkid/blkid.h>'
	plant arrows 'tools/verbs.h' tools/lib/verb.c <<<'#include "../verbs.h"'
	plant arrows 'report module' tools/cmd-x.c <<<'int x = printf("x");'
	plant arrows 'BUG_ON' src/dm/io.c <<<'void f(int a) { BUG_ON(a); }'
	plant arrows 'LINUX_VERSION_CODE' src/dm/io.c \
		<<<'#if LINUX_VERSION_CODE > 1'
	plant arrows 'le32_to_cpu' src/dm/io.c <<<'int f(int a) { return le32_to_cpu(a); }'
	plant arrows 'GFP_NOIO' src/core/thing.c <<<'int x = GFP_NOIO;'
	plant arrows 'jiffies' src/core/thing.h <<<'int x = jiffies;'
}

plant_shape() {
	plant shape 'has 7[0-9][0-9] lines' src/core/thing.c < <(lines 700 '')
	plant shape 'long\(\) has 6[0-9] lines' src/core/thing.c < <(
		echo 'void long(void) {'
		lines 60 'x();'
		echo '}'
	)
	plant shape '6 parameters' src/core/thing.h \
		<<<'int f(int a, int b, int c, int d, int e, void (*g)(int, int));'
	plant shape 'nests 4 deep' src/core/thing.c <<-'END'
	void deep(void)
	{
		if (a)
			for (;;) {
				while (1) {
					if (b)
						c();
				}
			}
	}
	END
	plant shape '26 fields' src/core/thing.h < <(
		echo 'struct god {'
		lines 24 'int x;'
		echo 'struct { int a, b; };'
		echo '};'
	)
	plant shape 'not closed' src/core/thing.c <<<'void f(void) {'
	plant shape 'f\(\) has 6[0-9] lines' tests/run.sh < <(
		echo 'f() {'
		lines 60 x
		echo '}'
	)
}

plant_documents() {
	plant contract 'no kernel-doc' src/core/thing.h <<<$'\nint f(void);'
	plant contract 'state its Context:' src/core/thing.h <<-'END'

	/**
	 * f() - do it
	 *
	 * Return: 0
	 */
	int f(void);
	END
	plant contract 'state its Return:' src/core/thing.h <<-'END'

	/**
	 * f() - do it
	 *
	 * Context: any.
	 */
	int f(void);
	END
	plant kernel_doc 'b. not described' src/core/thing.h <<-'END'

	/**
	 * f() - do it
	 * @a: what
	 *
	 * Return: 0
	 */
	int f(int a, int b);
	END
	plant links "no file 'design.md'" docs/locking.md <<<'[x](design.md)'
	plant links "no heading '#below'" docs/locking.md <<<'[x](#below)'
	# shellcheck disable=SC2016 # what a document may say
	plant links "no file 'src/dm/fail.c'" docs/locking.md \
		<<<'see `src/dm/fail.c`'
	plant links "no file 'docs/design.md'" src/core/thing.c \
		<<<'/* docs/design.md */'
	plant locks "tell of 'map_mutex'" src/dm/io.c \
		<<<$'struct x {\n\tstruct mutex map_mutex;\n};'
	plant format 'size of struct sc_disk_page' include/ssdcache/format.h \
		<<<$'struct sc_disk_page {\n\tint a;\n};'
}

plant_text() {
	plant checkpatch 'ERROR' src/core/thing.c <<<'int  f( int a ){return a;}'
	plant checkpatch 'WARNING' src/core/thing.c \
		<<<$'void f(void)\n{\n\tprintk("hello\\n");\n}'
	# shellcheck disable=SC2016 # the violation
	plant shellcheck 'SC2086' tests/run.sh <<<'echo $1'
	plant python 'syntax' tests/x.py <<<'def f(:'
	plant spdx 'SPDX' tests/new.sh <<<'#!/bin/sh'
	plant spdx 'SPDX' src/core/new.c \
		<<<'/* SPDX-License-Identifier: GPL-2.0-only */'
	plant words 'FIXME' src/core/thing.c <<<'/* FIXME */'
	plant words 'home' src/core/thing.c <<<'/* see /home/me/x */'
	plant whitespace 'at the end' src/core/thing.c <<<'int a; '
	plant whitespace 'empty line' src/core/thing.c <<<''
	plant whitespace 'no newline' src/core/thing.c < <(printf 'int a;')
	plant lists 'not listed' src/core/new.c </dev/null
	plant lists 'not there' src/core/core.mk <<<'sc_core += core.mk'
	plant headers 'uint99_t' src/core/thing.h <<<'extern uint99_t x;'
}

check_baseline() {
	local out
	if out=$("$lint_dir/lint.sh" --root "$tree"); then
		report yes "all lints hold in a tree in order"
	else
		report no "all lints hold in a tree in order" \
			"$(grep -A 2 '^not ok' <<<"$out" | tr '\n' ' ')"
	fi
}

check_complete() {
	local name
	for name in $("$lint_dir/lint.sh" --list); do
		[[ $planted == *" $name "* ]] ||
			report no "$name" "no violation is planted for it"
	done
}

make_tree
check_baseline
plant_arrows
plant_shape
plant_documents
plant_text
check_complete
exit $status
