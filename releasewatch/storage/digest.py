"""What a digest begins with: in which lists open calls are, and which lists were given away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END


def open_reasons(connection: Connection) -> list[Any]:
    """What stands in open calls, merged customers as survivors: `customer_id, call_id, assigned_to, incident_id,
    deployment_id, coming_id, purpose`; an item that was withdrawn is none."""
    c, i, m = t.call.c, t.call_item.c, t.customer_merge.c
    query = (
        select(
            func.coalesce(m.survivor_id, i.customer_id, type_=i.customer_id.type).label("customer_id"),
            i.call_id,
            c.assigned_to,
            i.incident_id,
            i.deployment_id,
            i.coming_id,
            i.purpose,
        )
        .join_from(t.call_item, t.call, and_(c.customer_id == i.customer_id, c.call_id == i.call_id))
        .outerjoin(t.customer_merge, and_(m.customer_id == i.customer_id, m.recorded_to == OPEN_END))
        .where(c.status == "open", i.withdrawn_at.is_(None))
        .order_by(i.call_id, i.added_at)
    )
    return list(connection.execute(query))


def lists_given(connection: Connection, receiver: str, team: str, since: datetime) -> list[Any]:
    """`incident_id, deployment_id` (one of them None) of the lists that somebody, or their team, was given since."""
    s = t.call_sending.c
    theirs = [
        s.audience == "everyone",
        and_(s.audience == "account_manager", s.receiver == receiver),
        and_(s.audience == "team", s.receiver == team, s.receiver != ""),
    ]
    query = select(s.incident_id, s.deployment_id).where(s.recorded_at >= since, or_(*theirs)).distinct()
    return list(connection.execute(query))
