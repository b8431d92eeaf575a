"""Words on incidents' lists: that one may be worked on, or may not any more; rows are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from releasewatch.domain.call_approval import Approval
from releasewatch.storage import tables as t
from releasewatch.storage.sql import next_number
from releasewatch.storage.types import LATEST

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def add_approval(connection: Connection, incident_id: int, said: Approval) -> None:
    """Keep a word on a list."""
    connection.execute(
        insert(t.call_approval).values(
            approval_id=next_number(connection, "call_approval"),
            incident_id=incident_id,
            version=said.version,
            given=said.given,
            statement_id=said.revision,
            blamed=sorted(said.blamed),
            why=said.why,
            recorded_by=said.by,
            recorded_at=said.at,
        )
    )


def read_approvals(connection: Connection, incident_id: int, known_at: datetime = LATEST) -> list[Approval]:
    """Every word on an incident's list by an instant, oldest first."""
    a = t.call_approval.c
    mine = select(t.call_approval).where(a.incident_id == incident_id, a.recorded_at <= known_at)
    return [
        Approval(
            row.version,
            row.given,
            row.statement_id,
            frozenset(row.blamed),
            row.why,
            row.recorded_by,
            row.recorded_at,
        )
        for row in connection.execute(mine.order_by(a.approval_id))
    ]
