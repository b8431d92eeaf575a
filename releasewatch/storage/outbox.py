"""What others are to be told: put there with the fact itself, claimed by one sender at a time, and settled."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, or_, select, update

from releasewatch.domain.notifications import LEASE, OPEN_STATES, Notification, State
from releasewatch.storage import tables as t
from releasewatch.storage.readable import readable

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

_O = t.outbox.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A row of the outbox."""

    number: int
    notification: Notification
    state: State
    attempts: int
    recorded_at: datetime
    next_at: datetime
    settled_at: datetime | None = None
    problem: str = ""
    why: str = ""
    recorded_by: str = ""

    @property
    def id(self) -> str:
        """What people call it."""
        return f"N-{self.number}"


def put(connection: Connection, notifications: Iterable[Notification], now: datetime) -> int:
    """Put what is to be told into the outbox, once for each key; returns how many are new."""
    rows = [
        {
            "key": one.key,
            "rule": one.rule,
            "kind": one.kind,
            "subject": one.subject,
            "number": one.number,
            "detail": one.detail,
            "occurred_at": one.at,
            "recorded_at": now,
            "state": "waiting",
            "attempts": 0,
            "next_at": now,
            "problem": "",
            "why": "",
            "recorded_by": "",
        }
        for one in notifications
    ]
    if not rows:
        return 0
    # The dialect in use alone, which is loaded already: PostgreSQL's takes 45 ms, and every record is told to others.
    insert: Any = import_module(f"sqlalchemy.dialects.{connection.dialect.name}").insert
    added = insert(t.outbox).on_conflict_do_nothing(index_elements=["key"]).returning(_O.outbox_id)
    return sum(len(connection.execute(added.values(row)).all()) for row in rows)


def claim(
    connection: Connection,
    rules: Collection[str],
    now: datetime,
    *,
    after: int = 0,
    also_early: bool = False,
    also_given_up: bool = False,
) -> Kept | None:
    """Take the next one of these rules that is due, for as long as a lease lasts; None when there is none.

    No two senders get the same one: it is locked while it is taken, and others pass it by. `after`: only those with a
    higher number. `also_early`: those that wait for their next try too; `also_given_up`: and those that were given up.
    """
    due = _O.next_at <= now
    wanted: list[ColumnElement[bool]] = [
        _O.state == "waiting" if also_early else and_(_O.state == "waiting", due),
        and_(_O.state == "sending", due),
    ]
    if also_given_up:
        wanted.append(_O.state == "given_up")
    row = connection.execute(
        select(*readable(connection, t.outbox))
        .where(or_(*wanted), _O.rule.in_(sorted(rules)), _O.outbox_id > after)
        .order_by(_O.outbox_id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    attempts = 1 if row.state == "given_up" else row.attempts + 1
    values = {"state": "sending", "attempts": attempts, "next_at": now + LEASE, "settled_at": None}
    connection.execute(update(t.outbox).where(_O.outbox_id == row.outbox_id).values(values))
    return _kept(row, state="sending", attempts=attempts, next_at=now + LEASE)


def settle(
    connection: Connection,
    kept: Kept,
    state: State,
    now: datetime,
    *,
    next_at: datetime | None = None,
    problem: str = "",
) -> bool:
    """Say what became of a claimed one; False when its lease had run out and another sender has it."""
    done = connection.execute(
        update(t.outbox)
        .where(
            _O.outbox_id == kept.number,
            _O.state == "sending",
            _O.attempts == kept.attempts,
            _O.next_at == kept.next_at,
        )
        .values(
            state=state,
            next_at=next_at or now,
            settled_at=None if state in OPEN_STATES else now,
            problem=problem,
        )
    )
    return done.rowcount == 1


def drop(connection: Connection, number: int, why: str, by: str, now: datetime) -> Kept | None:
    """Take one out of those to be sent; None when there is none. One that was, or is being, sent stays as it is."""
    row = connection.execute(
        select(*readable(connection, t.outbox)).where(_O.outbox_id == number).with_for_update()
    ).one_or_none()
    if row is None:
        return None
    if row.state in ("waiting", "given_up") or (row.state == "sending" and row.next_at <= now):
        values = {"state": "dropped", "settled_at": now, "why": why, "recorded_by": by}
        connection.execute(update(t.outbox).where(_O.outbox_id == number).values(values))
        return _kept(row, **values)
    return _kept(row)


def read_outbox(connection: Connection, states: Collection[str], limit: int, after: int | None = None) -> list[Kept]:
    """Rows in some states, newest first; `after`: those before this number."""
    asked = select(*readable(connection, t.outbox)).where(_O.state.in_(sorted(states)))
    found = asked.order_by(_O.outbox_id.desc()).limit(limit)
    if after is not None:
        found = found.where(_O.outbox_id < after)
    return [_kept(row) for row in connection.execute(found)]


def count_open(connection: Connection) -> dict[str, dict[str, int]]:
    """How many wait, are being sent or were given up, by rule and state."""
    rows = connection.execute(
        select(_O.rule, _O.state, func.count())
        .where(_O.state.in_((*OPEN_STATES, "given_up")))
        .group_by(_O.rule, _O.state)
    )
    found: dict[str, dict[str, int]] = {}
    for rule, state, many in rows:
        found.setdefault(rule, {})[state] = int(many)
    return found


def _kept(row: Any, **changed: Any) -> Kept:
    about = Notification(row.rule, row.kind, row.subject, row.number, row.detail, row.occurred_at, row.key)
    names = ("state", "attempts", "recorded_at", "next_at", "settled_at", "problem", "why", "recorded_by")
    return Kept(row.outbox_id, about, **{**{name: getattr(row, name) for name in names}, **changed})
