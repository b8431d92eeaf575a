"""The numbers under which an incident's suspects were shown: each means one deployment for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from releasewatch.storage import tables as t


def read_numbers(connection: Connection, incident_id: int) -> dict[int, int]:
    """Deployment to number, in the order of the numbers."""
    n = t.incident_suspect.c
    rows = connection.execute(select(n.deployment_id, n.number).where(n.incident_id == incident_id).order_by(n.number))
    return {row.deployment_id: row.number for row in rows}


def add_numbers(connection: Connection, incident_id: int, deployment_ids: Sequence[int], now: datetime) -> None:
    """Give the next numbers to those that have none, in the order in which they are given."""
    held = read_numbers(connection, incident_id)
    new = [one for one in dict.fromkeys(deployment_ids) if one not in held]
    if new:
        connection.execute(
            insert(t.incident_suspect),
            [
                {"incident_id": incident_id, "deployment_id": one, "number": number, "recorded_at": now}
                for number, one in enumerate(new, len(held) + 1)
            ],
        )
