"""Where and when a deployment reaches what an entitlement may speak of: a few rows, from reference tables alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, and_, case, func, literal, literal_column, or_, select

from releasewatch.domain import versions
from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.deployments import REST
from releasewatch.storage import tables as t
from releasewatch.storage.sql import Position, given_ids
from releasewatch.storage.types import OPEN_END, Instant
from releasewatch.storage.window_endings import known_endings

NAMED, DIRECT, DEPENDENT = 0, 1, 2
RANK = 10_000
"""A row's rank is `reach * RANK + distance`: the nearest of a customer's rows is the smallest."""


@dataclass(frozen=True, slots=True)
class ExposureQuestion:
    """What is asked: a deployment, the instant, and what was known when.

    `without_entitlement`: none, possible or all, by directory; `blank_reaches_all`: a path that belongs to no component
    counts for everybody in the environment. `label` tells questions apart that are asked in one statement.
    """

    deployment_id: int
    environment: str
    is_production: bool
    release: str
    at: datetime
    known_at: datetime
    blank_reaches_all: bool = False
    without_entitlement: tuple[tuple[str, str], ...] = ()
    label: str = ""

    def named(self, name: str) -> str:
        """The name of a part of the statement."""
        return f"{name}_{self.label}" if self.label else name

    @property
    def plain_release(self) -> Any:
        """The release as it is compared."""
        return versions.plain_version(self.release)

    @property
    def spellings(self) -> Sequence[Any]:
        """The ways in which the release may be written as the version of a copy."""
        return versions.spellings(self.release)


def later(left: Any, right: Any) -> Any:
    """The later of two instants; `max` takes several arguments on SQLite alone."""
    return case((left >= right, left), else_=right)


def earlier(left: Any, right: Any) -> Any:
    """The earlier of two instants."""
    return case((left <= right, left), else_=right)


def plain_version(column: Any) -> Any:
    """A version as it is compared, see `releasewatch.domain.versions`.

    Its constants are no parameters, so that the same expression can be grouped by.
    """
    text = func.trim(column)

    def part(start: str, *many: str) -> Any:
        return func.substr(text, literal_column(start), *(literal_column(one) for one in many))

    first, second = part("1", "1"), part("2", "1")
    has_letter = and_(
        first.in_((literal_column("'v'"), literal_column("'V'"))),
        second >= literal_column("'0'"),
        second <= literal_column("'9'"),
    )
    return case((has_letter, part("2")), else_=text)


def known(recorded_from: Any, recorded_to: Any, q: ExposureQuestion) -> ColumnElement[bool]:
    """Recorded by the instant `known_at`, and not yet replaced then."""
    return and_(recorded_from <= q.known_at, recorded_to > q.known_at)


def in_view(q: ExposureQuestion) -> CTE:
    """The deployment, when customers could be reached by `at` and it was heard of by `known_at`; else no row.

    `since`: from then on they could, by an attempt that failed perhaps. It is heard of when it is first recorded, as
    running or failed too.
    """
    d, e = t.deployment.c, t.deployment_event.c
    said = (
        select(
            func.min(e.recorded_at, type_=Instant).label("heard_at"),
            func.min(e.started_at, type_=Instant).label("began_at"),
        )
        .where(e.deployment_id == q.deployment_id)
        .subquery("said")
    )
    since = case((said.c.began_at < d.opened_at, said.c.began_at), else_=d.opened_at)
    return (
        select(d.deployment_id, d.repo_id, d.environment_id, d.opened_at, since.label("since"))
        .join_from(t.deployment, said, literal(1) == 1)
        .where(
            d.deployment_id == q.deployment_id,
            since <= q.at,
            func.coalesce(said.c.heard_at, d.recorded_at, type_=Instant) <= q.known_at,
        )
        .cte(q.named("in_view"))
    )


def known_windows(q: ExposureQuestion, seen: CTE) -> CTE:
    """The windows of the deployment as they were known: an ending recorded later had not been heard of.

    `certain`: of an attempt that had succeeded by then. `sure_until`: from then on it is not decided whether the change
    is still there.
    A window that holds no instant at all reaches nobody.
    """
    w = t.window.c
    open_end = literal(OPEN_END, Instant)

    def unless_told_later(end: Any, recorded_at: Any) -> Any:
        # An end that nothing was recorded to bring about is of a row that only names a place where nothing changed.
        return case((and_(recorded_at > q.known_at, recorded_at < OPEN_END), open_end), else_=end)

    kept = known_endings(q.deployment_id, q.known_at)
    told = unless_told_later(w.carrying_until, w.carrying_ended_recorded_at)
    carrying = case((and_(w.certain.is_(True), kept.c.until.is_not(None)), kept.c.until), else_=told)
    live = unless_told_later(w.live_until, w.live_ended_recorded_at)
    doubt = case((w.carrying_doubt_from > q.known_at, open_end), else_=w.carrying_doubt_from)
    return (
        select(
            w.origin_no,
            w.region,
            w.ring,
            case((and_(w.certain.is_(True), w.recorded_at <= q.known_at), 1), else_=0).label("certain"),
            w.live_from,
            live.label("live_until"),
            carrying.label("carrying_until"),
            earlier(carrying, doubt).label("sure_until"),
        )
        .join_from(seen, t.window, w.deployment_id == seen.c.deployment_id)
        .join(kept, and_(*(kept.c[name] == w[name] for name in ("origin_no", "region", "ring"))), isouter=True)
        .where(w.live_from <= q.at, carrying > w.live_from)
        .cte(q.named("known_window"))
    )


_ENDS = ("live_until", "carrying_until", "sure_until")


def reach_cells(q: ExposureQuestion, windows: CTE) -> CTE:
    """Component by place and distance: the window over all origins at that distance that opened at the same instant.

    A farther distance is kept only where it lasts longer than every nearer one. `via`: the neighbour's full key, of
    several the first. `any_region`, `any_ring`: the place stands for all of them, as one row instead of many.
    """
    r, w = t.reach.c, windows.c
    each = (
        select(
            r.component_id,
            w.region,
            w.ring,
            r.distance,
            w.live_from,
            func.min(t.component.c.full_key).label("via"),
            func.max(w.certain).label("certain"),
            func.max(w.live_until, type_=Instant).label("live_until"),
            func.max(w.carrying_until, type_=Instant).label("carrying_until"),
            func.max(w.sure_until, type_=Instant).label("sure_until"),
        )
        .join_from(windows, t.reach, and_(r.deployment_id == q.deployment_id, r.origin_no == w.origin_no))
        .join(t.component, t.component.c.component_id == r.via_id, isouter=True)
        .group_by(r.component_id, w.region, w.ring, r.distance, w.live_from)
        .subquery("each")
    )
    e = each.c
    nearer = {
        name: func.max(e[name], type_=Instant).over(
            partition_by=(e.component_id, e.region, e.ring, e.live_from), order_by=e.distance, rows=(None, -1)
        )
        for name in _ENDS
    }
    ranked = select(each, *(value.label(f"nearer_{name}") for name, value in nearer.items())).subquery("ranked")
    k = ranked.c
    longer = or_(k.nearer_carrying_until.is_(None), *(k[name] > k[f"nearer_{name}"] for name in _ENDS))
    cells = select(*(k[column.name] for column in e)).where(longer).subquery("longest")
    return _joined(q, _joined(q, cells, "ring").subquery("over_rings"), "region").cte(q.named("reach_cell"))


def _joined(q: ExposureQuestion, cells: Any, axis: str) -> Select[Any]:
    """Cells without one axis, for components whose windows do not depend on it and have all of it."""
    w, c = t.window.c, cells.c
    rest = [column.name for column in c if column.name != axis]
    mine = w.deployment_id == q.deployment_id
    many = select(func.count(w[axis].distinct())).where(mine).scalar_subquery()
    whole = select(func.min(w[axis])).where(mine).scalar_subquery() == REST
    alike = select(cells, func.count().over(partition_by=[c[name] for name in rest]).label("alike")).subquery()
    least = func.min(alike.c.alike).over(partition_by=alike.c.component_id)
    counted = select(alike, case((and_(whole, least == many), 1), else_=0).label(f"any_{axis}")).subquery()
    n = counted.c
    place = case((n[f"any_{axis}"] == 1, REST), else_=n[axis]).label(axis)
    return select(*(n[name] for name in rest), place, n[f"any_{axis}"]).distinct()


def ways(q: ExposureQuestion, cells: CTE) -> CTE:
    """Each cell by each subject that means its component, for as long as it means it: what entitlements are joined to.

    `until` ends with the window, `said_until` with the meaning alone: for those who run a copy of their own.
    """
    s, c = t.component_subject.c, cells.c
    return (
        select(
            s.subject,
            c.component_id,
            c.region,
            c.ring,
            c.any_region,
            c.any_ring,
            c.via,
            (case((c.distance == 0, DIRECT), else_=DEPENDENT) * RANK + c.distance).label("rank"),
            c.certain.label("window_certain"),
            case((s.certain.is_(True), 1), else_=0).label("subject_certain"),
            later(c.live_from, s.valid_from).label("starts"),
            earlier(c.live_until, s.valid_to).label("live_until"),
            earlier(c.carrying_until, s.valid_to).label("until"),
            earlier(c.sure_until, s.valid_to).label("sure_until"),
            s.valid_to.label("said_until"),
        )
        .join_from(cells, t.component_subject, s.component_id == c.component_id)
        .where(
            s.valid_from <= q.at,
            s.valid_to > c.live_from,
            s.valid_to > s.valid_from,
            known(s.recorded_from, s.recorded_to, q),
        )
        .cte(q.named("way"))
    )


_BETWEEN = "\n"
"""Stands between regions, and in none of them."""


def over_regions(q: ExposureQuestion, way: CTE) -> CTE:
    """Ways that differ in nothing but their region, as one with all their `regions`: each entitlement is met once.

    Which region it was, and by which neighbour, is not told.
    """
    alike = [column for column in way.c if column.name not in ("region", "via")]
    between = literal(_BETWEEN)
    regions = (between + func.aggregate_strings(way.c.region, _BETWEEN) + between).label("regions")
    return select(*alike, regions).group_by(*alike).cte(q.named("way_over_regions"))


def named_places(q: ExposureQuestion) -> tuple[Select[Any], Select[Any]]:
    """The regions and the rings that the deployment's windows name: the remainder stands for all others."""
    w = t.window.c
    mine = w.deployment_id == q.deployment_id
    return (
        select(w.region).where(mine, w.region != REST).distinct(),
        select(w.ring).where(mine, w.ring != REST).distinct(),
    )


