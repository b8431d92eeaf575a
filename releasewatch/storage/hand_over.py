"""What somebody of us has in hand: the calls that they hold, and what they promised and did not keep yet."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.promises import promises_of


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
    """What somebody promised that is still open, by day."""
    open_ones = [one for _, one in promises_of(connection) if one.state == "open"]
    signed = set(_signed_by({one.made_by for one in open_ones}, names))
    found = [OpenPromise(one.call_id, one.customer, one.due_on) for one in open_ones if one.made_by in signed]
    return sorted(found, key=lambda one: (one.due_on, one.call_id))


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
