"""Gitignore patterns for a folder without the folders inside it that belong to others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SPECIAL = re.compile(r"[\\*?\[\]]")
_WHOLE_FOLDER = re.compile(r"/?(?P<folder>[^*?\[\]\\!#/][^*?\[\]\\]*?)/(?:\*\*)?\Z")
Tree = dict[str, "Tree"]


def escape_folder(folder: str) -> str:
    """A folder's path as a pattern that means this path alone."""
    text = _SPECIAL.sub(lambda found: "\\" + found[0], folder)
    return "\\" + text if text.startswith(("#", "!")) else text


def patterns_of(folder: str, others: Iterable[str]) -> tuple[str, ...]:
    """Patterns that take every file of `folder` (`""`: the root of the repo) but those in `others` below it.

    git looks into no folder that was taken whole: each folder on the way to another one is therefore given up, and
    its entries are taken one by one.
    """
    prefix = f"{folder}/" if folder else ""
    tree: Tree = {}
    inside = sorted(other for other in others if other != folder and other.startswith(prefix))
    for other in inside:
        at = tree
        for name in other.removeprefix(prefix).split("/"):
            at = at.setdefault(name, {})
    if not tree:
        return (f"{escape_folder(folder)}/**",) if folder else ("/**",)
    lines: list[str] = []
    pending: list[tuple[str, Tree]] = [(folder, tree)]
    given_up = set(inside)
    while pending:
        at_folder, below = pending.pop()
        start = escape_folder(at_folder) if at_folder else ""
        lines.append(f"{start}/*")
        for name in sorted(below):
            entry = f"{at_folder}/{name}" if at_folder else name
            lines.append(f"!{_anchored(entry)}/")
            if entry not in given_up:
                pending.append((entry, below[name]))
    return tuple(lines)


def folders_spelled(patterns: Iterable[str]) -> list[str]:
    """The folders that some patterns take whole (`x/`, `/x/**`), as far as a pattern spells out one folder."""
    anchored = (pattern for pattern in patterns if "/" in pattern[:-1])
    return [match["folder"] for pattern in anchored if (match := _WHOLE_FOLDER.match(pattern)) is not None]


def _anchored(entry: str) -> str:
    """Without a slash inside, a pattern would mean a folder of that name anywhere."""
    return escape_folder(entry) if "/" in entry else "/" + _SPECIAL.sub(lambda found: "\\" + found[0], entry)
