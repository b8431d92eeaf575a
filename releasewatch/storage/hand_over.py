"""What somebody of us has in hand: the calls that they hold, and what they promised and did not keep yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select, update

from releasewatch.storage import tables as t


@dataclass(frozen=True, slots=True)
class OpenPromise:
    """That something was promised with a call, for a day, to a customer, by their key."""

    call_id: int
    customer: str
    due_on: date


def calls_held(connection: Connection, names: Collection[str], now: datetime) -> list[int]:
    """The open calls that somebody holds, who may have signed with any of these names; by number."""
    c = t.call.c
    return sorted(connection.scalars(select(c.call_id).where(_held(connection, names, now))))


def give_calls(connection: Connection, names: Collection[str], to: str, now: datetime) -> None:
    """Let another one hold them for as long as they would have been held; empty: they are anybody's again."""
    values: dict[str, Any] = {"claimed_by": to}
    if not to:
        values |= {"claimed_at": None, "claimed_until": None}
    connection.execute(update(t.call).where(_held(connection, names, now)).values(**values))


def promises_open(connection: Connection, names: Collection[str]) -> list[OpenPromise]:
    """What somebody promised that nobody has come back to, by day: a promise counts as kept once its customer was
    reached, or written to, on its day or later."""
    a, later, c = t.attempt.c, t.attempt.alias("later"), t.customer.c
    signed = _signed_by(
        connection.scalars(select(a.recorded_by).where(a.promise_due_on.is_not(None)).distinct()), names
    )
    rows = connection.execute(
        select(a.call_id, c.key, a.promise_due_on, a.customer_id)
        .join_from(t.attempt, t.customer, c.customer_id == a.customer_id)
        .where(a.promise_due_on.is_not(None), a.recorded_by.in_(signed))
        .order_by(a.promise_due_on, a.call_id)
    ).all()
    heard: dict[Any, date] = {}
    asked = {row.customer_id for row in rows}
    if asked:
        talks = select(later.c.customer_id, later.c.attempted_at).where(
            later.c.customer_id.in_(asked), or_(later.c.reached, later.c.disposition == "sent")
        )
        for customer_id, at in connection.execute(talks):
            heard[customer_id] = max(heard.get(customer_id, date.min), at.date())
    return [
        OpenPromise(row.call_id, row.key, row.promise_due_on)
        for row in rows
        if heard.get(row.customer_id, date.min) < row.promise_due_on
    ]


def _held(connection: Connection, names: Collection[str], now: datetime) -> Any:
    c = t.call.c
    held = and_(c.status == "open", c.claimed_until > now)
    return and_(
        held, c.claimed_by.in_(_signed_by(connection.scalars(select(c.claimed_by).where(held).distinct()), names))
    )


def _signed_by(signatures: Iterable[str], names: Collection[str]) -> list[str]:
    """Those of the signatures that are one of the names, in capitals or not: key, name or address."""
    meant = {name.strip().casefold() for name in names if name.strip()}
    return [one for one in signatures if one.strip().casefold() in meant]
