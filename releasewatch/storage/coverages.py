"""What was put where, and when: the deployments that a cell has had before and after an instant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from releasewatch.domain.deployments import Cell, Coverage, Later, Place, standing_in
from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import Instant

_AT_FIRST = 100
"""So many later deployments are read at first, where most often one of them is enough."""


def position(connection: Connection, repo_id: int | None, environment_id: int | None) -> int:
    """A number that rises with everything said about the deployments of a repo in an environment.

    Read before git is read and again inside the write transaction: the same number means that no baseline has moved.
    """
    found = connection.scalar(
        select(func.max(t.deployment_event.c.event_id))
        .join_from(t.deployment_event, t.deployment)
        .where(t.deployment.c.repo_id == repo_id, t.deployment.c.environment_id == environment_id)
    )
    return int(found or 0)


def newest_opened_at(connection: Connection, repo_id: int, environment_id: int, until: datetime) -> datetime | None:
    """When the newest deployment of a repo in an environment opened, of those that opened by an instant."""
    d = t.deployment.c
    found: datetime | None = connection.scalar(
        select(d.opened_at)
        .where(d.repo_id == repo_id, d.environment_id == environment_id, d.opened_at <= until)
        .order_by(d.opened_at.desc())
        .limit(1)
    )
    return found


def coverages(
    connection: Connection,
    repo_id: int,
    environment_id: int,
    opened_at: datetime,
    number: int | None = None,
    head: str | None = None,
) -> list[Coverage]:
    """The newest succeeded deployment of each scope and target that came before: what cells may have as baseline.

    Before is by instant, then by number; `number` None is one not yet recorded. With `head`: of those that put this
    head there, whenever.
    """
    d = t.deployment.c
    wanted = [*_of(repo_id, environment_id), d.succeeded.is_(True), _is_before(opened_at, number)]
    if head is not None:
        wanted.append(d.head == head)
    return _newest(connection, wanted)


def newest_in_places(
    connection: Connection, environment_id: int, at: datetime, places: Iterable[Place]
) -> dict[int, list[Coverage]]:
    """What covers these places of an environment at an instant: of each scope and place the newest, by repo.

    Each is found by going back from the instant in the scope's own deployments, so that their number does not matter,
    but for a scope that was never deployed to a place.
    """
    d, target, scope = t.deployment.c, t.target.c, t.scope.c
    live: dict[Place, list[int]] = {}
    for place in places:
        newest = (
            select(d.deployment_id)
            .join_from(t.deployment, t.target, target.deployment_id == d.deployment_id)
            .where(
                d.scope_id == scope.scope_id,
                d.environment_id == environment_id,
                d.opened_at <= at,
                d.head.is_not(None),
                d.succeeded.is_(True),
                target.region.in_(("", place.region)),
                target.ring.in_(("", place.ring)),
            )
            .order_by(d.opened_at.desc(), d.deployment_id.desc())
            .limit(1)
            .correlate(t.scope)
            .scalar_subquery()
        )
        live[place] = [
            number for number in connection.scalars(select(newest).select_from(t.scope)) if number is not None
        ]
    rows = {}
    for part in chunks(sorted({number for numbers in live.values() for number in numbers})):
        columns = (d.deployment_id, d.opened_at, d.head, d.scope_id, d.catalog_id, d.repo_id)
        for row in connection.execute(select(*columns).where(d.deployment_id.in_(part))):
            rows[row.deployment_id] = row
    members = scope_members(connection, {row.scope_id for row in rows.values()})
    found: dict[int, list[Coverage]] = {}
    for place, numbers in live.items():
        for row in map(rows.__getitem__, numbers):
            one = Coverage(row.deployment_id, row.opened_at, row.head, members[row.scope_id], place, row.catalog_id)
            found.setdefault(row.repo_id, []).append(one)
    return found


def _newest(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> list[Coverage]:
    """Of some deployments the newest of each scope and target."""
    d, place = t.deployment.c, (t.target.c.region, t.target.c.ring)
    # The newest instants are gathered first: to sort all that ever came before takes many times as long.
    newest = (
        select(d.scope_id, *place, func.max(d.opened_at, type_=Instant).label("opened_at"))
        .join_from(t.deployment, t.target, t.target.c.deployment_id == d.deployment_id)
        .where(*wanted)
        .group_by(d.scope_id, *place)
        .subquery("newest")
    )
    there = (t.target.c.deployment_id == d.deployment_id, *(newest.c[one.name] == one for one in place))
    found = connection.execute(
        select(d.deployment_id, d.opened_at, d.head, d.scope_id, d.catalog_id, *place)
        .join_from(newest, t.deployment, and_(d.opened_at == newest.c.opened_at, d.scope_id == newest.c.scope_id))
        .join(t.target, and_(*there))
        .where(*wanted)
        .order_by(d.deployment_id)
    )
    # Of several that opened at the same instant the last one counts.
    rows = list({(row.scope_id, row.region, row.ring): row for row in found}.values())
    members = scope_members(connection, {row.scope_id for row in rows})
    return [
        Coverage(
            row.deployment_id,
            row.opened_at,
            row.head,
            members[row.scope_id],
            Place(row.region, row.ring),
            row.catalog_id,
        )
        for row in rows
    ]


def later_deployments(
    connection: Connection,
    repo_id: int,
    environment_id: int,
    opened_at: datetime,
    number: int | None = None,
    *,
    succeeded: bool = True,
) -> list[Later]:
    """The deployments that came after, in order; with `succeeded` false also those that failed or still run."""
    query = _later(repo_id, environment_id, opened_at, number, succeeded=succeeded)
    return _as_later(connection, connection.execute(query).all())


def each_later(
    connection: Connection,
    repo_id: int,
    environment_id: int,
    opened_at: datetime,
    number: int,
    *,
    succeeded: bool = True,
) -> Iterator[Later]:
    """The same, for who soon has enough of them: read some at a time, and then twice as many."""
    many = _AT_FIRST
    while True:
        query = _later(repo_id, environment_id, opened_at, number, succeeded=succeeded).limit(many)
        rows = connection.execute(query).all()
        yield from _as_later(connection, rows)
        if len(rows) < many:
            return
        opened_at, number, many = rows[-1].opened_at, rows[-1].deployment_id, many * 2


def _later(
    repo_id: int, environment_id: int, opened_at: datetime, number: int | None, *, succeeded: bool
) -> Select[Any]:
    d = t.deployment.c
    query = select(d.deployment_id, d.opened_at, d.head, d.scope_id).where(
        # The instant by itself, too: by that alone an index finds where to begin.
        *_of(repo_id, environment_id),
        d.opened_at >= opened_at,
        _is_after(opened_at, number),
    )
    if succeeded:
        query = query.where(d.succeeded.is_(True))
    return query.order_by(d.opened_at, d.deployment_id)


def _as_later(connection: Connection, rows: Sequence[Any]) -> list[Later]:
    members = scope_members(connection, {row.scope_id for row in rows})
    targets: dict[int, list[Place]] = {}
    for part in chunks([row.deployment_id for row in rows]):
        for place in connection.execute(
            select(t.target)
            .where(t.target.c.deployment_id.in_(part))
            .order_by(t.target.c.deployment_id, t.target.c.region, t.target.c.ring)
        ):
            targets.setdefault(place.deployment_id, []).append(Place(place.region, place.ring))
    return [
        Later(row.deployment_id, row.opened_at, row.head, members[row.scope_id], tuple(targets[row.deployment_id]))
        for row in rows
    ]


def next_forward_at(connection: Connection, repo_id: int, opened_at: datetime, number: int) -> datetime | None:
    """When the next deployment of a repo opened, wherever, that was neither a rollback nor a redeploy everywhere."""
    d, b = t.deployment.c, t.baseline.c
    forward = select(b.deployment_id).where(b.kind.in_(("deploy", "initial")))
    found: datetime | None = connection.scalar(
        select(func.min(d.opened_at, type_=Instant)).where(
            d.repo_id == repo_id,
            d.succeeded.is_(True),
            _is_after(opened_at, number),
            d.deployment_id.in_(forward),
        )
    )
    return found


def is_overtaken(connection: Connection, row: Any, components: frozenset[str], targets: Sequence[Place]) -> bool:
    """Whether a newer deployment, however it ended, has one of the cells of a recorded deployment (`row`)."""
    newer = each_later(connection, row.repo_id, row.environment_id, row.opened_at, row.deployment_id, succeeded=False)
    return any(
        components & one.components and any(mine.meets(theirs) for mine in targets for theirs in one.targets)
        for one in newer
    )


def scope_members(connection: Connection, scopes: Iterable[int]) -> dict[int, frozenset[str]]:
    """The full keys of each scope's components."""
    wanted = sorted(set(scopes))
    found: dict[int, set[str]] = {scope: set() for scope in wanted}
    for part in chunks(wanted):
        rows = connection.execute(
            select(t.scope_component.c.scope_id, t.component.c.full_key)
            .join_from(t.scope_component, t.component)
            .where(t.scope_component.c.scope_id.in_(part))
        )
        for row in rows:
            found[row.scope_id].add(row.full_key)
    return {scope: frozenset(keys) for scope, keys in found.items()}


