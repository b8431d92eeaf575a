"""Finds the pull or merge request of each commit, on any forge: in the list of merged ones, then one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from releasewatch.errors import OutsideFailedError
from releasewatch.integrations.forges.rest import instant, is_absent, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from releasewatch.domain.forges import AskedCommit, PullRequest


class RequestsOfCommits(ABC):
    """What both forges do alike; where a forge keeps its requests, and how they read, is its own."""

    _is_there = False

    def pull_requests(self, commits: Sequence[AskedCommit]) -> Iterator[tuple[str, PullRequest | None]]:
        """First the list of what was merged last, a hundred at once; then one by one what was not among those."""
        waiting = {one.sha: one for one in commits}
        if len(waiting) > 1:
            yield from self._from_the_list(waiting)
        for sha in list(waiting):
            yield from self._settled(sha)

    @abstractmethod
    def probe(self) -> str:
        """Ask for what needs each right; returns how many requests are left, where that is said."""

    @abstractmethod
    def _merged(self) -> Iterable[list[dict[str, Any]]]:
        """The pages of requests that were merged, or closed, those touched last first."""

    @abstractmethod
    def _holding(self, sha: str) -> list[dict[str, Any]]:
        """The requests that hold a commit."""

    @abstractmethod
    def _made_by(self, item: dict[str, Any]) -> set[str]:
        """The commits that merging a request made."""

    @abstractmethod
    def _may_be_merged(self, item: dict[str, Any]) -> bool:
        """Whether a request is still open."""

    @abstractmethod
    def _read(self, item: dict[str, Any]) -> PullRequest | None:
        """A request as it is kept; None for one that was not merged."""

    def _from_the_list(self, waiting: dict[str, AskedCommit]) -> Iterator[tuple[str, PullRequest | None]]:
        """What the list of merged requests tells; no page more than asking for each commit would cost."""
        oldest, most = min(one.committed_at for one in waiting.values()), len(waiting)
        for read, page in enumerate(self._merged(), 1):
            for item in page:
                made = self._made_by(item) & waiting.keys()
                request = self._read(item) if made else None
                for sha in sorted(made) if request else ():
                    del waiting[sha]
                    yield sha, request
            updated_at = instant(page[-1].get("updated_at")) if page else None
            if read >= most or len(waiting) <= 1 or updated_at is None or updated_at < oldest:
                return

    def _settled(self, sha: str) -> Iterator[tuple[str, PullRequest | None]]:
        """The request of a commit; nothing while one is open that may still be merged."""
        try:
            items = self._holding(sha)
        except OutsideFailedError as error:
            if not is_absent(error):
                raise
            if not self._is_there:
                self.probe()  # a repo that may not be seen answers in the same way as a commit that is not there
                self._is_there = True
            yield sha, None
            return
        items.sort(key=lambda one: (sha not in self._made_by(one), text_of(one, "merged_at")))
        request = next((request for item in items if (request := self._read(item))), None)
        if request is not None or not any(map(self._may_be_merged, items)):
            yield sha, request
