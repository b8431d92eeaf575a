"""Decides which commits of a range were undone inside the same range, and by which."""

from __future__ import annotations

from bisect import bisect_left
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from releasewatch.domain.messages import without_pull_request

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from releasewatch.domain.releases import Commit


def mark_reverts(commits: Sequence[Commit], net_paths: Collection[str]) -> None:
    """Set `reverted_by` and `reverts_in_range` on the commits of one side of a range.

    `commits` come newest first, each before its parents; `net_paths` are the paths that differ between base and head.

    - What a commit reverts is found by sha (whole, or at least seven digits that fit one commit only), else by the
      quoted subject, nearest earlier in its own history. A target outside the range is nowhere to be marked.
    - A revert that was itself reverted undoes nothing: what it had undone stands again.
    - A commit of which something is left is not marked: a path that no revert of it touched and that still differs
      between base and head. So a partial revert leaves the rest standing.
    - Reverting a merge reverts what the merge brought in; and a merge is marked when all that it brought in is.
    """
    reverters = [at for at, commit in enumerate(commits) if commit.reverts_shas or commit.reverts_subjects]
    if not reverters:
        return
    targets = _Targets(commits, reverters)
    brought = _Brought(commits)
    net = net_paths if isinstance(net_paths, set | frozenset) else frozenset(net_paths)
    left: dict[str, set[str]] = {}
    for at in reverters:
        reverter = commits[at]
        undone = targets.of(at)
        reverter.reverts_in_range = tuple(commit.sha for commit in undone)
        if reverter.reverted_by is None:
            for target in undone:
                work = brought.by(target) if target.is_merge else [target]
                _undo(work or [target], reverter, left, net)
    _mark_merges(brought)


def _undo(work: Iterable[Commit], reverter: Commit, left: dict[str, set[str]], net: Collection[str]) -> None:
    for commit in work:
        rest = left.setdefault(commit.sha, set(commit.paths))
        rest.difference_update(reverter.paths)
        if commit.reverted_by is None and rest.isdisjoint(net):
            commit.reverted_by = reverter.sha


def _mark_merges(brought: _Brought) -> None:
    """A merge is undone, or does nothing but undo, when that holds for every plain commit it brought in."""
    for merge in brought.merges():
        plain = brought.by(merge)
        if not plain or merge.reverted_by is not None:
            continue
        if all(commit.reverted_by for commit in plain):
            merge.reverted_by = plain[0].reverted_by
        elif not merge.reverts_in_range and all(commit.reverted_by or commit.reverts_in_range for commit in plain):
            inside = {commit.sha for commit in plain}
            shas = (sha for commit in plain for sha in commit.reverts_in_range if sha not in inside)
            merge.reverts_in_range = tuple(dict.fromkeys(shas))


class _Brought:
    """The plain commits that each merge on the first-parent line of a range brought into it, newest first."""

    def __init__(self, commits: Sequence[Commit]) -> None:
        """The line is walked oldest first, and what an older merge brought is not visited again: linear in all."""
        self._commits = commits
        self._place = {commit.sha: at for at, commit in enumerate(commits)}
        self._by_merge: dict[str, list[int]] = {}
        line: list[int] = []
        at: int | None = 0
        while at is not None:
            line.append(at)
            at = self._place.get(next(iter(commits[at].parents), ""))
        seen = set(line)
        for merge in (commits[at] for at in reversed(line) if commits[at].is_merge):
            self._by_merge[merge.sha] = self._reached_from(merge.parents[1:], seen)

    def merges(self) -> list[Commit]:
        """The merges of the line, and those off the line that were asked about."""
        return [self._commits[self._place[sha]] for sha in self._by_merge]

    def by(self, merge: Commit) -> list[Commit]:
        """What a merge brought; for one off the line (a branch of a branch), reckoned from its first parent."""
        found = self._by_merge.get(merge.sha)
        if found is None:
            seen: set[int] = set()
            self._reached_from(merge.parents[:1], seen)
            found = self._by_merge[merge.sha] = self._reached_from(merge.parents[1:], seen)
        return [self._commits[at] for at in found if not self._commits[at].is_merge]

    def _reached_from(self, shas: Iterable[str], seen: set[int]) -> list[int]:
        """The places of all ancestors inside the range that were not seen, which are seen then."""
        found: list[int] = []
        waiting = list(shas)
        while waiting:
            at = self._place.get(waiting.pop())
            if at is not None and at not in seen:
                seen.add(at)
                found.append(at)
                waiting.extend(self._commits[at].parents)
        return sorted(found)


class _Targets:
    """Finds the commits that a commit says it reverts, among those of the range that are older than it."""

    def __init__(self, commits: Sequence[Commit], reverters: Sequence[int]) -> None:
        self._commits = commits
        self._place = {commit.sha: at for at, commit in enumerate(commits)}
        self._sorted: list[str] | None = None
        wanted = {text for at in reverters for text in commits[at].reverts_subjects}
        self._by_subject: dict[str, list[int]] = {}
        for at, commit in enumerate(commits if wanted else ()):
            names = _names(commit)
            if not wanted.isdisjoint(names):
                for name in wanted.intersection(names):
                    self._by_subject.setdefault(name, []).append(at)

    def of(self, at: int) -> list[Commit]:
        """What the commit at this position undoes, where it is inside the range."""
        commit = self._commits[at]
        found = [place for sha in commit.reverts_shas if (place := self._find(sha)) is not None and place > at]
        if not found:
            for subject in commit.reverts_subjects:
                nearest = self._nearest_ancestor(at, self._by_subject.get(subject, []))
                if nearest is not None:
                    found.append(nearest)
        return [self._commits[place] for place in dict.fromkeys(found)]

    def _nearest_ancestor(self, at: int, places: Sequence[int]) -> int | None:
        """The newest of some places that is in the history of a commit: what lay on another branch was not meant."""
        wanted = set(places)
        waiting = [at]
        seen = {at}
        while waiting and places and waiting[0] <= places[-1]:
            here = heappop(waiting)
            if here in wanted and here != at:
                return here
            for sha in self._commits[here].parents:
                parent = self._place.get(sha)
                if parent is not None and parent not in seen:
                    seen.add(parent)
                    heappush(waiting, parent)
        return None

    def _find(self, sha: str) -> int | None:
        whole = self._place.get(sha)
        if whole is not None or len(sha) >= 40:
            return whole
        if self._sorted is None:
            self._sorted = sorted(self._place)
        first = bisect_left(self._sorted, sha)
        fits = [name for name in self._sorted[first : first + 2] if name.startswith(sha)]
        return self._place[fits[0]] if len(fits) == 1 else None


def _names(commit: Commit) -> tuple[str, ...]:
    """What a revert may call a commit: its subject, with or without the pull request behind it, or its title."""
    return commit.subject, without_pull_request(commit.subject), commit.title
