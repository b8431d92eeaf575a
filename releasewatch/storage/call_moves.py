"""Calls that go from one of our people to another; what was done is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.sql import next_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


def take_numbers(connection: Connection, many: int) -> range:
    """Numbers for so many moves: a reference row, which is written before any of a customer."""
    first = next_number(connection, "call_move", many) if many else 0
    return range(first, first + many)


def move_call(
    connection: Connection, number: int, row: Any, kind: str, to: str, by: str, why: str, now: datetime
) -> None:
    """Give a call (`row` as it is) to somebody, and keep from whom to whom it went."""
    c = t.call.c
    mine = (c.customer_id == row.customer_id, c.call_id == row.call_id)
    connection.execute(update(t.call).where(*mine).values(assigned_to=to))
    connection.execute(
        insert(t.call_move).values(
            customer_id=row.customer_id,
            move_id=number,
            call_id=row.call_id,
            kind=kind,
            from_staff=row.claimed_by or row.assigned_to,
            to_staff=to,
            why=why,
            recorded_by=by,
            recorded_at=now,
        )
    )


def moves_of(connection: Connection, customer_id: Any, call_id: int) -> Sequence[Any]:
    """How a call went through our people's hands, oldest first."""
    m = t.call_move.c
    mine = select(t.call_move).where(m.customer_id == customer_id, m.call_id == call_id)
    return connection.execute(mine.order_by(m.move_id)).all()


def count_given(connection: Connection) -> dict[str, int]:
    """How many open calls were given to each of our people."""
    c = t.call.c
    given = select(c.assigned_to, func.count().label("many")).where(c.status == "open", c.assigned_to != "")
    return {row.assigned_to: row.many for row in connection.execute(given.group_by(c.assigned_to))}