def in_environment(q: ExposureQuestion) -> ColumnElement[bool]:
    """Whether an entitlement means the environment asked about: by name, by saying unknown, or any of production."""
    words = [q.environment, UNKNOWN] + ([ANY] if q.is_production else [])
    return t.entitlement.c.environment.in_(words)


def in_place(q: ExposureQuestion, way: CTE, entitled: Any = t.entitlement) -> ColumnElement[bool]:
    """Whether an entitlement meets a place: by name, by saying any or unknown, or as one of all the others.

    `way` may stand for those of several regions (`over_regions`).
    """
    e, w = entitled.c, way.c
    regions, rings = named_places(q)

    def is_of(region: Any) -> Any:
        return Position(w.regions, _BETWEEN + region + _BETWEEN) > 0 if "regions" in w else w.region == region

    return and_(
        or_(
            w.any_region == 1,
            e.region.in_((ANY, UNKNOWN)),
            is_of(e.region),
            and_(is_of(REST), e.region.not_in(regions)),
        ),
        or_(
            w.any_ring == 1,
            e.ring.in_((ANY, UNKNOWN)),
            e.ring == w.ring,
            and_(w.ring == REST, e.ring.not_in(rings)),
        ),
    )


def says_where(entitled: Any = t.entitlement) -> ColumnElement[bool]:
    """Whether no axis of an entitlement is unknown."""
    e = entitled.c
    return and_(e.environment != UNKNOWN, e.region != UNKNOWN, e.ring != UNKNOWN, e.version != UNKNOWN)


def what_it_says(entitled: Any) -> tuple[ColumnElement[Any], ...]:
    """Of an entitlement what every way tells of it: where, of which version, and what is used."""
    e = entitled
    return e.environment, e.region.label("entitled_region"), e.ring.label("entitled_ring"), e.version, e.subject


def some_customers(q: ExposureQuestion, among: Sequence[UUID] | Select[Any], merged: CTE) -> CTE:
    """Some customers (or whom a statement finds) and those who were merged into them, as `customer_id`."""
    # One list: of two that are joined by OR no database looks up one customer after the other.
    if isinstance(among, Select):
        few = among.cte(q.named("few"))
        others = select(merged.c.customer_id).join(few, few.c.customer_id == merged.c.survivor_id)
        return select(few.c.customer_id).union(others).cte(q.named("among"))
    others = select(merged.c.customer_id).where(merged.c.survivor_id.in_(given_ids(among)))
    return given_ids(among).union_all(others).cte(q.named("among"))


def of_these(part: Select[Any], some: CTE) -> Select[Any]:
    """A branch for some customers alone; `some` as `some_customers` gives it."""
    return part.where(part.exported_columns["customer_id"].in_(select(some.c.customer_id)))
