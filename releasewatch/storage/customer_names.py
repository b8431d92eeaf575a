"""What customers are called, for documents that must not name one to another; and who keeps the relationship."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select, union

from releasewatch.storage import tables as t
from releasewatch.storage.merges import members_of

if TYPE_CHECKING:
    from uuid import UUID

    from releasewatch.storage.when import When


def aliases_of(connection: Connection, customer_id: UUID, when: When) -> list[str]:
    """Every name that one customer answers to, its key among them, and those of whom they took over."""
    a = t.customer_alias
    members = members_of(connection, customer_id, when)
    return list(
        connection.scalars(
            select(a.c.alias).where(a.c.customer_id.in_(members), when.recorded(a)).distinct().order_by(a.c.alias)
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


def titles_of(connection: Connection, customer_id: UUID, when: When) -> list[str]:
    """What the directory calls a customer, and those whom they took over."""
    f = t.customer_fact
    members = members_of(connection, customer_id, when)
    query = select(f.c.name).where(f.c.customer_id.in_(members), when.held(f), f.c.name != "")
    return list(connection.scalars(query.order_by(f.c.name)))


def title_of(connection: Connection, customer_id: UUID, when: When) -> str | None:
    """What the directory calls a customer themselves; None where it has no name for them."""
    f = t.customer_fact
    return connection.scalar(select(f.c.name).where(f.c.customer_id == customer_id, when.held(f), f.c.name != ""))


def all_names(connection: Connection, at: datetime) -> list[str]:
    """Every name and alias of every current customer."""
    f, a = t.customer_fact.c, t.customer_alias.c
    names = select(f.name).where(
        f.valid_from <= at, f.valid_to > at, f.recorded_from <= at, f.recorded_to > at, f.name != ""
    )
    aliases = select(a.alias).where(a.recorded_from <= at, a.recorded_to > at)
    return list(connection.scalars(union(names, aliases)))
