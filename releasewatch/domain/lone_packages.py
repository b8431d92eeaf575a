"""Decides which packages that no workspace names are parts of their own, so that samples do not flood a catalog."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from releasewatch.domain.discovery import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from releasewatch.domain.discovery import Found, Member

_ASIDE = frozenset(
    {
        "doc", "docs", "documentation", "man", "ci", "test", "tests", "testing", "e2e", "example", "examples", "demo",
        "demos", "fixture", "fixtures", "mock", "mocks", "playground", "playgrounds", "bench", "benches", "benchmark",
        "benchmarks", "fuzz", "tutorial", "tutorials",
    }
)  # fmt: skip
_BETWEEN_WORDS = re.compile(r"[-_.]+")
_TOLD = 3


def settle(found: Iterable[Found]) -> list[Found]:
    """Leave out the lone members that are tests, examples or documentation, and those inside another part.

    What a workspace names is never left out: somebody wrote it down. A package in the folder of another part is taken
    by that part's pattern; only the root, which would take everything, takes none. Each source says how many it lost.
    """
    listed = list(found)
    parts = {one.folder for each in listed for one in each.members if not one.lone} - {ROOT}
    parts |= {one.folder for each in listed for one in each.members if one.lone and not _is_aside(one.folder)} - {ROOT}
    return [_settled(one, parts) for one in listed]


def _settled(found: Found, parts: set[str]) -> Found:
    lone = [one for one in found.members if one.lone]
    aside = [one for one in lone if _is_aside(one.folder)]
    inner = [one for one in lone if not _is_aside(one.folder) and _above(one.folder, parts)]
    if not (aside or inner):
        return found
    told = [
        f"{len(some)} {found.members[0].source} package{'' if len(some) == 1 else 's'} of no workspace, {why}: "
        f"{_some(some)}"
        for some, why in (
            (
                aside,
                "in folders of tests, examples or documentation (if it is deployed, write [components.KEY] for it)",
            ),
            (inner, "inside the folder of another part, which takes it"),
        )
        if some
    ]
    gone = {one.folder for one in (*aside, *inner)}
    kept = tuple(one for one in found.members if not (one.lone and one.folder in gone))
    return replace(found, members=kept, left_out=(*found.left_out, *told))


def _is_aside(folder: str) -> bool:
    return any(
        name.startswith(".") or not _ASIDE.isdisjoint(_BETWEEN_WORDS.split(name.lower()))
        for name in folder.split("/")
        if name
    )


def _above(folder: str, parts: set[str]) -> bool:
    while "/" in folder:
        folder = folder.rpartition("/")[0]
        if folder in parts:
            return True
    return False


def _some(members: Sequence[Member]) -> str:
    folders = sorted(one.folder for one in members)
    return ", ".join(folders[:_TOLD]) + (f" and {len(folders) - _TOLD} more" if len(folders) > _TOLD else "")
