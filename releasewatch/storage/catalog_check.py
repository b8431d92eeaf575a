"""What the ledger tells of a catalog's use: which components customers use, and which customers look wrong in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class SomeCustomers:
    """Customers of whom something is so: how many, and the keys of the first of them."""

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


def customers_without_component(connection: Connection, now: datetime, limit: int) -> SomeCustomers:
    """Customers of today's directory who have no entitlement at all, neither now nor from a later day on.

    One who was merged into another is that other; what either is entitled to counts for the survivor.
    """
    f = t.customer_fact.c
    merged, entitled = t.customer_merge.alias("merged"), t.entitlement.c.customer_id
    others = select(merged.c.survivor_id).where(
        merged.c.recorded_to == OPEN_END, exists().where(entitled == merged.c.customer_id, _in_force(now))
    )
    chosen = (
        ~exists().where(entitled == f.customer_id, _in_force(now)),
        f.customer_id.not_in(others),
    )
    return _some(connection, now, limit, chosen)


def customers_with_odd_parent(connection: Connection, now: datetime, limit: int) -> SomeCustomers:
    """Customers of today's directory whose parent is nobody's key or alias, or they themselves."""
    f, known = t.customer_fact.c, t.customer_alias.c
    key = t.customer.alias("named").c.key
    nobody = and_(
        ~exists().where(known.alias == f.parent, known.recorded_to == OPEN_END), ~exists().where(key == f.parent)
    )
    return _some(connection, now, limit, (f.parent != "", or_(nobody, f.parent == t.customer.c.key)))


def customers_with_alike_keys(connection: Connection, now: datetime, limit: int) -> SomeCustomers:
    """Customers of today's directories whose key another one has too, but for upper and lower case."""
    key = func.lower(t.customer.c.key)
    several = _today(select(key), now).group_by(key).having(func.count() > 1)
    return _some(connection, now, limit, (key.in_(several),), order_by=(key,))


def _today(query: Any, now: datetime) -> Any:
    """A question about the customers of today's directories, but for those who were merged into another."""
    f, merged = t.customer_fact.c, t.customer_merge.c
    return query.join_from(t.customer_fact, t.customer, t.customer.c.customer_id == f.customer_id).where(
        f.valid_from <= now,
        f.valid_to > now,
        f.recorded_to == OPEN_END,
        f.customer_id.not_in(select(merged.customer_id).where(merged.recorded_to == OPEN_END)),
    )


def _some(
    connection: Connection,
    now: datetime,
    limit: int,
    chosen: Iterable[ColumnElement[bool]],
    order_by: Iterable[ColumnElement[Any]] = (),
) -> SomeCustomers:
    c = t.customer.c
    conditions = tuple(chosen)
    many: Any = connection.scalar(_today(select(func.count()), now).where(*conditions))
    rows = _today(select(c.key), now).where(*conditions).order_by(*order_by, c.key, c.directory)
    first = connection.scalars(rows.limit(limit))
    return SomeCustomers(int(many or 0), tuple(first))


def _in_force(now: datetime) -> ColumnElement[bool]:
    return and_(t.entitlement.c.valid_to > now, t.entitlement.c.recorded_to == OPEN_END)
