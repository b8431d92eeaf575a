"""Did we call first? What can be said of those whom incidents hurt: each figure with how many facts it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Literal
from uuid import UUID

from releasewatch.domain.customer_reports import FirstContact
from releasewatch.domain.dora import Rate, Spread
from releasewatch.domain.promises import Promise

By = Literal["incident", "person", "team", "month", "week"]
BY: tuple[By, ...] = ("incident", "person", "team", "month", "week")

HURT = ("affected", "presumed")
"""The states whose shares are told, never as one: a presumption is no fact. Those possibly hurt are left out."""

NOBODY = "no customer is known to have been {}"
NOT_TOLD = "nobody was told"
NOT_DETECTED = "nobody was told of an incident of which it is known when it was opened"
NO_PROMISE = "no promise has come due"


@dataclass(frozen=True, slots=True)
class Contacted:
    """One customer in one incident: when we told them, and when they told us. `first`: who was; None: neither did."""

    incident: int
    customer: UUID
    state: str
    started_at: datetime
    detected_at: datetime | None
    told_at: datetime | None
    reported_at: datetime | None
    first: FirstContact | None


@dataclass(frozen=True, slots=True)
class PromisesKept:
    """What became of promises: `broken` was said so, or its day has passed and nobody said anything (`overdue`)."""

    kept: int
    broken: int
    overdue: int
    not_due: int
    withdrawn: int

    @property
    def rate(self) -> Rate:
        """Those kept of those that had to be by now."""
        whole = self.kept + self.broken + self.overdue
        return Rate(self.kept, whole, "" if whole else NO_PROMISE)


@dataclass(frozen=True, slots=True)
class FirstShare:
    """Of customers in one state: how many we told before they told us (`we`), those who told us first, the others."""

    state: str
    customers: int
    we: int
    they: int
    neither: int

    @property
    def rate(self) -> Rate:
        """The share whom we reached before they reached us."""
        return Rate(self.we, self.customers, "" if self.customers else NOBODY.format(self.state))


@dataclass(frozen=True, slots=True)
class CallFigures:
    """The figures of a group. Spreads are in seconds; `never_told`: by state."""

    shares: tuple[FirstShare, ...]
    from_impact: Spread
    from_detection: Spread
    never_told: dict[str, int]


def share_of(contacts: Iterable[Contacted], state: str, silent: int = 0) -> FirstShare:
    """Who was first, of those in one state; `silent`: how many more, where neither was."""
    mine = [one.first for one in contacts if one.state == state]
    return FirstShare(state, len(mine) + silent, mine.count("we"), mine.count("they"), mine.count(None) + silent)


def figures_of(contacts: Sequence[Contacted], silent: Mapping[str, int]) -> CallFigures:
    """The figures of customers in incidents. Whoever was told before it began was told at once. `silent`: by state, how
    many more there are of whom nobody was told and nobody told us."""
    told = [one for one in contacts if one.state in HURT and one.told_at is not None]
    return CallFigures(
        shares=tuple(share_of(contacts, state, silent.get(state, 0)) for state in HURT),
        from_impact=spread_of([_seconds(one.started_at, one.told_at) for one in told]),
        from_detection=spread_of([_seconds(one.detected_at, one.told_at) for one in told if one.detected_at]),
        never_told={
            state: sum(one.state == state and one.told_at is None for one in contacts) + silent.get(state, 0)
            for state in HURT
        },
    )


def spread_of(seconds: Sequence[float]) -> Spread:
    """How many, their median, and the 90th percentile by nearest rank; None of nothing."""
    if not seconds:
        return Spread()
    ordered = sorted(seconds)
    return Spread(len(ordered), median(ordered), ordered[math.ceil(len(ordered) * 9 / 10) - 1])


def count_promises(promises: Iterable[Promise], today: date) -> PromisesKept:
    """What became of some promises by a day."""
    found = list(promises)
    states = [one.state for one in found]
    overdue = sum(one.is_overdue(today) for one in found)
    return PromisesKept(
        kept=states.count("kept"),
        broken=states.count("broken"),
        overdue=overdue,
        not_due=states.count("open") - overdue,
        withdrawn=states.count("withdrawn"),
    )


def _seconds(since: datetime | None, until: datetime | None) -> float:
    return max(0.0, (until - since).total_seconds()) if since and until else 0.0
