"""Incidents: what was said of each, whom they are blamed on, what fixed them, and what customers suffered.

Rows are only added. The state of an incident is what its newest statements say, as of an instant and as known at one.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    TypedColumns,
    UniqueConstraint,
)

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class IncidentColumns(TypedColumns):
    """That there is an incident. `key` is what others call it (a monitor's id), else its own id, `INC-7`."""

    incident_id = Column(id_type(), primary_key=True, autoincrement=False)
    key = Column(key_type(), nullable=False, unique=True)
    recorded_at = Column(Instant, nullable=False)


incident: Table[IncidentColumns] = Table("incident", metadata, IncidentColumns, info=placed("reference", "facts"))


class IncidentStatementColumns(TypedColumns):
    """One thing said of an incident: `kind` and `subject` as in `domain/incidents.py`.

    `happened_at`: from when on it is so; `OPEN_START` for what holds of the incident as a whole, whenever it is said.
    `audience`: how far a text may go. `source`: the kind of file it was imported from; empty: a person said it here.
    """

    statement_id = Column(id_type(), primary_key=True, autoincrement=False)
    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), nullable=False)
    kind = Column(key_type(), nullable=False)
    subject = Column(key_type(), nullable=False)
    value = Column(String, nullable=False)
    happened_at = Column(Instant, nullable=False)
    recorded_at = Column(Instant, nullable=False)
    audience = Column(key_type(), nullable=False)
    recorded_by = Column(String, nullable=False)
    why = Column(String, nullable=False)
    source = Column(key_type(), nullable=False, server_default="")


incident_statement: Table[IncidentStatementColumns] = Table(
    "incident_statement",
    metadata,
    IncidentStatementColumns,
    Index(None, "incident_id"),
    info=placed("reference", "facts", words=("recorded_by",)),
)


class IncidentLinkColumns(TypedColumns):
    """That a deployment is a suspect, confirmed or cleared. `score` is what suggested it, where something did."""

    link_id = Column(id_type(), primary_key=True, autoincrement=False)
    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), nullable=False, index=True)
    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), nullable=False, index=True)
    state = Column(key_type(), nullable=False)
    score = Column(Integer, nullable=True)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


incident_link: Table[IncidentLinkColumns] = Table(
    "incident_link", metadata, IncidentLinkColumns, info=placed("reference", "facts", words=("recorded_by",))
)


class IncidentSuspectColumns(TypedColumns):
    """The number under which a deployment was shown as a suspect: once given, it means that deployment for ever."""

    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), primary_key=True)
    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    number = Column(Integer, nullable=False)
    recorded_at = Column(Instant, nullable=False)


incident_suspect: Table[IncidentSuspectColumns] = Table(
    "incident_suspect",
    metadata,
    IncidentSuspectColumns,
    UniqueConstraint("incident_id", "number"),
    info=placed("reference", "facts"),
)


class DeploymentUndoColumns(TypedColumns):
    """That a deployment was taken back by hand, or by a controller, in one region and ring (`''`: all of them).

    Rows are only added. `undone_at` at the end of time: it was not, though that was said there before.
    """

    undo_id = Column(id_type(), primary_key=True, autoincrement=False)
    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), nullable=False, index=True)
    region = Column(key_type(), nullable=False)
    ring = Column(key_type(), nullable=False)
    undone_at = Column(Instant, nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


deployment_undo: Table[DeploymentUndoColumns] = Table(
    "deployment_undo", metadata, DeploymentUndoColumns, info=placed("reference", "facts", words=("recorded_by",))
)


class ImpactColumns(TypedColumns):
    """What a person or a measurement says that an incident was for one customer; the newest word counts.

    `state`: affected, cleared, added (they belong to it) or removed (they do not). `source`: person or measurement.
    `first_at`, `last_at`: when they suffered, where that is known. `level` empty and `many` None: not said.
    """

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    impact_id = Column(id_type(), primary_key=True, autoincrement=False)
    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), nullable=False)
    state = Column(key_type(), nullable=False)
    source = Column(key_type(), nullable=False)
    level = Column(key_type(), nullable=False)
    first_at = Column(Instant, nullable=True)
    last_at = Column(Instant, nullable=True)
    many = Column(Integer, nullable=True)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


impact: Table[ImpactColumns] = Table(
    "impact",
    metadata,
    ImpactColumns,
    Index(None, "incident_id", "customer_id"),
    info=placed("customer", "impacts", words=("why", "recorded_by")),
)


class ImpactNoteColumns(TypedColumns):
    """What was noted beside it, in somebody's words: it may name people."""

    customer_id = Column(Uuid16, primary_key=True)
    impact_id = Column(id_type(), primary_key=True, autoincrement=False)
    note = Column(String, nullable=False)


impact_note: Table[ImpactNoteColumns] = Table(
    "impact_note",
    metadata,
    ImpactNoteColumns,
    ForeignKeyConstraint(["customer_id", "impact_id"], ["impact.customer_id", "impact.impact_id"], ondelete="CASCADE"),
    info=placed("customer", "notes"),
)
