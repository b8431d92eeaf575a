"""A deployment that was taken back by hand, or by a controller: its windows end, and who said so is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, insert, select, tuple_, update

from releasewatch.domain.deployments import Place
from releasewatch.storage import tables as t
from releasewatch.storage import window_endings
from releasewatch.storage.sql import next_number
from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class Undone:
    """That a deployment was taken back at an instant, as somebody says."""

    at: datetime
    why: str
    recorded_by: str
    recorded_at: datetime


def count_carried(connection: Connection, deployment_id: int, places: Sequence[Place], at: datetime) -> int:
    """In how many windows a deployment is still carried, in some places."""
    w = t.window.c
    return (
        connection.scalar(
            select(func.count())
            .select_from(t.window)
            .where(w.deployment_id == deployment_id, _in(places), w.live_from < at, w.carrying_until > at)
        )
        or 0
    )


def end_by_hand(connection: Connection, deployment_id: int, places: Sequence[Place], undone: Undone) -> None:
    """End what a deployment brought to some places, from an instant on; what had ended before stays as it was."""
    w = t.window.c
    mine = w.deployment_id == deployment_id, _in(places), w.live_from < undone.at
    reason = window_endings.BY_HAND + undone.why
    ending = and_(*mine, w.carrying_until > undone.at)
    # What stood there before is kept beside it, so that this can be taken back.
    window_endings.keep_present(connection, ending)
    window_endings.add_ending(connection, ending, undone.at, None, reason, undone.recorded_at)
    connection.execute(
        update(t.window)
        .where(*mine, w.carrying_until > undone.at)
        .values(
            carrying_until=undone.at,
            carrying_ended_by=None,
            carrying_reason=reason,
            carrying_doubt_from=OPEN_END,
            carrying_ended_recorded_at=undone.recorded_at,
        )
    )
    connection.execute(
        update(t.window)
        .where(*mine, w.live_until > undone.at)
        .values(live_until=undone.at, live_ended_by=None, live_ended_recorded_at=undone.recorded_at)
    )
    _say(connection, deployment_id, places, undone)


def take_back(connection: Connection, deployment_id: int, undone: Undone) -> list[Place]:
    """Take back that a deployment was undone by hand, wherever that stands; returns those places.

    What else ended a window counts again, else it is open. `undone.at` is not used: it was never taken back.
    """
    standing = read_standing(connection, deployment_id)
    if not standing:
        return []
    w = t.window.c
    mine = w.deployment_id == deployment_id
    for why in sorted({one.why for one in standing}):
        reason = window_endings.BY_HAND + why
        window_endings.take_back(connection, None, reason, undone.recorded_at, of=deployment_id)
        # Of attempts that failed nothing is kept beside: what ended them otherwise is said again by who asks.
        possible = and_(mine, w.certain.is_(False), w.carrying_ended_by.is_(None), w.carrying_reason == reason)
        opened = {"carrying_until": OPEN_END, "carrying_reason": "", "carrying_ended_recorded_at": OPEN_END}
        connection.execute(update(t.window).where(possible).values(**opened))
    said_at = sorted({one.recorded_at for one in standing})
    by_hand = and_(mine, w.live_ended_by.is_(None), w.live_ended_recorded_at.in_(said_at))
    connection.execute(update(t.window).where(by_hand).values(live_until=OPEN_END, live_ended_recorded_at=OPEN_END))
    places = sorted({Place(one.region, one.ring) for one in standing})
    _say(connection, deployment_id, places, replace(undone, at=OPEN_END))
    return places


def read_standing(connection: Connection, deployment_id: int) -> list[Any]:
    """That a deployment was undone by hand, where nobody took it back since."""
    rows = connection.execute(
        select(t.deployment_undo)
        .where(t.deployment_undo.c.deployment_id == deployment_id)
        .order_by(t.deployment_undo.c.undo_id)
    ).all()
    gone = {(row.region, row.ring): row.undo_id for row in rows if row.undone_at == OPEN_END}
    return [row for row in rows if row.undone_at < OPEN_END and row.undo_id > gone.get((row.region, row.ring), 0)]


def standing_undos() -> Select[Any]:
    """The rows of `deployment_undo` that nobody took back."""
    u, later = t.deployment_undo.c, t.deployment_undo.alias("taken_back_undo").c
    same = later.deployment_id == u.deployment_id, later.region == u.region, later.ring == u.ring
    gone = exists().where(*same, later.undone_at == OPEN_END, later.undo_id > u.undo_id)
    return select(u.deployment_id, u.undone_at).where(u.undone_at < OPEN_END, ~gone)


def _say(connection: Connection, deployment_id: int, places: Sequence[Place], undone: Undone) -> None:
    first = next_number(connection, "deployment_undo", len(places))
    connection.execute(
        insert(t.deployment_undo),
        [
            {
                "undo_id": first + number,
                "deployment_id": deployment_id,
                "region": place.region,
                "ring": place.ring,
                "undone_at": undone.at,
                "why": undone.why,
                "recorded_by": undone.recorded_by,
                "recorded_at": undone.recorded_at,
            }
            for number, place in enumerate(places)
        ],
    )


def _in(places: Sequence[Place]) -> ColumnElement[bool]:
    return tuple_(t.window.c.region, t.window.c.ring).in_([(place.region, place.ring) for place in places])
