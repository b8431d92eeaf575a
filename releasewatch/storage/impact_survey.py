"""An incident at a glance: how many customers are in each state and place, and whom to call first.

All of it by one statement: to find who is in an incident takes far longer than to count them, so it is done once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, and_, case, func, literal, or_, select, union_all

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.impacts import AFTER_RETURN, NOT_REACHED, ImpactCounts
from releasewatch.storage import tables as t
from releasewatch.storage.impact_ways import ImpactQuestion, find_ways
from releasewatch.storage.impacts import Everybody, current_fact, newest_said, standing_in
from releasewatch.storage.types import Instant, key_type

_OF_WAYS = (
    "rank",
    "certain",
    "region",
    "ring",
    "any_region",
    "any_ring",
    "carrying_until",
    "entitled_region",
    "entitled_ring",
)
"""What is asked of the ways, to tell the little that is kept of each (`_short`)."""


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """How many customers of a region and ring still carry what is blamed, and how many were returned."""

    region: str
    ring: str
    still_exposed: int
    returned: int


@dataclass(frozen=True, slots=True)
class FirstToCall:
    """A customer who is to be called first; without a name, or an account manager, where nobody knows them today."""

    key: str
    directory: str
    name: str | None
    account_manager: str | None
    state: str
    still_exposed: bool


@dataclass(frozen=True, slots=True)
class Survey:
    """`places`: those not cleared, by region and ring as customers use it, in this order.

    Somebody who uses several, or of whom it is not known which, counts in each place that the deployment's windows
    name: whether other places ended alike changes no place's count.
    `first`: the customers to call first: by state, then escalated, then by the points of their tier, then by key.
    """

    counts: ImpactCounts
    places: tuple[PlaceCount, ...]
    first: tuple[FirstToCall, ...]


def survey(connection: Connection, q: ImpactQuestion, tiers: Mapping[str, int] | None = None, many: int = 0) -> Survey:
    """Count an incident's customers. `many`: of whom to call first, by the points of their `tiers`."""
    said = newest_said(q.incident_id, q.known_at)
    ways = _short(q, said)
    parts = Everybody(ways, said, standing_in(q, ways, said))
    asked = [_states(parts), _places(q, parts)]
    worthy = _worthy(q, tiers or {})
    are_enough = many > 0 and _are_many(connection, worthy)
    if many:
        asked.append(_first(parts, worthy, many, alone=are_enough))
    found: dict[str, list[Any]] = {"state": [], "place": [], "first": []}
    for row in connection.execute(union_all(*asked)):
        found[row.part].append(row)
    if are_enough and not _stand_before_others(found["first"], found["state"], many):
        found["first"] = list(connection.execute(_first(parts, worthy, many)))
    places = sorted((row.one, row.other, row.still, row.many) for row in found["place"])
    return Survey(
        counts=_counted(found["state"]),
        places=tuple(PlaceCount(region, ring, int(still), int(many)) for region, ring, still, many in places),
        first=_people(connection, q, found["first"]),
    )


def _short(q: ImpactQuestion, said: CTE) -> CTE:
    """Ways as they are counted, in numbers: a database keeps all of them until that is done, and sorts them.

    `carried`: whether a way is, at the instant asked about; when it ends is asked of whom something was said alone.
    `region`: where the customer is, or the window; `wide_region`: they may be in any that the windows name.
    """
    ways = find_ways(q, columns=_OF_WAYS).subquery("way_in")
    w, s = ways.c, said.c
    carried = case((w.carrying_until > q.at, 1), else_=0).label("carried")
    until = case((s.customer_id.is_not(None), w.carrying_until), else_=literal(None, Instant)).label("carrying_until")
    places: list[Any] = []
    for axis in ("region", "ring"):
        entitled = w[f"entitled_{axis}"]
        anywhere = entitled.in_((ANY, UNKNOWN))
        places += [
            case((anywhere, w[axis]), else_=entitled).label(axis),
            case((and_(anywhere, w[f"any_{axis}"] == 1), 1), else_=0).label(f"wide_{axis}"),
        ]
    short = select(w.deployment_id, w.customer_id, w.rank, w.certain, carried, until, *places)
    return short.join_from(ways, said, s.customer_id == w.customer_id, isouter=True).cte("way_seen")


