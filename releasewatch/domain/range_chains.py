"""What lies between two commits, put together from ranges that lead from one to the other over others.

A range says which commits each end has and the other lacks, and how their trees differ. Both can be joined: what is on
one side of a stretch and not on the other one of the next cancels out, and so does a path that is put back.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from heapq import heapify, heappop, heappush
from itertools import pairwise
from typing import TYPE_CHECKING

from releasewatch.domain.releases import Commit, PathChange, Range, RangeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def invert(found: Range) -> Range:
    """The same stretch the other way round. Of one that is cut off only the difference of the trees is left."""
    base = found.base
    assert base is not None  # noqa: S101 - a stretch has two ends
    net = tuple(_turn(change) for change in found.net)
    if found.removed is None:
        return replace(found, base=found.head, head=base, net=net, added=(), removed=None)
    kinds: dict[RangeKind, RangeKind] = {"forward": "rollback", "rollback": "forward"}
    return replace(
        found,
        kind=kinds.get(found.kind, found.kind),
        base=found.head,
        head=base,
        net=net,
        added=found.removed,
        removed=found.added,
    )


def _turn(change: PathChange) -> PathChange:
    status = {"A": "D", "D": "A"}.get(change.status, change.status)
    return PathChange(change.path, status, change.new_blob, change.old_blob)


def compose(stretches: Sequence[Range]) -> Range:
    """The range from the first base to the last head; each stretch begins where the one before ends.

    Commits carry no marks of reverts: those are of one range, and are to be set anew. Where a stretch is cut off, the
    commits are not known, and the range says so.
    """
    assert all(one.head == after.base for one, after in pairwise(stretches)), "stretches meet"  # noqa: S101
    if len(stretches) == 1:
        return stretches[0]
    base, head = stretches[0].base, stretches[-1].head
    net = _compose_nets(stretches)
    why = next((one.why_incomplete for one in stretches if one.why_incomplete), None)
    if any(one.removed is None for one in stretches):
        return Range("unknown", base, head, net, removed=None, history_complete=False, why_incomplete=why)
    if base == head:
        return Range("none", base, head)
    added, removed = _compose_commits(stretches)
    kind: RangeKind = "diverged" if added and removed else "forward" if added else "rollback"
    plain = {path for commit in (*added, *removed) if not commit.is_merge for path in commit.paths}
    known = {commit.sha for commit in (*added, *removed)}
    merges: dict[str, str] = {}
    for one in stretches:  # the newest merge that made a path is the one to name
        merges |= {path: merge for path, merge in one.merge_paths.items() if merge in known}
    unexplained = {change.path for change in net} - plain
    return Range(kind, base, head, net, added, removed, {p: m for p, m in sorted(merges.items()) if p in unexplained})


def _compose_nets(stretches: Iterable[Range]) -> tuple[PathChange, ...]:
    """By path: the contents before the first change and after the last one; a path that is as before is left out.

    One whose contents never changed, only its mode, stays: from contents it cannot be told whether that was put back.
    """
    found: dict[str, PathChange] = {}
    changed: set[str] = set()
    for one in stretches:
        for change in one.net:
            first = found.get(change.path)
            old = change.old_blob if first is None else first.old_blob
            if change.old_blob != change.new_blob:
                changed.add(change.path)
            found[change.path] = PathChange(change.path, change.status, old, change.new_blob)
    return tuple(
        replace(change, status=_status(change))
        for path, change in sorted(found.items())
        if path not in changed or change.old_blob != change.new_blob
    )


def _status(change: PathChange) -> str:
    if change.old_blob is None:
        return "A"
    if change.new_blob is None:
        return "D"
    return change.status if change.status in "MT" else "M"


def _compose_commits(stretches: Iterable[Range]) -> tuple[tuple[Commit, ...], tuple[Commit, ...]]:
    """A commit that comes in one stretch and leaves in another is on neither side, or on both: it cancels out."""
    commits: dict[str, Commit] = {}
    weight: Counter[str] = Counter()
    for one in stretches:
        for commit in one.added:
            commits[commit.sha] = commit
            weight[commit.sha] += 1
        for commit in one.removed or ():
            commits[commit.sha] = commit
            weight[commit.sha] -= 1
    added = newest_first(commit for sha, commit in commits.items() if weight[sha] > 0)
    removed = newest_first(commit for sha, commit in commits.items() if weight[sha] < 0)
    return added, removed


def newest_first(commits: Iterable[Commit]) -> tuple[Commit, ...]:
    """Commits by date, but never a parent before its child: the order of `git log --date-order`."""
    by_sha = {commit.sha: commit for commit in commits}
    children = Counter(parent for commit in by_sha.values() for parent in commit.parents if parent in by_sha)
    ready = [(-commit.committed_at.timestamp(), commit.sha) for commit in by_sha.values() if not children[commit.sha]]
    heapify(ready)
    found: list[Commit] = []
    while ready:
        commit = by_sha[heappop(ready)[1]]
        found.append(commit)
        for parent in commit.parents:
            if parent in by_sha:
                children[parent] -= 1
                if not children[parent]:
                    heappush(ready, (-by_sha[parent].committed_at.timestamp(), parent))
    return tuple(found)
