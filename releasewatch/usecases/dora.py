"""DORA's five measures of a period, from what the ledger holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain import dora as measures
from releasewatch.domain.dora import By, Counted, Frequency, Rate, Span, Spread, spans_of
from releasewatch.domain.times import format_utc
from releasewatch.errors import UnknownNameError
from releasewatch.storage import catalogs
from releasewatch.storage import dora as storage
from releasewatch.storage.dora_incidents import read_blame
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import report_in_memory

FAILURES_FROM = "deployments and incidents"
"""Where failures are read from: what took back, or was named to fix, what others brought, and confirmed blame."""


@dataclass(frozen=True, slots=True)
class DoraRequest:
    """What is asked. `environment` None: all of tier production. `own_repo`: whose bare component keys are meant."""

    since: datetime
    until: datetime
    by: By = "period"
    repo: str | None = None
    component: str | None = None
    environment: str | None = None
    own_repo: str | None = None


def report_dora(ledger: Ledger, asked: DoraRequest) -> dict[str, Any]:
    """The document of `report dora --format json`, without its schema number. Raises UnknownNameError."""
    spans = spans_of(asked.since, asked.until, asked.by)
    with ledger.read() as connection:
        report_in_memory(connection)
        environments = _environments(connection, asked.environment)
        repo_id = None if asked.repo is None else _repo(connection, asked.repo)
        component = None
        if asked.component is not None:
            component = catalogs.resolve_component(connection, asked.component, asked.repo or asked.own_repo)
        first_at = storage.first_deployment_at(connection, list(environments.values()), repo_id)
        question = storage.DoraQuestion(
            list(environments.values()), spans, asked.by, repo_id, component.component_id if component else None
        )
        blame = read_blame(connection, question.environments, asked.since, asked.until)
        counted = storage.count_delivery(connection, question, blame)
        unchanged = storage.count_without_changes(connection, question)
    rows = [_row(group, span, found, first_at) for group, span, found in _groups(spans, counted, asked.by)]
    return {
        "since": format_utc(asked.since),
        "until": format_utc(asked.until),
        "by": None if asked.by == "period" else asked.by,
        "environments": [asked.environment] if asked.environment else sorted(environments),
        "repo": asked.repo,
        "component": component.full_key if component else None,
        "failures_from": FAILURES_FROM,
        "first_deployment_at": None if first_at is None else format_utc(first_at),
        "without_changes": _without_changes(unchanged) if question.by_part else None,
        "rows": rows,
    }


def _without_changes(unchanged: Mapping[str, int]) -> dict[str, int]:
    """The deployments that are in no row, and why nothing of them belongs to one."""
    start, again = unchanged.get("initial", 0), unchanged.get("redeploy", 0)
    many = sum(unchanged.values())
    return {"deployments": many, "start_of_history": start, "same_commit_again": again, "other": many - start - again}


def _environments(connection: Any, named: str | None) -> dict[str, int]:
    rows = catalogs.environments(connection)
    if named is None:
        return {row.key: row.environment_id for row in rows if row.tier == "production"}
    return {row.key: row.environment_id for row in rows if row.key == named}


def _repo(connection: Any, key: str) -> int:
    found = catalogs.repo_id_of(connection, key)
    if found is None:
        raise UnknownNameError(f"The ledger knows no repo {key!r}.", "See them with: releasewatch deployment list")
    return found


def _groups(spans: Sequence[Span], counted: Mapping[str, Counted], by: By) -> list[tuple[str | None, Span, Counted]]:
    """Every span, whether anything is counted of it or not; of components, teams and repos those that deployed."""
    if by in ("period", "month", "week"):
        return [(span.label or None, span, counted.get(span.label, Counted())) for span in spans]
    return [(name, spans[0], counted[name]) for name in sorted(counted)]


def _row(group: str | None, span: Span, counted: Counted, first_at: datetime | None) -> dict[str, Any]:
    return {
        "group": group,
        "since": format_utc(span.since),
        "until": format_utc(span.until),
        "deployments": counted.deployments,
        "failed_attempts": counted.failed_attempts,
        "deployment_frequency": _frequency(measures.deployment_frequency(counted, span, first_at)),
        "change_lead_time": _spread(counted.lead, "changes", measures.change_lead_time(counted))
        | {"left_out": counted.left_out},
        "change_fail_rate": _rate(measures.change_fail_rate(counted), "failed")
        | {"by_incident": counted.by_incident, "possible": counted.possible},
        "failed_deployment_recovery_time": _spread(
            counted.recovery, "recovered", measures.failed_deployment_recovery_time(counted)
        ),
        "deployment_rework_rate": _rate(measures.deployment_rework_rate(counted), "rework"),
    }


def _frequency(found: Frequency) -> dict[str, Any]:
    return {
        "per_day": None if found.per_day is None else round(found.per_day, 4),
        "deployments": found.deployments,
        "days": round(found.days, 3),
        "because": found.because or None,
    }


def _rate(found: Rate, part: str) -> dict[str, Any]:
    return {
        "rate": None if found.value is None else round(found.value, 4),
        part: found.part,
        "deployments": found.whole,
        "because": found.because or None,
    }


def _spread(found: Spread, facts: str, because: str) -> dict[str, Any]:
    return {"median_seconds": found.median, "p90_seconds": found.p90, facts: found.facts, "because": because or None}
