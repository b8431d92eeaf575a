"""A customer reaches us: keep what they say, and answer at once with what fits, and what to do next."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from releasewatch.domain.attempt_times import FAR
from releasewatch.domain.customer_reports import FirstContact, who_was_first
from releasewatch.domain.inbound import (
    FRESH,
    LATE,
    LOOK_BACK,
    SHOWN,
    Alarm,
    Came,
    Heard,
    Holds,
    Point,
    find_alarm,
    fit_of_deployment,
    fit_of_incident,
)
from releasewatch.domain.notifications import Fact, Rule
from releasewatch.errors import InvalidCallError
from releasewatch.storage import (
    call_attempts,
    calls,
    catalogs,
    customer_reach,
    customer_reports,
    deployments,
    impacts,
    incidents,
    merges,
    personal_rows,
)
from releasewatch.storage.customer_refs import CustomerRef, get_ref, resolve_customer
from releasewatch.storage.customer_reports import Report, Said
from releasewatch.storage.exposure_stream import FETCHED
from releasewatch.storage.imports.runs import next_instant
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.usecases.customer_reach import ReachedLately, Reaching, reached_lately
from releasewatch.usecases.incident_scene import Scene, look_at
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.known_places import known_component
from releasewatch.usecases.named_people import hiding
from releasewatch.usecases.open_incidents import read_open
from releasewatch.usecases.outbox import tell

_COMPARED = 20
"""With so many other customers' reports at most is one compared: who calls is not to wait for the rest."""


@dataclass(frozen=True, slots=True)
class Told:
    """What somebody says that a customer told us. None and empty: not said."""

    note: str = ""
    quote: str = ""
    reported_at: datetime | None = None
    channel: str = "phone"
    reference: str = ""
    component: str | None = None
    incident: str | None = None
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How an answer is made. `within`: how near to each other two reports alarm; `repo`: whose bare components;
    `told`: who is told of an alarm.
    """

    now: datetime
    within: timedelta
    repo: str | None = None
    without_entitlement: Mapping[str, str] = field(default_factory=dict)
    told: Collection[Rule] = ()


@dataclass(frozen=True, slots=True)
class FitDeployment:
    """A deployment that may be what they speak of."""

    reaching: Reaching
    why: tuple[Point, ...]

    @property
    def score(self) -> int:
        """The sum of the points."""
        return sum(one.points for one in self.why)


@dataclass(frozen=True, slots=True)
class FitIncident:
    """An open incident that holds them, or could. `call`: their open call; `first`: who reached whom first of it.
    `names_somebody`: its title names a customer, or one of our people."""

    id: str
    title: str
    severity: str
    status: str
    started_at: datetime
    holds: Holds
    why: tuple[Point, ...]
    call: str = ""
    told_at: datetime | None = None
    first: FirstContact | None = None
    names_somebody: bool = False

    @property
    def score(self) -> int:
        """The sum of the points."""
        return sum(one.points for one in self.why)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to who has a customer on the line. `already`: the same report was there before.

    `alarm`: that on-call has to be told; who reads this tells them, and so does a rule in `[notify]`.
    """

    report: Report
    customer: str
    component: str
    already: bool
    changed: bool
    deployments: tuple[FitDeployment, ...]
    more_deployments: bool
    incidents: tuple[FitIncident, ...]
    alarm: Alarm | None
    open_call: str


def take_report(ledger: Ledger, ref: str, told: Told, who: str, how: Asked) -> Answer:
    """Keep what a customer told us, and answer. The same ticket of the same customer is the same report, corrected.

    Raises InvalidCallError for a report that says nothing, or is of the future.
    """
    reported_at = told.reported_at or how.now
    _check(told, reported_at, who, how.now)
    with ledger.write() as connection:
        ledger.lock(connection, customer_reports.LOCK)
        customer = resolve_customer(connection, ref)
        said = _read(connection, customer, told, reported_at, how.repo)
        report, already, changed = _keep(connection, customer, said, told, who, how.now)
        if how.told:
            tell_of_alarm(connection, alarm_of(connection, report, how), how)
    # After it is kept: of two who write at once, the one who reads last sees both.
    with ledger.read() as connection:
        answer = _answer(connection, customer, report, how)
    return replace(answer, already=already, changed=changed)


def _check(told: Told, reported_at: datetime, who: str, now: datetime) -> None:
    if not who:
        raise InvalidCallError("It is not known who took it.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")
    if not (told.note or told.quote or told.reference):
        raise InvalidCallError("It is not said what they told us.", "Give --note TEXT, --quote TEXT or --reference T.")
    if reported_at > now:
        raise InvalidCallError("They would have reached us in the future.", "Check --reported-at.")
    if reported_at < now - FAR:
        raise InvalidCallError(
            "They would have reached us years ago.", "Check the year of --reported-at; old tickets come with --file."
        )