def mark_wider(
    connection: Connection, opened_at: datetime, number: int, cells: Sequence[Cell], later: Sequence[Later]
) -> None:
    """Mark the blocks of later deployments that compared one of the cells with something older than this deployment.

    What lies between base and head there is more than went live. `opened_at` and `number` are this deployment's.
    """
    b, d = t.baseline.c, t.deployment.c
    for one in later:
        rows = connection.execute(
            select(t.baseline, d.opened_at.label("base_opened_at"))
            .join_from(t.baseline, t.deployment, d.deployment_id == b.base_deployment_id, isouter=True)
            .where(b.deployment_id == one.deployment_id)
        ).all()
        grid = [Place(region, ring) for row in rows for region, ring in row.targets]
        speaking = {place: standing_in(place, grid) for place in {cell.place for cell in cells}}
        mine = {(cell.component, speaking[cell.place]) for cell in cells}
        for row in rows:
            if row.base is None:  # it was compared with nothing, and says that it brought nothing
                continue
            is_older = row.base_opened_at is None or (row.base_opened_at, row.base_deployment_id) < (opened_at, number)
            members = one.components if row.components is None else row.components
            places = {Place(region, ring) for region, ring in row.targets}
            if is_older and any(component in members and place in places for component, place in mine):
                connection.execute(
                    update(t.baseline)
                    .where(b.deployment_id == row.deployment_id, b.baseline_no == row.baseline_no)
                    .values(wider=True)
                )


def _of(repo_id: int, environment_id: int) -> tuple[ColumnElement[bool], ...]:
    """Deployments of a repo in an environment that put a head there: a change without git covers no cell."""
    d = t.deployment.c
    return d.repo_id == repo_id, d.environment_id == environment_id, d.head.is_not(None)


def _is_before(opened_at: datetime, number: int | None) -> ColumnElement[bool]:
    d = t.deployment.c
    if number is None:
        return d.opened_at <= opened_at
    return or_(d.opened_at < opened_at, and_(d.opened_at == opened_at, d.deployment_id < number))


def _is_after(opened_at: datetime, number: int | None) -> ColumnElement[bool]:
    d = t.deployment.c
    if number is None:
        return d.opened_at > opened_at
    return or_(d.opened_at > opened_at, and_(d.opened_at == opened_at, d.deployment_id > number))
