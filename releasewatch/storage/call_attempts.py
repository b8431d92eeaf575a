"""Attempts at calls: what was tried, what was said and promised, and what a customer was told of an incident."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, join, or_, select

from releasewatch.domain.call_attempts import WRITTEN
from releasewatch.domain.call_purposes import TOLD
from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import Members
from releasewatch.storage.readable import may_read_column
from releasewatch.storage.sql import chunks, next_number
from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try, as it is written. Empty text and None: not said. `closes`: the call was made with it.

    `source_key`: the row of a filled list that it came from.
    """

    channel: str
    disposition: str
    outcome: str
    reached: bool
    closes: bool
    attempted_at: datetime
    recorded_by: str
    recorded_at: datetime
    contact_id: UUID | None = None
    note: str = ""
    quote: str = ""
    promise: str = ""
    promise_due_on: date | None = None
    next_at: datetime | None = None
    ask_engineering: str = ""
    source_key: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What was told with an attempt: an item of the call, and which revision of the customer summary (0: none)."""

    incident_id: int
    deployment_id: int
    purpose: str
    statement_id: int
    state: str
    coming_id: int = 0


@dataclass(frozen=True, slots=True)
class Telling:
    """That a customer was told of an incident. `customer_id` is the survivor's. `closes`: the call was made with it, as
    far as this incident is concerned."""

    customer_id: UUID
    attempt_id: int
    call_id: int
    purpose: str
    statement_id: int
    state: str
    channel: str
    closes: bool
    told_at: datetime
    recorded_at: datetime


def next_attempt(connection: Connection, many: int = 1) -> int:
    """The number of an attempt (the first of many) that is about to be written; to be taken before any customer row."""
    return next_number(connection, "attempt", many)


def came_from(connection: Connection, customer_id: UUID, call_id: int, source_key: str) -> bool:
    """Whether a row of a filled list was taken over before."""
    a = t.attempt.c
    mine = select(a.attempt_id).where(a.customer_id == customer_id, a.call_id == call_id, a.source_key == source_key)
    return connection.scalar(mine.limit(1)) is not None


def add_attempt(
    connection: Connection, number: int, customer_id: UUID, call_id: int, made: Attempt, told: Iterable[Told]
) -> None:
    """Write an attempt with its words, and what was told."""
    connection.execute(
        insert(t.attempt).values(
            customer_id=customer_id,
            attempt_id=number,
            call_id=call_id,
            contact_id=made.contact_id,
            channel=made.channel,
            disposition=made.disposition,
            outcome=made.outcome,
            reached=made.reached,
            closes=made.closes,
            promise_due_on=made.promise_due_on,
            next_at=made.next_at,
            attempted_at=made.attempted_at,
            recorded_by=made.recorded_by,
            recorded_at=made.recorded_at,
            source_key=made.source_key,
        )
    )
    words = {name: getattr(made, name) for name in ("note", "quote", "promise", "ask_engineering")}
    if any(words.values()):
        connection.execute(insert(t.attempt_text).values(customer_id=customer_id, attempt_id=number, **words))
    rows = [
        {
            "customer_id": customer_id,
            "attempt_id": number,
            "incident_id": one.incident_id,
            "deployment_id": one.deployment_id,
            "purpose": one.purpose,
            "coming_id": one.coming_id,
            "statement_id": one.statement_id,
            "state": one.state,
        }
        for one in told
    ]
    if rows:
        connection.execute(insert(t.attempt_told), rows)


def attempts_of(connection: Connection, customer_id: UUID, call_id: int) -> Sequence[Any]:
    """The attempts at a call with their words, oldest first."""
    a, x = t.attempt.c, t.attempt_text.c
    return connection.execute(
        select(t.attempt, x.note, x.quote, x.promise, x.ask_engineering)
        .join_from(
            t.attempt,
            t.attempt_text,
            and_(x.customer_id == a.customer_id, x.attempt_id == a.attempt_id),
            isouter=True,
        )
        .where(a.customer_id == customer_id, a.call_id == call_id)
        .order_by(a.attempted_at, a.attempt_id)
    ).all()


def told_with(connection: Connection, customer_id: UUID, attempt_ids: Sequence[int]) -> dict[int, list[Any]]:
    """What was told with each of a customer's attempts."""
    o = t.attempt_told.c
    mine = select(t.attempt_told).where(o.customer_id == customer_id, o.attempt_id.in_(attempt_ids))
    found: dict[int, list[Any]] = {}
    for row in connection.execute(mine.order_by(o.attempt_id, o.incident_id, o.deployment_id)):
        found.setdefault(row.attempt_id, []).append(row)
    return found