def _read(connection: Any, customer: CustomerRef, told: Told, reported_at: datetime, repo: str | None) -> Said:
    component, incident, contact = 0, 0, None
    if told.component is not None:
        key = known_component(connection, told.component, repo)
        component = catalogs.component_ids(connection, [key])[key]
    if told.incident is not None:
        incident = incidents.resolve_incident(connection, told.incident).incident_id
    if told.contact is not None:
        members = merges.members_of(connection, customer.customer_id)
        contact = personal_rows.resolve_contact(connection, members, told.contact).contact_id
    return Said(reported_at, told.channel, "call", told.reference, component, incident, contact, told.note, told.quote)


def _keep(
    connection: Any, customer: CustomerRef, said: Said, told: Told, who: str, now: datetime
) -> tuple[Report, bool, bool]:
    """The report as it is kept now; whether it was there before, and whether it says something else by now."""
    members = merges.members_of(connection, customer.customer_id)
    at = next_instant(connection, now)
    before = customer_reports.find_report(connection, members, said.reference) if said.reference else None
    if before is None:
        same = customer_reports.reports_of(
            connection, [customer.customer_id], since=said.reported_at, until=said.reported_at
        )
        before = next((one for one in same if one.said == said), None)
    if before is None:
        number = customer_reports.add_report(connection, customer.customer_id, said, who, at)
        return Report(customer.customer_id, customer.customer_id, number, said, who, at), False, False
    united = _united(before.said, said, told)
    if united == before.said:
        return before, True, False
    # Two who correct it at one instant: what is corrected must have been so for a while.
    at = max(at, before.recorded_from + timedelta(microseconds=1))
    customer_reports.change_report(connection, before, united, who, at)
    return replace(before, said=united, recorded_by=who, recorded_from=at), True, True


def _united(before: Said, said: Said, told: Told) -> Said:
    """What is known of a ticket once more is said of it: what is not said now stays as it was."""
    return Said(
        reported_at=said.reported_at if told.reported_at is not None else before.reported_at,
        channel=said.channel,
        source=before.source,
        reference=before.reference,
        component_id=said.component_id or before.component_id,
        incident_id=said.incident_id or before.incident_id,
        contact_id=said.contact_id or before.contact_id,
        note=said.note or before.note,
        quote=said.quote or before.quote,
    )


def _answer(connection: Any, customer: CustomerRef, report: Report, how: Asked) -> Answer:
    said = report.said
    keys = catalogs.component_keys(connection)
    component = keys.get(said.component_id, "")
    reached = _reached(connection, customer.customer_id, said.reported_at, how)
    members = merges.members_of(connection, customer.customer_id)
    call = next((f"C-{number}" for number in calls.open_calls(connection, members, "incident").values()), "")
    viewing = Viewing(how.now, without_entitlement=how.without_entitlement)
    scenes = [look_at(connection, one, viewing) for one in read_open(connection, how.now)]
    held = [_fit_incident(connection, scene, customer.customer_id, report, call, how.now) for scene in scenes]
    fitting = sorted((one for one in held if one is not None), key=lambda one: (-one.score, one.id))
    blamed = _blamed(scenes)
    ranked = sorted(
        (_fit_deployment(one, component, said.reported_at, blamed) for one in reached.found),
        key=lambda one: (-one.score, -one.reaching.number),
    )
    alarm = _alarm(connection, report, reached, how)
    shown = fitting[:SHOWN]
    hides = hiding(connection, (), [one.title for one in shown], (), how.now)
    return Answer(
        report=report,
        customer=customer.key,
        component=component,
        already=False,
        changed=False,
        deployments=tuple(ranked[:SHOWN]),
        more_deployments=reached.more or len(ranked) > SHOWN,
        incidents=tuple(replace(one, names_somebody=hides(one.title)) for one in shown),
        alarm=alarm,
        open_call=call,
    )


def _reached(connection: Any, customer_id: UUID, reported_at: datetime, how: Asked) -> ReachedLately:
    since = reported_at - LOOK_BACK
    return reached_lately(connection, customer_id, since, reported_at, how.now, how.without_entitlement)


def _blamed(scenes: Sequence[Scene]) -> dict[int, tuple[str, ...]]:
    """The deployments that open incidents are blamed on."""
    found: dict[int, tuple[str, ...]] = {}
    for scene in scenes:
        for number, link in scene.links.items():
            if link.state in incidents.BLAMED:
                found[number] = (*found.get(number, ()), scene.incident.id)
    return found


