"""Promises in the ledger: each was made with an attempt; what became of it is said in words that are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Select, and_, func, insert, select

from releasewatch.domain.promises import Promise, Word
from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import Members
from releasewatch.storage.sql import chunks, next_number
from releasewatch.storage.types import OPEN_END


def next_word(connection: Connection) -> int:
    """The number of a word that is about to be written; to be taken before any row of a customer is."""
    return next_number(connection, "promise_word")


def add_word(connection: Connection, number: int, customer_id: UUID, attempt_id: int, word: Word, now: Any) -> None:
    """Keep what became of a promise; what was said before stays."""
    connection.execute(
        insert(t.promise_word).values(
            customer_id=customer_id,
            attempt_id=attempt_id,
            word_id=number,
            state=word.state,
            due_on=word.due_on,
            said_at=word.said_at,
            why=word.why,
            recorded_by=word.by,
            recorded_at=now,
        )
    )


def promises_of(connection: Connection, customers: Sequence[UUID] | None = None) -> list[tuple[UUID, Promise]]:
    """Every promise to some customers (None: to anybody), with the customer as they are now; merged ones as survivors.

    `customers` are all members of those who are asked about.
    """
    if customers is None:
        return _read(connection, _promises())
    found: list[tuple[UUID, Promise]] = []
    for part in chunks(list(customers)):
        found += _read(connection, _promises().where(t.attempt.c.customer_id.in_(part)))
    return found


def overdue_among(connection: Connection, members: Members, today: date) -> set[UUID]:
    """Who of some customers was promised something for a day that is over, of which nobody said what became of it."""
    member = members.rows
    query = _promises().join(member, member.c.member_id == t.attempt.c.customer_id)
    return {customer for customer, promise in _read(connection, query) if promise.is_overdue(today)}


def promises_with(connection: Connection, *, call_id: int = 0, attempt_id: int = 0) -> list[tuple[UUID, Promise]]:
    """The promises of a call, or of one attempt; with whose row it is."""
    a = t.attempt.c
    mine = a.call_id == call_id if call_id else a.attempt_id == attempt_id
    return _read(connection, _promises().where(mine), own=True)


def _promises() -> Select[Any]:
    a, x, m, c = t.attempt.c, t.attempt_text.c, t.customer_merge.c, t.customer.c
    who = func.coalesce(m.survivor_id, a.customer_id, type_=a.customer_id.type)
    return (
        select(
            t.attempt,
            who.label("survivor_id"),
            c.key.label("customer_key"),
            x.promise,
        )
        .join_from(
            t.attempt, t.customer_merge, and_(m.customer_id == a.customer_id, m.recorded_to == OPEN_END), isouter=True
        )
        .join(t.customer, c.customer_id == who)
        .join(t.attempt_text, and_(x.customer_id == a.customer_id, x.attempt_id == a.attempt_id), isouter=True)
        .where(a.promise_due_on.is_not(None))
        .order_by(a.promise_due_on, a.attempt_id)
    )


def _read(connection: Connection, query: Select[Any], *, own: bool = False) -> list[tuple[UUID, Promise]]:
    rows = connection.execute(query).all()
    words = _words(connection, [row.attempt_id for row in rows])
    found = []
    for row in rows:
        said = tuple(words.get(row.attempt_id, ()))
        due_on = next((one.due_on for one in reversed(said) if one.due_on is not None), row.promise_due_on)
        promise = Promise(
            row.attempt_id,
            row.call_id,
            row.customer_key,
            row.promise or "",
            due_on,
            row.attempted_at,
            row.recorded_by,
            said,
        )
        found.append((row.customer_id if own else row.survivor_id, promise))
    return found


def _words(connection: Connection, attempts: Sequence[int]) -> dict[int, list[Word]]:
    w = t.promise_word.c
    found: dict[int, list[Word]] = {}
    for part in chunks(attempts):
        rows = connection.execute(select(t.promise_word).where(w.attempt_id.in_(part)).order_by(w.word_id))
        for row in rows:
            word = Word(row.state, row.said_at, row.due_on, row.why, row.recorded_by)
            found.setdefault(row.attempt_id, []).append(word)
    return found
