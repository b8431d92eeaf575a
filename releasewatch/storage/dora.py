"""What the ledger counts for DORA's measures: deployments, changes and failures of a period, aggregated by SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, and_, case, column, exists, func, or_, select, values

from releasewatch.domain.dora import By, Counted, Span, Spread
from releasewatch.storage import tables as t
from releasewatch.storage.dora_failures import Failures
from releasewatch.storage.sql import SecondsBetween
from releasewatch.storage.types import Instant, key_type

NO_TEAM = "(no owner)"


@dataclass(frozen=True, slots=True)
class DoraQuestion:
    """What is counted: deployments to these environments that opened in one of the spans, of a repo or a component."""

    environments: Sequence[int]
    spans: Sequence[Span]
    by: By
    repo_id: int | None = None
    component_id: int | None = None

    @property
    def by_part(self) -> bool:
        """Whether single components of a deployment are asked about, and not the deployment as a whole."""
        return self.by in ("component", "team") or self.component_id is not None


def first_deployment_at(connection: Connection, environments: Sequence[int], repo_id: int | None) -> datetime | None:
    """When the first deployment opened that the ledger has of these environments (and this repo)."""
    d = t.deployment.c
    wanted = select(func.min(d.opened_at)).where(d.environment_id.in_(environments))
    return connection.scalar(wanted if repo_id is None else wanted.where(d.repo_id == repo_id))


def count_delivery(connection: Connection, asked: DoraQuestion, failures: Failures) -> dict[str, Counted]:
    """What is counted of each group: of each span, component, team or repo by its name, else of the one named ''."""
    groups: dict[str, Counted] = {}

    def add(group: str, **found: Any) -> None:
        groups[group] = replace(groups.get(group, Counted()), **found)

    member = _members(asked, succeeded=True)
    for row in connection.execute(_count(member)):
        add(row.name, deployments=row.many)
    for row in connection.execute(_count(_members(asked, succeeded=False))):
        add(row.name, failed_attempts=row.many)
    for row in connection.execute(_rework(member, failures, asked)):
        add(row.name, rework=row.many)
    recovery = _recovery(member, failures, asked)
    r = recovery.c
    by_incident = func.sum(case((r.by_incident, 1), else_=0)).label("by_incident")
    for row in connection.execute(select(r.name, func.count().label("many"), by_incident).group_by(r.name)):
        add(row.name, failed=row.many, by_incident=int(row.by_incident))
    for row in connection.execute(_possible(member, recovery, failures, asked)):
        add(row.name, possible=row.many)
    for name, (spread, _) in _spreads(connection, recovery).items():
        add(name, recovery=spread)
    for name, (spread, without) in _spreads(connection, _lead(member, asked)).items():
        add(name, lead=spread, left_out=without)
    return groups


def count_without_changes(connection: Connection, asked: DoraQuestion) -> dict[str, int]:
    """How many deployments that succeeded are in no row, by their kind: they changed none of the deployed components.

    Of one component: those of them that deployed it. None where deployments are counted as a whole.
    """
    if not asked.by_part:
        return {}
    d, o, c = t.deployment.c, t.origin.c, t.scope_component.c
    changed = exists().where(o.deployment_id == d.deployment_id)
    spans = or_(*(and_(d.opened_at >= span.since, d.opened_at < span.until) for span in asked.spans))
    query = select(d.kind, func.count().label("many")).where(
        d.succeeded, d.environment_id.in_(asked.environments), spans
    )
    if asked.repo_id is not None:
        query = query.where(d.repo_id == asked.repo_id)
    if asked.component_id is not None:
        changed = changed.where(o.carrier_id == asked.component_id)
        query = query.where(exists().where(c.scope_id == d.scope_id, c.component_id == asked.component_id))
    return {row.kind: row.many for row in connection.execute(query.where(~changed).group_by(d.kind))}


def _members(asked: DoraQuestion, *, succeeded: bool) -> CTE:
    """One row for each group and deployment in it; for each deployed component that changed, where parts are asked for.

    Columns: name (of the group), deployment_id, carrier_id (None for a whole deployment), repo_id, opened_at, done_at.
    """
    d, o, c = t.deployment.c, t.origin.c, t.catalog_component.c
    span = (
        values(column("label", key_type()), column("since", Instant), column("until", Instant), name="span")
        .data([(one.label, one.since, one.until) for one in asked.spans])
        .cte("span_failed" if not succeeded else "span")
    )
    owner = func.coalesce(func.nullif(c.owner, ""), NO_TEAM)
    names: dict[str, Any] = {"component": t.component.c.full_key, "team": owner, "repo": t.repo.c.key}
    carrier: Any = o.carrier_id if asked.by_part else column("NULL", is_literal=True)
    query = (
        select(
            names.get(asked.by, span.c.label).label("name"),
            d.deployment_id,
            carrier.label("carrier_id"),
            d.repo_id,
            d.opened_at,
            func.coalesce(d.finished_at, d.opened_at).label("done_at"),
        )
        .join_from(t.deployment, span, and_(d.opened_at >= span.c.since, d.opened_at < span.c.until))
        .where(d.environment_id.in_(asked.environments), d.succeeded if succeeded else _never_succeeded())
    )
    if asked.by_part:
        query = query.distinct().join(t.origin, o.deployment_id == d.deployment_id)
    if asked.by == "component":
        query = query.join(t.component, t.component.c.component_id == o.carrier_id)
    if asked.by == "team":
        query = query.join(
            t.catalog_component, and_(c.catalog_id == d.catalog_id, c.component_id == o.carrier_id), isouter=True
        )
    if asked.by == "repo":
        query = query.join(t.repo, t.repo.c.repo_id == d.repo_id)
    if asked.repo_id is not None:
        query = query.where(d.repo_id == asked.repo_id)
    if asked.component_id is not None:
        query = query.where(o.carrier_id == asked.component_id)
    return query.cte("member" if succeeded else "member_failed")


def _never_succeeded() -> ColumnElement[bool]:
    d = t.deployment.c
    return and_(d.succeeded.is_(False), d.status == "failed")


def _count(member: CTE) -> Select[Any]:
    many = func.count(member.c.deployment_id.distinct()).label("many")
    return select(member.c.name, many).group_by(member.c.name)


def _same_part(member: CTE, table: Any, asked: DoraQuestion) -> ColumnElement[bool]:
    """Whether a failure or intervention is the member's: of its component, or of the deployment as a whole."""
    same: ColumnElement[bool] = table.c.deployment_id == member.c.deployment_id
    if not asked.by_part:
        return same
    return and_(same, func.coalesce(table.c.carrier_id, member.c.carrier_id) == member.c.carrier_id)


