# SPDX-License-Identifier: GPL-2.0-only
"""Print what is too long, too wide or too deep: shape.py FILE..."""

import re
import sys

import csource

FILE_LINES = 700
FUNCTION_LINES = 60
PARAMETERS = 5
NESTING = 3
FIELDS = 25


def lines_of(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def check_c(path, source):
    functions, prototypes, structs = csource.parse(source)
    for f in functions:
        length = f.end - f.line + 1
        if length > FUNCTION_LINES:
            yield f.line, f"{f.name}() has {length} lines"
        depth = csource.nesting(f)
        if depth > NESTING:
            yield f.line, f"{f.name}() nests {depth} deep"
    for f in functions + prototypes:
        if len(f.params) > PARAMETERS:
            yield f.line, f"{f.name}() has {len(f.params)} parameters"
    for s in structs:
        if s.fields > FIELDS:
            yield s.line, f"struct {s.name} has {s.fields} fields"


def without_documents(source):
    """A shell script whose here-documents are marked: they are data."""
    def mark(match):
        return match.group(1) + re.sub(r"[^\n]+", "\0", match.group(4))

    return re.sub(r"(<<-?\s*(['\"]?)(\w+)\2[^\n]*\n)(.*?^\t*\3$)", mark,
                  source, flags=re.S | re.M)


def check_functions(source, begin, end):
    """Functions of a shell script or of python, by their indentation."""
    name, start, length = None, 0, 0
    for number, line in enumerate(source.split("\n") + ["x"], 1):
        match = re.match(begin, line)
        length += line != "\0"
        if name and (re.match(end, line) or match):
            if length > FUNCTION_LINES:
                yield start, f"{name}() has {length} lines"
            name = None
        if match:
            name, start, length = match.group(1), number, 1


def check(path):
    source = lines_of(path)
    nr = source.count("\n")
    if nr > FILE_LINES:
        yield 1, f"the file has {nr} lines"
    if path.endswith((".c", ".h")):
        yield from check_c(path, source)
    elif path.endswith(".py"):
        yield from check_functions(source, r"def (\w+)\(", r"\S")
    elif not path.endswith(".md"):
        yield from check_functions(without_documents(source),
                                   r"(\w+)\(\) ?\{", r"\}")


def main():
    for path in sys.argv[1:]:
        try:
            for line, text in check(path):
                print(f"{path}:{line}: {text}")
        except csource.Unparsable as reason:
            print(f"{path}: {reason}")


main()