def count_attempts(connection: Connection, members: Members) -> dict[int, tuple[int, int]]:
    """How many attempts there were at each call of some customers, and how many of them in writing."""
    a, member = t.attempt.c, members.rows
    written = func.sum(case((a.channel.in_(WRITTEN), 1), else_=0))
    rows = connection.execute(
        select(a.call_id, func.count().label("many"), written.label("written"))
        .join_from(t.attempt, member, member.c.member_id == a.customer_id)
        .group_by(a.call_id)
    )
    return {row.call_id: (row.many, int(row.written)) for row in rows}


def tellings(connection: Connection, incident_id: int, at: datetime, known_at: datetime) -> dict[UUID, list[Telling]]:
    """Who was told of an incident by an instant, as known at one: each telling, oldest first, merged as survivors."""
    return tellings_of_many(connection, [incident_id], at, known_at)[incident_id]


def tellings_of_many(
    connection: Connection, incident_ids: Iterable[int], at: datetime, known_at: datetime
) -> dict[int, dict[UUID, list[Telling]]]:
    """The same of several incidents, by their numbers.

    `closes` is of the whole call alone for a role that may not read why an item was taken out of one.
    """
    o, a, i, m = t.attempt_told.c, t.attempt.c, t.call_item.c, t.customer_merge.c
    same = ("customer_id", "incident_id", "deployment_id", "purpose", "coming_id")
    its_item = and_(i.call_id == a.call_id, i.why_withdrawn == TOLD, *(i[name] == o[name] for name in same))
    its_call = join(t.attempt_told, t.attempt, and_(a.customer_id == o.customer_id, a.attempt_id == o.attempt_id))
    closes: ColumnElement[bool] = a.closes
    if may_read_column(connection, i.why_withdrawn):
        its_call, closes = its_call.outerjoin(t.call_item, its_item), or_(closes, i.call_id.is_not(None))
    query = (
        select(
            func.coalesce(m.survivor_id, o.customer_id, type_=o.customer_id.type).label("survivor_id"),
            o.incident_id,
            o.attempt_id,
            o.purpose,
            o.statement_id,
            o.state,
            a.call_id,
            a.channel,
            closes.label("closes"),
            a.attempted_at,
            a.recorded_at,
        )
        .select_from(its_call)
        .outerjoin(t.customer_merge, and_(m.customer_id == o.customer_id, m.recorded_to == OPEN_END))
        .where(a.attempted_at <= at, a.recorded_at <= known_at)
        .order_by(a.attempted_at, a.attempt_id)
    )
    found: dict[int, dict[UUID, list[Telling]]] = {number: {} for number in sorted(set(incident_ids))}
    for part in chunks(list(found)):
        for row in connection.execute(query.where(o.incident_id.in_(part))):
            found[row.incident_id].setdefault(row.survivor_id, []).append(
                Telling(
                    row.survivor_id,
                    row.attempt_id,
                    row.call_id,
                    row.purpose,
                    row.statement_id,
                    row.state,
                    row.channel,
                    row.closes,
                    row.attempted_at,
                    row.recorded_at,
                )
            )
    return found


def hurt_before(
    connection: Connection, members: Members, incident_id: int, since: datetime, until: datetime
) -> set[UUID]:
    """Customers of whom the newest word in another incident, said in a span of time, is that they were affected."""
    i, member = t.impact.c, members.rows
    rows = connection.execute(
        select(member.c.customer_id, i.incident_id, i.state)
        .join_from(t.impact, member, member.c.member_id == i.customer_id)
        .where(i.incident_id != incident_id, i.recorded_at >= since, i.recorded_at <= until)
        .order_by(i.recorded_at, i.impact_id)
    )
    newest = {(row.customer_id, row.incident_id): row.state for row in rows}
    return {customer for (customer, _), state in newest.items() if state == "affected"}
