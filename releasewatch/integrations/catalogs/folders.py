"""Folders with churn: what a repo that describes itself nowhere seems to be made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.discovery import BUILDS, Found, Member, TypeGuess
from releasewatch.domain.words import counted
from releasewatch.integrations.catalogs.repo_files import SAMPLE_FOLDERS

if TYPE_CHECKING:
    from releasewatch.integrations.catalogs.repo_files import RepoFiles

SOURCE = "folders"

CONTAINERS = frozenset(
    {"apps", "cmd", "components", "crates", "libs", "modules", "packages", "plugins", "projects", "services"}
)
"""Folders at the root that hold parts and are none; in them the folders one further in are looked at."""

ASIDE = frozenset({"doc", "docs", "documentation", "man", "ci"}) | SAMPLE_FOLDERS
_LIBRARIES = frozenset({"lib", "libs", "common", "shared"})


def find(files: RepoFiles) -> Found:
    """The folders at the root that any of the newest commits changed, hidden ones and those of no effect aside."""
    churn = files.count_churn()
    newest = f"the newest {counted(churn.commits, 'commit')}"
    there = {folder for path in files.paths if (folder := part_of(path)) is not None}
    touched = {folder: churn.by_path[folder] for folder in there if folder in churn.by_path}
    left_out = []
    still = sorted(there - set(touched))
    if still:
        left_out.append(
            f"folders that none of {newest} touched: {', '.join(still[:8])}"
            + (f" and {len(still) - 8} more" if len(still) > 8 else "")
        )
    aside = sorted({path.partition("/")[0] for path in files.paths if path.partition("/")[0].lower() in ASIDE})
    if aside:
        left_out.append(f"folders that hold no part of a program, by their names: {', '.join(aside)}")
    members = [
        Member(
            SOURCE,
            folder,
            folder.rpartition("/")[2],
            f"the folder {folder}: {touched[folder]} of {newest} touched it",
            guess=_guess(folder),
        )
        for folder in sorted(touched)
    ]
    return Found(tuple(members), tuple(left_out))


def part_of(path: str) -> str | None:
    """The folder that a path would make a component of, or None."""
    first, *more = path.split("/")
    if not more or first.startswith(".") or first.lower() in ASIDE:
        return None
    if first in CONTAINERS:
        return f"{first}/{more[0]}" if len(more) > 1 and not more[0].startswith(".") else None
    return first


def _guess(folder: str) -> TypeGuess | None:
    name = next((part for part in folder.split("/") if part.lower() in _LIBRARIES), None)
    return TypeGuess("library", f"its folder is called {name}", BUILDS) if name else None
