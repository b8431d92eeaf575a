"""What a CI system can tell of the job we run in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_NUMBER = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class CiFacts:
    """Facts of one job; None where the system does not say. `run` is the same for every attempt of one run."""

    provider: str
    run: str | None = None
    attempt: int = 1
    sha: str | None = None
    ref: str | None = None
    repo: str | None = None
    actor: str | None = None
    url: str | None = None
    environment: str | None = None
    job_started_at: datetime | None = None
    public_repo: bool = False
    ephemeral: bool = True


def read_table(
    provider: str, table: Mapping[str, tuple[str, ...]], environ: Mapping[str, str], public: bool
) -> CiFacts:
    """Fill the facts from a system's table; a variable that is set and empty counts as not set."""

    def first(fact: str) -> str | None:
        name = first_set(table.get(fact, ()), environ)
        return environ[name] if name else None

    return CiFacts(
        provider=provider,
        run=first("run"),
        attempt=_number(first("attempt")),
        sha=first("sha"),
        ref=first("ref"),
        repo=first("repo"),
        actor=first("actor"),
        url=_url(provider, environ) or first("url"),
        environment=first("environment"),
        job_started_at=_instant(first("job_started_at")),
        public_repo=public,
        ephemeral=first("persistent") is None,
    )


def first_set(names: Iterable[str], environ: Mapping[str, str]) -> str | None:
    """The first of some variables that is set and not empty."""
    return next((name for name in names if environ.get(name)), None)


def _number(text: str | None) -> int:
    """An attempt's number; 1 for what is none. What no database could hold is none either."""
    return max(int(text), 1) if text and _NUMBER.fullmatch(text) else 1


def _url(provider: str, environ: Mapping[str, str]) -> str | None:
    if provider != "github-actions" or not environ.get("GITHUB_RUN_ID"):
        return None
    server, repo = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    if not (server and repo):
        return None
    return f"{server}/{repo}/actions/runs/{environ['GITHUB_RUN_ID']}"


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else None