def _rework(member: CTE, failures: Failures, asked: DoraQuestion) -> Select[Any]:
    unplanned = failures.interventions
    return _count(member).join_from(member, unplanned, _same_part(member, unplanned, asked))


def _recovery(member: CTE, failures: Failures, asked: DoraQuestion) -> CTE:
    """For each group and failed deployment of it, whether an incident says so, and the seconds until it was over.

    Incidents count where each of the deployment's is over: from the first one's start to the last one's end. Else what
    took it back counts: from its opening to the end of the last intervention. NULL while it is failing.
    """
    f = failures.failed.c
    told = func.sum(case((f.by_incident, 1), else_=0))
    over = func.sum(case((and_(f.by_incident, f.ended.is_not(None)), 1), else_=0))
    hurt = func.max(case((f.by_incident, f.ended))) - func.min(case((f.by_incident, f.began)))
    intervened = func.max(case((f.by_incident.is_(False), f.ended)))
    return (
        select(
            member.c.name,
            member.c.deployment_id,
            (told > 0).label("by_incident"),
            case((and_(told > 0, told == over), hurt), else_=intervened).label("seconds"),
        )
        .join_from(member, failures.failed, _same_part(member, failures.failed, asked))
        .group_by(member.c.name, member.c.deployment_id)
        .cte("recovery")
    )


def _possible(member: CTE, recovery: CTE, failures: Failures, asked: DoraQuestion) -> Select[Any]:
    """How many deployments of each group are suspected, and have not failed for certain."""
    failed = and_(recovery.c.name == member.c.name, recovery.c.deployment_id == member.c.deployment_id)
    return (
        _count(member)
        .join_from(member, failures.possible, _same_part(member, failures.possible, asked))
        .join(recovery, failed, isouter=True)
        .where(recovery.c.deployment_id.is_(None))
    )


def _lead(member: CTE, asked: DoraQuestion) -> CTE:
    """For each group and change, at its first deployment there, the seconds from commit to deployed.

    Merges stand for the commits that they bring, and what was reverted in its own range was not deployed. The seconds
    are NULL for a commit without a time, or with one after the deployment: its clock was wrong.
    """
    c, cc, o = t.change.c, t.change_component.c, t.origin.c
    query = select(
        member.c.name,
        c.committed_at,
        member.c.done_at,
        func.row_number()
        .over(partition_by=(member.c.name, member.c.repo_id, c.sha), order_by=(member.c.opened_at, c.deployment_id))
        .label("place"),
    ).join_from(member, t.change, c.deployment_id == member.c.deployment_id)
    if asked.by_part:
        query = query.join(
            t.change_component, and_(cc.deployment_id == c.deployment_id, cc.change_no == c.change_no)
        ).join(
            t.origin,
            and_(
                o.deployment_id == cc.deployment_id,
                o.baseline_no == cc.baseline_no,
                o.touched_id == cc.component_id,
                o.carrier_id == member.c.carrier_id,
            ),
        )
    first = query.where(c.side == "added", c.sha != "", c.is_merge.is_(False), c.reverted_by.is_(None)).cte("brought")
    seconds = case((first.c.committed_at <= first.c.done_at, SecondsBetween(first.c.committed_at, first.c.done_at)))
    return select(first.c.name, seconds.label("seconds")).where(first.c.place == 1).cte("lead_time")


def _spreads(connection: Connection, rows: CTE) -> Mapping[str, tuple[Spread, int]]:
    """Count, median and nearest-rank 90th percentile of the seconds in each group; and how many rows have none."""
    seconds = rows.c.seconds
    counts = (
        select(rows.c.name, func.count(seconds).label("many"), func.count().label("whole"))
        .group_by(rows.c.name)
        .subquery("counts")
    )
    place = func.row_number().over(partition_by=rows.c.name, order_by=seconds).label("place")
    placed = select(rows.c.name, seconds, place).where(seconds.is_not(None)).subquery("placed")
    ranked = (
        select(counts, placed.c.seconds, placed.c.place)
        .join_from(counts, placed, placed.c.name == counts.c.name, isouter=True)
        .subquery("ranked")
    )
    r = ranked.c
    middle = and_(r.place * 2 >= r.many, r.place * 2 <= r.many + 2)  # one place of an odd number, two of an even one
    found = connection.execute(
        select(
            r.name,
            func.max(r.many).label("many"),
            func.max(r.whole).label("whole"),
            func.avg(case((middle, r.seconds))).label("median"),
            func.min(case((r.place * 10 >= r.many * 9, r.seconds))).label("p90"),
        ).group_by(r.name)
    )
    return {
        row.name: (
            Spread(int(row.many), float(row.median), float(row.p90)) if row.many else Spread(),
            int(row.whole - row.many),
        )
        for row in found
    }
