"""Endings of carrying: who took back what, and those that a word brought about, kept so that it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    and_,
    case,
    exists,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)

from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import LATEST, OPEN_END, Instant

NAMED = "named as fixed by "
"""How the reason of an ending begins that nothing but a word has brought about: of a deployment that fixes it."""

BY_HAND = "undone by hand: "
"""How the reason of an ending begins that somebody made by hand, or a controller."""

_KEY = ("deployment_id", "origin_no", "region", "ring")


def is_word(reason: Any) -> ColumnElement[bool]:
    """Whether nothing but a word of somebody stands behind an ending, so that it may be taken back."""
    return or_(reason.startswith(NAMED), reason.startswith(BY_HAND))


def is_kept() -> ColumnElement[bool]:
    """Whether a window has endings that are kept beside it."""
    e = t.window_ending.c
    return exists().where(_same_window()).where(e.ending_no > 0).correlate(t.window)


def kept_deployments(connection: Connection, deployment_ids: Iterable[int]) -> set[int]:
    """Those of some deployments that have endings kept beside a window."""
    e = t.window_ending.c
    found: set[int] = set()
    for part in chunks(sorted(set(deployment_ids))):
        found.update(connection.scalars(select(e.deployment_id).where(e.deployment_id.in_(part)).distinct()))
    return found


def keep_present(connection: Connection, which: ColumnElement[bool]) -> None:
    """Keep how some windows end, or in what doubt they are, where nothing is kept yet."""
    w = t.window.c
    has_ended = w.carrying_until < OPEN_END
    rows = select(
        *(w[name] for name in _KEY),
        literal(1),
        w.carrying_until,
        w.carrying_ended_by,
        w.carrying_reason,
        case((has_ended, w.carrying_ended_recorded_at), else_=w.recorded_at),
        literal(OPEN_END, Instant),
    ).where(which, w.certain.is_(True), or_(has_ended, w.carrying_doubt_from < OPEN_END), ~is_kept())
    connection.execute(insert(t.window_ending).from_select([column.name for column in t.window_ending.columns], rows))


def add_ending(
    connection: Connection,
    which: ColumnElement[bool],
    until: datetime,
    ended_by: int | None,
    reason: str,
    now: datetime,
) -> None:
    """Keep another ending of some windows, unless the same one stands already."""
    w, e = t.window.c, t.window_ending.c
    last = select(func.coalesce(func.max(e.ending_no), 0)).where(_same_window()).correlate(t.window).scalar_subquery()
    same = exists().where(_same_window(), e.carrying_until == until, e.carrying_reason == reason, _stands())
    rows = select(
        *(w[name] for name in _KEY),
        last + 1,
        literal(until, Instant),
        literal(ended_by, t.window_ending.c.carrying_ended_by.type),
        literal(reason),
        literal(now, Instant),
        literal(OPEN_END, Instant),
    ).where(which, w.certain.is_(True), ~same.correlate(t.window))
    connection.execute(insert(t.window_ending).from_select([column.name for column in t.window_ending.columns], rows))


def take_back(
    connection: Connection, ended_by: int | None, reason: str, now: datetime, *, of: int | None = None
) -> set[int]:
    """Take back an ending wherever it stands; what else ended a window counts again, else it is open.

    `of`: only where it ended what this deployment brought. Returns the deployments that are carried otherwise now.
    """
    w, e = t.window.c, t.window_ending.c
    ended = and_(w.carrying_ended_by == ended_by, w.carrying_reason == reason)
    keep_present(connection, ended if of is None else and_(ended, w.deployment_id == of))
    mine = and_(e.carrying_ended_by == ended_by, e.carrying_reason == reason, _stands())
    if of is not None:
        mine = and_(mine, e.deployment_id == of)
    keys = connection.execute(select(*(e[name] for name in _KEY)).where(mine).distinct()).all()
    connection.execute(update(t.window_ending).where(mine).values(recorded_to=now))
    for key in keys:
        best = connection.execute(
            select(t.window_ending)
            .where(*(e[name] == getattr(key, name) for name in _KEY), _stands())
            .order_by(e.carrying_until, e.ending_no)
            .limit(1)
        ).first()
        connection.execute(
            update(t.window)
            .where(*(w[name] == getattr(key, name) for name in _KEY), w.certain.is_(True))
            .values(**_present(best))
        )
    return {key.deployment_id for key in keys}


def _present(best: Any) -> dict[str, Any]:
    """What a window says of its end: that which counts, or that it has none."""
    is_end = best is not None and best.carrying_until < OPEN_END
    return {
        "carrying_until": best.carrying_until if is_end else OPEN_END,
        "carrying_ended_by": best.carrying_ended_by if is_end else None,
        "carrying_reason": best.carrying_reason if best is not None else "",
        "carrying_ended_recorded_at": best.recorded_from if is_end else OPEN_END,
    }


def known_endings(deployment_id: int, known_at: datetime) -> Subquery:
    """Until when windows of a deployment were carried as known at an instant: of those alone that have endings kept."""
    e = t.window_ending.c
    was_known = and_(e.recorded_from <= known_at, e.recorded_to > known_at)
    until = case((was_known, e.carrying_until), else_=literal(OPEN_END, Instant))
    return (
        select(e.origin_no, e.region, e.ring, func.min(until, type_=Instant).label("until"))
        .where(e.deployment_id == deployment_id)
        .group_by(e.origin_no, e.region, e.ring)
        .subquery("kept_ending")
    )


@dataclass(frozen=True, slots=True)
class KnownWindow:
    """A window as it was known at an instant: when, and by whom, it had been ended by another one."""

    deployment_id: int
    region: str
    ring: str
    live_from: datetime
    carrying_until: datetime
    carrying_ended_by: int | None


def as_known(connection: Connection, rows: Iterable[Any], at: datetime, known_at: datetime) -> list[KnownWindow]:
    """Rows of `window` as they were known at `known_at`; what had not ended by `at` goes on."""
    rows = list(rows)
    e = t.window_ending.c
    kept: dict[tuple[int, int, str, str], list[Any]] = {}
    for part in chunks(sorted({row.deployment_id for row in rows})):
        for one in connection.execute(select(t.window_ending).where(e.deployment_id.in_(part))):
            kept.setdefault((one.deployment_id, one.origin_no, one.region, one.ring), []).append(one)
    found: dict[KnownWindow, None] = {}
    for row in rows:
        until, by = row.carrying_until, row.carrying_ended_by
        if row.carrying_ended_recorded_at > known_at:
            until, by = OPEN_END, None
        beside = kept.get((row.deployment_id, row.origin_no, row.region, row.ring), []) if row.certain else []
        if beside:
            stood = [one for one in beside if one.recorded_from <= known_at < one.recorded_to]
            first = min(stood, key=lambda one: (one.carrying_until, one.ending_no), default=None)
            until, by = (first.carrying_until, first.carrying_ended_by) if first is not None else (OPEN_END, None)
        if until > at:
            until, by = OPEN_END, None
        found[KnownWindow(row.deployment_id, row.region, row.ring, row.live_from, until, by)] = None
    return list(found)


def undone_by(connection: Connection, deployment_id: int) -> list[int]:
    """The deployments whose changes one took back, somewhere, in order."""
    w = t.window.c
    rows = connection.scalars(
        select(w.deployment_id)
        .where(w.carrying_ended_by == deployment_id, w.certain.is_(True))
        .distinct()
        .order_by(w.deployment_id)
    )
    return list(rows)


def ended_by(
    connection: Connection, deployment_ids: Iterable[int], at: datetime, known_at: datetime = LATEST
) -> list[int]:
    """The deployments that took back, somewhere and by an instant, what some others brought, in order.

    Those others are none of them."""
    those = sorted(set(deployment_ids))
    w = t.window.c
    rows = connection.scalars(
        select(w.carrying_ended_by)
        .where(
            w.deployment_id.in_(those),
            w.certain.is_(True),
            w.carrying_ended_by.not_in(those),
            w.carrying_until <= at,
            w.carrying_ended_recorded_at <= known_at,
        )
        .distinct()
        .order_by(w.carrying_ended_by)
    )
    return [number for number in rows if number is not None]


def _same_window() -> ColumnElement[bool]:
    w, e = t.window.c, t.window_ending.c
    return and_(*(e[name] == w[name] for name in _KEY))


def _stands() -> ColumnElement[bool]:
    return t.window_ending.c.recorded_to == OPEN_END
