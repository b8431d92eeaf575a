"""What fits when a customer reaches us: deployments and incidents ranked by points that anybody can add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LOOK_BACK = timedelta(days=14)
"""How far back a deployment can fit: what somebody notices later is found by `incident suspects --since`."""

FRESH = timedelta(days=3)
"""How long before the first of two reports a deployment that they share may have come: with an older one in common,
two customers who report on one day have nothing more in common than any two."""

LATE = timedelta(days=1)
"""Of a report that is written down so much later nobody is alarmed any more."""

SHOWN = 5
"""So many of each are shown: somebody is on the line."""

Holds = Literal["affected", "presumed", "possible", "cleared", "could"]
"""A customer's state in an incident; could: it does not hold them, and it is about what they report."""

_RECENT = (
    (timedelta(hours=6), 30, "within 6 hours"),
    (timedelta(days=1), 20, "within a day"),
    (FRESH, 10, "in 3 days"),
)
_STATES: Mapping[str, int] = {"affected": 60, "presumed": 50, "possible": 35, "cleared": 20, "could": 10}


@dataclass(frozen=True, slots=True)
class Point:
    """Points that something adds to a fit, and why."""

    points: int
    text: str


@dataclass(frozen=True, slots=True)
class Came:
    """A deployment that came to a customer. `asked`: whether they name a component; `near`: how far that one is from
    what changed, None when the deployment does not reach them through it."""

    live_from: datetime
    until: datetime | None
    reach: str
    possible: bool
    asked: bool = False
    near: int | None = None
    blamed_for: tuple[str, ...] = ()


def fit_of_deployment(came: Came, reported_at: datetime) -> tuple[Point, ...]:
    """Why a deployment fits what a customer reported; the sum of the points orders them."""
    found = []
    age = reported_at - came.live_from
    for within, points, words in _RECENT:
        if age <= within:
            found.append(Point(points, f"it came to them {words} before"))
            break
    if came.near is not None:
        said = "changed in it" if came.near == 0 else "depends on what changed in it"
        found.append(Point(30 if came.near == 0 else 15, f"the component they speak of {said}"))
    elif came.asked:
        found.append(Point(-20, "it does not touch the component they speak of"))
    if came.reach != "dependent":
        found.append(Point(15, "a change in it names them" if came.reach == "named" else "it changed what they use"))
    if came.possible:
        found.append(Point(-10, "it is uncertain that it reached them"))
    if came.until is not None and came.until <= reported_at:
        found.append(Point(-20, "it had left them again"))
    if came.blamed_for:
        found.append(Point(20, f"it is blamed for {', '.join(came.blamed_for)}"))
    return tuple(found)


def fit_of_incident(holds: Holds, named: bool, told: bool) -> tuple[Point, ...]:
    """Why an incident fits. `named`: it is about the component they speak of; `told`: we told them of it before."""
    words = {
        "affected": "they are affected by it",
        "presumed": "they are presumed to be hurt by it",
        "possible": "it may hurt them",
        "cleared": "they were cleared, and reach us all the same",
        "could": "it does not hold them, and goes on",
    }
    found = [Point(_STATES[holds], words[holds])]
    if named:
        found.append(Point(20, "it is about the component they speak of"))
    if told:
        found.append(Point(5, "we told them of it"))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Heard:
    """One report as an alarm sees it: whose, when, and which fresh deployments it may be about. `report`: its id."""

    customer: str
    report: str
    reported_at: datetime
    deployments: frozenset[int]


@dataclass(frozen=True, slots=True)
class Alarm:
    """That several customers reached us within hours, and share deployments. `customers`: in the order they came."""

    deployments: tuple[int, ...]
    customers: tuple[str, ...]
    reports: tuple[str, ...]
    first_at: datetime
    last_at: datetime


def find_alarm(mine: Heard, others: Sequence[Heard], within: timedelta) -> Alarm | None:
    """Whom on-call has to be told of: other customers who report within hours and share a deployment; None: nobody."""
    together = [
        one
        for one in others
        if one.customer != mine.customer
        and abs(one.reported_at - mine.reported_at) <= within
        and one.deployments & mine.deployments
    ]
    if not together:
        return None
    rows = sorted((mine, *together), key=lambda one: (one.reported_at, one.report))
    shared = {number for one in together for number in one.deployments & mine.deployments}
    counted = {number: sum(number in one.deployments for one in rows) for number in shared}
    return Alarm(
        deployments=tuple(sorted(shared, key=lambda number: (-counted[number], -number))),
        customers=tuple(dict.fromkeys(one.customer for one in rows)),
        reports=tuple(one.report for one in rows),
        first_at=rows[0].reported_at,
        last_at=rows[-1].reported_at,
    )
