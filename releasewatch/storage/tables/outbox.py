"""What others are to be told, until they are: ids only, rendered when it is sent."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, TypedColumns, UniqueConstraint

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class OutboxColumns(TypedColumns):
    """That the receiver of a rule is to be told of a fact, and what became of it.

    `subject` is deployment, incident or call, `number` its number, `detail` a number that says which of its facts.
    `state`: see `releasewatch.domain.notifications`. `next_at`: when it is tried again; while it is being sent, when
    whoever sends it has lost it. `problem`: why it is not sent yet. `why` and `recorded_by`: who dropped it.
    """

    outbox_id = Column(id_type(), primary_key=True)
    key = Column(key_type(), nullable=False)
    rule = Column(key_type(), nullable=False)
    kind = Column(key_type(), nullable=False)
    subject = Column(key_type(), nullable=False)
    number = Column(id_type(), nullable=False)
    detail = Column(id_type(), nullable=False)
    occurred_at = Column(Instant, nullable=False)
    recorded_at = Column(Instant, nullable=False)
    state = Column(key_type(), nullable=False)
    attempts = Column(Integer, nullable=False)
    next_at = Column(Instant, nullable=False)
    settled_at = Column(Instant, nullable=True)
    problem = Column(String, nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)


outbox: Table[OutboxColumns] = Table(
    "outbox",
    metadata,
    OutboxColumns,
    UniqueConstraint("key"),
    Index(None, "state", "next_at"),
    info=placed("local", "outbox", words=("why", "recorded_by")),
)
