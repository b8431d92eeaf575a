"""The customers that somebody keeps, and the deployments that may have reached them in a period."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, select

from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import OPEN_END


def kept_customers(connection: Connection, account_managers: Collection[str], at: datetime) -> list[Any]:
    """Those whose directory names one of these account managers: `customer_id, key, name`, in the order of their keys.

    Whoever was merged into somebody else is not one of them any more.
    """
    f, c, m = t.customer_fact.c, t.customer.c, t.customer_merge.c
    query = (
        select(c.customer_id, c.key, f.name)
        .join_from(t.customer, t.customer_fact, f.customer_id == c.customer_id)
        .outerjoin(t.customer_merge, and_(m.customer_id == c.customer_id, m.recorded_to == OPEN_END))
        .where(f.valid_from <= at, f.valid_to > at, f.recorded_to == OPEN_END, m.customer_id.is_(None))
        .order_by(c.key, c.directory)
    )
    rows: list[Any] = []
    for part in chunks(sorted(account_managers)):
        rows += connection.execute(query.where(f.account_manager.in_(part))).all()
    return rows


def live_in(connection: Connection, since: datetime, until: datetime) -> list[int]:
    """The deployments that went live anywhere in `[since, until)`, oldest first."""
    w, d = t.window.c, t.deployment.c
    rows = connection.execute(
        select(w.deployment_id, func.min(d.opened_at).label("opened_at"))
        .join_from(t.window, t.deployment, d.deployment_id == w.deployment_id)
        .where(w.live_from >= since, w.live_from < until, w.carrying_until > w.live_from)
        .group_by(w.deployment_id)
        .order_by("opened_at", w.deployment_id)
    )
    return [row.deployment_id for row in rows]


def members_among(connection: Connection, customers: Sequence[UUID]) -> dict[UUID, UUID]:
    """Some customers and whoever was merged into them, each with who they are now."""
    m = t.customer_merge.c
    found = {one: one for one in customers}
    for part in chunks(customers):
        rows = connection.execute(
            select(m.customer_id, m.survivor_id).where(m.survivor_id.in_(part), m.recorded_to == OPEN_END)
        )
        found |= {row.customer_id: row.survivor_id for row in rows}
    return found
