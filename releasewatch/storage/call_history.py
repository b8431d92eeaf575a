"""The calls of one customer, as they are told to somebody who has them on the line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, or_, select

from releasewatch.storage import tables as t


def calls_of(connection: Connection, members: Sequence[UUID], since: datetime) -> Sequence[Any]:
    """The open calls of a customer, and those that were made or closed since an instant; the newest first."""
    c = t.call.c
    recent = or_(c.status == "open", c.closed_at >= since)
    mine = select(t.call).where(c.customer_id.in_(members), recent).order_by(c.call_id.desc())
    return connection.execute(mine).all()


def live_items(connection: Connection, row: Any) -> Sequence[Any]:
    """What is in a call, or was when it was closed."""
    i = t.call_item.c
    mine = select(t.call_item).where(
        i.customer_id == row.customer_id, i.call_id == row.call_id, i.withdrawn_at.is_(None)
    )
    return connection.execute(mine.order_by(i.added_at, i.incident_id, i.deployment_id)).all()


def incidents_of(connection: Connection, members: Sequence[UUID], since: datetime) -> set[int]:
    """The incidents that a customer's calls are about: the open ones, and those closed since an instant."""
    c, i = t.call.c, t.call_item.c
    rows = connection.scalars(
        select(i.incident_id)
        .join_from(t.call_item, t.call, and_(c.customer_id == i.customer_id, c.call_id == i.call_id))
        .where(
            i.customer_id.in_(members),
            i.incident_id != 0,
            i.withdrawn_at.is_(None),
            or_(c.status == "open", c.closed_at >= since),
        )
        .distinct()
    )
    return set(rows)
