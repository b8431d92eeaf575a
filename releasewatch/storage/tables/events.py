"""Events of other tools that were taken over, each once."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class TakenEventColumns(TypedColumns):
    """An event that was taken, with what it became: source and id name it, wherever it is told again."""

    source = Column(key_type(), primary_key=True)
    event_id = Column(key_type(), primary_key=True)
    event_type = Column(key_type(), nullable=False)
    happened_at = Column(Instant, nullable=False)
    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), nullable=True)
    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), nullable=True)
    recorded_at = Column(Instant, nullable=False)


taken_event: Table[TakenEventColumns] = Table(
    "taken_event", metadata, TakenEventColumns, info=placed("reference", "facts")
)
