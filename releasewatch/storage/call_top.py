"""Who may stand highest on a long list of calls: at most what each one's score can be, added up in SQL.

A score is a sum of whole numbers, and most of its parts are facts that a statement can read. Where one cannot be read
exactly, as much as it can give is taken: nobody's score is above the bound. So whoever is ranked exactly, because their
bound is among the highest, holds everybody who can be among the first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Connection, Select, and_, case, func, literal, select, union_all

from releasewatch.domain.call_purposes import IN_IT
from releasewatch.domain.call_scores import CONTRACT_BANDS, RankingWeights
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import exposed_once, merged_customers, survivor
from releasewatch.storage.exposure_ways import DEPENDENT, DIRECT, RANK, ExposureQuestion, in_view
from releasewatch.storage.impact_ways import ImpactQuestion
from releasewatch.storage.impacts import OF_STATES, everybody_in
from releasewatch.storage.sql import OctetLength, chunks
from releasewatch.storage.types import key_type

NAMED_KIND = "named"
FARTHEST = 99
"""The distance of who is farther away, or of whom it is not known how far."""

_CENT = 0.01
_COLUMNS = ("customer_id", "kind", "points", "timezone", "country", "live_from", "carrying_until", "loose")


@dataclass(frozen=True, slots=True)
class Scored:
    """Everybody on a list as rows of `rows`: `kind` (reach, or state), `points` that the score is at most; what else a
    calendar is asked with (`_COLUMNS`) where there is one.

    `slack`: what is not in `points` yet, and is added by who knows calendars, at most.
    """

    rows: CTE
    slack: int = 0


@dataclass(frozen=True, slots=True)
class Top:
    """The highest of a list. `counts`: how many there are of each kind; `rows`: those who may be among the first."""

    counts: Mapping[str, int]
    rows: Sequence[Any]


def find_top(connection: Connection, scored: Scored, width: int, always: str = "", *, by_key: bool) -> Top:
    """How many there are of each kind, and everybody who may be among the first `width` by bound.

    `always`: a kind that is given whole. `by_key`: of equals the first by key are enough.
    One statement, so that who is on the list is found once.
    """
    s, k = scored.rows.c, t.customer.c
    on_list = s.kind != "cleared"
    last = select(s.points).where(on_list).order_by(s.points.desc()).limit(1).offset(max(width - 1, 0))
    least = func.coalesce(last.scalar_subquery(), 0) - scored.slack
    columns = [s[name] if name in s else literal(None).label(name) for name in _COLUMNS]
    found = select(literal(1).label("many"), k.key, *columns).join_from(
        scored.rows, t.customer, k.customer_id == s.customer_id
    )
    top = found.where(on_list, s.points >= least)
    if by_key and not scored.slack:
        top = top.order_by(s.points.desc(), k.key, k.directory).limit(width)
    empty: dict[str, Any] = {name: literal(None, s[name].type if name in s else None).label(name) for name in _COLUMNS}
    counts: Any = select(
        func.count().label("many"), literal(None, k.key.type).label("key"), *(empty | {"kind": s.kind}).values()
    ).group_by(s.kind)
    parts: list[Select[Any]] = [counts]
    if width:
        parts.append(select(top.subquery("top")))
    if always:
        parts.append(found.where(s.kind == always))
    rows = connection.execute(union_all(*parts)).all()
    ranked = {row.customer_id: row for row in rows if row.customer_id is not None}
    return Top({row.kind: row.many for row in rows if row.customer_id is None}, list(ranked.values()))


def scored_care(q: ExposureQuestion, weights: RankingWeights, today: date, breaking: Collection[int]) -> Scored:
    """Everybody whom a deployment reaches, by reach. `breaking`: components in which a breaking change may be theirs.

    Whoever reported something that it settles may have more points than that, and is not to be left to this.
    """
    merged = merged_customers(q)
    exposed = exposed_once(q, in_view(q), merged, breaking or None, asked=("rank",))
    rank = exposed.c.rank
    distance = _distance(rank)
    far = weights.distance_step * case((distance > 1, distance - 1), else_=0)
    dependent = case((far >= weights.reach_dependent, 0), else_=weights.reach_dependent - far)
    most = max(weights.reach_named, weights.reach_direct, weights.reach_dependent)
    reach: Any = case((rank < DIRECT * RANK, most), (rank < DEPENDENT * RANK, weights.reach_direct), else_=dependent)
    if breaking:
        reach += case((exposed.c.marked == 1, weights.breaking), else_=0)
    kind = case(
        (rank < DIRECT * RANK, literal(NAMED_KIND, key_type())),
        (rank < DEPENDENT * RANK, literal("direct", key_type())),
        else_=literal("dependent", key_type()),
    )
    clocks = _Clocks(q.at, q.known_at)
    more = _more([_promised(merged, weights), *_merged_worth(merged, weights, today, clocks)])
    return Scored(_scored(exposed, kind, reach, more, weights, today, clocks).cte("scored"))


def scored_incident(
    q: ImpactQuestion, weights: RankingWeights, today: date, severity: int, level: int, span: timedelta
) -> Scored:
    """Everybody in an incident, by state. `severity`: its points; `level`: the most that a component's status gives.

    `span`: how long it can have hurt somebody of whom nobody said when. Who was told of it may have more points, and is
    not to be left to this.
    """
    parts = everybody_in(q, columns=OF_STATES)
    c, s, points = parts.customers.c, parts.said.c, weights.incident
    longest = min(points.minutes_max, int(span.total_seconds() // 60) // points.minutes_each)
    distance = _distance(c.rank)
    far = weights.distance_step * distance
    hurt = case(dict(points.state), value=c.state, else_=0) if points.state else literal(0)
    levels = {name: value for name, value in points.level.items() if name}
    said = case(levels, value=func.coalesce(s.level, ""), else_=level) if levels else literal(0)
    affected = func.coalesce(s.state, "") == "affected"
    base = (
        severity
        - case((c.rank < 0, 0), (far >= severity, severity), else_=far)
        + hurt
        + said
        + case((affected, points.confirmed + points.minutes_max - longest), else_=0)
    )
    everyone = (
        select(
            c.customer_id,
            c.state,
            base.label("base"),
            c.live_from,
            c.carrying_until,
            case((affected, 1), else_=0).label("affected"),
        )
        .join_from(parts.customers, parts.said, s.customer_id == c.customer_id, isouter=True)
        .cte("in_incident")
    )
    clocks = _Clocks(q.at, q.known_at)
    merged = merged_customers(_member_question(q))
    more = _more(
        [
            _promised(merged, weights),
            *_merged_worth(merged, weights, today, clocks),
            _complained(merged, q, points.complained),
            _hurt_before(merged, q, points.again, points.again_days),
            _in_others(merged, q, points.further),
        ]
    )
    e = everyone.c
    rows = _scored(everyone, e.state, e.base, more, weights, today, clocks, (e.live_from, e.carrying_until, e.affected))
    return Scored(rows.cte("scored"), longest)


def cleared_in(connection: Connection, q: ImpactQuestion) -> list[UUID]:
    """Whom a word has cleared in an incident."""
    c = everybody_in(q).said.c
    return list(connection.scalars(select(c.customer_id).where(c.state == "cleared")))


def reporters_in(connection: Connection, q: ImpactQuestion, most: int) -> list[UUID]:
    """Who in an incident told us something since it began; of more than so many those who did so first."""
    r, merged = t.customer_report.c, merged_customers(_member_question(q))
    who = survivor(r.customer_id, merged)
    asked = (
        select(who)
        .join_from(t.customer_report, merged, merged.c.customer_id == r.customer_id, isouter=True)
        .where(r.reported_at >= q.started_at, r.reported_at <= q.at)
        .where(r.recorded_from <= q.known_at, r.recorded_to > q.known_at)
        .group_by(who.element)
        .order_by(func.min(r.reported_at), who.element)
    )
    found: list[UUID] = []
    for part in chunks(connection.scalars(asked).all()):
        c = everybody_in(q, part).customers.c
        states = connection.execute(select(c.customer_id, c.state)).all()
        there = {row.customer_id for row in states if row.state in IN_IT}
        found += [one for one in part if one in there]
        if len(found) >= most:
            break
    return found[:most]


def _member_question(q: ImpactQuestion) -> ExposureQuestion:
    return ExposureQuestion(0, "", is_production=True, release="", at=q.at, known_at=q.known_at, label="scored")


@dataclass(frozen=True, slots=True)
class _Clocks:
    at: datetime
    known_at: datetime

    def hold(self, c: Any) -> ColumnElement[bool]:
        return and_(
            c.valid_from <= self.at,
            c.valid_to > self.at,
            c.recorded_from <= self.known_at,
            c.recorded_to > self.known_at,
        )


def _scored(
    rows: CTE,
    kind: Any,
    base: Any,
    more: CTE,
    weights: RankingWeights,
    today: date,
    clocks: _Clocks,
    times: tuple[Any, Any, Any] | None = None,
) -> Select[Any]:
    f, c = t.customer_fact.c, t.customer_contract.c
    worth = sum(_worth(weights, today), literal(0))
    asked = [rows.c.customer_id, kind.label("kind"), (base + worth + func.coalesce(more.c.points, 0)).label("points")]
    if times is not None:
        live_from, carrying_until, loose = times
        asked += [f.timezone, f.country, live_from.label("live_from"), carrying_until.label("carrying_until")]
        asked.append(case((f.timezone.is_(None), 1), else_=loose).label("loose"))
    return (
        select(*asked)
        .join_from(rows, t.customer_fact, and_(f.customer_id == rows.c.customer_id, clocks.hold(f)), isouter=True)
        .join(t.customer_contract, and_(c.customer_id == rows.c.customer_id, clocks.hold(c)), isouter=True)
        .join(more, more.c.customer_id == rows.c.customer_id, isouter=True)
    )


def _distance(rank: Any) -> Any:
    far = rank - case((rank >= DEPENDENT * RANK, DEPENDENT * RANK), (rank >= DIRECT * RANK, DIRECT * RANK), else_=0)
    return case((far > FARTHEST, FARTHEST), else_=far)


def _worth(weights: RankingWeights, today: date) -> list[Any]:
    """The parts of the score that are the customer's own, each at least what it is exactly."""
    f, c = t.customer_fact.c, t.customer_contract.c
    last = today + timedelta(days=weights.renewal_days)
    found = [
        _tier(weights),
        case((c.renewal_on.between(today, last), weights.renewal_near), else_=0),
        case((f.escalated.is_(True), weights.escalated), else_=0),
    ]
    if not weights.currency:
        return [*found, _bands(weights, 1.0)]
    rated = {name: float(rate) for name, rate in weights.rates.items() if name != weights.currency}
    in_own = (c.currency.in_(["", weights.currency]), _bands(weights, 1.0))
    return [*found, case(in_own, *((c.currency == n, _bands(weights, r)) for n, r in rated.items()), else_=0)]


