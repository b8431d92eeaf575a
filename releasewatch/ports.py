"""What the use cases need from the outside, on one page."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from releasewatch.domain.catalog import PathOwners
from releasewatch.domain.forges import AskedCommit, ForgeDeployment, ForgeKind, ForgeMark, PullRequest
from releasewatch.domain.releases import Commit, PathChange, Range


class PathMapper(Protocol):
    """Which components of one catalog a path belongs to."""

    def owners(self, path: str) -> PathOwners:
        """Answer for one path as git gives it (surrogateescape for bytes that are not UTF-8)."""
        ...


class RangeWatch(Protocol):
    """Who begins with the parts of a range while git reads the rest. What is read again is told again."""

    def differs(self, net: Sequence[PathChange]) -> None:
        """What differs between the two ends; told first."""
        ...

    def brings(self, commit: Commit) -> None:
        """A commit of either side, of which it is not known yet whether it was reverted."""
        ...


class History(Protocol):
    """A git repo, read only. Every method raises GitFailedError when git itself cannot answer."""

    def resolve(self, rev: str) -> str:
        """The full sha of a commit-ish (annotated tags are peeled); raises UnknownNameError."""
        ...

    def contains(self, sha: str) -> bool:
        """Whether this clone holds the commit; never fetches."""
        ...

    def read_range(self, base: str | None, head: str, watch: RangeWatch | None = None) -> Range:
        """The difference of two full shas; with base None a range of kind `unknown` without changes or paths.

        `watch` may be told of its parts before the whole of it is known.
        """
        ...

    def nearest_tag(self, head: str, among: Collection[str] | None = None) -> tuple[str, str] | None:
        """`(tag, sha)` of the nearest tag on an earlier commit than head, or None; of these tags, or of everything."""
        ...

    def package_tags(self) -> Collection[str]:
        """The tags that name one package of several, which say nothing of everything else."""
        ...

    def is_ancestor(self, ancestor: str, descendant: str) -> bool | None:
        """Whether one commit is in the other's history; None when a shallow boundary hides the answer."""
        ...

    def blobs_at(self, rev: str, paths: Collection[str]) -> Mapping[str, str]:
        """The blob id of each path that exists in the tree of a commit."""
        ...

    def file_at(self, rev: str, path: str) -> bytes | None:
        """The content of one file at a commit, or None when it is not there."""
        ...

    def is_shallow(self) -> bool:
        """Whether this clone ends at a shallow boundary."""
        ...

    def remote_path(self) -> str | None:
        """The path of the remote `origin` without host and `.git` (`owner/name`), or None."""
        ...

    def actor_email(self) -> str | None:
        """`user.email` of git's configuration, or None."""
        ...


class Forge(Protocol):
    """A forge, asked about one repo. Every method raises OutsideFailedError when it does not answer, or refuses."""

    @property
    def kind(self) -> ForgeKind: ...

    @property
    def project(self) -> str:
        """The repo's path there: `owner/name`."""
        ...

    def probe(self) -> str:
        """Ask whether the repo may be read; answers with how many requests are left, or with nothing."""
        ...

    def pull_requests(self, commits: Sequence[AskedCommit]) -> Iterator[tuple[str, PullRequest | None]]:
        """The merged request of each commit, as it is found; None for a commit that came without one.

        A commit with a request that may still be merged is left out.
        """
        ...

    def deployments(
        self, environment: str, since: datetime | None, but: Collection[str] = ()
    ) -> Iterator[ForgeDeployment]:
        """The deployments to an environment that were made since, the newest first; without those of some commits."""
        ...

    def mark(self, mark: ForgeMark) -> bool:
        """Tell it of a deployment and how that ended; answers whether it did not know of that yet."""
        ...
