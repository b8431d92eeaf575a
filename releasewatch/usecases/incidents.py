"""Opening incidents and adding to them: every word is kept, and a state that cannot be is refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from releasewatch.domain.incident_statuses import StatusWord, correct_opening, place_status
from releasewatch.domain.incidents import (
    ALWAYS,
    MEMBER,
    NO_MEMBER,
    Statement,
    fold,
    presumed_start,
    problem_of,
    withdrawn_entries,
)
from releasewatch.domain.notifications import Rule
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import incidents
from releasewatch.storage.deployments import get_deployment
from releasewatch.storage.incidents import IncidentRef, Link
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.usecases.incident_checks import check_blame, check_environment
from releasewatch.usecases.incident_ranking import rank_for
from releasewatch.usecases.known_places import check_places, known_component
from releasewatch.usecases.outbox import kind_of_change, tell_of_blamed, tell_of_incident
from releasewatch.usecases.suspects import Ranking

LOCK = "releasewatch:incidents"
LONGEST_TITLE = 200
_OWN_ID = re.compile(r"INC-\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Telling:
    """Who says it, when and why. `at`: since when. `repo`: whose bare keys are meant. `rules`: whom it is told to."""

    now: datetime
    by: str
    why: str = ""
    at: datetime | None = None
    repo: str | None = None
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentFields:
    """What is said of an incident. None and empty: nothing; `components` with a status each, or an empty one.

    `withdrawn`: numbers of entries that are taken back. `cleared`: which of the impact's ends are. `opened_at`: when it
    was opened after all. `summaries` by audience.
    """

    title: str | None = None
    severity: str | None = None
    status: str | None = None
    detected_by: str | None = None
    impact_started_at: datetime | None = None
    impact_ended_at: datetime | None = None
    opened_at: datetime | None = None
    environment: str | None = None
    components: Sequence[tuple[str, str]] = ()
    without_components: Sequence[str] = ()
    regions: Sequence[str] = ()
    without_regions: Sequence[str] = ()
    rings: Sequence[str] = ()
    without_rings: Sequence[str] = ()
    commander: str | None = None
    liaison: str | None = None
    entry: str | None = None
    audience: str = "engineering"
    withdrawn: Sequence[int] = ()
    summaries: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident, and whether it was there before. `not_taken`: what was given and is not said of it, by option."""

    incident: IncidentRef
    already_open: bool
    not_taken: tuple[str, ...] = ()


def open_incident(
    ledger: Ledger,
    fields: IncidentFields,
    telling: Telling,
    *,
    key: str = "",
    deployment_id: int | None = None,
    how: Ranking | None = None,
) -> Opened:
    """Open an incident, or find the one with the same key, to which nothing is added.

    `how`: the score that a named deployment has as a suspect is kept with its blame.
    """
    if _OWN_ID.fullmatch(key):
        raise InvalidCallError(f"{key!r} looks like an id of ours.", "Give the id that the monitor uses as --key.")
    if not (fields.title or "").strip():
        raise InvalidCallError("An incident needs a title.", "Give it with --title TEXT.")
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        found = incidents.find_incident(connection, key) if key else None
        if found is not None:
            return Opened(found, True, tuple(_not_taken(connection, found, fields, deployment_id)))
        said = [_status("investigating", telling), *_statements(connection, fields, telling)]
        _check(said, telling)
        incident = incidents.insert_incident(connection, key, telling.now)
        incidents.add_statements(connection, incident.incident_id, said)
        if deployment_id is not None:
            why = telling.why or "named when the incident was opened"
            score = (
                rank_for(connection, incident, telling.now, how, deployment_id).score_of(deployment_id) if how else None
            )
            check_blame(connection, incident, deployment_id)
            link = Link(deployment_id, "suspect", score, why, telling.by, telling.now)
            incidents.add_link(connection, incident.incident_id, link)
            tell_of_blamed(connection, deployment_id, telling.rules, telling.now)
        tell_of_incident(connection, incident, "incident_opened", telling.rules, telling.now)
    return Opened(incident, already_open=False)


def _not_taken(
    connection: Any, incident: IncidentRef, fields: IncidentFields, deployment_id: int | None
) -> Iterator[str]:
    """What was given anew for an incident that was open before, by option: nobody has said it of it, ever."""
    before = incidents.read_statements(connection, [incident.incident_id])[incident.incident_id]
    said = {(one.kind, one.value) for one in before}
    for name, kind in _AGAIN.items():
        value = getattr(fields, kind)
        text = value.isoformat() if isinstance(value, datetime) else value
        if text is not None and (kind, text.strip()) not in said:
            yield name
    members = {kind: {one.subject for one in before if one.kind == kind} for kind in ("component", "region", "ring")}
    bare = members["component"] | {key.rpartition("/")[2] for key in members["component"]}
    for name, given, known in (
        ("--component", {ref for ref, _ in fields.components}, bare),
        ("--region", set(fields.regions), members["region"]),
        ("--ring", set(fields.rings), members["ring"]),
    ):
        if not given <= known:
            yield name
    if deployment_id is not None and deployment_id not in incidents.newest_links(connection, incident.incident_id):
        yield "--deployment"


