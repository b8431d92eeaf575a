"""Events about incidents as words of the ledger: opened, told of again, resolved; what people said stays."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from releasewatch.domain.event_names import incident_event_id
from releasewatch.domain.incident_statuses import StatusWord, place_status
from releasewatch.domain.incidents import ALWAYS, MEMBER, TIMELESS, Statement, fold, problem_of
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.storage import catalogs, events, incident_batches, incidents
from releasewatch.storage.events import TakenEvent
from releasewatch.storage.types import LATEST
from releasewatch.usecases.attempts import AHEAD
from releasewatch.usecases.event_deployments import find_component
from releasewatch.usecases.incidents import LOCK, LONGEST_TITLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from releasewatch.domain.events import IncidentEvent
    from releasewatch.domain.incidents import IncidentState
    from releasewatch.storage.incidents import IncidentRef
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.event_deployments import Importing

SOURCE = "cdevents"
"""What the ledger calls the source of such words: a person's stand above them."""

_OWN_ID = re.compile(r"INC-\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TakenIncident:
    """The incident that an event is about. `stays`: how it was closed by a person, which an event does not change."""

    became: TakenEvent
    outcome: Literal["opened", "updated", "resolved", "reopened", "already_taken"]
    stays: str = ""


def ledger_key(key: str) -> str:
    """The key of the incident: the sender's, unless that looks like an id of ours."""
    return f"{SOURCE}:{key}" if _OWN_ID.fullmatch(key) else key


def take_incident(ledger: Ledger, event: IncidentEvent, how: Importing) -> TakenIncident:
    """Open an incident, or add to it, in one transaction with the word that the event was taken.

    Raises InvalidCallError for an event that cannot be so, and for the end of an incident that nobody told of.
    """
    if event.heading.at > how.now + AHEAD:
        raise InvalidCallError("It tells of what has not come yet.", "Check the sender's clock.")
    with ledger.read() as connection:  # a clone may be asked as well, which is not done while others wait
        component = find_component(connection, event.service, how) if event.service else None
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        before = events.find_taken(connection, event.heading) or _own(connection, event)
        if before is not None:
            return TakenIncident(before, "already_taken")
        key = ledger_key(event.key)
        incident = incident_batches.find_by_keys(connection, [key]).get(key)
        if incident is None and event.word == "resolved":
            raise UnknownNameError(
                f"No incident {event.key!r} was detected or reported before.",
                "Import that event first, and this one again.",
            )
        outcome, stays = _add(connection, incident, key, _Says(event, how, component))
        became = TakenEvent(None, (incident or incident_batches.find_by_keys(connection, [key])[key]).incident_id)
        events.add_taken(connection, event.heading, became, how.now)
    return TakenIncident(became, outcome, stays)


def _own(connection: Any, event: IncidentEvent) -> TakenEvent | None:
    """Our incident, when the event is what this ledger told of it."""
    found = incident_batches.find_by_keys(connection, [event.key]).get(event.key)
    if found is None:
        return None
    at = event.heading.at if event.word == "resolved" else None
    own = incident_event_id(event.heading.type, found.key, found.recorded_at, at)
    return TakenEvent(None, found.incident_id) if own == event.heading.id else None


def _add(connection: Any, incident: IncidentRef | None, key: str, says: _Says) -> tuple[Any, str]:
    """Write what the event says; returns what became of it, and how it stays closed."""
    told = {} if incident is None else incidents.read_statements(connection, [incident.incident_id])
    before = [] if incident is None else told[incident.incident_id]
    event, how = says.event, says.how
    state = fold(before, LATEST, LATEST)
    said = [*_fields(connection, before, state, says)]
    outcome, stays, status = ("opened", "", [says.statement("status", "investigating")])
    if incident is not None:
        outcome, stays, status = _status(incident, before, state, says)
    said += [*status, says.statement("entry", _entry(event))]
    numbered = [replace(one, number=2**62 + place) for place, one in enumerate(said)]
    problem = problem_of(fold([*before, *numbered], LATEST, LATEST), how.now)
    if problem:
        raise InvalidCallError(problem, "Check the sender's clock.")
    found = incident or incidents.insert_incident(connection, key, how.now)
    incidents.add_statements(connection, found.incident_id, said)
    return outcome, stays


def _entry(event: IncidentEvent) -> str:
    word = event.word.capitalize()
    return f"{word}: {event.description}" if event.description else f"{word}."


class _Says:
    """An event in our words."""

    def __init__(self, event: IncidentEvent, how: Importing, component: str | None) -> None:
        self.event = event
        self.component = component
        self.how = how
        self.at: datetime = min(event.heading.at, how.now)

    def statement(self, kind: str, value: str, subject: str = "") -> Statement:
        """One thing that it says."""
        at = ALWAYS if kind in TIMELESS else self.at
        why = f"{self.event.word}, as an event said"
        return Statement(kind, value, at, self.how.now, subject, "engineering", self.how.by, why, source=SOURCE)


def _fields(connection: Any, before: Sequence[Statement], state: IncidentState, says: _Says) -> Iterator[Statement]:
    """What nobody has said yet: title, environment, component, and what has no place of its own."""
    event, component = says.event, says.component
    said = {(one.kind, one.subject) for one in before}
    if not state.title:
        title = event.description.partition("\n")[0] or f"Incident {event.key}"
        yield says.statement("title", title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1]}…")
    attributes = {"url": event.ticket, "artifact": event.artifact}
    known = {row.key for row in catalogs.environments(connection)} | set(says.how.environments)
    if event.environment not in known:
        attributes["environment"] = event.environment
    elif ("environment", "") not in said:
        yield says.statement("environment", event.environment)
    if component is not None and ("component", component) not in said:
        yield says.statement("component", MEMBER, component)
    if event.service and component is None:
        attributes["unknown_components"] = json.dumps([event.service])
    for name, text in attributes.items():
        if text and ("attribute", name) not in said:
            yield says.statement("attribute", text, name)


def _status(
    incident: IncidentRef, before: Sequence[Statement], state: IncidentState, says: _Says
) -> tuple[str, str, list[Statement]]:
    """What an event changes of the status: nothing of what a person has closed; its end only while it is open."""
    wanted = "resolved" if says.event.word == "resolved" else "investigating"
    if wanted == "investigating" and state.opened_at is not None and says.at < state.opened_at:
        opening = [one for one in before if one.kind == "status" and one.happened_at == state.opened_at]
        if all(one.source for one in opening):  # told late: it began then
            return "updated", "", place_status(before, StatusWord(incident.id, says.statement("status", wanted)))
    if state.is_open == (wanted == "investigating"):
        return "updated", "", []
    if not state.is_open:
        closed = [one for one in before if one.kind == "status" and one.happened_at == state.status_at]
        if any(not one.source for one in closed):
            return "updated", state.status, []
        if state.status_at is not None and says.at <= state.status_at:
            return "updated", "", []  # told late, and over by then
    word = StatusWord(
        incident.id, says.statement("status", wanted), state.impact_started_at, reopens=wanted == "investigating"
    )
    return "resolved" if wanted == "resolved" else "reopened", "", place_status(before, word)
