"""Our people in the ledger: what the staff file says, and who left as one of us said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from releasewatch.domain.staff import Leave, Staff, StaffBook
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END


def read_staff(connection: Connection) -> list[Staff]:
    """Everybody whom a staff file ever held, by key."""
    s, p = t.staff.c, t.staff_person.c
    rows = connection.execute(
        select(t.staff, p.name, p.email).join_from(t.staff, t.staff_person, p.staff == s.staff).order_by(s.staff)
    )
    return [
        Staff(
            key=row.staff,
            name=row.name,
            email=row.email,
            team=row.team,
            languages=tuple(row.languages),
            timezone=row.timezone,
            manager=row.manager,
            away_from=row.away_from,
            away_to=row.away_to,
            left_on=row.left_on,
        )
        for row in rows
    ]


def read_book(connection: Connection) -> StaffBook:
    """Who keeps whose customers, as far as the ledger knows by now; nobody's name or address is read."""
    s, w = t.staff.c, t.staff_leave.c
    rows = connection.execute(select(s.staff, s.manager, s.away_from, s.away_to, s.left_on))
    leaves = connection.execute(select(w.staff, w.left_on, w.successor).where(w.recorded_to == OPEN_END))
    return StaffBook(
        (
            Staff(row.staff, "", manager=row.manager, away_from=row.away_from, away_to=row.away_to, left_on=row.left_on)
            for row in rows
        ),
        (Leave(row.staff, row.left_on, row.successor) for row in leaves),
    )


def save_staff(connection: Connection, rows: Iterable[Staff], now: datetime) -> None:
    """Write people as a file states them: new ones, and those it says something else of."""
    for one in rows:
        connection.execute(delete(t.staff_person).where(t.staff_person.c.staff == one.key))
        values: dict[str, Any] = {
            "team": one.team,
            "languages": list(one.languages),
            "timezone": one.timezone,
            "manager": one.manager,
            "away_from": one.away_from,
            "away_to": one.away_to,
            "left_on": one.left_on,
            "recorded_at": now,
        }
        if connection.execute(update(t.staff).where(t.staff.c.staff == one.key).values(values)).rowcount == 0:
            connection.execute(insert(t.staff).values(staff=one.key, **values))
        connection.execute(insert(t.staff_person).values(staff=one.key, name=one.name, email=one.email))


def say_left(
    connection: Connection, leave: Leave | None, staff: str, now: datetime, *, why: str, recorded_by: str
) -> None:
    """State by hand that somebody left (None: that the earlier statement is taken back); the newest one counts."""
    w = t.staff_leave.c
    connection.execute(update(t.staff_leave).where(w.staff == staff, w.recorded_to == OPEN_END).values(recorded_to=now))
    if leave is not None:
        connection.execute(
            insert(t.staff_leave).values(
                staff=staff,
                recorded_from=now,
                recorded_to=OPEN_END,
                left_on=leave.left_on,
                successor=leave.successor,
                why=why,
                recorded_by=recorded_by,
            )
        )


def count_customers(connection: Connection, now: datetime) -> dict[str, int]:
    """How many customers of the directories name each account manager at an instant."""
    f = t.customer_fact.c
    rows = connection.execute(
        select(f.account_manager, func.count().label("many"))
        .where(f.valid_from <= now, f.valid_to > now, f.recorded_to == OPEN_END, f.account_manager != "")
        .group_by(f.account_manager)
    )
    return {row.account_manager: row.many for row in rows}


def keepers_of(connection: Connection, key: str, day: date) -> frozenset[str]:
    """The account managers, as directories name them, whose customers somebody keeps on a day."""
    f = t.customer_fact.c
    named = connection.scalars(select(f.account_manager).where(f.recorded_to == OPEN_END).distinct())
    return frozenset(read_book(connection).kept_by(key, named, day))
