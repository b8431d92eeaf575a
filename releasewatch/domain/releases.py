"""What git says about a range of commits: commits, paths, and how base and head relate."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

RangeKind = Literal["forward", "rollback", "diverged", "unknown", "none"]
Side = Literal["added", "removed"]


@dataclass(frozen=True, slots=True)
class PathChange:
    """One path of a raw diff. Blobs are full object ids; None where the path does not exist on that side.

    `path` is decoded as UTF-8 with surrogateescape, so that it can be given back to git byte by byte; use
    `printable_path` before it is stored or shown. `status` is git's letter: A, M, D or T.
    """

    path: str
    status: str
    old_blob: str | None
    new_blob: str | None


class ConventionalParts(NamedTuple):
    """A subject read as Conventional Commits 1.0.0: `type(scope)!: description`."""

    type: str
    scope: str | None
    breaking: bool
    description: str


@dataclass(slots=True)
class Commit:
    """One commit of a range, with everything its message says.

    Instants are aware and in UTC. `paths` are the raw paths that differ from its first parent for a plain commit, and
    empty for a merge (a merge's own edits are in `Range.merge_paths`). `reverts_shas` and `reverts_subjects` hold what
    the message says it reverts; `reverted_by` is the sha of the commit *inside the same range* that undid this one.
    `pull_request` is the number a forge wrote into the message, `pull_request_title` the title in its merge commit.
    """

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored_at: datetime
    committed_at: datetime
    subject: str
    body: str
    paths: tuple[str, ...] = ()
    conventional: ConventionalParts | None = None
    breaking: bool = False
    trailers: tuple[tuple[str, str], ...] = ()
    reverts_shas: tuple[str, ...] = ()
    reverts_subjects: tuple[str, ...] = ()
    pull_request: int | None = None
    pull_request_title: str | None = None
    reverted_by: str | None = None
    reverts_in_range: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What a person calls this change: the pull request's title where a merge carries one, else the subject."""
        return self.pull_request_title or self.subject

    @property
    def is_merge(self) -> bool:
        """True when it has more than one parent."""
        return len(self.parents) > 1


@dataclass(frozen=True, slots=True)
class Range:
    """The difference between a base and a head.

    - `net`: the raw diff of the two trees, without rename detection: the truth about what changed.
    - `added`: commits of head that base lacks, newest first. `removed`: commits of base that head lacks; None when the
      walk met a shallow boundary and they cannot be known.
    - `merge_paths`: for paths of `net` that no plain commit of the range explains, the sha of the merge that made them.
    - `history_complete`: False when the walk met a shallow boundary; `why_incomplete` then says what is missing.
    """

    kind: RangeKind
    base: str | None
    head: str
    net: tuple[PathChange, ...] = ()
    added: tuple[Commit, ...] = ()
    removed: tuple[Commit, ...] | None = ()
    merge_paths: dict[str, str] = field(default_factory=dict)
    history_complete: bool = True
    why_incomplete: str | None = None


def printable_path(path: str) -> str:
    """A path as text that any database and terminal takes: bytes that are not UTF-8 become `\\xNN`."""
    if path.isascii():
        return path
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
