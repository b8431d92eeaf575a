"""Who was told of incidents, who told us, and what they suffered: what reports about calls are counted from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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
from releasewatch.domain.incidents import REPLACED, read_instant
from releasewatch.domain.promises import Promise
from releasewatch.storage import call_report, customer_reports, impact_many, impacts, incidents, promises
from releasewatch.storage.incidents import IncidentRef
from releasewatch.usecases.call_complaints import Complaints, Reporters
from releasewatch.usecases.call_tellings import Tellings, corrections_owed, untrue_by_now
from releasewatch.usecases.impact_measures import measure_customer
from releasewatch.usecases.incident_scene import Scene, look_at, look_at_all
from releasewatch.usecases.incident_viewing import Viewing

_FETCHED = 1000


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
    those possibly hurt too. `silent`: how many more are hurt who have no call about it, were told nothing and told us
    nothing, by state and account manager (empty, unless it is asked for). `owed`: who is owed a correction;
    `promised`: what to whom in calls about it; `suffered`: by customer, `measure_customer` of each. `states`: of those
    in it who are not merely counted."""

    incident: IncidentRef
    scene: Scene
    contacts: list[Contacted] = field(default_factory=list)
    silent: Counter[tuple[str, str]] = field(default_factory=Counter)
    owed: list[UUID] = field(default_factory=list)
    open: list[Open] = field(default_factory=list)
    promised: list[tuple[UUID, Promise]] = field(default_factory=list)
    suffered: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    states: dict[UUID, str] = field(default_factory=dict)


def gather(
    connection: Any,
    how: Asking,
    since: datetime,
    until: datetime,
    wanted: Callable[[Any], bool] | None = None,
    *,
    by_manager: bool = False,
) -> list[Gathered]:
    """The incidents whose impact began in `[since, until)`, oldest first. `wanted`: only customers whose row (of
    `impacts.stream_customers`) passes, and then each by themselves and with what they suffered; `by_manager`: else
    those who are silent, by whose they are."""
    viewing = Viewing(how.now, without_entitlement=how.without_entitlement)
    looked_at = look_at_all(connection, _may_be_in(connection, how.now, since, until), viewing)
    scenes = [scene for scene in looked_at if since <= scene.window.started_at < until and scene.state.status]
    found = _look_into_all(connection, scenes, how, wanted, by_manager=by_manager)
    return sorted(found, key=lambda one: (one.scene.window.started_at, one.incident.incident_id))


def gather_one(connection: Any, how: Asking, ref: str, *, by_manager: bool = False) -> list[Gathered]:
    """One incident, by id or key. Raises UnknownNameError and AmbiguousNameError."""
    viewing = Viewing(how.now, without_entitlement=how.without_entitlement)
    scene = look_at(connection, incidents.resolve_incident(connection, ref), viewing)
    return _look_into_all(connection, [scene], how, None, by_manager=by_manager)


def _may_be_in(connection: Any, now: datetime, since: datetime, until: datetime) -> list[IncidentRef]:
    """Those of which nobody said that their impact began at another time; perhaps others too."""
    found = []
    for incident, said in incidents.said_of_all(connection, ("impact_started_at", REPLACED)):
        began = [read_instant(one.value) for one in said if one.kind != REPLACED and one.happened_at <= now]
        is_sure = began and len(began) == len(said)
        if not is_sure or any(at is None or since <= at < until for at in began):
            found.append(incident)
    return found


