"""The days on which customers want no change, as the newest file of freezes says; what it left out has ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, insert, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import merged_at
from releasewatch.storage.exposure_rows import survivor
from releasewatch.storage.readable import column_or_empty
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import LATEST, OPEN_END

Days = tuple[UUID, date, date]
"""Whose, the first and the last day."""


def read_freezes(connection: Connection) -> dict[Days, str]:
    """All that hold, with the reason of each; a merged customer's as the file names them."""
    z = t.customer_freeze.c
    rows = connection.execute(select(z.customer_id, z.from_on, z.to_on, z.reason).where(z.recorded_to == OPEN_END))
    return {(row.customer_id, row.from_on, row.to_on): row.reason for row in rows}


def end_freezes(connection: Connection, freezes: Collection[Days], now: datetime) -> None:
    """State that some hold no more."""
    z = t.customer_freeze.c
    for whose, from_on, to_on in freezes:
        same = z.customer_id == whose, z.from_on == from_on, z.to_on == to_on, z.recorded_to == OPEN_END
        connection.execute(update(t.customer_freeze).where(*same).values(recorded_to=now))


def add_freezes(connection: Connection, freezes: Mapping[Days, str], now: datetime) -> None:
    """Write new ones."""
    rows = [
        {
            "customer_id": whose,
            "from_on": from_on,
            "to_on": to_on,
            "recorded_from": now,
            "recorded_to": OPEN_END,
            "reason": reason,
        }
        for (whose, from_on, to_on), reason in sorted(freezes.items())
    ]
    for part in chunks(rows):
        connection.execute(insert(t.customer_freeze), list(part))


def list_freezes(connection: Connection, day: date, limit: int) -> list[Any]:
    """Those that are not over on a day, the next to begin first: `key, name, from_on, to_on, reason`."""
    z, c, f = t.customer_freeze.c, t.customer.c, t.customer_fact.c
    merged = merged_at(LATEST)
    coming = (
        select(survivor(z.customer_id, merged), z.from_on, z.to_on, column_or_empty(connection, z.reason))
        .join_from(t.customer_freeze, merged, merged.c.customer_id == z.customer_id, isouter=True)
        .where(z.to_on >= day, z.recorded_to == OPEN_END)
        .cte("coming_freeze")
    )
    current = f.customer_id == coming.c.customer_id, f.valid_to == OPEN_END, f.recorded_to == OPEN_END
    return list(
        connection.execute(
            select(c.key, f.name, coming.c.from_on, coming.c.to_on, coming.c.reason)
            .join_from(coming, t.customer, c.customer_id == coming.c.customer_id)
            .join(t.customer_fact, current[0] & current[1] & current[2], isouter=True)
            .order_by(coming.c.from_on, c.key, coming.c.to_on)
            .limit(limit)
        )
    )
