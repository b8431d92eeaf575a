"""What deployments are said to fix, incidents and other deployments: words that are only added, the newest counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, Connection, Select, func, insert, select

from releasewatch.storage import tables as t
from releasewatch.storage.readable import readable
from releasewatch.storage.sql import chunks, next_number
from releasewatch.storage.types import LATEST


@dataclass(frozen=True, slots=True)
class Fix:
    """A word on whether a deployment fixed something. `holds` false: it did not, though that was said before."""

    deployment_id: int
    why: str
    recorded_by: str
    recorded_at: datetime
    holds: bool = True
    ref: str = ""


def add_fix(connection: Connection, ref: str, fix: Fix) -> bool:
    """Keep whether a deployment fixes something (`INC-7`, `D-5`); what is so already is not said twice.

    Returns whether it is new.
    """
    newest = read_newest(connection, fix.deployment_id, ref)
    if (newest is not None and newest.holds) == fix.holds:
        return False
    connection.execute(
        insert(t.fix).values(
            fix_id=next_number(connection, "fix"),
            deployment_id=fix.deployment_id,
            ref=ref,
            holds=fix.holds,
            why=fix.why,
            recorded_by=fix.recorded_by,
            recorded_at=fix.recorded_at,
        )
    )
    return True


def read_newest(connection: Connection, deployment_id: int, ref: str) -> Fix | None:
    """The newest word on whether a deployment fixes something; None when nothing was ever said."""
    f = t.fix.c
    words = _read(
        connection, select(*readable(connection, t.fix)).where(f.ref == ref, f.deployment_id == deployment_id)
    )
    return words[-1] if words else None


def read_words(connection: Connection, ref: str, known_at: datetime = LATEST) -> list[Fix]:
    """Every word on what fixed an incident or a deployment, recorded by an instant, oldest first."""
    f = t.fix.c
    return _read(connection, select(*readable(connection, t.fix)).where(f.ref == ref, f.recorded_at <= known_at))


def read_fixes(connection: Connection, ref: str, known_at: datetime = LATEST) -> list[Fix]:
    """The deployments that are said to fix an incident or a deployment, as known at an instant, by number."""
    return _standing(read_words(connection, ref, known_at))


def read_fixed_by(connection: Connection, deployment_id: int) -> list[Fix]:
    """What a deployment is said to fix, by its name."""
    return _standing(
        _read(connection, select(*readable(connection, t.fix)).where(t.fix.c.deployment_id == deployment_id))
    )


def read_fixes_of(connection: Connection, refs: Iterable[str]) -> list[Fix]:
    """The words that count on what fixed some incidents and deployments."""
    found: list[Fix] = []
    for part in chunks(sorted(set(refs))):
        found += _read(connection, select(*readable(connection, t.fix)).where(t.fix.c.ref.in_(part)))
    return _standing(found)


def _read(connection: Connection, query: Select[Any]) -> list[Fix]:
    return [
        Fix(row.deployment_id, row.why, row.recorded_by, row.recorded_at, row.holds, row.ref)
        for row in connection.execute(query.order_by(t.fix.c.fix_id))
    ]


def _standing(words: Iterable[Fix]) -> list[Fix]:
    newest = {(word.deployment_id, word.ref): word for word in words}
    return [word for _, word in sorted(newest.items()) if word.holds]


def standing_fixes() -> CTE:
    """The rows of `fix` that count: of each deployment and what it is said to fix the newest one, where it holds."""
    f = t.fix.c
    newest = select(func.max(f.fix_id)).group_by(f.deployment_id, f.ref)
    return select(f.deployment_id, f.ref).where(f.fix_id.in_(newest), f.holds).cte("standing_fix")
