"""Live and carrying windows: opened, ended and split with set-based statements, cell by cell."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, insert, literal, or_, select, tuple_, update

from releasewatch.domain.deployments import REST, Axes, Place
from releasewatch.domain.footprint import OriginFact
from releasewatch.storage import tables as t
from releasewatch.storage import window_endings
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import OPEN_END

STILL_CARRIED = ""
ENDED_BY_SUCCESS = "a later deployment succeeded here"
FIXED_BY = window_endings.NAMED + "{}"
"""Why carrying ended that nothing but a word has ended: that a deployment fixes it."""
FIXED_FOR = FIXED_BY + ", for {}"
"""The same, and for which incident."""


@dataclass(frozen=True, slots=True)
class CellSet:
    """The cells of one deployment: every component (by number) in every place of one environment and repo."""

    repo_id: int
    environment_id: int
    component_ids: frozenset[int]
    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Ending:
    """That a later deployment ended the carrying of one origin in one place, and why.

    With `doubt` it could only not be told whether it did: what is carried stays open, and is possible from then on.
    """

    deployment_id: int
    origin_no: int
    place: Place
    reason: str
    doubt: bool = False


@dataclass(frozen=True, slots=True)
class Openings:
    """When the windows of a deployment open. `certain_from` None: no attempt of it has succeeded."""

    possible_from: datetime
    certain_from: datetime | None
    recorded_at: datetime


def split_rest(connection: Connection, environment_id: int, axes: Axes, since: datetime) -> None:
    """Give regions and rings that have become known rows of their own, wherever the remainder stood for them.

    What ended by `since` ended for all of the remainder alike and stays whole. A deployment is split as a whole, so
    that its windows stay a grid. Safe to repeat.
    """
    for axis, values in (("region", sorted(axes.regions)), ("ring", sorted(axes.rings))):
        for value in values:
            _split(connection, environment_id, axis, value, since)


def _split(connection: Connection, environment_id: int, axis: str, value: str, since: datetime) -> None:
    w = t.window.c
    goes_on = or_(w.live_until > since, w.carrying_until > since)
    deployments = (
        select(w.deployment_id)
        .join_from(t.window, t.deployment, t.deployment.c.deployment_id == w.deployment_id)
        .where(t.deployment.c.environment_id == environment_id, w[axis] == REST, goes_on)
    )
    named = t.window.alias("named")
    has_own = exists().where(named.c.deployment_id == w.deployment_id, named.c[axis] == value)
    columns = [column.name for column in t.window.columns]
    copies = select(*(literal(value).label(name) if name == axis else w[name] for name in columns)).where(
        w.deployment_id.in_(deployments), w[axis] == REST, ~has_own
    )
    e = t.window_ending.c
    kept = [column.name for column in t.window_ending.columns]
    has_own_too = exists().where(named.c.deployment_id == e.deployment_id, named.c[axis] == value)
    endings = select(*(literal(value).label(name) if name == axis else e[name] for name in kept)).where(
        e.deployment_id.in_(deployments), e[axis] == REST, ~has_own_too
    )
    connection.execute(insert(t.window_ending).from_select(kept, endings))
    connection.execute(insert(t.window).from_select(columns, copies))


def write_windows(
    connection: Connection,
    deployment_id: int,
    origins: Sequence[OriginFact],
    places_of_block: Sequence[Sequence[Place]],
    opens: Openings,
) -> None:
    """Open the windows of a deployment: each origin in each place of its block.

    Attempts that did not succeed expose as possible from the first one's beginning; a success ends that. Where it
    changed nothing, a row without any instant names the place, so that the remainder does not stand for it.
    """
    rows: list[dict[str, Any]] = []
    for fact in origins:
        for place in places_of_block[fact.block]:
            key = {"deployment_id": deployment_id, "origin_no": fact.number, "region": place.region, "ring": place.ring}
            if opens.certain_from is None or opens.possible_from < opens.certain_from:
                rows.append({**key, **_possible(deployment_id, opens)})
            if opens.certain_from is not None:
                rows.append({**key, **_open_row(opens.certain_from, opens.recorded_at), "certain": True})
    if not rows:
        return
    grid = Axes.of(place for places in places_of_block for place in places)
    named = Axes.of(Place(row["region"], row["ring"]) for row in rows)
    unnamed = [Place(region, REST) for region in grid.regions - named.regions]
    unnamed += [Place(REST, ring) for ring in grid.rings - named.rings]
    at = opens.certain_from or opens.possible_from
    empty = {**_open_row(at, opens.recorded_at), "certain": True, "live_until": at, "carrying_until": at}
    for place in sorted(unnamed):
        key = {"deployment_id": deployment_id, "origin_no": origins[0].number}
        rows.append({**key, "region": place.region, "ring": place.ring, **empty})
    connection.execute(insert(t.window), rows)


def _open_row(live_from: datetime, recorded_at: datetime) -> dict[str, Any]:
    return {
        "certain": False,
        "live_from": live_from,
        "live_until": OPEN_END,
        "live_ended_by": None,
        "live_ended_recorded_at": OPEN_END,
        "carrying_until": OPEN_END,
        "carrying_ended_by": None,
        "carrying_reason": STILL_CARRIED,
        "carrying_doubt_from": OPEN_END,
        "carrying_ended_recorded_at": OPEN_END,
        "recorded_at": recorded_at,
    }


def _possible(deployment_id: int, opens: Openings) -> dict[str, Any]:
    row = _open_row(opens.possible_from, opens.recorded_at)
    if opens.certain_from is not None:
        row |= _ended(opens.certain_from, deployment_id, opens.recorded_at, live=True)
        row |= _ended(opens.certain_from, deployment_id, opens.recorded_at, reason=ENDED_BY_SUCCESS)
    return row


def open_earlier(connection: Connection, deployment_id: int, opens: Openings) -> None:
    """An earlier attempt is told of only now: customers were possibly exposed before the windows that are there."""
    w = t.window.c
    rows = connection.execute(
        select(w.origin_no, w.region, w.ring, w.live_from, w.certain)
        .where(w.deployment_id == deployment_id, _is_window())
        .order_by(w.origin_no, w.region, w.ring, w.live_from.desc())
    ).all()
    first = {(row.origin_no, row.region, row.ring): row for row in rows}
    for (origin_no, region, ring), row in first.items():
        key = and_(w.deployment_id == deployment_id, w.origin_no == origin_no, w.region == region, w.ring == ring)
        if row.live_from <= opens.possible_from:
            continue
        if not row.certain:
            connection.execute(
                update(t.window).where(key, w.live_from == row.live_from).values(live_from=opens.possible_from)
            )
            continue
        early = _possible(deployment_id, Openings(opens.possible_from, row.live_from, opens.recorded_at))
        connection.execute(
            insert(t.window).values(deployment_id=deployment_id, origin_no=origin_no, region=region, ring=ring, **early)
        )


def _is_window() -> ColumnElement[bool]:
    """Not one of the rows that only name a place."""
    w = t.window.c
    return or_(w.carrying_until > w.live_from, w.carrying_ended_by.is_not(None))


def _ended(
    at: datetime, ended_by: int | None, now: datetime, *, live: bool = False, reason: str = STILL_CARRIED
) -> dict[str, Any]:
    if live:
        return {"live_until": at, "live_ended_by": ended_by, "live_ended_recorded_at": now}
    return {
        "carrying_until": at,
        "carrying_ended_by": ended_by,
        "carrying_reason": reason,
        "carrying_ended_recorded_at": now,
    }


def _in_cells(cells: CellSet) -> ColumnElement[bool]:
    """Whether a window is of an origin carried by one of the components, in their environment and one of the places.

    Asked window by window (EXISTS): few are open, while the origins of a year are many.
    """
    w, o, d = t.window.c, t.origin.c, t.deployment.c
    carried = (
        exists()
        .where(
            o.deployment_id == w.deployment_id,
            o.origin_no == w.origin_no,
            o.carrier_id.in_(sorted(cells.component_ids)),
            d.deployment_id == o.deployment_id,
            d.environment_id == cells.environment_id,
            d.repo_id == cells.repo_id,
        )
        .correlate(t.window)
    )
    return and_(tuple_(w.region, w.ring).in_([(p.region, p.ring) for p in cells.places]), carried)


def end_live(connection: Connection, cells: CellSet, deployment_id: int, opened_at: datetime, now: datetime) -> None:
    """A deployment succeeded: earlier ones in its cells were live until it opened. What had failed ends there too."""
    others = t.window.c.deployment_id != deployment_id
    _end_live(connection, and_(others, _in_cells(cells)), deployment_id, opened_at, now)


def end_own_by_later(
    connection: Connection, deployment_id: int, later: Sequence[tuple[int, datetime, CellSet]], now: datetime
) -> None:
    """A deployment recorded after later ones: its windows end where the next success in each cell opened."""
    mine = t.window.c.deployment_id == deployment_id
    for later_id, opened_at, cells in sorted(later, key=lambda entry: (entry[1], entry[0])):
        if connection.scalar(select(func.count()).where(mine, t.window.c.live_until > opened_at)) == 0:
            return
        _end_live(connection, and_(mine, _in_cells(cells)), later_id, opened_at, now)


def _end_live(connection: Connection, which: ColumnElement[bool], ended_by: int, at: datetime, now: datetime) -> None:
    w = t.window.c
    is_earlier = or_(w.live_from < at, and_(w.live_from == at, w.deployment_id < ended_by))
    going_on = and_(which, is_earlier, w.live_until > at)
    connection.execute(
        update(t.window)
        .where(going_on, w.certain.is_(False), w.carrying_until > at)
        .values(**_ended(at, ended_by, now, reason=ENDED_BY_SUCCESS))
    )
    connection.execute(update(t.window).where(going_on).values(**_ended(at, ended_by, now, live=True)))


def end_carrying(
    connection: Connection,
    endings: Sequence[Ending],
    ended_by: int,
    at: datetime,
    now: datetime,
    *,
    is_word: bool = False,
) -> None:
    """Keep that a deployment took back what earlier ones brought, or that this cannot be told; an earlier end stays.

    `is_word`: nothing but a word says so, which may be taken back. Where such a word has ended a window before, what
    ends it all the same is kept beside it.
    """
    w = t.window.c
    kept = window_endings.kept_deployments(connection, (ending.deployment_id for ending in endings))
    for ending in endings:
        mine = and_(
            w.deployment_id == ending.deployment_id,
            w.origin_no == ending.origin_no,
            w.region == ending.place.region,
            w.ring == ending.place.ring,
            w.certain.is_(True),
        )
        goes_on = and_(mine, w.carrying_until > at)
        if is_word:
            window_endings.keep_present(connection, goes_on)
        if ending.doubt:
            _doubt(connection, goes_on, mine, ending.reason, at)
        else:
            connection.execute(
                update(t.window).where(goes_on).values(**_ended(at, ended_by, now, reason=ending.reason))
            )
        if is_word or ending.deployment_id in kept:
            which = mine if is_word else and_(mine, window_endings.is_kept())
            until, by = (OPEN_END, None) if ending.doubt else (at, ended_by)
            window_endings.add_ending(connection, which, until, by, ending.reason, now)


def _doubt(
    connection: Connection, goes_on: ColumnElement[bool], mine: ColumnElement[bool], reason: str, at: datetime
) -> None:
    """From an instant on it cannot be told whether it is carried; also where a word ended it, which may not stay."""
    w = t.window.c
    connection.execute(
        update(t.window)
        .where(goes_on, w.carrying_doubt_from > at)
        .values(carrying_doubt_from=at, carrying_reason=reason)
    )
    ended_by_word = window_endings.is_word(w.carrying_reason)
    connection.execute(
        update(t.window)
        .where(mine, w.carrying_until <= at, ended_by_word, w.carrying_doubt_from > at)
        .values(carrying_doubt_from=at)
    )


def read_windows(connection: Connection, deployment_id: int) -> list[Any]:
    """The windows of a deployment with carrier and touched component, in order; not those that only name a place."""
    return list(
        connection.execute(
            select(t.window, t.origin.c.carrier_id, t.origin.c.touched_id, t.origin.c.baseline_no)
            .join_from(
                t.window,
                t.origin,
                and_(
                    t.origin.c.deployment_id == t.window.c.deployment_id,
                    t.origin.c.origin_no == t.window.c.origin_no,
                ),
            )
            .where(t.window.c.deployment_id == deployment_id, _is_window())
            .order_by(t.window.c.origin_no, t.window.c.region, t.window.c.ring, t.window.c.live_from)
        )
    )


def grids(connection: Connection, deployment_ids: Iterable[int]) -> dict[int, list[Place]]:
    """For each of some deployments the places that its windows name."""
    w = t.window.c
    found: dict[int, list[Place]] = {}
    for part in chunks(sorted(set(deployment_ids))):
        for row in connection.execute(
            select(w.deployment_id, w.region, w.ring).where(w.deployment_id.in_(part)).distinct()
        ):
            found.setdefault(row.deployment_id, []).append(Place(row.region, row.ring))
    return found


def open_origins(
    connection: Connection,
    cells: CellSet,
    at: datetime,
    number: int | None,
    deployment_ids: Iterable[int] | None,
    *,
    with_named: bool = False,
) -> list[Any]:
    """Windows still carried at an instant in the cells, of deployments that came before (by instant, then number).

    `deployment_ids` None: of whichever deployment. `number` None: the one that asks has none yet, and comes after all.
    `with_named`: also those that nothing but a word has ended, which may be taken back.
    """
    w = t.window.c
    before = w.live_from <= at
    if number is not None:
        before = or_(w.live_from < at, and_(w.live_from == at, w.deployment_id < number))
    carried = w.carrying_until > at
    if with_named:
        carried = or_(carried, window_endings.is_word(w.carrying_reason))
    query = (
        select(
            w.deployment_id,
            w.origin_no,
            w.region,
            w.ring,
            t.origin.c.baseline_no,
            t.origin.c.touched_id,
            t.origin.c.carrier_id,
            t.deployment.c.head,
        )
        .join_from(
            t.window, t.origin, and_(t.origin.c.deployment_id == w.deployment_id, t.origin.c.origin_no == w.origin_no)
        )
        .join(t.deployment, t.deployment.c.deployment_id == w.deployment_id)
        .where(w.certain.is_(True), before, carried, _in_cells(cells))
        .order_by(w.deployment_id, w.origin_no, w.region, w.ring)
    )
    if number is not None:
        query = query.where(w.deployment_id != number)
    if deployment_ids is None:
        return list(connection.execute(query))
    found: list[Any] = []
    for part in chunks(sorted(set(deployment_ids))):
        found += connection.execute(query.where(w.deployment_id.in_(part)))
    return found
