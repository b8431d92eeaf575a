"""Calls about incidents as reports count them: which there are, whose, and whether anybody has begun them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from releasewatch.domain.impact_measures import Place
from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import OPEN_END


def open_calls_about(connection: Connection, incident_ids: Sequence[int]) -> list[Any]:
    """The reasons for open calls about some incidents, merged customers as survivors: `customer_id, call_id,
    incident_id, added_at, next_at, tried`; `tried`: whether anybody has."""
    c, i, a, m = t.call.c, t.call_item.c, t.attempt.c, t.customer_merge.c
    # Not `exists()`, which selects every column: not every role may read who noted it.
    tried = select(a.attempt_id).where(a.customer_id == i.customer_id, a.call_id == i.call_id).exists()
    query = (
        select(
            func.coalesce(m.survivor_id, i.customer_id, type_=i.customer_id.type).label("customer_id"),
            i.call_id,
            i.incident_id,
            i.added_at,
            c.next_at,
            tried.label("tried"),
        )
        .join_from(t.call_item, t.call, and_(c.customer_id == i.customer_id, c.call_id == i.call_id))
        .outerjoin(t.customer_merge, and_(m.customer_id == i.customer_id, m.recorded_to == OPEN_END))
        .where(c.status == "open", i.withdrawn_at.is_(None))
        .order_by(i.call_id, i.added_at)
    )
    found: list[Any] = []
    for part in chunks(incident_ids):
        found += connection.execute(query.where(i.incident_id.in_(part))).all()
    return found


def incidents_of(connection: Connection, call_ids: Sequence[int]) -> dict[int, set[int]]:
    """The incidents that calls are or were about, by the number of the call."""
    i = t.call_item.c
    found: dict[int, set[int]] = {}
    for part in chunks(call_ids):
        query = select(i.call_id, i.incident_id).where(i.call_id.in_(part), i.incident_id != 0).distinct()
        for row in connection.execute(query):
            found.setdefault(row.call_id, set()).add(row.incident_id)
    return found


def places_of(connection: Connection, customers: Sequence[UUID], now: datetime) -> dict[UUID, Place]:
    """Where some customers are, as the directory has it now; whom it does not have is left out."""
    f = t.customer_fact.c
    held = f.valid_from <= now, f.valid_to > now, f.recorded_to == OPEN_END
    found: dict[UUID, Place] = {}
    for part in chunks(customers):
        rows = connection.execute(select(f.customer_id, f.timezone, f.country).where(f.customer_id.in_(part), *held))
        found.update({row.customer_id: Place(row.timezone, row.country) for row in rows})
    return found
