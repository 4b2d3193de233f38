#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Fold what profile.c counted into functions:

    fold.py KALLSYMS PROFILE NR [SHOWN]

prints instructions for each of NR requests by function, the most expensive
first, and what all of it is by module.
"""

import bisect
import collections
import sys


def read_symbols(path):
    """Sorted (address, name, module) of the functions."""
    symbols = []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[1] not in "tTwW":
                continue
            module = words[3].strip("[]") if len(words) > 3 else "kernel"
            symbols.append((int(words[0], 16), words[2], module))
    return sorted(symbols)


def fold(symbols, path):
    """Instructions by (module, function)."""
    starts = [s[0] for s in symbols]
    sums = collections.Counter()
    with open(path, encoding="ascii") as lines:
        for line in lines:
            addr, count = line.split()
            addr = int(addr, 16)
            i = bisect.bisect_right(starts, addr) - 1
            key = ("user", "(user)")
            if addr >= 1 << 63 and i >= 0:
                key = (symbols[i][2], symbols[i][1])
            sums[key] += int(count)
    return sums


def main(kallsyms, profile, nr, shown="40"):
    sums = fold(read_symbols(kallsyms), profile)
    modules = collections.Counter()
    for (module, _), count in sums.items():
        modules[module] += count
    nr = float(nr)
    print("total %.0f" % (sum(sums.values()) / nr))
    for module, count in modules.most_common(8):
        print("  %-12s %8.1f" % (module, count / nr))
    for (module, name), count in sums.most_common(int(shown)):
        print("%8.1f  %-12s %s" % (count / nr, module, name))


main(*sys.argv[1:])
