"""A deployment that was taken back by hand, or by a controller: its windows end, and who said so is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, tuple_, update

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
    reason = f"undone by hand: {undone.why}"
    beside = and_(*mine, w.carrying_until > undone.at, window_endings.is_kept())
    window_endings.add_ending(connection, beside, undone.at, None, reason, undone.recorded_at)
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
