"""Whose turn it is for a check-in: nobody has spoken to them for long, nothing is open, and they may be called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Connection, Select, and_, case, func, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import merged_at
from releasewatch.storage.calls import CHECK_IN, stands
from releasewatch.storage.types import LATEST, OPEN_END


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn it is, by the account manager that the directory names (empty: nobody)."""

    customer_id: UUID
    account_manager: str


@dataclass(frozen=True, slots=True)
class TurnQuestion:
    """`since`: who was spoken to, or had a turn, from then on has none. `pivot`: where the week begins among all."""

    now: datetime
    since: datetime
    pivot: UUID
    each: int


def turns_of_week(connection: Connection, monday: datetime) -> list[Turn]:
    """Who was given a check-in since an instant, whatever became of it, but for those taken back."""
    i, f = t.call_item.c, t.customer_fact.c
    merged = merged_at(LATEST)
    who = _survivor(i.customer_id, merged)
    mine = (
        select(who.label("customer_id"))
        .join_from(t.call_item, merged, merged.c.customer_id == i.customer_id, isouter=True)
        .where(i.purpose == CHECK_IN, i.added_at >= monday, stands())
        .distinct()
        .subquery("mine")
    )
    current = and_(f.customer_id == mine.c.customer_id, f.valid_to == OPEN_END, f.recorded_to == OPEN_END)
    rows = connection.execute(
        select(mine.c.customer_id, f.account_manager)
        .join_from(mine, t.customer_fact, current, isouter=True)
        .order_by(mine.c.customer_id)
    )
    return [Turn(row.customer_id, row.account_manager or "") for row in rows]


def next_turns(connection: Connection, asked: TurnQuestion) -> list[Turn]:
    """The next so many of each account manager, going round from the pivot; one statement, whoever is not asked.

    Ids are derived from keys, so that their order says nothing of a customer, and is the same on every machine.
    """
    f = t.customer_fact.c
    merged = merged_at(LATEST)
    ahead = case((f.customer_id >= asked.pivot, 0), else_=1)
    place = func.row_number().over(partition_by=f.account_manager, order_by=(ahead, f.customer_id)).label("place")
    able = (
        select(f.customer_id, f.account_manager, place)
        .where(
            f.valid_from <= asked.now,
            f.valid_to > asked.now,
            f.recorded_to == OPEN_END,
            f.customer_id.not_in(select(merged.c.customer_id)),
            f.customer_id.in_(_callable(asked.now, merged)),
            *(f.customer_id.not_in(one) for one in _hindered(asked, merged)),
        )
        .subquery("able")
    )
    a = able.c
    rows = connection.execute(
        select(a.customer_id, a.account_manager).where(a.place <= asked.each).order_by(a.account_manager, a.place)
    )
    return [Turn(row.customer_id, row.account_manager) for row in rows]


def _survivor(customer_id: Any, merged: CTE) -> ColumnElement[Any]:
    return func.coalesce(merged.c.survivor_id, customer_id, type_=t.customer.c.customer_id.type)


def _whose(table: Any, merged: CTE, *conditions: ColumnElement[bool]) -> Select[Any]:
    """The customers, as survivors, of whom a table has a row."""
    who = table.c.customer_id
    return (
        select(_survivor(who, merged))
        .join_from(table, merged, merged.c.customer_id == who, isouter=True)
        .where(*conditions)
    )


def _callable(now: datetime, merged: CTE) -> Select[Any]:
    """Who has a contact with a number that may be dialled."""
    c, d, m = t.contact.c, t.contact_detail.c, t.mark.c
    marked = select(m.contact_id).where(m.contact_id.is_not(None), m.recorded_to == OPEN_END)
    detail = and_(
        d.customer_id == c.customer_id,
        d.contact_id == c.contact_id,
        d.valid_from == c.valid_from,
        d.recorded_from == c.recorded_from,
    )
    return (
        select(_survivor(c.customer_id, merged))
        .join_from(t.contact, t.contact_detail, detail)
        .join(merged, merged.c.customer_id == c.customer_id, isouter=True)
        .where(
            c.valid_from <= now,
            c.valid_to > now,
            c.recorded_to == OPEN_END,
            c.do_not_call.is_(False),
            func.lower(c.consent) != "no",
            d.phone != "",
            c.contact_id.not_in(marked),
        )
    )


def _hindered(asked: TurnQuestion, merged: CTE) -> list[Select[Any]]:
    """Who is not to be asked: do-not-call, something open, spoken to, or had a turn."""
    f, m, c, a, i, r = (one.c for one in (t.customer_fact, t.mark, t.call, t.attempt, t.call_item, t.customer_report))
    spoke = and_(r.recorded_to == OPEN_END, r.reported_at >= asked.since, r.channel.in_(("phone", "chat", "meeting")))
    return [
        _whose(t.customer_fact, merged, f.do_not_call.is_(True), f.valid_to > asked.now, f.recorded_to == OPEN_END),
        _whose(t.mark, merged, m.contact_id.is_(None), m.kind == "do_not_call", m.recorded_to == OPEN_END),
        _whose(t.call, merged, or_(c.status == "open", and_(c.status == "skipped", c.closed_at >= asked.since))),
        _whose(t.attempt, merged, a.reached.is_(True), a.attempted_at >= asked.since),
        _whose(t.call_item, merged, i.purpose == CHECK_IN, i.added_at >= asked.since),
        _whose(t.customer_report, merged, spoke),
    ]
