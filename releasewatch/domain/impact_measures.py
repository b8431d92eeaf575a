"""How much customers suffered in an incident: minutes, those in their working hours, and what is owed for them.

Nothing here says that somebody suffered: that is their state (`domain/impacts.py`), beside which every figure stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal

from releasewatch.domain.calling_hours import CallingHours, seconds_within

Due = Literal["passed", "running", "kept"]
"""Of a limit in minutes: the suffering was as long; it goes on and is not yet; it ended before."""

COUNTED = ("affected", "presumed", "possible")
"""The states whose figures are told, never as one sum: a presumption is no fact."""


@dataclass(frozen=True, slots=True)
class Span:
    """The impact as it is looked at: `until` None while nobody knows its end; `at`: as of when."""

    started_at: datetime
    until: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a customer is, as the directory has it: an IANA zone and an ISO 3166-1 country; empty where it has none."""

    timezone: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Customers who are alike in all that counts here; one customer is a group of one.

    - `live_from`, `carrying_until`: the first and last instant at which they were reached; None: by a word alone.
    - `first_at`, `last_at`: what a person or a measurement said.
    - `place`, `promise`, `credit_after` (minutes): as the directory has them; 0 where it has none.
    - `contract`: the sum of their contracts' values in `currency`, None where none has one.
    """

    state: str
    many: int = 1
    live_from: datetime | None = None
    carrying_until: datetime | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    place: Place = Place()
    promise: int = 0
    credit_after: int = 0
    currency: str = ""
    contract: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Suffering:
    """From when to when; while it goes on, to the instant as of which it is looked at."""

    began_at: datetime
    until: datetime
    goes_on: bool

    @property
    def seconds(self) -> float:
        """How long."""
        return (self.until - self.began_at).total_seconds()

    def due_at(self, minutes: int) -> datetime:
        """When a limit is reached."""
        return self.began_at + timedelta(minutes=minutes)

    def due(self, minutes: int) -> Due:
        """How a limit stands."""
        if self.until >= self.due_at(minutes):
            return "passed"
        return "running" if self.goes_on else "kept"


def suffering_of(one: Group, span: Span) -> Suffering:
    """What was said of a customer counts; else the part of the impact in which they were reached.

    Where they were reached several times it is from the first to the last.
    """
    begins = one.first_at or max(filter(None, (span.started_at, one.live_from)))
    ends = one.last_at or min(filter(None, (span.until, one.carrying_until)), default=None)
    until = span.at if ends is None else min(ends, span.at)
    return Suffering(min(begins, until), until, goes_on=ends is None or ends > span.at)


@lru_cache(maxsize=10_000)
def working_seconds(place: Place, hours: CallingHours, began_at: datetime, until: datetime) -> float | None:
    """How much of a span lies within working hours at a place; None where its zone is unknown."""
    there = hours.of(place.country)
    zone = there.zone(began_at, place.timezone)
    return None if zone is None else seconds_within(zone, there, began_at, until)


@dataclass(slots=True)
class DueCounts:
    """How many customers a limit concerns, by how it stands and their state; `next_at`: when it is reached next."""

    many: Counter[tuple[Due, str]] = field(default_factory=Counter)
    next_at: datetime | None = None

    def add(self, one: Group, suffering: Suffering, minutes: int) -> None:
        """Count a group that has such a limit."""
        if not minutes:
            return
        due = suffering.due(minutes)
        self.many[due, one.state] += one.many
        if due == "running":
            self.next_at = min(filter(None, (self.next_at, suffering.due_at(minutes))))


@dataclass(slots=True)
class Measures:
    """The figures of an incident, by state; contracts by currency and state."""

    seconds: Counter[str] = field(default_factory=Counter)
    working: Counter[str] = field(default_factory=Counter)
    without_zone: int = 0
    promise: DueCounts = field(default_factory=DueCounts)
    credit: DueCounts = field(default_factory=DueCounts)
    contracts: dict[tuple[str, str], Decimal] = field(default_factory=dict)


def measure(groups: Iterable[Group], span: Span, hours: CallingHours) -> Measures:
    """The figures of everybody who was not cleared; memory does not grow with the customers."""
    found = Measures()
    for one in groups:
        if one.state not in COUNTED:
            continue
        suffering = suffering_of(one, span)
        found.seconds[one.state] += round(suffering.seconds * one.many)
        within = working_seconds(one.place, hours, suffering.began_at, suffering.until)
        if within is None:
            found.without_zone += one.many
        else:
            found.working[one.state] += round(within * one.many)
        found.promise.add(one, suffering, one.promise)
        found.credit.add(one, suffering, one.credit_after)
        if one.contract is not None:
            held = found.contracts.get((one.currency, one.state), Decimal(0))
            found.contracts[one.currency, one.state] = held + one.contract
    return found
