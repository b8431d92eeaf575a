"""Draws lines over logarithmic axes as one SVG file: read without colour, on light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Lines = Mapping[str, Sequence[tuple[float, float]]]
"""By name the points of a line."""

PANEL_WIDTH, PANEL_HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300, 250, 58, 150, 46, 44

DASHES = ("", "7 3", "2 3", "9 3 2 3", "4 2", "12 4", "1 2")
MARKS = ("circle", "square", "diamond", "triangle", "cross", "circle", "square")

STYLE = """
text { font: 12px sans-serif; fill: #1f2328; } .title { font-weight: bold; } .small { font-size: 11px; }
.grid { stroke: #8c959f; stroke-opacity: .35; } .aim { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 1 3; }
.line { fill: none; stroke: #1f2328; stroke-width: 1.6; } .mark { fill: #1f2328; stroke: #1f2328; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; } .grid { stroke: #6e7681; } .aim, .line { stroke: #e6edf3; }
  .mark { fill: #e6edf3; stroke: #e6edf3; }
}
"""


def draw(panels: Sequence[tuple[str, str, Lines]], *, aim: float, title: str) -> str:
    """Panels side by side, each with its title, the words under its axis, and its lines in seconds; `aim` in each."""
    values = [y for _, _, lines in panels for points in lines.values() for _, y in points] + [aim]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    whole = LEFT + PANEL_WIDTH + RIGHT
    width, height = whole * len(panels), TOP + PANEL_HEIGHT + BOTTOM
    size = f'viewBox="0 0 {width} {height}" width="{width}" height="{height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
    ]
    for place, (name, below, lines) in enumerate(panels):
        parts.append(f'<g transform="translate({place * whole + LEFT} {TOP})">')
        parts += _panel(name, below, lines, low, high, aim)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>", ""])


def _panel(name: str, below: str, lines: Lines, low: int, high: int, aim: float) -> list[str]:
    across = sorted({x for points in lines.values() for x, _ in points})
    first, last = math.log10(across[0]), math.log10(across[-1])

    def right(x: float) -> float:
        return (math.log10(x) - first) / ((last - first) or 1) * PANEL_WIDTH

    def down(y: float) -> float:
        return (high - math.log10(y)) / (high - low) * PANEL_HEIGHT

    parts = [
        f'<text class="title" x="0" y="-22">{escape(name)}</text>',
        '<text class="small" x="0" y="-8">seconds</text>',
    ]
    for power in range(low, high + 1):
        y = down(10.0**power)
        parts.append(f'<line class="grid" x1="0" x2="{PANEL_WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="small" x="-8" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    for x in across:
        parts.append(f'<line class="grid" x1="{right(x):.1f}" x2="{right(x):.1f}" y1="0" y2="{PANEL_HEIGHT}"/>')
        words = f"{x:,.0f}"
        parts.append(
            f'<text class="small" x="{right(x):.1f}" y="{PANEL_HEIGHT + 16}" text-anchor="middle">{words}</text>'
        )
    middle = PANEL_WIDTH / 2
    parts.append(
        f'<text class="small" x="{middle}" y="{PANEL_HEIGHT + 34}" text-anchor="middle">{escape(below)}</text>'
    )
    parts.append(f'<line class="aim" x1="0" x2="{PANEL_WIDTH}" y1="{down(aim):.1f}" y2="{down(aim):.1f}"/>')
    parts.append(f'<text class="small" x="4" y="{down(aim) - 5:.1f}">aim: {aim:g} s</text>')
    ends = _apart([(down(points[-1][1]), label) for label, points in lines.items()])
    for place, (label, points) in enumerate(lines.items()):
        dash, mark = DASHES[place % len(DASHES)], MARKS[place % len(MARKS)]
        path = " ".join(f"{right(x):.1f},{down(y):.1f}" for x, y in points)
        parts.append(f'<polyline class="line" stroke-dasharray="{dash}" points="{path}"/>')
        parts += [_mark(mark, right(x), down(y)) for x, y in points]
        end = down(points[-1][1])
        parts.append(
            f'<line class="grid" x1="{PANEL_WIDTH + 4}" x2="{PANEL_WIDTH + 14}" y1="{end:.1f}" y2="{ends[label]:.1f}"/>'
        )
        parts.append(_mark(mark, PANEL_WIDTH + 20, ends[label]))
        parts.append(f'<text x="{PANEL_WIDTH + 28}" y="{ends[label] + 4:.1f}">{escape(label)}</text>')
    return parts


def _apart(ends: Sequence[tuple[float, str]], least: float = 15) -> dict[str, float]:
    """Where labels stand, so that none covers another."""
    found: dict[str, float] = {}
    before = -least
    for y, label in sorted(ends):
        before = max(y, before + least)
        found[label] = before
    return found


def _mark(kind: str, x: float, y: float) -> str:
    if kind == "circle":
        return f'<circle class="mark" cx="{x:.1f}" cy="{y:.1f}" r="3.2"/>'
    shapes = {
        "square": f"M{x - 3:.1f} {y - 3:.1f}h6v6h-6z",
        "diamond": f"M{x:.1f} {y - 4.5:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z",
        "triangle": f"M{x:.1f} {y - 4:.1f}l4 7h-8z",
        "cross": f"M{x - 3.5:.1f} {y - 3.5:.1f}l7 7m0 -7l-7 7",
    }
    return f'<path class="mark" d="{shapes[kind]}"/>'
