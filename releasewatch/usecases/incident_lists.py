"""The list of incidents."""

from __future__ import annotations

from typing import Any

from releasewatch.domain.incidents import OPEN_STATUSES, REPLACED, IncidentState, fold
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.storage import incidents
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.named_people import hiding, shown

_TOLD = ("title", "severity", "status", "impact_started_at", "impact_ended_at", "component", REPLACED)
"""The kinds of statements that a list is made of."""


def list_document(
    ledger: Ledger,
    how: Viewing,
    *,
    limit: int,
    cursor: str | None,
    status: str | None,
    reveal: Reveal = Reveal.CONTACTS,
) -> dict[str, Any]:
    """The document of `incident list --format json`, newest first. `status`: one of them, or `open`."""
    before = incidents.number_of(cursor) if cursor is not None else None
    if cursor is not None and before is None:
        raise InvalidCallError(
            f"{cursor!r} is no cursor of a list of incidents.", "Give next_cursor of the page before."
        )
    at, known_at = how.at or how.now, how.known_at or LATEST
    statuses = OPEN_STATUSES if status == "open" else (status,) if status is not None else None
    with ledger.read() as connection:
        page = incidents.list_incidents(
            connection, limit=limit + 1, before=before, statuses=statuses, at=at, known_at=known_at
        )
        said = incidents.read_statements(connection, [one.incident_id for one in page], _TOLD)
        told = [one for many in said.values() for one in many]
        hides = hiding(connection, told, (), (), how.now) if reveal < Reveal.NAMES else None
    found = [shown(_item(one, fold(said[one.incident_id], at, known_at)), ("title",), hides) for one in page]
    more = len(found) > limit
    found = found[:limit]
    return {"incidents": found, "next_cursor": found[-1]["key"] if more else None}


def _item(one: IncidentRef, state: IncidentState) -> dict[str, Any]:
    return {
        "key": one.id,
        "given_key": one.key if one.key != one.id else None,
        "title": state.title,
        "severity": state.severity or None,
        "status": state.status or None,
        "opened_at": instant_or_none(state.opened_at),
        "impact_started_at": instant_or_none(state.impact_started_at),
        "impact_ended_at": instant_or_none(state.impact_ended_at),
        "components": list(state.components),
    }
