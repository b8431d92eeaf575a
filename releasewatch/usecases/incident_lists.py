"""The list of incidents, and the timeline of one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from releasewatch.domain.incidents import ALWAYS, Statement, fold
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.storage import incidents
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.usecases.deployments import instant_or_none
from releasewatch.usecases.incident_scene import Viewing

FETCHED = 1000


def timeline(said: Iterable[Statement], reveal: Reveal) -> list[dict[str, Any]]:
    """Everything that was said, by when it happened; what holds of the whole incident, by when it was said."""

    def order(one: Statement) -> Any:
        return one.recorded_at if one.happened_at == ALWAYS else one.happened_at, one.number

    return [
        {
            "kind": one.kind,
            "subject": one.subject or None,
            "value": one.value,
            "happened_at": None if one.happened_at == ALWAYS else format_utc(one.happened_at),
            "recorded_at": format_utc(one.recorded_at),
            "audience": one.audience,
            "by": (one.recorded_by or None) if reveal >= Reveal.NAMES else None,
            "why": one.why or None,
            "source": one.source or None,
        }
        for one in sorted(said, key=order)
    ]


def read_timeline(ledger: Ledger, ref: str, how: Viewing, reveal: Reveal) -> list[dict[str, Any]]:
    """The timeline of an incident, as of an instant and as known at one."""
    at, known_at = how.at or how.now, how.known_at or LATEST
    with ledger.read() as connection:
        number = incidents.resolve_incident(connection, ref).incident_id
        said = incidents.read_statements(connection, [number])[number]
    return timeline([one for one in said if one.happened_at <= at and one.recorded_at <= known_at], reveal)


def list_document(
    ledger: Ledger, how: Viewing, *, limit: int, cursor: str | None, status: str | None
) -> dict[str, Any]:
    """The document of `incident list --format json`, newest first. `status`: one of them, or `open`."""
    before = incidents.number_of(cursor) if cursor is not None else None
    if cursor is not None and before is None:
        raise InvalidCallError(
            f"{cursor!r} is no cursor of a list of incidents.", "Give next_cursor of the page before."
        )
    found: list[dict[str, Any]] = []
    with ledger.read() as connection:
        while len(found) <= limit:
            page = incidents.list_incidents(connection, limit=FETCHED, before=before)
            said = incidents.read_statements(connection, [one.incident_id for one in page])
            for one in page:
                state = fold(said[one.incident_id], how.at or how.now, how.known_at or LATEST)
                if status is not None and status != ("open" if status == "open" and state.is_open else state.status):
                    continue
                found.append(
                    {
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
                )
            if len(page) < FETCHED:
                break
            before = page[-1].incident_id
    more = len(found) > limit
    found = found[:limit]
    return {"incidents": found, "next_cursor": found[-1]["key"] if more else None}
