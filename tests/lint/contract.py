# SPDX-License-Identifier: GPL-2.0-only
"""Headers are contracts: contract.py HEADER...

Every prototype, and every inline function that has kernel-doc, states its
Context: and, if it returns something, its Return:. Short inline functions may
go without; prototypes may not. A Context: in the comment at the file's head
goes for all functions that state none of their own.
"""

import re
import sys

import csource


def comment_above(lines, line):
    """The kernel-doc comment that ends right above a declaration."""
    i = line - 2
    while i >= 0 and lines[i].strip() and "*/" not in lines[i]:
        i -= 1  # attributes and the return type on lines of their own
    if i < 0 or "*/" not in lines[i]:
        return None
    end = i
    while i >= 0 and "/*" not in lines[i]:
        i -= 1
    text = "\n".join(lines[max(i, 0):end + 1])
    return text if text.lstrip().startswith("/**") else None


def file_context(source):
    """Does the comment at the head state a context for all?"""
    head = re.match(r"(\s*/\*.*?\*/)+", source, re.S)
    return bool(head and "Context:" in head.group(0))


def check(path):
    with open(path, encoding="utf-8") as f:
        source = f.read()
    lines = source.split("\n")
    general = file_context(source)
    functions, prototypes, _ = csource.parse(source)
    for f in prototypes + functions:
        text = comment_above(lines, f.line)
        if text is None:
            if f in prototypes:
                yield f.line, f"{f.name}() has no kernel-doc"
            continue
        if "Context:" not in text and not general:
            yield f.line, f"{f.name}() does not state its Context:"
        if f.returns and not re.search(r"\bReturns?:", text):
            yield f.line, f"{f.name}() does not state its Return:"


def main():
    for path in sys.argv[1:]:
        try:
            for line, text in check(path):
                print(f"{path}:{line}: {text}")
        except csource.Unparsable as reason:
            print(f"{path}: {reason}")


main()