def _part(name: str, one: Any, other: Any, many: Any, still: Any, customer_id: Any = None) -> list[Any]:
    """The columns that all parts of the statement have."""
    nobody = literal(None, t.customer.c.customer_id.type)
    values = {"one": one, "other": other, "many": many, "still": still}
    named = [value.label(column) for column, value in values.items()]
    return [literal(name).label("part"), *named, (nobody if customer_id is None else customer_id).label("customer_id")]


def _states(parts: Everybody) -> Select[Any]:
    """How many are in each state, and how many of them are still exposed."""
    c = parts.customers.c
    columns = _part("state", c.state, c.unexplained, func.count(), func.sum(c.still_exposed))
    return select(*columns).group_by(c.state, c.unexplained)


def _counted(rows: Sequence[Any]) -> ImpactCounts:
    found = {"presumed": 0, "possible": 0, "affected": 0, "cleared": 0}
    unexplained = {NOT_REACHED: 0, AFTER_RETURN: 0}
    for row in rows:
        found[row.one] += row.many
        if row.other:
            unexplained[row.other] += row.many
    return ImpactCounts(
        **found,
        still_exposed=int(sum(row.still for row in rows)),
        not_reached=unexplained[NOT_REACHED],
        after_return=unexplained[AFTER_RETURN],
    )


def _places(q: ImpactQuestion, parts: Everybody) -> Select[Any]:
    """By place, how many are still exposed, and how many were returned."""
    w, c, s = parts.ways.c, parts.customers.c, parts.said.c
    # Only words make somebody cleared, or hurt after what is blamed was taken back: few have one, most need no join.
    told = select(c.customer_id, c.state, c.unexplained, c.still_exposed).where(
        c.customer_id.in_(select(s.customer_id))
    )
    k = told.cte("told").c
    regions, rings = _grid(q, "region"), _grid(q, "ring")
    region, ring = _place(w, regions, "region"), _place(w, rings, "ring")
    still = or_(w.carried == 1, and_(k.unexplained == AFTER_RETURN, k.still_exposed == 1))
    each = (
        select(region.label("region"), ring.label("ring"), func.max(case((still, 1), else_=0)).label("carried"))
        .join_from(parts.ways, parts.said, s.customer_id == w.customer_id, isouter=True)
        .join(k.customer_id.table, k.customer_id == w.customer_id, isouter=True)
        .join(regions, _uses_each(w, regions, "region"), isouter=True)
        .join(rings, _uses_each(w, rings, "ring"), isouter=True)
        .where(or_(s.customer_id.is_(None), k.state != "cleared"))
        .group_by(w.customer_id, region, ring)
        .subquery("each_place")
    )
    e = each.c
    columns = _part("place", e.region, e.ring, func.sum(1 - e.carried), func.sum(e.carried))
    return select(*columns).group_by(e.region, e.ring)


def _grid(q: ImpactQuestion, axis: str) -> CTE:
    """The regions (rings) that the windows of each blamed deployment name, the remainder among them."""
    w = t.window.c
    blamed = [one.question.deployment_id for one in q.blamed]
    return select(w.deployment_id, w[axis].label("place")).where(w.deployment_id.in_(blamed)).distinct().cte(f"{axis}s")


def _uses_each(way: Any, grid: CTE, axis: str) -> ColumnElement[bool]:
    return and_(way[f"wide_{axis}"] == 1, grid.c.deployment_id == way.deployment_id)


def _place(way: Any, grid: CTE, axis: str) -> Any:
    """The place of a customer where it is known, else those of the deployment's windows."""
    return func.coalesce(grid.c.place, way[axis])


_ORDER = {"affected": 0, "presumed": 1}
_REST = 2
"""Whom to call first, by state."""


