"""What a CI system can tell of the job we run in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from releasewatch.integrations.ci.tables import Source, System, find_source, is_said, read_source

_NUMBER = re.compile(r"[0-9]{1,18}")
_NO = frozenset({"", "0", "false"})
"""What variables say that are set to tell a no: CI=false, BUILDKITE_PULL_REQUEST=false."""


@dataclass(frozen=True, slots=True)
class CiFacts:
    """Facts of one job; None where the system does not say. `run` is the same for every attempt of one run.

    `sha` is the commit that the job is about: of an open pull request its head, where the system tells that, and not a
    merge that exists for the job alone. `pull_request` is the number (or address) of an open pull or merge request,
    `base` the commit and `base_branch` the branch that it goes into, `fork` whether it comes from another repo.
    """

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
    pull_request: str | None = None
    base: str | None = None
    base_branch: str | None = None
    fork: bool | None = None
    public_repo: bool = False
    ephemeral: bool = True


def read_table(provider: str, system: System, environ: Mapping[str, str]) -> CiFacts:
    """Fill the facts from a system's table; a variable that is set and empty counts as not set."""

    def first(fact: str) -> str | None:
        source = first_set(system.table.get(fact, ()), environ)
        return read_source(source, environ) if source else None

    pull_request = first("pull_request")
    if pull_request is not None and (pull_request.lower() in _NO or _any_said(system, "merged", environ)):
        pull_request = None
    return CiFacts(
        provider=provider,
        run=first("run"),
        attempt=_number(first("attempt")) if first("retries") is None else _number(first("retries"), least=0) + 1,
        sha=(first("head") if pull_request else None) or first("sha"),
        ref=first("ref"),
        repo=first("repo"),
        actor=first("actor"),
        url=first("url"),
        environment=first("environment"),
        job_started_at=_instant(first("job_started_at")),
        pull_request=pull_request,
        base=first("base") if pull_request else None,
        base_branch=first("base_branch") if pull_request else None,
        fork=_any_said(system, "fork", environ) if pull_request else None,
        public_repo=_any_said(system, "public", environ) or False,
        ephemeral=first("persistent") is None,
    )


def first_set(sources: tuple[Source, ...], environ: Mapping[str, str]) -> Source | None:
    """The first of some sources that says something."""
    return next((source for source in sources if find_source(source, environ)), None)


def _any_said(system: System, fact: str, environ: Mapping[str, str]) -> bool | None:
    """Whether one of the conditions of a fact holds; None where none of them can be decided."""
    said = [is_said(condition, environ) for condition in system.table.get(fact, ())]
    decided = [one for one in said if one is not None]
    return any(decided) if decided else None


def _number(text: str | None, least: int = 1) -> int:
    """An attempt's number; the least one for what is none. What no database could hold is none either."""
    return max(int(text), least) if text and _NUMBER.fullmatch(text) else least


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else None
