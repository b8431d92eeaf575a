"""Customers who were taken over by another one: kept as a statement, read through to the survivor, taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import insert, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.readable import readable
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from releasewatch.storage.when import When


@dataclass(frozen=True, slots=True)
class Merge:
    """That a customer was merged into `direct`, and so into `survivor`, at the end of the chain."""

    customer_id: UUID
    direct: UUID
    survivor: UUID
    why: str
    recorded_by: str
    recorded_from: datetime


@dataclass(frozen=True, slots=True)
class MergeLine:
    """A customer who was merged into another one, as people read of it."""

    key: str
    directory: str
    why: str
    recorded_by: str
    recorded_from: datetime


def merge_of(connection: Connection, customer_id: UUID) -> Merge | None:
    """The merge of one customer that is in force; None when there is none."""
    m = t.customer_merge.c
    row = connection.execute(
        select(*readable(connection, t.customer_merge)).where(m.customer_id == customer_id, m.recorded_to == OPEN_END)
    ).first()
    if row is None:
        return None
    direct = row.through_id or row.survivor_id
    return Merge(customer_id, direct, row.survivor_id, row.why, row.recorded_by, row.recorded_from)


def members_of(connection: Connection, customer_id: UUID, when: When | None = None) -> list[UUID]:
    """A customer and everybody who was merged into them, themselves first."""
    m = t.customer_merge
    held = m.c.recorded_to == OPEN_END if when is None else when.recorded(m)
    found, added = [customer_id], [customer_id]
    while added:
        query = select(m.c.customer_id).where(m.c.survivor_id.in_(added), held).order_by(m.c.customer_id)
        added = [one for one in connection.scalars(query) if one not in found]
        found += added
    return found


def merged_lines(connection: Connection, members: Iterable[UUID], when: When) -> list[MergeLine]:
    """Who of a customer's members was merged into them, oldest first."""
    m, c = t.customer_merge.c, t.customer.c
    query = (
        select(c.key, c.directory, m.why, m.recorded_by, m.recorded_from)
        .join_from(t.customer_merge, t.customer, c.customer_id == m.customer_id)
        .where(m.customer_id.in_(list(members)[1:]), when.recorded(t.customer_merge))
        .order_by(m.recorded_from, c.key)
    )
    return [MergeLine(*row) for row in connection.execute(query)]


def add_merge(connection: Connection, merge: Merge) -> None:
    """Record a merge; who was merged into the same customer before is read through to the new survivor.

    The survivor at the end of a chain is kept with each of its links, so that no reader has to follow it.
    """
    _write(connection, merge, merge.recorded_from)
    for row in _led_to(connection, merge.customer_id):
        through = row.through_id or row.survivor_id
        _close(connection, row.customer_id, merge.recorded_from)
        moved = Merge(row.customer_id, through, merge.survivor, row.why, row.recorded_by, row.recorded_from)
        _write(connection, moved, merge.recorded_from)


def end_merge(connection: Connection, merge: Merge, at: datetime, why: str, by: str) -> None:
    """Record that a merge is taken back; who came through that customer is read through to them again."""
    _close(connection, merge.customer_id, at, why_undone=why, undone_by=by)
    behind = {merge.customer_id}
    rows = {row.customer_id: row for row in _led_to(connection, merge.survivor)}
    while found := [one for one, row in rows.items() if row.through_id in behind and one not in behind]:
        behind.update(found)
    for one in behind - {merge.customer_id}:
        row = rows[one]
        _close(connection, one, at)
        back = Merge(one, row.through_id, merge.customer_id, row.why, row.recorded_by, row.recorded_from)
        _write(connection, back, at)


def _led_to(connection: Connection, survivor: UUID) -> list[Any]:
    m = t.customer_merge.c
    query = select(*readable(connection, t.customer_merge)).where(m.survivor_id == survivor, m.recorded_to == OPEN_END)
    return list(connection.execute(query.order_by(m.customer_id)))


def _write(connection: Connection, merge: Merge, at: datetime) -> None:
    connection.execute(
        insert(t.customer_merge).values(
            customer_id=merge.customer_id,
            recorded_from=at,
            recorded_to=OPEN_END,
            survivor_id=merge.survivor,
            through_id=None if merge.direct == merge.survivor else merge.direct,
            why=merge.why,
            recorded_by=merge.recorded_by,
        )
    )


def _close(connection: Connection, customer_id: UUID, at: datetime, **words: str) -> None:
    m = t.customer_merge
    current = update(m).where(m.c.customer_id == customer_id, m.c.recorded_to == OPEN_END)
    connection.execute(current.values(recorded_to=at, **words))
