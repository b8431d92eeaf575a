"""What each one's score on a list of calls is at most, added up in SQL: about a deployment, and about an incident."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import CTE, Connection, Select, case, func, literal, select, union, union_all

from releasewatch.domain.call_scores import RankingWeights
from releasewatch.storage import tables as t
from releasewatch.storage.call_worth import Clocks, Worth
from releasewatch.storage.exposure_blanks import named_rows
from releasewatch.storage.exposure_rows import exposed_once, merged_customers, survivor
from releasewatch.storage.exposure_ways import DEPENDENT, DIRECT, RANK, ExposureQuestion, in_view, known_windows
from releasewatch.storage.impact_ways import ImpactQuestion
from releasewatch.storage.impacts import OF_STATES, everybody_in
from releasewatch.storage.sql import sort_in_memory
from releasewatch.storage.types import key_type

NAMED_KIND = "named"
FARTHEST = 99
"""The distance of who is farther away, or of whom it is not known how far."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Everybody on a list as rows of `rows`: `kind` (reach, or state), `points` that the score is at most; what else a
    calendar is asked with where there is one.

    `slack`: what is not in `points` yet, and is added by who knows calendars, at most. `care`: how they came about, of
    whom a deployment reaches.
    """

    rows: CTE
    slack: int = 0
    care: CareScores | None = None


@dataclass(frozen=True, slots=True)
class CareScores:
    """What those whom a deployment reaches are scored by. `breaking`: components in which a change breaks something."""

    q: ExposureQuestion
    worth: Worth
    breaking: Collection[int]

    def rows(self, worthy: Sequence[Select[Any]] | None = None) -> CTE:
        """Everybody who is reached, by reach. `worthy`: of these, whom a change names, and who may have points that few
        have."""
        merged, weights = merged_customers(self.q), self.worth.weights
        more = _more([_promised(merged, weights), _merged_worth(merged, self.worth)])
        among = None
        if worthy is not None:
            # Beside the question proper, in which the same parts stand again.
            beside = replace(self.q, label="named")
            seen = in_view(beside)
            named = named_rows(beside, seen, known_windows(beside, seen)).subquery("who_is_named")
            few = select(more.c.customer_id), select(named.c.customer_id)
            among = select(union(*worthy, *few).subquery("worthy").c.customer_id)
        exposed = exposed_once(self.q, in_view(self.q), merged, self.breaking or None, among, asked=("rank",))
        rank = exposed.c.rank
        distance = _distance(rank)
        far = weights.distance_step * case((distance > 1, distance - 1), else_=0)
        dependent = case((far >= weights.reach_dependent, 0), else_=weights.reach_dependent - far)
        most = max(weights.reach_named, weights.reach_direct, weights.reach_dependent)
        reach: Any = case(
            (rank < DIRECT * RANK, most), (rank < DEPENDENT * RANK, weights.reach_direct), else_=dependent
        )
        if self.breaking:
            reach += case((exposed.c.marked == 1, weights.breaking), else_=0)
        return _scored(exposed, _kind(rank), reach, more, self.worth).cte("scored")

    def count(self, connection: Connection) -> dict[str, int]:
        """How many are reached, by kind."""
        sort_in_memory(connection)
        exposed = exposed_once(self.q, in_view(self.q), merged_customers(self.q), asked=("rank",))
        # Added up, and not grouped: a database would sort all of them once more.
        kind = _kind(exposed.c.rank)
        sums = (func.sum(case((kind == name, 1), else_=0)).label(name) for name in (NAMED_KIND, "direct", "dependent"))
        row = connection.execute(select(*sums)).one()
        return {name: int(many) for name, many in row._mapping.items() if many}

    def most_of(self, kind: str) -> int:
        """The points that a reach gives at most, other than to who is named."""
        weights = self.worth.weights
        return {"direct": weights.reach_direct, "dependent": weights.reach_dependent}[kind] + (
            weights.breaking if self.breaking else 0
        )

    def may_be(self, connection: Connection, many: int) -> bool:
        """Whether it may reach so many: as many entitlements are to what it reaches, wherever."""
        r, s, e = t.reach.c, t.component_subject.c, t.entitlement.c
        some = (
            select(literal(1).label("one"))
            .join_from(t.reach, t.component_subject, s.component_id == r.component_id)
            .join(t.entitlement, e.subject == s.subject)
            .where(r.deployment_id == self.q.deployment_id)
            .limit(many)
        )
        return (connection.scalar(select(func.count()).select_from(some.subquery())) or 0) >= many


def scored_care(q: ExposureQuestion, weights: RankingWeights, today: date, breaking: Collection[int]) -> Scored:
    """Everybody whom a deployment reaches, by reach. `breaking`: components in which a breaking change may be theirs.

    Whoever reported something that it settles may have more points than that, and is not to be left to this.
    """
    care = CareScores(q, Worth(weights, today, Clocks(q.at, q.known_at)), breaking)
    return Scored(care.rows(), care=care)


def _kind(rank: Any) -> Any:
    return case(
        (rank < DIRECT * RANK, literal(NAMED_KIND, key_type())),
        (rank < DEPENDENT * RANK, literal("direct", key_type())),
        else_=literal("dependent", key_type()),
    )


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
    worth = Worth(weights, today, Clocks(q.at, q.known_at))
    merged = merged_customers(member_question(q))
    more = _more(
        [
            _promised(merged, weights),
            _merged_worth(merged, worth),
            _complained(merged, q, points.complained),
            _hurt_before(merged, q, points.again, points.again_days),
            _in_others(merged, q, points.further),
        ]
    )
    e = everyone.c
    rows = _scored(everyone, e.state, e.base, more, worth, (e.live_from, e.carrying_until, e.affected))
    return Scored(rows.cte("scored"), longest)


def member_question(q: ImpactQuestion) -> ExposureQuestion:
    """By which customers who were merged are found."""
    return ExposureQuestion(0, "", is_production=True, release="", at=q.at, known_at=q.known_at, label="scored")


def _scored(
    rows: CTE, kind: Any, base: Any, more: CTE, worth: Worth, times: tuple[Any, Any, Any] | None = None
) -> Select[Any]:
    f, who = t.customer_fact.c, rows.c.customer_id
    points = base + worth.points() + func.coalesce(more.c.points, 0)
    asked = [who, kind.label("kind"), points.label("points")]
    if times is not None:
        live_from, carrying_until, loose = times
        asked += [f.timezone, f.country, live_from.label("live_from"), carrying_until.label("carrying_until")]
        asked.append(case((f.timezone.is_(None), 1), else_=loose).label("loose"))
    return (
        select(*asked)
        .join_from(rows, t.customer_fact, worth.facts_of(who), isouter=True)
        .join(t.customer_contract, worth.contract_of(who), isouter=True)
        .join(more, more.c.customer_id == who, isouter=True)
    )


def _distance(rank: Any) -> Any:
    far = rank - case((rank >= DEPENDENT * RANK, DEPENDENT * RANK), (rank >= DIRECT * RANK, DIRECT * RANK), else_=0)
    return case((far > FARTHEST, FARTHEST), else_=far)


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


def _merged_worth(merged: CTE, worth: Worth) -> Select[Any]:
    """Of whom they took over as well: do-not-call and escalated are so when they are of anybody, the rest may be."""
    total = sum((func.max(func.coalesce(one, 0)) for one in worth.parts.values()), literal(0))
    return (
        select(merged.c.survivor_id.label("customer_id"), total.label("points"))
        .join_from(merged, t.customer_fact, worth.facts_of(merged.c.customer_id))
        .join(t.customer_contract, worth.contract_of(t.customer_fact.c.customer_id), isouter=True)
        .group_by(merged.c.survivor_id)
    )


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
