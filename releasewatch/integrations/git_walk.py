"""Walks from one commit to another: the commits on either side, the paths that differ, the merges that made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasewatch.integrations.git_begun import LOG, Begun
from releasewatch.integrations.git_commands import MANY_PATHS
from releasewatch.integrations.git_log_parser import MERGE_FORMAT, parse_changes, parse_log, parse_merges

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from releasewatch.domain.releases import Commit, PathChange
    from releasewatch.integrations.git_commands import GitCommands
    from releasewatch.ports import RangeWatch


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


def walk(
    commands: GitCommands,
    base: str,
    head: str,
    boundary: Collection[str],
    begun: Begun | None = None,
    watch: RangeWatch | None = None,
) -> Walk:
    """The commits on either side, and what differs. `boundary`: shallow commits; `begun`: git at work on this range."""
    added: list[Commit] = []
    removed: list[Commit] = []
    with begun or Begun(commands, base, head) as git:
        net = tuple(parse_changes(git.changes))  # git has compared the ends long before it begins to tell of commits
        if watch is not None:
            watch.differs(net)
        for of_base, commit in parse_log(git.log):
            (removed if of_base else added).append(commit)
            if watch is not None:
                watch.brings(commit)
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
    with commands.stream("log", *LOG, *options, f"{base}...{head}", "--", *specs) as log:
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
