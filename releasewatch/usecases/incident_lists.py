"""The list of incidents."""

from __future__ import annotations

from typing import Any

from releasewatch.domain.incidents import fold
from releasewatch.errors import InvalidCallError
from releasewatch.storage import incidents
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.usecases.deployments import instant_or_none
from releasewatch.usecases.incident_scene import Viewing

FETCHED = 1000


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