_MANY = 2000
"""Where so many customers are worth more than others, the first to call are looked for among them."""


def _worthy(q: ImpactQuestion, tiers: Mapping[str, int]) -> CTE:
    """Who is escalated, or has points of their tier: `customer_id`, `escalated` (else an empty text) and `points`."""
    f = t.customer_fact.c
    named = {name.lower(): value for name, value in tiers.items() if value}
    points = case(named, value=func.lower(f.customer_tier), else_=0) if named else literal(0)
    escalated = case((f.escalated.is_(True), literal("escalated", key_type())), else_=literal("", key_type()))
    found = select(f.customer_id, escalated.label("escalated"), points.label("points"))
    found = found.where(current_fact(q), or_(f.escalated.is_(True), points > 0))
    # PostgreSQL takes everybody in an incident for a few hundred, and would look up each of a million.
    return found.cte("worthy").prefix_with("MATERIALIZED", dialect="postgresql")


def _are_many(connection: Connection, worthy: CTE) -> bool:
    return len(connection.execute(select(worthy.c.customer_id).limit(_MANY)).all()) == _MANY


def _first(parts: Everybody, worthy: CTE, most: int, *, alone: bool = False) -> Select[Any]:
    """Whom to call first, in no order: `other` says that they are escalated, `many` are the points of their tier.

    `alone`: only of who is worthy, or of whom something was said: of a million few others need to be looked up.
    """
    c, f, k = parts.customers.c, worthy.c, t.customer.c
    order = case(_ORDER, value=c.state, else_=_REST)
    points, escalated = func.coalesce(f.points, 0), func.coalesce(f.escalated, "", type_=key_type())
    first = (
        select(*_part("first", c.state, escalated, points, c.still_exposed, c.customer_id))
        .join_from(parts.customers, worthy, f.customer_id == c.customer_id, isouter=True)
        .join(t.customer, k.customer_id == c.customer_id)
        .where(c.state != "cleared")
        .order_by(order, c.still_exposed.desc(), escalated.desc(), points.desc(), k.key, k.directory)
        .limit(most)
    )
    if alone:
        told = c.customer_id.in_(select(parts.said.c.customer_id))
        first = first.where(or_(f.customer_id.is_not(None), told))
    return select(first.subquery("first"))


def _stand_before_others(first: Sequence[Any], states: Sequence[Any], most: int) -> bool:
    """Whether nobody else can stand before one of the worthy, and there are as many of them as are asked for.

    Of the others nothing was said: they are presumed or possible, and come after who is in the same state and worthy.
    """
    there = [(_ORDER.get(row.one, _REST), -int(row.still > 0)) for row in states if row.one in ("presumed", "possible")]
    if not there:
        return True
    placed = (((_ORDER.get(row.one, _REST), -row.still), bool(row.other or row.many)) for row in first)
    return len(first) == most and all(
        place < min(there) or (place == min(there) and is_worthy) for place, is_worthy in placed
    )


def _people(connection: Connection, q: ImpactQuestion, rows: Sequence[Any]) -> tuple[FirstToCall, ...]:
    """Who some customers are, in the order in which they are to be called."""
    f, k = t.customer_fact.c, t.customer.c
    asked = (
        select(k.customer_id, k.key, k.directory, f.name, f.account_manager)
        .join_from(t.customer, t.customer_fact, and_(f.customer_id == k.customer_id, current_fact(q)), isouter=True)
        .where(k.customer_id.in_([row.customer_id for row in rows]))
    )
    told = {row.customer_id: row for row in connection.execute(asked)} if rows else {}

    def place(row: Any) -> tuple[Any, ...]:
        who = told[row.customer_id]
        urgent = _ORDER.get(row.one, _REST), -row.still, not row.other, -row.many
        return *urgent, who.key.encode(), who.directory.encode()

    return tuple(
        FirstToCall(who.key, who.directory, who.name, who.account_manager, row.one, bool(row.still))
        for row in sorted(rows, key=place)
        for who in (told[row.customer_id],)
    )
