"""Who was told of incidents, who told us, and what they suffered: what reports about calls are counted from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from operator import attrgetter
from typing import Any
from uuid import UUID

from releasewatch.domain.call_report import HURT, Contacted
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.domain.customer_reports import who_was_first
from releasewatch.domain.impact_measures import COUNTED, Place, working_seconds
from releasewatch.domain.incidents import fold
from releasewatch.domain.promises import Promise
from releasewatch.storage import call_report, customer_reports, impacts, incidents, promises
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.types import LATEST
from releasewatch.usecases.call_complaints import Complaints
from releasewatch.usecases.call_tellings import Tellings, corrections_among, corrections_owed
from releasewatch.usecases.impact_measures import measure_customer
from releasewatch.usecases.incident_scene import Scene, Viewing, look_at

FETCHED = 1000


@dataclass(frozen=True, slots=True)
class Asking:
    """How incidents are looked at. `escalate_after`: working time after which a call that nobody began is overdue."""

    now: datetime
    hours: CallingHours = field(default_factory=CallingHours)
    without_entitlement: Mapping[str, str] = field(default_factory=dict)
    escalate_after: timedelta = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Open:
    """An open call about an incident."""

    customer: UUID
    call_id: int
    overdue: bool


@dataclass(slots=True)
class Gathered:
    """One incident. `contacts`: those hurt by it, nobody where it was cancelled; where certain customers are asked for,
    those possibly hurt too. `owed`: who is owed a correction; `calls`: those that were ever about it; `suffered`: by
    customer, `measure_customer` of each."""

    incident: IncidentRef
    scene: Scene
    contacts: list[Contacted] = field(default_factory=list)
    owed: list[UUID] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    calls: set[int] = field(default_factory=set)
    suffered: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    places: dict[UUID, Place] = field(default_factory=dict)


def gather(
    connection: Any,
    how: Asking,
    since: datetime,
    until: datetime,
    wanted: Callable[[Any], bool] | None = None,
) -> list[Gathered]:
    """The incidents whose impact began in `[since, until)`, oldest first. `wanted`: only customers whose row (of
    `impacts.stream_customers`) passes, and then with what they suffered."""
    viewing = Viewing(how.now, without_entitlement=how.without_entitlement)
    looked_at = (look_at(connection, one, viewing) for one in _may_be_in(connection, how.now, since, until))
    scenes = [scene for scene in looked_at if since <= scene.window.started_at < until and scene.state.status]
    found = _look_into_all(connection, scenes, how, wanted)
    return sorted(found, key=lambda one: (one.scene.window.started_at, one.incident.incident_id))


def gather_one(connection: Any, how: Asking, ref: str) -> list[Gathered]:
    """One incident, by id or key. Raises UnknownNameError and AmbiguousNameError."""
    viewing = Viewing(how.now, without_entitlement=how.without_entitlement)
    scene = look_at(connection, incidents.resolve_incident(connection, ref), viewing)
    return _look_into_all(connection, [scene], how, None)


def promises_in(connection: Any, found: list[Gathered]) -> list[tuple[UUID, Promise]]:
    """What was promised in calls about some incidents."""
    calls = {number for one in found for number in one.calls}
    return [(who, one) for who, one in promises.promises_of(connection) if one.call_id in calls]


def _may_be_in(connection: Any, now: datetime, since: datetime, until: datetime) -> Iterator[IncidentRef]:
    """Those of which nobody said that their impact began at another time."""
    before: int | None = None
    while True:
        page = incidents.list_incidents(connection, limit=FETCHED, before=before)
        kinds = ("status", "impact_started_at", "impact_ended_at", "replaced")
        said = incidents.read_statements(connection, [one.incident_id for one in page], kinds)
        for one in page:
            started_at = fold(said[one.incident_id], now, LATEST).impact_started_at
            if started_at is None or since <= started_at < until:
                yield one
        if len(page) < FETCHED:
            return
        before = page[-1].incident_id


def _look_into_all(
    connection: Any, scenes: Sequence[Scene], how: Asking, wanted: Callable[[Any], bool] | None
) -> list[Gathered]:
    since = min((scene.window.started_at for scene in scenes), default=how.now)
    told_us = customer_reports.told_between(connection, since, how.now)
    found = [_look_into(connection, scene, how, wanted, Complaints(told_us, scene)) for scene in scenes]
    _add_calls(connection, found, how)
    return found


def _look_into(
    connection: Any, scene: Scene, how: Asking, wanted: Callable[[Any], bool] | None, complaints: Complaints
) -> Gathered:
    """One incident, by one statement about all of its customers, since this costs the most by far."""
    made = Gathered(scene.incident, scene)
    if scene.state.status == "cancelled":
        made.owed = [one.customer_id for one in corrections_owed(connection, scene)]
        return made
    tellings = Tellings(connection, scene)
    states: dict[UUID, str] = {}
    rows = impacts.stream_customers(connection, scene.question, FETCHED)
    for customer, group in groupby(rows, key=attrgetter("customer_id")):
        ways = list(group)
        best = ways[0]
        states[customer] = best.state
        made.places[customer] = Place(best.timezone or "", best.country or "")
        if wanted is not None and not wanted(best):
            continue
        if wanted is not None:
            made.suffered[customer] = measure_customer(ways, scene.question, how.hours) | {"state": best.state}
        if best.state in (HURT if wanted is None else COUNTED):
            components = {row.component_id for row in ways if row.component_id is not None}
            told_at = tellings.first_at(customer)
            reported_at = complaints.of(customer, components, tellings).reported_at
            made.contacts.append(
                Contacted(
                    incident=scene.incident.incident_id,
                    customer=customer,
                    state=best.state,
                    started_at=scene.window.started_at,
                    detected_at=scene.state.opened_at,
                    told_at=told_at,
                    reported_at=reported_at,
                    first=who_was_first(told_at, reported_at),
                )
            )
    made.owed = [one.customer_id for one in corrections_among(connection, scene, tellings, states)]
    return made


def _add_calls(connection: Any, found: list[Gathered], how: Asking) -> None:
    by_number = {one.incident.incident_id: one for one in found}
    for row in call_report.calls_about(connection, sorted(by_number)):
        mine = by_number[row.incident_id]
        mine.calls.add(row.call_id)
        if row.status != "open" or row.withdrawn_at is not None or any(one.call_id == row.call_id for one in mine.open):
            continue
        overdue = row.next_at <= how.now if row.next_at is not None else not row.tried and _has_waited(mine, row, how)
        mine.open.append(Open(row.customer_id, row.call_id, overdue))


def _has_waited(mine: Gathered, row: Any, how: Asking) -> bool:
    """Whether a call has not been begun for too long: of their working hours, or by the clock where none are known."""
    place = mine.places.get(row.customer_id, Place())
    within = working_seconds(place, how.hours, row.added_at, how.now)
    seconds = (how.now - row.added_at).total_seconds() if within is None else within
    return seconds >= how.escalate_after.total_seconds()
