"""Walks from one commit to another: the commits on either side, the paths that differ, the merges that made them."""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from releasewatch.integrations.git_log_parser import (
    COMMIT_FORMAT,
    MERGE_FORMAT,
    parse_changes,
    parse_log,
    parse_merges,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from types import TracebackType

    from releasewatch.domain.releases import Commit, PathChange
    from releasewatch.integrations.git_commands import GitCommands

# Never --numstat, --stat or -M: 16 times slower, and in a partial clone they fetch the contents of files.
RAW = (
    "-z", "--raw", "--no-abbrev", "--no-renames", "--no-color", "--no-ext-diff", "--no-textconv",
    "--ignore-submodules=none", f"-O{os.devnull}",
)  # fmt: skip
# By date, but never a parent before its child: what is "earlier" must not depend on somebody's wrong clock.
_LOG = (*RAW, "--encoding=UTF-8", "--date-order")

MANY_PATHS = 64_000
"""Bytes of paths from which a command line is too long, and reading all and choosing here is better."""


@dataclass(slots=True)
class Walk:
    """`added`: what only head has; `removed`: what only base has; both newest first. `net`: the two trees' difference.

    `cut_off_at` is the sha of a shallow boundary commit behind which more may be hidden that belongs into the lists, or
    that would take something out of them; None when the lists are exact.
    """

    added: list[Commit]
    removed: list[Commit]
    net: tuple[PathChange, ...]
    cut_off_at: str | None = None


class Begun:
    """git at work on a range: a log of both sides and a diff of the ends, two processes at the same time.

    Each goes on as far as its pipe holds while nobody reads, so that whoever began it may do something else first.
    """

    def __init__(self, commands: GitCommands, base: str, head: str) -> None:
        with ExitStack() as streams:
            self.changes = streams.enter_context(commands.stream("diff-tree", "-r", *RAW, base, head, "--"))
            self.log = streams.enter_context(
                commands.stream("log", *_LOG, COMMIT_FORMAT, "--left-right", f"{base}...{head}", "--")
            )
            self._streams = streams.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return self._streams.__exit__(kind, error, trace)

    def give_up(self) -> None:
        """End git, unread as it is."""
        with suppress(_UnreadError), self:
            raise _UnreadError


class _UnreadError(Exception):
    """Ends the streams of what nobody reads: one that is left without an error waits for git's last word."""


def walk(commands: GitCommands, base: str, head: str, boundary: Collection[str], begun: Begun | None = None) -> Walk:
    """The commits on either side, and what differs. `boundary`: shallow commits; `begun`: git at work on this range."""
    added: list[Commit] = []
    removed: list[Commit] = []
    with begun or Begun(commands, base, head) as git:
        for of_base, commit in parse_log(git.log):
            (removed if of_base else added).append(commit)
        net = tuple(parse_changes(git.changes))
    found = Walk(added, removed, net)
    if boundary:
        for commit in (*added, *removed):
            if commit.sha in boundary:
                commit.paths = ()  # git takes it for a root that adds every file there is
                found.cut_off_at = found.cut_off_at or commit.sha
        found.cut_off_at = found.cut_off_at or _hidden_behind(commands, base, head, boundary, (*added, *removed))
    return found


def _hidden_behind(
    commands: GitCommands, base: str, head: str, boundary: Collection[str], listed: Iterable[Commit]
) -> str | None:
    """The boundary commit that may hide an ancestor of base (or head) among the listed commits.

    Such an ancestor is older than the boundary commit it hides behind, as far as clocks can be trusted.
    """
    oldest = min((commit.committed_at.timestamp() for commit in listed), default=0.0)
    ends = boundary_reached(commands, boundary, base, head)
    return next((sha for sha, committed in ends.items() if oldest < committed), None)


def boundary_reached(commands: GitCommands, boundary: Collection[str], *tips: str) -> dict[str, int]:
    """The boundary commits in the history of some commits, with their dates in seconds."""
    lines = commands.read("rev-list", "--timestamp", "--max-parents=0", *tips, "--").decode("ascii").split("\n")
    roots = (line.split(" ") for line in lines if line)
    return {sha: int(committed) for committed, sha in roots if sha in boundary}


def merges_behind(commands: GitCommands, base: str, head: str, unexplained: Mapping[str, PathChange]) -> dict[str, str]:
    """For net paths that no plain commit of the range touched: the merge that made them what they are.

    One process for all. A merge made a path when it differs there from every parent (an edit of its own, a conflict
    resolved by hand), or when it exchanged exactly the two contents of the net difference by taking one side's.
    The newest such merge is named, and an edit of its own before a side taken. A path without one is left out.
    """
    specs = [f":(top,literal){path}" for path in unexplained]
    if sum(len(spec) for spec in specs) > MANY_PATHS:
        specs = []
    own: dict[str, str] = {}
    taken: dict[str, str] = {}
    options = ("--merges", "-m", "--full-history", "--sparse", MERGE_FORMAT)
    with commands.stream("log", *_LOG, *options, f"{base}...{head}", "--", *specs) as log:
        for merge in parse_merges(log):
            for path, sides in merge.paths.items():
                change = unexplained.get(path)
                if change is None:
                    continue
                if len(sides) == merge.parents:
                    own.setdefault(path, merge.sha)
                ends = (change.old_blob, change.new_blob)
                if any(side in (ends, ends[::-1]) for side in sides):
                    taken.setdefault(path, merge.sha)
    return taken | own
