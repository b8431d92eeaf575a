"""What every forge must do, be it a fake of ours or one that serves the vendor's own description."""

from __future__ import annotations

from datetime import UTC, datetime

from releasewatch.domain.forges import AskedCommit, ForgeMark, PullRequest
from releasewatch.integrations.http import Patience
from releasewatch.ports import Forge

QUICK = Patience(attempts=3, timeout=10, first_wait=0.001, longest_wait=0.001, longest_retry_after=1)
AT = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
ONE, TWO, THREE = (letter * 40 for letter in "abc")
"""Commits; a fake is expected to know the first as merged with request 7."""


def asked(*shas: str) -> list[AskedCommit]:
    """Some commits, to be asked about."""
    return [AskedCommit(sha, AT) for sha in shas]


def check_forge(forge: Forge) -> None:
    """Ask every question there is: each is understood, and each answer is read."""
    forge.probe()
    for sha, request in [*forge.pull_requests(asked(ONE)), *forge.pull_requests(asked(ONE, TWO, THREE))]:
        assert sha in (ONE, TWO, THREE)
        assert request is None or _is_readable(request)
    deployments = list(forge.deployments("production", None))
    assert deployments
    for one in deployments:
        assert one.id.isdecimal()
        assert len(one.sha) == 40
        assert one.environment == "production"
        assert one.created_at.tzinfo is UTC
        assert (one.finished_at is None) == (one.status is None)
    forge.mark(ForgeMark("production", deployments[0].sha, "failed", "main", "https://ci.example.org/8", True))
    forge.mark(ForgeMark("staging", THREE, "succeeded", "main", "https://ci.example.org/8"))


def _is_readable(request: PullRequest) -> bool:
    return request.number > 0 and bool(request.title) and request.url.startswith("https://") and bool(request.author)
