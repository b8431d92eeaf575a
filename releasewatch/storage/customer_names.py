"""What customers are called, for documents that must not name one to another; and who keeps the relationship."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, union

from releasewatch.storage import tables as t

if TYPE_CHECKING:
    from uuid import UUID


def aliases_of(connection: Connection, customer_id: UUID, known_at: datetime) -> list[str]:
    """Every name that one customer answers to, its key among them."""
    a = t.customer_alias.c
    return list(
        connection.scalars(
            select(a.alias)
            .where(a.customer_id == customer_id, a.recorded_from <= known_at, a.recorded_to > known_at)
            .order_by(a.alias)
        )
    )


def is_account_manager(connection: Connection, key: str) -> bool:
    """Whether any customer ever had this account manager, or our staff holds somebody of that key."""
    kept = select(t.customer_fact.c.customer_id).where(t.customer_fact.c.account_manager == key).limit(1)
    known = select(t.staff.c.staff).where(t.staff.c.staff == key)
    return connection.scalar(known) is not None or connection.scalar(kept) is not None


def account_managers(connection: Connection) -> list[str]:
    """The keys of everybody who is or was the account manager of a customer."""
    found = t.customer_fact.c.account_manager
    return list(connection.scalars(select(found).where(found != "").distinct().order_by(found)))


def all_names(connection: Connection, at: datetime) -> list[str]:
    """Every name and alias of every current customer."""
    f, a = t.customer_fact.c, t.customer_alias.c
    names = select(f.name).where(
        f.valid_from <= at, f.valid_to > at, f.recorded_from <= at, f.recorded_to > at, f.name != ""
    )
    aliases = select(a.alias).where(a.recorded_from <= at, a.recorded_to > at)
    return list(connection.scalars(union(names, aliases)))
