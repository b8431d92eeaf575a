"""How much history the clone one stands in holds: what decides whether changes can be read from it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasewatch.integrations.git_commands import GitCommands

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = re.compile(r"\d+(?:\.\d+)+")


@dataclass(frozen=True, slots=True)
class CloneDepth:
    """`commits`: how many HEAD has here, counted when the clone is shallow. `left_out`: a partial clone's filter."""

    git_version: str
    has_commits: bool
    is_shallow: bool
    commits: int | None = None
    left_out: str = ""


def read_clone_depth(folder: Path) -> CloneDepth:
    """Look at the clone; raises GitFailedError without git, InvalidCallError outside of a repo."""
    commands = GitCommands(folder)
    version = _VERSION.search(commands.read("version").decode("utf-8", "replace"))
    is_shallow = commands.read("rev-parse", "--is-shallow-repository").strip() == b"true"
    status, _, _ = commands.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    commits = int(commands.read("rev-list", "--count", "HEAD", "--")) if is_shallow and status == 0 else None
    none_set, filters, words = commands.ask("config", "--get-regexp", r"^remote\..*\.partialclonefilter$")
    if none_set > 1:
        raise commands.failure("config", none_set, words)
    left_out = filters.decode("utf-8", "replace").split()
    return CloneDepth(
        git_version=version[0] if version else "unknown",
        has_commits=status == 0,
        is_shallow=is_shallow,
        commits=commits,
        left_out=left_out[1] if len(left_out) > 1 else "",
    )
