# SPDX-License-Identifier: GPL-2.0-only
"""
Bar charts as SVG: one bar for each system, its figure behind it.
"""

WIDTH = 640
LABEL = 130
ROW = 26
OURS = "#2f6f4f"
PEER = "#8a9ba8"
BARE = "#c9cfd4"


def _bar(y, name, value, text, color, scale):
    length = max(1.0, value * scale)
    return (
        f'<text x="{LABEL - 8}" y="{y + 17}" text-anchor="end">{name}</text>\n'
        f'<rect x="{LABEL}" y="{y + 4}" width="{length:.1f}" height="18" '
        f'fill="{color}"/>\n'
        f'<text x="{LABEL + length + 6:.1f}" y="{y + 17}">{text}</text>\n'
    )


def _color(name):
    if name == "ssdcache":
        return OURS
    return BARE if name in ("hdd", "ssd") else PEER


def bars(title, rows):
    """rows: (system, value, text). Returns the SVG's text."""
    height = 34 + ROW * len(rows)
    most = max(value for _, value, _ in rows) or 1
    scale = (WIDTH - LABEL - 90) / most
    body = "".join(
        _bar(30 + ROW * i, name, value, text, _color(name), scale)
        for i, (name, value, text) in enumerate(rows)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" '
        f'height="{height}" font-family="sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>\n'
        f'<text x="8" y="20" font-weight="bold">{title}</text>\n'
        f"{body}</svg>\n"
    )
