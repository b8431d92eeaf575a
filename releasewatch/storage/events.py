"""Which events of other tools were taken, and what of the ledger is told to others as events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from releasewatch.domain.events import Heading
from releasewatch.storage import tables as t

LOCK = "releasewatch:events"


@dataclass(frozen=True, slots=True)
class TakenEvent:
    """What an event became: a deployment, or an incident."""

    deployment_id: int | None
    incident_id: int | None

    @property
    def ref(self) -> str:
        """`D-12` or `INC-7`."""
        return f"INC-{self.incident_id}" if self.deployment_id is None else f"D-{self.deployment_id}"


def find_taken(connection: Connection, heading: Heading) -> TakenEvent | None:
    """What an event became when it was taken before; None for one that was not."""
    e = t.taken_event.c
    row = connection.execute(
        select(e.deployment_id, e.incident_id).where(e.source == heading.source, e.event_id == heading.id)
    ).first()
    return None if row is None else TakenEvent(row.deployment_id, row.incident_id)


def add_taken(connection: Connection, heading: Heading, became: TakenEvent, now: datetime) -> None:
    """Keep that an event was taken."""
    connection.execute(
        insert(t.taken_event).values(
            source=heading.source,
            event_id=heading.id,
            event_type=heading.type,
            happened_at=heading.at,
            deployment_id=became.deployment_id,
            incident_id=became.incident_id,
            recorded_at=now,
        )
    )
