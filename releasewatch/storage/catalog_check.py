"""What the ledger tells of a catalog's use: which components customers use, and which customers use none."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class WithoutComponent:
    """Customers who use nothing: how many, and the keys of the first of them."""

    customers: int
    keys: tuple[str, ...]


def entitled_components(connection: Connection, now: datetime) -> set[str]:
    """Full keys of the components that some entitlement means which is in force or will be, by key or by product."""
    s, c = t.component_subject.c, t.component.c
    spoken_of = select(t.entitlement.c.subject).where(_in_force(now))
    return set(
        connection.scalars(
            select(c.full_key)
            .join_from(t.component_subject, t.component, c.component_id == s.component_id)
            .where(s.valid_to == OPEN_END, s.recorded_to == OPEN_END, s.subject.in_(spoken_of))
            .distinct()
        )
    )


def customers_without_component(connection: Connection, now: datetime, limit: int) -> WithoutComponent:
    """Customers of today's directory who have no entitlement at all, neither now nor from a later day on.

    One who was merged into another is that other; what either is entitled to counts for the survivor.
    """
    c, f = t.customer.c, t.customer_fact.c
    merged, entitled = t.customer_merge.alias("merged"), t.entitlement.c.customer_id
    others = select(merged.c.survivor_id).where(
        merged.c.recorded_to == OPEN_END, exists().where(entitled == merged.c.customer_id, _in_force(now))
    )
    gone = select(merged.c.customer_id).where(merged.c.recorded_to == OPEN_END)
    chosen: tuple[ColumnElement[bool], ...] = (
        f.valid_from <= now,
        f.valid_to > now,
        f.recorded_to == OPEN_END,
        ~exists().where(entitled == f.customer_id, _in_force(now)),
        f.customer_id.not_in(others),
        f.customer_id.not_in(gone),
    )
    many: Any = connection.scalar(select(func.count()).select_from(t.customer_fact).where(*chosen))
    first = connection.scalars(
        select(c.key)
        .join_from(t.customer_fact, t.customer, c.customer_id == f.customer_id)
        .where(*chosen)
        .order_by(c.key, c.directory)
        .limit(limit)
    )
    return WithoutComponent(int(many or 0), tuple(first))


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(t.entitlement.c.valid_to > now, t.entitlement.c.recorded_to == OPEN_END)
