# SPDX-License-Identifier: GPL-2.0-only
"""Print what the documents point at in vain: links.py FILE...

In a Markdown file: relative links with their anchors, and paths of this
project between backticks. In every other file: documents that are named.
"""

import os
import re
import sys

TOP = r"(?:src|include|tests|docs|tools|\.ci)/"


def read(path):
    with open(path, encoding="utf-8", errors="replace") as f:
        return f.read()


def prose(text):
    """Without blocks of code."""
    return re.sub(r"^```.*?^```", lambda m: re.sub(r"[^\n]", "", m.group(0)),
                  text, flags=re.S | re.M)


def anchors(path):
    found = set()
    for title in re.findall(r"^#+ +(.*)", prose(read(path)), re.M):
        title = re.sub(r"[^\w\- ]", "", title.lower().strip())
        found.add(title.replace(" ", "-"))
    return found


def check_link(path, target):
    if re.match(r"[a-z]+:", target):
        return None
    name, _, anchor = target.partition("#")
    name = os.path.normpath(os.path.join(os.path.dirname(path), name)) \
        if name else path
    if not os.path.exists(name):
        return f"no file '{target}'"
    if anchor and anchor not in anchors(name):
        return f"no heading '#{anchor}' in {name}"
    return None


def exists(name):
    """Is there such a file? `map.[ch]`, `test-*.sh` and `src/core/x` count."""
    import glob
    name = name.rstrip("/.,:")
    return bool(glob.glob(name) or glob.glob(name + ".[ch]"))


def check(path):
    text = read(path)
    patterns = [rf"\b(docs/[\w-]+\.md)\b"]
    if path.endswith(".md"):
        text = prose(text)
        patterns = [rf"`({TOP}[^`\s]*)`"]
        for match in re.finditer(r"\]\(([^)\s]+)\)", text):
            reason = check_link(path, match.group(1))
            if reason:
                yield text[:match.start()].count("\n") + 1, reason
    for pattern in patterns:
        for match in re.finditer(pattern, text):
            name = match.group(1)
            if not re.search(r"[<>{}$]|\.\.|[A-Z]{3}", name) \
                    and not exists(name):
                yield text[:match.start()].count("\n") + 1, f"no file '{name}'"


def main():
    for path in sys.argv[1:]:
        for line, text in check(path):
            print(f"{path}:{line}: {text}")


main()
