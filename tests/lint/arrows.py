# SPDX-License-Identifier: GPL-2.0-only
"""Who may include whom, and which words belong where: arrows.py FILE...

The layers, from below: include/ssdcache and src/core are pure and know each
other only; src/dm is the kernel's shell around them; tools are programs around
the same core. tests/simdisk is a module of its own.
"""

import fnmatch
import os
import re
import sys

# (files, what they may include of ours, and of others); the first match counts.
CORE = "src/core/*"
ABI = "include/ssdcache/abi.h"
FORMAT = "include/ssdcache/format.h"
KERNEL = ["linux/*", "asm/*", "trace/*"]
C_LIBRARY = "(libc)"
TOOLS_LIB = "tools/lib/*"
INCLUDES = [
    (ABI, [], []),
    (FORMAT, ["src/core/env.h", "src/core/types.h"], []),
    ("src/core/env.h", ["src/core/env-kernel.h", "src/core/env-user.h"], []),
    ("src/core/env-kernel.h", [], ["linux/*", "asm/*"]),
    ("src/core/env-user.h", [], [C_LIBRARY, "linux/types.h"]),
    ("src/core/codec.c", [CORE, FORMAT], []),
    ("src/core/page-cursor.h", [CORE, FORMAT], []),
    ("src/core/policy-*.c", ["src/core/policy*.h", "src/core/types.h",
                             "src/core/ghost.h"], []),
    (CORE, [CORE, ABI], []),
    ("src/dm/*", ["src/dm/*", CORE, ABI], KERNEL),
    ("tools/lib/dm.c", [TOOLS_LIB, CORE, ABI], [C_LIBRARY, "libdevmapper.h"]),
    ("tools/lib/blk.c", [TOOLS_LIB, CORE, ABI], [C_LIBRARY, "blkid.h",
                                                 "blkid/*"]),
    ("tools/lib/*", [TOOLS_LIB, CORE, ABI], [C_LIBRARY]),
    ("tools/*", ["tools/*", CORE, ABI], [C_LIBRARY]),
    ("tests/simdisk/*", ["tests/simdisk/*"], KERNEL),
]
# The seam is entered through env.h only.
HIDDEN = {"env-kernel.h": "src/core/env.h", "env-user.h": "src/core/env.h"}

# (pattern, files it is looked for in, files that may have it, why not)
KERNEL_WORDS = (r"\b(spin_(un)?lock\w*|raw_spin\w+|mutex_(un)?lock\w*|rwsem\w*|"
                r"struct bio|GFP_\w+|gfp_t|jiffies\w*|ktime_\w+|kmalloc\w*|"
                r"kzalloc\w*|vmalloc\w*|printk|pr_\w+|DMERR|DMWARN|"
                r"schedule\w*|msleep)\b")
WORDS = [
    (r"\b(VM_)?BUG(_ON\w*)?\s*\(", "*", "",
     "fail the target, never the machine"),
    (r"\bLINUX_VERSION_CODE\b|\bKERNEL_VERSION\s*\(", "*", "*/compat.h",
     "only compat.h knows kernel versions"),
    (r"\b([bl]e(16|32|64)_to_cpup?|cpu_to_[bl]e(16|32|64)p?)\b",
     "src/* tools/*",
     "src/core/codec.c src/core/page-cursor.h src/core/env-user.h",
     "only codec.c and page-cursor.h convert byte order"),
    (r"\b(v?f?printf|f?puts|f?putc|putchar|perror)\s*\(",
     "tools/*", "tools/lib/report*.c tools/lib/tab-file.c tools/boot/*",
     "the report module prints"),
    (KERNEL_WORDS, "src/core/* include/*", "src/core/env-kernel.h",
     "the core has no locks, memory flags, clocks or devices"),
]


def matches(path, patterns):
    return any(fnmatch.fnmatch(path, p) for p in patterns)


def resolve(path, name):
    """The file of ours that an include means, or its name as it stands."""
    here = os.path.normpath(os.path.join(os.path.dirname(path), name))
    for where in (here, "src/core/" + name, "include/" + name):
        if os.path.exists(where):
            return where
    return here if name.startswith(".") else name


def allowed(name, patterns):
    for p in patterns:
        if p == C_LIBRARY:
            if not matches(name, KERNEL + ["libdevmapper*", "blkid*", "src/*",
                                           "tools/*"]):
                return True
        elif fnmatch.fnmatch(name, p):
            return True
    return False


def check_includes(path, source):
    rule = next((r for r in INCLUDES if fnmatch.fnmatch(path, r[0])), None)
    for number, line in enumerate(source.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
        if not match:
            continue
        name = resolve(path, match.group(1))
        base = name.rsplit("/", 1)[-1]
        if HIDDEN.get(base, path) != path and path.startswith("src/"):
            yield number, f"{base} is for {HIDDEN[base]} only"
        elif rule and not allowed(name, rule[1] + rule[2]):
            yield number, f"{rule[0]} may not include {name}"
        elif base == "format.h" and not rule \
                and not matches(path, ["tests/*codec*", "tests/*format*"]):
            yield number, "the disk format is for the codec only"


def check_words(path, source):
    code = re.sub(r"/\*.*?\*/|//[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  source, flags=re.S)
    for pattern, where, exempt, why in WORDS:
        if not matches(path, where.split()) or matches(path, exempt.split()):
            continue
        for number, line in enumerate(code.split("\n"), 1):
            match = re.search(pattern, line)
            if match:
                yield number, f"'{match.group(0)}': {why}"


def main():
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as f:
            source = f.read()
        found = list(check_includes(path, source))
        found += check_words(path, source)
        for number, text in found:
            print(f"{path}:{number}: {text}")


main()
