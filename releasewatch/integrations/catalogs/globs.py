"""Finds the folders that a workspace's patterns name, as the package managers read them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wcmatch import glob
from wcmatch._wcparse import PatternLimitException  # what `{1..100000}` raises; it has no public name

from releasewatch.integrations.catalogs.repo_files import folder_of, inside

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from releasewatch.integrations.catalogs.repo_files import RepoFiles

_FLAGS = glob.GLOBSTAR | glob.BRACE | glob.FORCEUNIX | glob.CASE | glob.DOTGLOB
_MAGIC = re.compile(r"[*?\[{]")
_EXTENDED = re.compile(r"[?*+@!]\(")
_LONGEST = 300
_MOST_STARS = 3


def folders_matching(
    files: RepoFiles, root: str, patterns: Iterable[str], manifest: str, left_out: list[str], where: str
) -> list[str]:
    """Folders with a `manifest` that some pattern (relative to `root`) names and none with `!` takes away, in order.

    What a pattern cannot mean inside this repo is told in `left_out`, beginning with `where`.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for pattern in patterns:
        negated = pattern.startswith("!")
        bare = pattern[1:] if negated else pattern
        path = inside(root, bare.removeprefix("./").rstrip("/") or ".")
        if path is None:
            left_out.append(f"{where}: {pattern} leads out of this repo")
        elif _is_unruly(path):
            left_out.append(
                f"{where}: the pattern {path} cannot be followed: it is too long, or has too many wildcards"
            )
        else:
            (unwanted if negated else wanted).append(path)
    known = [folder_of(path) for path in files.every(manifest) if "node_modules" not in path.split("/")]
    taken = [folder for pattern in wanted for folder in _matching(known, pattern, manifest, left_out, where)]
    gone = {folder for pattern in unwanted for folder in _matching(known, pattern, manifest, [], where)}
    return sorted(set(taken) - gone)


def _is_unruly(pattern: str) -> bool:
    """What could make the match of one path take forever: nested repetitions, or many stars in a row."""
    segments = pattern.split("/")
    stars = max(segment.count("*") for segment in segments if segment != "**") if set(segments) != {"**"} else 0
    return (
        len(pattern) > _LONGEST
        or stars > _MOST_STARS
        or segments.count("**") > _MOST_STARS
        or _EXTENDED.search(pattern) is not None
    )


def _matching(folders: Sequence[str], pattern: str, manifest: str, left_out: list[str], where: str) -> list[str]:
    if _MAGIC.search(pattern) is None:
        if pattern in folders:
            return [pattern]
        left_out.append(f"{where}: {pattern or '.'} is named, and holds no {manifest}")
        return []
    try:
        found = glob.globfilter([folder for folder in folders if folder], pattern, flags=_FLAGS)
    except (PatternLimitException, ValueError, re.error):
        left_out.append(f"{where}: the pattern {pattern} cannot be followed")
        return []
    return [str(folder) for folder in found]


def matching_files(files: RepoFiles, pattern: str) -> list[str]:
    """The files that a path or pattern from the root of the repo names."""
    if _MAGIC.search(pattern) is None:
        return [pattern] if files.has(pattern) else []
    if _is_unruly(pattern):
        return []
    return _filtered(list(files.paths), pattern)


def _filtered(paths: list[str], pattern: str) -> list[str]:
    try:
        return [str(path) for path in glob.globfilter(paths, pattern, flags=_FLAGS)]
    except (PatternLimitException, ValueError, re.error):
        return []
