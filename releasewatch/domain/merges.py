"""Which merge brought a commit to its line: told by the parents alone, without asking git again."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def brought_by(commits: Iterable[tuple[str, tuple[str, ...]]], head: str) -> dict[str, str]:
    """For each commit that a merge brought to its line: the sha of that merge, the innermost one.

    `commits` are `(sha, parents)` of one side of a range, `head` its newest. The main line is the chain of first
    parents, and a branch is a line of its own. Lines are walked from the main one outward, older merges before younger,
    so that merging the main line back into a branch does not claim what was on the main line.
    """
    parents = dict(commits)
    owner: dict[str, str | None] = {}
    waiting: list[tuple[str, str | None]] = [(head, None)]
    while waiting:
        sha, merge = waiting.pop()
        line: list[str] = []
        while sha in parents and sha not in owner:
            owner[sha] = merge
            line.append(sha)
            sha = parents[sha][0] if parents[sha] else ""
        waiting += [(parent, here) for here in line for parent in parents[here][1:]]
    return {sha: merge for sha, merge in owner.items() if merge is not None}