_AGAIN = {
    "--title": "title",
    "--severity": "severity",
    "--environment": "environment",
    "--started-at": "impact_started_at",
    "--detected-by": "detected_by",
    "--commander": "commander",
    "--liaison": "liaison",
}


def update_incident(ledger: Ledger, ref: str, fields: IncidentFields, telling: Telling) -> IncidentRef:
    """Add to an incident; what was said before stays. What is so already, of what is given, is not said twice."""
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.resolve_incident(connection, ref)
        before = incidents.read_statements(connection, [incident.incident_id])[incident.incident_id]
        said = _statements(connection, fields, telling)
        if fields.opened_at is not None:
            said = [*_opening(incident, before, fields, telling), *said]
        if fields.status is not None:
            said = [*_placed(connection, incident, before, fields.status, telling, fields.impact_started_at), *said]
        if not said and fields.opened_at is None:
            raise InvalidCallError("Nothing is said of the incident.", "See: releasewatch incident update --help")
        if fields.title is not None and not fields.title.strip():
            raise InvalidCallError("An incident needs a title.", "Give it with --title TEXT.")
        _check_entries(incident, before, fields.withdrawn)
        if fields.environment:
            check_environment(connection, incident, fields.environment.strip())
        said = list(_news(before, said, telling))
        _check([*before, *said], telling, incident)
        if fields.impact_ended_at is not None:
            _check_end(connection, incident, [*before, *said])
        incidents.add_statements(connection, incident.incident_id, said)
        if said:
            tell_of_incident(connection, incident, "incident_updated", telling.rules, telling.now)
    return incident


def change_status(
    ledger: Ledger, ref: str, status: str, telling: Telling, ended_at: datetime | None = None
) -> tuple[IncidentRef, bool]:
    """Resolve, cancel or re-open an incident; returns it, and whether it was so already.

    A closed one is re-opened as `investigating`. `ended_at`: when customers ceased to suffer. With another `telling.at`
    than before, when it was closed is corrected.
    """
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.resolve_incident(connection, ref)
        before = incidents.read_statements(connection, [incident.incident_id])[incident.incident_id]
        state = fold(before, LATEST, LATEST)
        reopens = status == "investigating"
        same_time = telling.at in (None, state.status_at)
        if state.status == status and not reopens and same_time and ended_at in (None, state.impact_ended_at):
            return incident, True
        if reopens and state.is_open:
            raise InvalidCallError(
                f"{incident.id} is {state.status}, so there is nothing to re-open.",
                f"See: releasewatch incident show {incident.id}",
            )
        said = []
        if state.status != status or not same_time:
            said += _placed(connection, incident, before, status, telling, reopens=reopens)
        if ended_at is not None:
            said.append(_timeless("impact_ended_at", ended_at.isoformat(), telling))
        if reopens and state.impact_ended_at is not None:
            # It goes on: the end that was told was not one. What was said stays in the record.
            said.append(_timeless("impact_ended_at", "", telling))
        _check([*before, *said], telling, incident)
        if ended_at is not None:
            _check_end(connection, incident, [*before, *said])
        incidents.add_statements(connection, incident.incident_id, said)
        tell_of_incident(connection, incident, kind_of_change(state.status, status), telling.rules, telling.now)
    return incident, False


def _statements(connection: Any, fields: IncidentFields, telling: Telling) -> list[Statement]:
    """What the fields say, with the names resolved."""
    said: list[Statement] = []
    if len(fields.title or "") > LONGEST_TITLE:
        raise InvalidCallError(f"A title has at most {LONGEST_TITLE} characters.", "Say the rest with --entry TEXT.")
    for kind in ("title", "detected_by", "environment"):
        value = getattr(fields, kind)
        if value is not None:
            said.append(_timeless(kind, value.strip(), telling))
    for kind in ("impact_started_at", "impact_ended_at"):
        at = getattr(fields, kind)
        if at is not None:
            said.append(_timeless(kind, at.isoformat(), telling))
    said += _members(connection, fields, telling)
    for kind in ("severity", "commander", "liaison"):
        value = getattr(fields, kind)
        if value is not None:
            said.append(_changing(kind, value.strip(), telling))
    said += [
        _changing("summary", text, telling, audience, audience) for audience, text in sorted(fields.summaries.items())
    ]
    said += [_timeless("attribute", text, telling, name) for name, text in sorted(fields.attributes.items())]
    if fields.entry is not None:
        if not fields.entry.strip():
            raise InvalidCallError("An entry of the timeline needs a text.", "Give it with --entry TEXT.")
        said.append(_changing("entry", fields.entry, telling, "", fields.audience))
    said += [_timeless("withdrawal", MEMBER, telling, str(number)) for number in dict.fromkeys(fields.withdrawn)]
    return said


