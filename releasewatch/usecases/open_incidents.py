"""The incidents that somebody still works at."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from releasewatch.domain.incidents import fold
from releasewatch.storage import incidents
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.types import LATEST

_FETCHED = 1000


def read_open(connection: Any, at: datetime) -> list[IncidentRef]:
    """Every open incident at an instant, newest first."""
    found: list[IncidentRef] = []
    before: int | None = None
    while True:
        page = incidents.list_incidents(connection, limit=_FETCHED, before=before)
        said = incidents.read_statements(connection, [one.incident_id for one in page], ["status", "replaced"])
        found += [one for one in page if fold(said[one.incident_id], at, LATEST).is_open]
        if len(page) < _FETCHED:
            return found
        before = page[-1].incident_id