def _look_into_all(
    connection: Any,
    scenes: Sequence[Scene],
    how: Asking,
    wanted: Callable[[Any], bool] | None,
    *,
    by_manager: bool,
) -> list[Gathered]:
    since = min((scene.window.started_at for scene in scenes), default=how.now)
    told_us = customer_reports.told_between(connection, since, how.now)
    tellings = Tellings.of_all(connection, scenes)
    looking = _Looking(
        connection, how, {scene.incident.incident_id: Complaints(told_us, scene) for scene in scenes}, tellings
    )
    if wanted is not None:
        found = [looking.closely(scene, wanted) for scene in scenes]
    else:
        found = list(looking.briefly(scenes, Reporters(told_us), by_manager=by_manager))
    _add_calls(connection, found, how)
    _add_promises(connection, found)
    return found


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks into incidents. `complaints`, `tellings`: by their numbers."""

    connection: Any
    how: Asking
    complaints: Mapping[int, Complaints]
    tellings: Mapping[int, Tellings]

    def briefly(self, scenes: Sequence[Scene], reporters: Reporters, *, by_manager: bool) -> Iterator[Gathered]:
        """Those who were hurt, by one statement put together for all the incidents: it costs the most by far. Who is
        silent is counted by the database."""
        by_number = {scene.incident.incident_id: scene for scene in scenes}
        yield from (self._cancelled(scene) for scene in scenes if scene.state.status == "cancelled")
        asked = [
            impact_many.Counting(scene.question, self.complaints[number].reporters_among(reporters))
            for number, scene in by_number.items()
            if scene.state.status != "cancelled"
        ]
        for number, rows in impact_many.count_hurt(self.connection, asked, by_manager=by_manager):
            scene = by_number[number]
            made = Gathered(scene.incident, scene)
            for row in rows:
                if row.customer_id is None:
                    made.silent[row.state, row.account_manager] = row.many
                else:
                    made.states[row.customer_id] = row.state
            hurt = [customer for customer, state in made.states.items() if state in HURT]
            components = self._components(scene, hurt)
            for customer in hurt:
                reached_by = components.get(customer, set())
                made.contacts.append(self._contacted(scene, customer, made.states[customer], reached_by))
            made.owed = list(untrue_by_now(scene, self.tellings[number], made.states))
            yield made

    def closely(self, scene: Scene, wanted: Callable[[Any], bool]) -> Gathered:
        """One incident, with what those who are wanted suffered; by one statement about all of its customers."""
        if scene.state.status == "cancelled":
            return self._cancelled(scene)
        made = Gathered(scene.incident, scene)
        rows = impacts.stream_customers(self.connection, scene.question, _FETCHED)
        for customer, group in groupby(rows, key=attrgetter("customer_id")):
            ways = list(group)
            best = ways[0]
            made.states[customer] = best.state
            if not wanted(best):
                continue
            suffered = measure_customer(ways, scene.question, self.how.hours)
            made.suffered[customer] = suffered | {"state": best.state}
            if best.state in COUNTED:
                reached_by = {row.component_id for row in ways if row.component_id is not None}
                made.contacts.append(self._contacted(scene, customer, best.state, reached_by))
        made.owed = list(untrue_by_now(scene, self.tellings[scene.incident.incident_id], made.states))
        return made

    def _cancelled(self, scene: Scene) -> Gathered:
        owed = [one.customer_id for one in corrections_owed(self.connection, scene)]
        return Gathered(scene.incident, scene, owed=owed)

    def _components(self, scene: Scene, customers: Sequence[UUID]) -> dict[UUID, set[int]]:
        """Through what they are reached, of those customers of whom it matters: few report anything."""
        complaints = self.complaints[scene.incident.incident_id]
        asked = [one for one in customers if complaints.depends_on_components(one)]
        found: dict[UUID, set[int]] = {}
        rows = impacts.stream_customers(self.connection, scene.question, _FETCHED, asked) if asked else ()
        for row in rows:
            if row.component_id is not None:
                found.setdefault(row.customer_id, set()).add(row.component_id)
        return found

    def _contacted(self, scene: Scene, customer: UUID, state: str, components: Collection[int]) -> Contacted:
        number = scene.incident.incident_id
        tellings = self.tellings[number]
        told_at = tellings.first_at(customer)
        reported_at = self.complaints[number].of(customer, components, tellings).reported_at
        return Contacted(
            incident=number,
            customer=customer,
            state=state,
            started_at=scene.window.started_at,
            detected_at=scene.state.opened_at,
            told_at=told_at,
            reported_at=reported_at,
            first=who_was_first(told_at, reported_at),
        )


def _add_calls(connection: Any, found: list[Gathered], how: Asking) -> None:
    by_number = {one.incident.incident_id: one for one in found}
    rows = call_report.open_calls_about(connection, sorted(by_number))
    not_begun = {row.customer_id for row in rows if row.next_at is None and not row.tried}
    places = call_report.places_of(connection, sorted(not_begun), how.now)
    for row in rows:
        mine = by_number[row.incident_id]
        if any(one.call_id == row.call_id for one in mine.open):
            continue
        if row.next_at is not None:
            overdue = row.next_at <= how.now
        else:
            place = places.get(row.customer_id, Place()) if row.customer_id in mine.states else Place()
            overdue = not row.tried and _has_waited(place, row.added_at, how)
        mine.open.append(Open(row.customer_id, row.call_id, overdue))


def _add_promises(connection: Any, found: list[Gathered]) -> None:
    by_number = {one.incident.incident_id: one for one in found}
    made = promises.promises_of(connection)
    about = call_report.incidents_of(connection, sorted({promise.call_id for _, promise in made}))
    for customer, promise in made:
        for number in about.get(promise.call_id, set()) & by_number.keys():
            by_number[number].promised.append((customer, promise))


def _has_waited(place: Place, since: datetime, how: Asking) -> bool:
    """Whether a call has not been begun for too long: of their working hours, or by the clock where none are known."""
    within = working_seconds(place, how.hours, since, how.now)
    seconds = (how.now - since).total_seconds() if within is None else within
    return seconds >= how.escalate_after.total_seconds()