def _members(connection: Any, fields: IncidentFields, telling: Telling) -> Iterator[Statement]:
    for ref, status in fields.components:
        key = known_component(connection, ref, telling.repo)
        yield _timeless("component", MEMBER, telling, key)
        if status:
            yield _changing("component_status", status, telling, key)
    for ref in fields.without_components:
        yield _timeless("component", NO_MEMBER, telling, known_component(connection, ref, telling.repo))
    for axis, wanted, unwanted in (
        ("region", fields.regions, fields.without_regions),
        ("ring", fields.rings, fields.without_rings),
    ):
        check_places(connection, axis, [*wanted, *unwanted])
        yield from (_timeless(axis, MEMBER, telling, place) for place in wanted)
        yield from (_timeless(axis, NO_MEMBER, telling, place) for place in unwanted)


def _timeless(kind: str, value: str, telling: Telling, subject: str = "") -> Statement:
    return Statement(kind, value, ALWAYS, telling.now, subject, "engineering", telling.by, telling.why)


def _changing(kind: str, value: str, telling: Telling, subject: str = "", audience: str = "engineering") -> Statement:
    return Statement(kind, value, telling.at or telling.now, telling.now, subject, audience, telling.by, telling.why)


def _status(status: str, telling: Telling) -> Statement:
    return _changing("status", status, telling)


def _check(said: Iterable[Statement], telling: Telling, incident: IncidentRef | None = None) -> None:
    """Refuse what cannot be: times in the wrong order, or in the future."""
    if telling.at is not None and telling.at > telling.now:
        raise InvalidCallError("What is said to be so from then on has not come yet.", "Check --at.")
    state = fold(said, LATEST, LATEST)
    problem = problem_of(state, telling.now)
    if problem:
        hint = "Check --started-at and --ended-at."
        if incident is not None:
            hint += f" See: releasewatch incident show {incident.id}"
        raise InvalidCallError(problem, hint)


def _news(before: Iterable[Statement], said: Iterable[Statement], telling: Telling) -> Iterator[Statement]:
    """What is said, without that it is about what it is about already, unless there is a reason to say so again."""
    before = list(before)
    state = fold(before, LATEST, LATEST)
    gone = {str(number) for number in withdrawn_entries(before)}
    members = {
        "withdrawal": gone,
        "component": set(state.components),
        "region": set(state.regions),
        "ring": set(state.rings),
    }
    for one in said:
        known = members.get(one.kind)
        if known is None or telling.why or (one.subject in known) != (one.value == MEMBER):
            yield one


def _check_entries(incident: IncidentRef, before: Iterable[Statement], numbers: Iterable[int]) -> None:
    known = {one.number for one in before if one.kind == "entry"}
    for number in numbers:
        if number not in known:
            raise UnknownNameError(
                f"The timeline of {incident.id} has no entry {number}.",
                f"See: releasewatch incident show {incident.id} --timeline",
            )


def _check_end(connection: Any, incident: IncidentRef, said: Iterable[Statement]) -> None:
    """Refuse an end before the start that is presumed; one that was said is looked at in every case."""
    state = fold(said, LATEST, LATEST)
    start = presumed_start(state, _blamed_since(connection, incident), incident.recorded_at)
    if state.impact_ended_at is not None and state.impact_ended_at < start[0]:
        raise InvalidCallError(
            f"The impact would have ended before it started, at {start[0]:%Y-%m-%d %H:%M} UTC ({start[1]}).",
            f"Say as well when it began: releasewatch incident update {incident.id} --started-at T --ended-at T",
        )


def _placed(
    connection: Any,
    incident: IncidentRef,
    before: Sequence[Statement],
    status: str,
    telling: Telling,
    started_at: datetime | None = None,
    *,
    reopens: bool = False,
) -> list[Statement]:
    """A status, with what it replaces. `started_at`: when the impact began, if that is said in the same breath."""
    state = fold(before, LATEST, LATEST)
    began = started_at or state.impact_started_at or _blamed_since(connection, incident)
    return place_status(before, StatusWord(incident.id, _status(status, telling), began, reopens))


def _opening(
    incident: IncidentRef, before: Sequence[Statement], fields: IncidentFields, telling: Telling
) -> list[Statement]:
    """When it was opened, corrected."""
    if fields.status is not None:
        raise InvalidCallError("A status and the opening are corrected one at a time.", "Give one of them.")
    if fields.opened_at is not None and fields.opened_at > telling.now:
        raise InvalidCallError("It would have been opened in the future.", "Check --opened-at.")
    return correct_opening(before, incident.id, _status("investigating", replace(telling, at=fields.opened_at)))


def _blamed_since(connection: Any, incident: IncidentRef) -> datetime | None:
    blamed = incidents.blamed_deployments(connection, incident.incident_id)
    return min((get_deployment(connection, number).row.opened_at for number in blamed), default=None)
