# SPDX-License-Identifier: GPL-2.0-only
"""As much of a C parser as the lints need: functions, structs, prototypes.

It sees neither macros nor types. Preprocessor lines are blank to it, and a
file whose braces do not match is reported by an exception.
"""

import re
from dataclasses import dataclass, field

TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|->|\+\+|--|\.\.\.|[^\s\w]")
LOOPS = re.compile(r"^(for|while|if|switch|\w*for_each\w*)$")


class Unparsable(Exception):
    """The braces or parentheses of a file do not match."""


@dataclass
class Token:
    text: str
    line: int


@dataclass
class Function:
    """A definition, or with an empty body a prototype."""

    name: str
    line: int
    end: int
    params: list
    static: bool
    returns: bool
    body: list = field(default_factory=list)


@dataclass
class Struct:
    name: str
    line: int
    fields: int


def blank(text):
    """The same number of lines with nothing on them."""
    return re.sub(r"[^\n]", " ", text)


def strip(source):
    """Comments, strings and preprocessor lines out, line numbers kept."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''

    def replace(match):
        if match.group(0)[0] in "\"'":
            return '""' + blank(match.group(0)[2:])
        return blank(match.group(0))

    source = re.sub(pattern, replace, source, flags=re.S)
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda m: blank(m.group(0)), source, flags=re.M)


def tokens(source):
    found = []
    for number, line in enumerate(strip(source).split("\n"), 1):
        found += [Token(t, number) for t in TOKEN.findall(line)]
    return found


def closing(toks, i):
    """Index of what closes the bracket at i."""
    pairs = {"(": ")", "{": "}", "[": "]"}
    stack = []
    for j in range(i, len(toks)):
        text = toks[j].text
        if text in pairs:
            stack.append(pairs[text])
        elif text in ")}]":
            if not stack or stack.pop() != text:
                break
            if not stack:
                return j
    raise Unparsable(f"line {toks[i].line}: '{toks[i].text}' is not closed")


def split_commas(toks):
    parts, part, i = [], [], 0
    while i < len(toks):
        if toks[i].text in "([{":
            j = closing(toks, i)
            part += toks[i:j + 1]
            i = j + 1
            continue
        if toks[i].text == ",":
            parts.append(part)
            part = []
        else:
            part.append(toks[i])
        i += 1
    parts.append(part)
    return [p for p in parts if p]


def count_fields(toks):
    """Declarators between the braces of a struct, those of inner ones too."""
    nr, i, part = 0, 0, []
    while i < len(toks):
        text = toks[i].text
        if text == "{":
            j = closing(toks, i)
            nr += count_fields(toks[i + 1:j])
            part, i = [], j
        elif text == ";":
            nr += len(split_commas(part))
            part = []
        else:
            part.append(toks[i])
        i += 1
    return nr


def as_function(head):
    """The function that a declaration's tokens declare, or None."""
    for i, tok in enumerate(head[:-1]):
        if head[i + 1].text != "(" or tok.text.startswith("__"):
            continue
        if not i or not re.match(r"\w+$|\*$", head[i - 1].text) \
                and head[i - 1].text != ")":
            return None
        inner = head[i + 2:closing(head, i + 1)]
        params = split_commas(inner)
        if [t.text for t in inner] == ["void"]:
            params = []
        words = [t.text for t in head[:i]]
        returns = "void" not in words or words[-1] == "*"
        return Function(tok.text, tok.line, tok.line, params,
                        "static" in words, returns)
    return None


def parse(source):
    """(definitions, prototypes, structs) of a file."""
    toks = tokens(source)
    functions, prototypes, structs = [], [], []
    head, i = [], 0
    while i < len(toks):
        text = toks[i].text
        if text in "([":
            j = closing(toks, i)
            head += toks[i:j + 1]
            i = j
        elif text == "{":
            j = closing(toks, i)
            words = [t.text for t in head]
            func = None if "=" in words else as_function(head)
            if func:
                func.end, func.body = toks[j].line, toks[i:j + 1]
                functions.append(func)
                head = []
            elif head and ("struct" in words or "union" in words) \
                    and "=" not in words:
                structs.append(Struct(head[-1].text, head[0].line,
                                      count_fields(toks[i + 1:j])))
            i = j
        elif text == ";":
            func = None if any(t.text in ("typedef", "=") for t in head) \
                else as_function(head)
            if func:
                prototypes.append(func)
            head = []
        elif text in ")}]":
            raise Unparsable(f"line {toks[i].line}: stray '{text}'")
        else:
            head.append(toks[i])
        i += 1
    return functions, prototypes, structs


def statement_depth(toks, i, depth):
    """(index behind the statement at i, deepest nesting within it)."""
    text = toks[i].text
    if text == "{":
        end, deepest, i = closing(toks, i), depth, i + 1
        while i < end:
            i, inner = statement_depth(toks, i, depth)
            deepest = max(deepest, inner)
        return end + 1, deepest
    if LOOPS.match(text) and i + 1 < len(toks) and toks[i + 1].text == "(":
        i = closing(toks, i + 1) + 1
        i, deepest = statement_depth(toks, i, depth + 1)
        if text == "if" and i < len(toks) and toks[i].text == "else":
            inner_depth = depth if toks[i + 1].text == "if" else depth + 1
            i, inner = statement_depth(toks, i + 1, inner_depth)
            deepest = max(deepest, inner)
        return i, deepest
    if text == "do":
        return statement_depth(toks, i + 1, depth + 1)
    while i < len(toks) and toks[i].text not in ";:}":
        i = closing(toks, i) + 1 if toks[i].text in "([{" else i + 1
    return i + 1, depth


def nesting(function):
    """How many conditions and loops lie within each other, at most."""
    return statement_depth(function.body, 0, 0)[1]
