"""What the ledger counts for DORA's measures: deployments, changes and failures of a period, aggregated by SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    Select,
    Subquery,
    and_,
    case,
    column,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from releasewatch.domain.dora import By, Counted, Span, Spread, spread_of
from releasewatch.domain.dora_recovery import Failing, recovery_seconds
from releasewatch.storage import tables as t
from releasewatch.storage.dora_failures import Among, Failures, read_failures, read_named
from releasewatch.storage.dora_incidents import BlameOfPeriod
from releasewatch.storage.sql import MicrosecondsBetween, SecondsBetween, given_numbers, side_by_side
from releasewatch.storage.tables.changes import came_again, delivered, delivered_once
from releasewatch.storage.types import key_type

NO_TEAM = "(no owner)"

_OF_CHANGES = ("name", "committed_at", "done_at")

_JUST_ABOVE_HALF = 0.5 + 1e-10
"""The share at which the upper of two middle places stands, and the middle one of an odd number: of up to 10**9."""


@dataclass(frozen=True, slots=True)
class DoraQuestion:
    """What is counted: deployments to these environments that opened in one of the spans, of a repo or a component.

    The spans follow one another without a gap.
    """

    environments: Sequence[int]
    spans: Sequence[Span]
    by: By
    repo_id: int | None = None
    component_id: int | None = None

    @property
    def by_part(self) -> bool:
        """Whether single components of a deployment are asked about, and not the deployment as a whole."""
        return self.by in ("component", "team") or self.component_id is not None

    @property
    def by_span(self) -> bool:
        """Whether each group is one of the spans."""
        return self.by in ("period", "month", "week")


def first_deployment_at(connection: Connection, environments: Sequence[int], repo_id: int | None) -> datetime | None:
    """When the first deployment opened that the ledger has of these environments (and this repo)."""
    d = t.deployment.c
    wanted = select(func.min(d.opened_at)).where(d.environment_id.in_(environments))
    return connection.scalar(wanted if repo_id is None else wanted.where(d.repo_id == repo_id))


def count_delivery(connection: Connection, asked: DoraQuestion, blame: BlameOfPeriod) -> dict[str, Counted]:
    """What is counted of each group: of each span, component, team or repo by its name, else of the one named ''.

    SQL puts changes in order, for there are many; what failed is few, and read once for all figures.
    """
    groups: dict[str, Counted] = {}

    def add(group: str, **found: Any) -> None:
        groups[group] = replace(groups.get(group, Counted()), **found)

    attempts = connection.execute(_attempts(asked)).all()
    for row in attempts:
        add(row.name, deployments=row.many, failed_attempts=row.failed)
    among = Among.of([(row.first, row.last) for row in attempts if row.many])
    if among is None:
        return groups
    failures = read_failures(connection, blame, read_named(connection), among)
    for name, found in _count_failures(connection, asked, failures).items():
        add(name, **found)
    for name, (spread, without) in _lead_times(connection, asked, attempts, among).items():
        add(name, lead=spread, left_out=without)
    return groups


def _count_failures(connection: Connection, asked: DoraQuestion, failures: Failures) -> dict[str, dict[str, Any]]:
    """Of each group what failed, may have failed, was rework, and how long the failed ones took to recover."""
    failed, possible, unplanned = failures.failed, failures.possible, failures.interventions
    told: dict[str, dict[int, list[Failing]]] = defaultdict(lambda: defaultdict(list))
    suspected: dict[str, set[int]] = defaultdict(set)
    rework: dict[str, set[int]] = defaultdict(set)
    for row in _read_members(connection, asked, {*failed, *possible, *unplanned}):
        number, mine = row.deployment_id, {None, row.carrier_id}
        about = [one for one in failed.get(number, ()) if not asked.by_part or one.carrier_id in mine]
        if about:
            told[row.name][number] += about
        for found, known in ((suspected, possible), (rework, unplanned)):
            if number in known and (not asked.by_part or known[number] & mine):
                found[row.name].add(number)
    groups: dict[str, dict[str, Any]] = {}
    for name in {*told, *suspected, *rework}:
        over = [seconds for one in told[name].values() if (seconds := recovery_seconds(one)) is not None]
        groups[name] = {
            "failed": len(told[name]),
            "by_incident": sum(any(one.by_incident for one in several) for several in told[name].values()),
            "possible": len(suspected[name] - told[name].keys()),
            "rework": len(rework[name]),
            "recovery": spread_of(over),
        }
    return groups


def _read_members(connection: Connection, asked: DoraQuestion, numbers: Collection[int]) -> Sequence[Any]:
    """Those of some deployments that are in any group: name, deployment_id, carrier_id; perhaps more than once."""
    m = _members(asked, given_numbers(numbers)).c
    return connection.execute(select(m.name, m.deployment_id, m.carrier_id)).all()


def count_without_changes(connection: Connection, asked: DoraQuestion) -> dict[str, int]:
    """How many deployments that succeeded are in no row, by their kind: they changed none of the deployed components.

    Of one component: those of them that deployed it. None where deployments are counted as a whole.
    """
    if not asked.by_part:
        return {}
    d, o, c = t.deployment.c, t.origin.c, t.scope_component.c
    changed = exists().where(o.deployment_id == d.deployment_id)
    spans = and_(d.opened_at >= asked.spans[0].since, d.opened_at < asked.spans[-1].until)
    query = select(d.kind, func.count().label("many")).where(
        d.succeeded, d.environment_id.in_(asked.environments), spans
    )
    if asked.repo_id is not None:
        query = query.where(d.repo_id == asked.repo_id)
    if asked.component_id is not None:
        changed = changed.where(o.carrier_id == asked.component_id)
        query = query.where(exists().where(c.scope_id == d.scope_id, c.component_id == asked.component_id))
    return {row.kind: row.many for row in connection.execute(query.where(~changed).group_by(d.kind))}


def _attempts(asked: DoraQuestion) -> Select[Any]:
    """Of each group how many deployments succeeded and how many never did; the first and last number of the former."""
    m: Any = _members(asked, succeeded=False)
    if asked.by_part:
        # Several components of one deployment may have changed, and a team may own them.
        m = select(m.c.name, m.c.deployment_id, m.c.succeeded).distinct().subquery("member_once")
    succeeded = m.c.succeeded.is_(True)
    done = case((succeeded, m.c.deployment_id))
    return select(
        m.c.name,
        func.count(done).label("many"),
        func.count(case((~succeeded, m.c.deployment_id))).label("failed"),
        func.min(done).label("first"),
        func.max(done).label("last"),
    ).group_by(m.c.name)


def _members(asked: DoraQuestion, only: Select[int] | None = None, *, succeeded: bool = True) -> Subquery:
    """One row for each group and deployment in it; for each of its origins, where parts are asked for.

    Columns: name (of the group), deployment_id, carrier_id (None for a whole deployment), repo_id, opened_at, done_at,
    succeeded; of an origin also baseline_no and touched_id. `only`: of these deployments alone. `succeeded` False: also
    those that never did.
    """
    d, o, c = t.deployment.c, t.origin.c, t.catalog_component.c
    owner = func.coalesce(func.nullif(c.owner, literal("", key_type())), literal(NO_TEAM, key_type()))
    names: dict[str, Any] = {"component": t.component.c.full_key, "team": owner, "repo": t.repo.c.key}
    carrier: Any = o.carrier_id if asked.by_part else column("NULL", is_literal=True)
    never = and_(d.succeeded.is_(False), d.status == "failed")
    query = (
        select(
            names.get(asked.by, _span_of(asked.spans)).label("name"),
            o.deployment_id if asked.by_part else d.deployment_id,
            carrier.label("carrier_id"),
            d.repo_id,
            d.opened_at,
            func.coalesce(d.finished_at, d.opened_at).label("done_at"),
            d.succeeded,
            *((o.baseline_no, o.touched_id) if asked.by_part else ()),
        )
        .select_from(t.deployment)
        .where(d.opened_at >= asked.spans[0].since, d.opened_at < asked.spans[-1].until)
        .where(d.environment_id.in_(asked.environments), d.succeeded if succeeded else or_(d.succeeded, never))
    )
    if only is not None:
        query = query.where(d.deployment_id.in_(only))
    if asked.by_part:
        query = query.join(t.origin, o.deployment_id == d.deployment_id)
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
    return query.subquery("member")


def _span_of(spans: Sequence[Span]) -> ColumnElement[str]:
    """The label of the span in which a deployment opened, halving them: each row is compared with few of many."""
    if len(spans) == 1:
        return literal(spans[0].label, key_type())
    middle = len(spans) // 2
    before = t.deployment.c.opened_at < spans[middle].since
    return case((before, _span_of(spans[:middle])), else_=_span_of(spans[middle:]))


def _lead_times(
    connection: Connection, asked: DoraQuestion, attempts: Sequence[Any], among: Among
) -> dict[str, tuple[Spread, int]]:
    """How long changes took in each group that deployed anything, and how many have no such time. `attempts`: of the
    groups, as `_attempts` gives them; `among`: all of theirs.

    Spans are asked about one by one: then a database reads each of them as far as it goes, and sorts no names.
    """
    if not asked.by_span:
        with side_by_side(connection) if asked.component_id is None else nullcontext():
            rows = connection.execute(_spreads(connection, asked, among, by_name=True)).all()
        return {row.name: _spread(row) for row in rows}
    spans = {span.label: span for span in asked.spans}
    found = {}
    for row in attempts:
        if row.many:
            one = replace(asked, spans=[spans[row.name]])
            times = _spreads(connection, one, Among(row.first, row.last), by_name=False)
            found[row.name] = _spread(connection.execute(times).one())
    return found


def _spread(row: Any) -> tuple[Spread, int]:
    found = Spread(int(row.many), float(row.median), float(row.p90)) if row.many else Spread()
    return found, int(row.whole - row.many)


def _spreads(connection: Connection, asked: DoraQuestion, among: Among, *, by_name: bool) -> Select[Any]:
    """Count, median and nearest-rank 90th percentile of the seconds, `many, median, p90`, and of how many rows they are
    (`whole`); of each `name` where they are asked for."""
    rows = _changes(asked, among)
    group = (rows.c.name,) if by_name else ()
    return _percentiles(rows, group) if connection.dialect.name == "postgresql" else _places(rows, group)


def _changes(asked: DoraQuestion, among: Among) -> Subquery:
    """For each group and change its first deployment there: `name, committed_at, done_at`.

    Merges stand for the commits that they bring, and what was reverted in its own range was not deployed. Where whole
    deployments to one environment are counted, few changes come more than once, and they are marked: the others need
    not be put in order.
    """
    if len(asked.environments) != 1:
        return _first(_brought(asked, among, delivered)).subquery("first_brought")
    once = _brought(asked, among, delivered_once)
    # Of parts a change may touch several that belong to one group.
    once = once.with_only_columns(*_of_changes(once, *(("deployment_id", "change_no") if asked.by_part else ())))
    if asked.by_part:
        distinct = once.distinct().subquery("once")
        once = select(*(distinct.c[name] for name in _OF_CHANGES))
    again = _first(_brought(asked, among, and_(delivered, came_again)))
    return union_all(once, again).subquery("first_brought")


def _first(brought: Select[Any]) -> Select[Any]:
    """Of each group and commit the first row."""
    b = brought.selected_columns
    place = func.row_number().over(
        # By sha first: PostgreSQL compares the first few letters of the first text alone.
        partition_by=(b.sha, b.repo_id, b.name),
        order_by=(b.opened_at, b.deployment_id),
    )
    ranked = brought.with_only_columns(*_of_changes(brought), place.label("place")).subquery("brought")
    return select(*(one for one in ranked.c if one.name != "place")).where(ranked.c.place == 1)


def _of_changes(brought: Select[Any], *more: str) -> Iterator[Any]:
    return (brought.selected_columns[name] for name in (*_OF_CHANGES, *more))


def _brought(asked: DoraQuestion, among: Among, which: ColumnElement[bool]) -> Select[Any]:
    """Changes of each group's deployments: `name, committed_at, done_at, sha, repo_id, opened_at, deployment_id,
    change_no`. Of parts as often as they touch one."""
    c, cc = t.change.c, t.change_component.c
    member = _members(asked)
    m = member.c
    query: Select[Any] = select(
        m.name, c.committed_at, m.done_at, c.sha, m.repo_id, m.opened_at, m.deployment_id, c.change_no
    ).select_from(member)
    of_it = c.deployment_id == m.deployment_id
    if asked.by_part:
        # Every table is cut by number: what follows from the others does not occur to a database.
        touching = and_(cc.baseline_no == m.baseline_no, cc.component_id == m.touched_id)
        query = query.join(t.change_component, and_(cc.deployment_id == m.deployment_id, touching)).where(
            among.holds(cc.deployment_id), among.holds(m.deployment_id)
        )
        of_it = and_(c.deployment_id == cc.deployment_id, c.change_no == cc.change_no)
    return query.join(t.change, of_it).where(among.holds(c.deployment_id), which)


def _percentiles(changes: Subquery, group: Sequence[Any]) -> Select[Any]:
    """By the database's own percentiles, over one order of whole microseconds."""
    micro = _lasting(changes, MicrosecondsBetween)

    def at(share: float) -> Any:
        return func.percentile_disc(share).within_group(micro).op("/", return_type=Float())(1e6)

    low, high = at(0.5), at(_JUST_ABOVE_HALF)
    return select(
        *group,
        func.count(_lasting(changes, lambda *_: 1)).label("many"),
        func.count().label("whole"),
        (low + (high - low) * 0.5).label("median"),
        at(0.9).label("p90"),
    ).group_by(*group)


def _places(changes: Subquery, group: Sequence[Any]) -> Select[Any]:
    """The same where the database has no percentiles: each row with its place, in one pass."""
    seconds, by = _lasting(changes, SecondsBetween), group or None
    r = select(
        *group,
        seconds.label("seconds"),
        func.row_number().over(partition_by=by, order_by=seconds.nulls_last()).label("place"),
        func.count(seconds).over(partition_by=by).label("many"),
        func.count().over(partition_by=by).label("whole"),
    ).subquery("ranked").c  # fmt: skip
    middle = and_(r.place * 2 >= r.many, r.place * 2 <= r.many + 2)  # one place of an odd number, two of an even one
    names = [r.name] if group else []
    return select(
        *names,
        func.coalesce(func.max(r.many), 0).label("many"),
        func.coalesce(func.max(r.whole), 0).label("whole"),
        func.avg(case((middle, r.seconds))).label("median"),
        func.min(case((r.place * 10 >= r.many * 9, r.seconds))).label("p90"),
    ).group_by(*names)


def _lasting(changes: Subquery, between: Any) -> Any:
    """The time from commit to deployed, NULL for a commit without a time, or with one after the deployment: its clock
    was wrong."""
    c = changes.c
    return case((c.committed_at <= c.done_at, between(c.committed_at, c.done_at)))
