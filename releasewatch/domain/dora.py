"""DORA's five measures of software delivery, as defined since 2024, out of facts that were counted.

Source of the definitions: https://dora.dev/guides/dora-metrics-four-keys/ (throughput and instability) and the 2024
Accelerate State of DevOps report, which moved recovery time to throughput and brought in the rework rate.

A figure about which nothing can be said is None, with the reason; a rate never stands without what it is a rate of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from releasewatch.errors import InvalidCallError

By = Literal["period", "month", "week", "component", "team", "repo"]

MOST_SPANS = 520
"""Months or weeks in one report: ten years of weeks."""

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the period, half-open, in UTC. `label`: what it is called; empty for the whole."""

    label: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations in seconds: how many, their median, and the 90th percentile (nearest rank); None of nothing."""

    facts: int = 0
    median: float | None = None
    p90: float | None = None


def spread_of(seconds: Sequence[float]) -> Spread:
    """The spread of some durations, in any order."""
    if not seconds:
        return Spread()
    ordered, many = sorted(seconds), len(seconds)
    middle = (ordered[(many - 1) // 2] + ordered[many // 2]) / 2
    return Spread(many, middle, ordered[(many * 9 + 9) // 10 - 1])


@dataclass(frozen=True, slots=True)
class Counted:
    """What the ledger counts of one group.

    - `deployments`: those that succeeded; `failed_attempts`: those that never did, which changed nothing for good.
    - `failed`: of the succeeded ones, those that had to be taken back or fixed, or that caused an incident
      (`by_incident` of them: confirmed); `possible`: those that did not, and are suspected in an incident.
    - `rework`: of the succeeded ones, those that were unplanned: they took back or fixed.
    - `lead`: from commit to deployed, of each change once; `left_out`: changes whose commit has no time or a later one.
    - `recovery`: of the failed ones that are over, from the start of the impact (without an incident: from going live)
      to its end (without an incident: to taken back or fixed).
    """

    deployments: int = 0
    failed_attempts: int = 0
    failed: int = 0
    by_incident: int = 0
    possible: int = 0
    rework: int = 0
    lead: Spread = Spread()
    left_out: int = 0
    recovery: Spread = Spread()


@dataclass(frozen=True, slots=True)
class Rate:
    """A part of a whole; `value` is None, and `because` says why, where there is no whole."""

    part: int
    whole: int
    because: str

    @property
    def value(self) -> float | None:
        """The share, from 0 to 1."""
        return self.part / self.whole if self.whole and not self.because else None


@dataclass(frozen=True, slots=True)
class Frequency:
    """Deployments a day. `days`: the part of the period for which the ledger knows anything."""

    deployments: int
    days: float
    because: str

    @property
    def per_day(self) -> float | None:
        """None, and `because` says why, where the ledger knows less than a day."""
        return None if self.because else self.deployments / self.days


NO_DEPLOYMENT = "no deployment succeeded here"
NO_FAILURE = "no deployment is known to have failed"
NOT_OVER = "no deployment that failed is known to be over it"
NO_CHANGE = "no change with the time of its commit was deployed"


def deployment_frequency(counted: Counted, span: Span, first_at: datetime | None) -> Frequency:
    """DORA: "the number of deployments over a given period or the time between deployments".

    `first_at`: the first deployment that the ledger has: days before it are unknown, and not days without one.
    """
    if first_at is None or first_at >= span.until:
        return Frequency(counted.deployments, 0.0, "the ledger knows of no deployment before its end")
    days = (span.until - max(span.since, first_at)) / DAY
    return Frequency(counted.deployments, days, "" if days >= 1 else "the ledger knows less than a day of it")


def change_lead_time(counted: Counted) -> str:
    """DORA: "the amount of time it takes for a change to go from committed to version control to deployed in
    production". The figure is `counted.lead`; returned is why it says nothing, or empty."""
    return "" if counted.lead.facts else NO_CHANGE


def change_fail_rate(counted: Counted) -> Rate:
    """DORA: "the ratio of deployments that require immediate intervention following a deployment. Likely resulting in
    a rollback of the changes or a 'hotfix' to quickly remediate any issues"."""
    return Rate(counted.failed, counted.deployments, "" if counted.deployments else NO_DEPLOYMENT)


def failed_deployment_recovery_time(counted: Counted) -> str:
    """DORA: "the time it takes to recover from a deployment that fails and requires immediate intervention". The figure
    is `counted.recovery`; returned is why it says nothing, or empty."""
    if counted.recovery.facts:
        return ""
    return NOT_OVER if counted.failed else NO_FAILURE


def deployment_rework_rate(counted: Counted) -> Rate:
    """DORA: "the ratio of deployments that are unplanned but happen as a result of an incident in production"."""
    return Rate(counted.rework, counted.deployments, "" if counted.deployments else NO_DEPLOYMENT)


def spans_of(since: datetime, until: datetime, by: By) -> list[Span]:
    """The parts of a period, in UTC: calendar months (`2026-03`), ISO weeks (`2026-W10`), or all of it as one.

    The first and the last may be cut. Raises InvalidCallError for a period that is empty or has too many parts.
    """
    if since >= until:
        raise InvalidCallError("The period would end before it begins.", "Check --since and --until.")
    if by not in ("month", "week"):
        return [Span("", since, until)]
    spans = []
    for label, start, end in _months(since) if by == "month" else _weeks(since):
        spans.append(Span(label, max(since, start), min(until, end)))
        if end >= until:
            return spans
        if len(spans) == MOST_SPANS:
            break
    raise InvalidCallError(
        f"The period has more than {MOST_SPANS} {by}s.", "Take a shorter one, or --by month instead of week."
    )


def _months(since: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    start = since.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    while True:
        end = (start + 31 * DAY).replace(day=1)
        yield f"{start:%Y-%m}", start, end
        start = end


def _weeks(since: datetime) -> Iterator[tuple[str, datetime, datetime]]:
    midnight = since.replace(hour=0, minute=0, second=0, microsecond=0)
    start = midnight - midnight.weekday() * DAY
    while True:
        year, week, _ = start.isocalendar()
        yield f"{year}-W{week:02}", start, start + 7 * DAY
        start += 7 * DAY
