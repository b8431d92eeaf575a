"""Whether a later deployment took back what an earlier one brought: rolled back, reverted, or put as it was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

from releasewatch.domain.releases import Side

Verdict = Literal["carried", "undone", "undecided"]


@dataclass(frozen=True, slots=True)
class CarriedPath:
    """One path that a deployment changed: its content before and after; None where the path does not exist."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Carried:
    """What one origin of an earlier deployment brought: its effective changes, and its paths.

    `changes` holds `(sha, side)` of the changes that touch the component and were not reverted in their own range;
    `complete` is false when a shallow clone hid some of them.
    """

    deployment_id: int
    origin_no: int
    changes: tuple[tuple[str, Side], ...]
    paths: tuple[CarriedPath, ...]
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Since:
    """What is known of a head as against an earlier one whose content the cells had.

    `added` and `removed`: commits that came and that left (None: the walk met a shallow boundary). `reverted`: for each
    commit that an added one takes back, the paths that the taking back touched. `touched`: the paths that other added
    commits touched. `differing`: the paths of the net difference, None when it could not be had. `blobs`: the contents
    at the head of the paths asked about; absent means no such path.
    """

    added: Collection[str]
    removed: Collection[str] | None
    reverted: Mapping[str, frozenset[str]] = field(default_factory=dict)
    touched: Collection[str] = frozenset()
    differing: Collection[str] | None = frozenset()
    blobs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether what was carried still is, and why not, in words."""

    verdict: Verdict
    reason: str = ""


STILL = Judgement("carried")


def judge(carried: Carried, since: Since) -> Judgement:
    """Whether anything is left of what was carried. A partial revert leaves the rest.

    By content: every path is as it was before, whoever did it and however the message reads. By commits: each
    effective change has left the history or was reverted, and no path holds what the deployment put there. A path that
    holds something else again must have lost the change as well: because nobody else touched it, or because the
    reverting commits did. What neither contents nor commits can decide is undecided, and stays open.
    """
    if carried.paths and all(_is_as_before(path, since) for path in carried.paths):
        many = len(carried.paths)
        return Judgement("undone", f"its {many} changed {'path is' if many == 1 else 'paths are'} as before")
    if any(_is_as_put(path, since) for path in carried.paths):
        return STILL
    if carried.changes and all(_is_gone(sha, side, since) for sha, side in carried.changes):
        return _judge_by_commits(carried, since)
    if since.removed is None and _may_differ(carried, since):
        return Judgement("undecided", "not decided: the clone lacked the history that tells whether it was taken back")
    return STILL


def is_partly_gone(carried: Carried, since: Since) -> bool:
    """Whether some of the changes are gone and others are not: the others may have gone before."""
    gone = [_is_gone(sha, side, since) for sha, side in carried.changes]
    return any(gone) and not all(gone)


def _judge_by_commits(carried: Carried, since: Since) -> Judgement:
    """Every change is gone by its commit; but a path may have kept its share, or got it anew."""
    if not carried.complete:
        return Judgement("undecided", "not decided: not all of its changes are known")
    brought_back = all(side == "removed" for _, side in carried.changes)
    reverted = {sha for sha, side in carried.changes if side == "added" and sha in since.reverted}
    taken_back = frozenset().union(*(since.reverted[sha] for sha in reverted))
    left_history = len(reverted) == 0
    kept = [
        path.path
        for path in carried.paths
        if not (
            brought_back
            or path.path in taken_back
            or _is_as_before(path, since)
            or (left_history and path.path not in since.touched)
        )
    ]
    many = _changes(len(carried.changes))
    if kept and len(reverted) == len(carried.changes) and since.removed is not None:
        return STILL  # the revert left these paths alone
    if kept:
        return Judgement("undecided", f"not decided: its {many} taken out, but {kept[0]} was changed anew")
    if len(reverted) == len(carried.changes):
        return Judgement("undone", f"its {many} reverted")
    if brought_back:
        return Judgement("undone", "rolled forward: what it took out was brought back")
    if left_history:
        return Judgement("undone", f"rolled back: its {many} taken out")
    return Judgement("undone", f"its {many} rolled back or reverted")


def _may_differ(carried: Carried, since: Since) -> bool:
    """Whether the net difference may hold one of the paths."""
    return since.differing is None or any(path.path in since.differing for path in carried.paths)


def _is_as_before(path: CarriedPath, since: Since) -> bool:
    # Equal contents on both sides: only the mode changed, and contents cannot tell whether it was changed back.
    return path.before != path.after and since.blobs.get(path.path) == path.before


def _is_as_put(path: CarriedPath, since: Since) -> bool:
    return path.before != path.after and since.blobs.get(path.path) == path.after


def _is_gone(sha: str, side: Side, since: Since) -> bool:
    if side == "removed":  # a rollback is undone when what it took away comes back
        return sha in since.added
    return (since.removed is not None and sha in since.removed) or sha in since.reverted


def _changes(number: int) -> str:
    return f"{number} change was" if number == 1 else f"{number} changes were"
