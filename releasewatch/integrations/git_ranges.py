"""Makes a range of what a walk found, with what was undone inside it and which merges made what no commit did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.releases import Range, RangeKind
from releasewatch.domain.reverts import mark_reverts
from releasewatch.integrations.git_walk import merges_behind

if TYPE_CHECKING:
    from releasewatch.integrations.git_commands import GitCommands
    from releasewatch.integrations.git_walk import Walk


def complete_range(commands: GitCommands, base: str, head: str, found: Walk) -> Range:
    """The range of a walk that met no end of a shallow clone."""
    kind: RangeKind = "diverged" if found.added and found.removed else "forward" if found.added else "rollback"
    net = {change.path: change for change in found.net}
    mark_reverts(found.added, net.keys())
    mark_reverts(found.removed, net.keys())
    merge_paths: dict[str, str] = {}
    commits = (*found.added, *found.removed)
    if any(commit.is_merge for commit in commits):
        explained = {path for commit in commits for path in commit.paths}
        unexplained = {path: change for path, change in net.items() if path not in explained}
        if unexplained:
            merge_paths = merges_behind(commands, base, head, unexplained)
    return Range(kind, base, head, found.net, tuple(found.added), tuple(found.removed), merge_paths)


def cut_range(base: str, head: str, found: Walk, since: int, why_not: str) -> Range:
    """The range of one that met such an end: of the commits, those newer than base (`since`: its date in seconds)."""
    mark_reverts(found.added, {change.path for change in found.net})
    return Range(
        "unknown",
        base,
        head,
        found.net,
        tuple(commit for commit in found.added if commit.committed_at.timestamp() > since),
        removed=None,
        history_complete=False,
        why_incomplete=why_not,
    )