def _fit_deployment(
    one: Reaching, component: str, reported_at: datetime, blamed: Mapping[int, tuple[str, ...]]
) -> FitDeployment:
    came = Came(
        live_from=one.live_from,
        until=one.until,
        reach=one.reach,
        possible=one.possible,
        asked=bool(component),
        near=one.components.get(component) if component else None,
        blamed_for=blamed.get(one.number, ()),
    )
    return FitDeployment(one, fit_of_deployment(came, reported_at))


def _fit_incident(
    connection: Any, scene: Scene, customer_id: UUID, report: Report, call: str, now: datetime
) -> FitIncident | None:
    """How an open incident fits; None when it neither holds them nor could."""
    said, incident = report.said, scene.incident
    state = impacts.states_of(connection, scene.question, [customer_id]).get(customer_id, "")
    blamed = [one.question.deployment_id for one in scene.question.blamed]
    about = set(scene.question.components or ()) or customer_reach.components_reached_by(connection, blamed)
    named = said.incident_id == incident.incident_id or said.component_id in about
    if not state and not named and about:
        return None
    tellings = call_attempts.tellings(connection, incident.incident_id, now, LATEST).get(customer_id, [])
    told_at = tellings[0].told_at if tellings else None
    holds = cast("Holds", state or "could")
    return FitIncident(
        id=incident.id,
        title=scene.state.title,
        severity=scene.state.severity,
        status=scene.state.status,
        started_at=scene.window.started_at,
        holds=holds,
        why=fit_of_incident(holds, named, told_at is not None),
        call=call if state else "",
        told_at=told_at,
        first=who_was_first(told_at, said.reported_at) if _is_of_it(connection, scene, customer_id, said) else None,
    )


def _is_of_it(connection: Any, scene: Scene, customer_id: UUID, said: Said) -> bool:
    """Whether a report counts as one of an incident, as lists and reports count it: it speaks of it, of a component in
    it or that reaches them in it, or of none."""
    if said.incident_id:
        return said.incident_id == scene.incident.incident_id
    if not said.component_id or said.component_id in (scene.question.components or ()):
        return True
    ways = impacts.stream_customers(connection, scene.question, FETCHED, customer_id)
    return said.component_id in {row.component_id for row in ways}


def alarm_of(connection: Any, report: Report, how: Asked) -> Alarm | None:
    """Whether on-call has to be told of a report: see `domain.inbound.find_alarm`."""
    reached = _reached(connection, report.customer_id, report.said.reported_at, how)
    return _alarm(connection, report, reached, how)


def tell_of_alarm(connection: Any, alarm: Alarm | None, how: Asked) -> None:
    """Have others told of an alarm, if it is one: of the deployment that most of them share, once a day (UTC)."""
    if alarm is None:
        return
    number, day = alarm.deployments[0], f"{alarm.first_at:%Y-%m-%d}"
    environment = deployments.get_deployment(connection, number).environment
    many = len(alarm.customers)
    fact = Fact("reports_together", "deployment", number, day, alarm.first_at, environment, detail=many)
    tell(connection, how.told, fact, how.now)


def _alarm(connection: Any, report: Report, reached: ReachedLately, how: Asked) -> Alarm | None:
    """Whether others reached us within hours, and share a fresh deployment with this customer."""
    at = report.said.reported_at
    if how.now - at > LATE:
        return None
    others = customer_reports.all_reports(connection, since=at - how.within, until=at + how.within)
    if not others or not reached.found:
        return None
    others = [one for one in others if one.customer_id != report.customer_id]
    others.sort(key=lambda one: (abs(one.said.reported_at - at), one.report_id))
    first = min((one.said.reported_at for one in others), default=at)
    keys = catalogs.component_keys(connection)

    def heard(one: Report, found: Sequence[Reaching], key: str) -> Heard:
        named = keys.get(one.said.component_id, "")
        fresh = (
            each.number
            for each in found
            if each.live_from >= min(first, at) - FRESH and (not named or named in each.components)
        )
        return Heard(key, one.id, one.said.reported_at, frozenset(fresh))

    mine = heard(report, reached.found, get_ref(connection, report.customer_id).key)
    if not mine.deployments:
        return None
    them = []
    known: dict[UUID, tuple[str, ReachedLately]] = {}
    for one in others:
        if one.customer_id not in known:
            if len(known) == _COMPARED:
                continue
            key = get_ref(connection, one.customer_id).key
            known[one.customer_id] = key, _reached(connection, one.customer_id, one.said.reported_at, how)
        key, found = known[one.customer_id]
        them.append(heard(one, found.found, key))
    return find_alarm(mine, them, how.within)