def _tier(weights: RankingWeights) -> Any:
    """By the tier's name without case. Only Python knows that of letters beyond ASCII: they count as the highest."""
    tiers = {name.lower(): value for name, value in weights.customer_tier.items()}
    if not tiers:
        return literal(0)
    tier = t.customer_fact.c.customer_tier
    known = case(tiers, value=func.lower(tier), else_=0)
    return case((OctetLength(tier) != func.length(tier), max(tiers.values())), else_=func.coalesce(known, 0))


def _bands(weights: RankingWeights, rate: float) -> Any:
    """A contract's points, where a value is worth so much in the one currency; a cent too many for what is rounded."""
    value, most = t.customer_contract.c.contract_value, weights.contract_max
    steps = [
        (value >= float(bound) / rate * (1 - 1e-9) - _CENT, most * number // len(CONTRACT_BANDS))
        for number, bound in enumerate(CONTRACT_BANDS, 1)
    ]
    return case(*reversed(steps), else_=0)


def _more(parts: Sequence[Select[Any]]) -> CTE:
    """What else may be added, by customer: of the few of whom something is known."""
    each = union_all(*parts).subquery("each_more")
    return select(each.c.customer_id, func.sum(each.c.points).label("points")).group_by(each.c.customer_id).cte("more")


def _each(table: Any, merged: CTE, points: Any, *where: Any) -> Select[Any]:
    """Points of customers of whom a table has rows, each once, merged ones as their survivor."""
    who = survivor(table.c.customer_id, merged)
    return (
        select(who, points.label("points"))
        .join_from(table, merged, merged.c.customer_id == table.c.customer_id, isouter=True)
        .where(*where)
        .group_by(who.element)
    )


def _promised(merged: CTE, weights: RankingWeights) -> Select[Any]:
    """Something was promised for a day; that it is over, and not kept, is more than is asked here."""
    return _each(t.attempt, merged, literal(weights.promise_overdue), t.attempt.c.promise_due_on.is_not(None))


def _merged_worth(merged: CTE, weights: RankingWeights, today: date, clocks: _Clocks) -> list[Select[Any]]:
    """Of whom they took over as well: do-not-call and escalated are so when they are of anybody, the rest may be."""
    f, c = t.customer_fact.c, t.customer_contract.c
    total = sum((func.max(func.coalesce(one, 0)) for one in _worth(weights, today)), literal(0))
    return [
        select(merged.c.survivor_id.label("customer_id"), total.label("points"))
        .join_from(merged, t.customer_fact, and_(f.customer_id == merged.c.customer_id, clocks.hold(f)))
        .join(t.customer_contract, and_(c.customer_id == f.customer_id, clocks.hold(c)), isouter=True)
        .group_by(merged.c.survivor_id)
    ]


def _complained(merged: CTE, q: ImpactQuestion, points: int) -> Select[Any]:
    r = t.customer_report.c
    return _each(t.customer_report, merged, literal(points), r.reported_at >= q.started_at, r.reported_at <= q.at)


def _hurt_before(merged: CTE, q: ImpactQuestion, points: int, days: int) -> Select[Any]:
    i = t.impact.c
    mine = i.incident_id != q.incident_id, i.state == "affected"
    span = i.recorded_at >= q.started_at - timedelta(days=days), i.recorded_at <= q.at
    return _each(t.impact, merged, literal(points), *mine, *span)


def _in_others(merged: CTE, q: ImpactQuestion, points: int) -> Select[Any]:
    """For each other incident in an open call."""
    i, c = t.call_item.c, t.call.c
    open_ones = select(c.call_id).where(c.status == "open")
    others = func.count(i.incident_id.distinct()) * points
    mine = i.incident_id.not_in((0, q.incident_id)), i.withdrawn_at.is_(None), i.call_id.in_(open_ones)
    return _each(t.call_item, merged, others, *mine)
