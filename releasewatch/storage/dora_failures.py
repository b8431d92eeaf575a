"""Which deployments failed, and which were unplanned: the part of DORA's measures that depends on what is known of it.

Two sources tell of it, and a deployment counts once: what deployments took back or were said to fix, and incidents.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CTE, ColumnElement, CompoundSelect, Connection, Select, and_, func, or_, select, union

from releasewatch.domain.dora_recovery import Failing
from releasewatch.storage import tables as t
from releasewatch.storage.dora_incidents import BlameOfPeriod
from releasewatch.storage.fixes import standing_fixes
from releasewatch.storage.sql import SecondsBetween, number_table
from releasewatch.storage.tables.deployments import is_rollback, is_rollback_from
from releasewatch.storage.types import id_type
from releasewatch.storage.undoing_by_hand import standing_undos
from releasewatch.storage.windows import FIXED_FOR


@dataclass(frozen=True, slots=True)
class Failures:
    """What is told of deployments, by their number. Carriers: the deployed components that it is about, None for all.

    - `failed`: those that needed an intervention.
    - `possible`: the carriers of those that are suspected in an incident.
    - `interventions`: the carriers of those that were unplanned.
    """

    failed: dict[int, list[Failing]] = field(default_factory=lambda: defaultdict(list))
    possible: dict[int, set[int | None]] = field(default_factory=lambda: defaultdict(set))
    interventions: dict[int, set[int | None]] = field(default_factory=lambda: defaultdict(set))


@dataclass(frozen=True, slots=True)
class Among:
    """The first and the last number of the deployments that are counted, for tables that know no instants."""

    first: int
    last: int

    @classmethod
    def of(cls, ends: Collection[tuple[int, int]]) -> Among | None:
        """All of some ranges; None of none."""
        return cls(min(first for first, _ in ends), max(last for _, last in ends)) if ends else None

    def holds(self, number: Any) -> ColumnElement[bool]:
        """Whether a column's number is among them."""
        return and_(number >= self.first, number <= self.last)


def read_named(connection: Connection) -> list[tuple[int, int]]:
    """The deployments that somebody said were fixed, each with what fixed it: as many as people said."""
    s = standing_fixes().c
    rows = connection.execute(select(s.ref, s.deployment_id).where(s.ref.startswith("D-")))
    return [(int(row.ref[2:]), row.deployment_id) for row in rows if row.ref[2:].isdecimal() and len(row.ref) < 18]


def read_failures(
    connection: Connection, blame: BlameOfPeriod, named: Sequence[tuple[int, int]], among: Among
) -> Failures:
    """Failures of some deployments, as deployments and incidents tell them.

    `named`: what `read_named` gives. `among`: which are asked about; of others less may be found.

    A deployment failed when a later one took back what it brought (a rollback, a revert, contents put as they were), or
    was said to fix it, when somebody took it back by hand, or when it is confirmed as the cause of an incident. What
    was ended as the fix of an incident is left to the incident's blame. A forward change that mended something without
    a word, and without an incident, is not seen. Going forward again after a rollback takes the rollback back, and is
    no failure of it.
    """
    found = Failures()
    for row in connection.execute(_ended(named, among)).all():
        found.failed[row.deployment_id].append(Failing(row.carrier_id, 0.0, row.ended, False))
        found.interventions[row.by_id].add(row.carrier_id)
    for row in connection.execute(_undone_by_hand()).all():
        found.failed[row.deployment_id].append(Failing(None, 0.0, row.ended, False))
    for part in blame.parts:
        if part.confirmed:
            told = Failing(part.carrier_id, part.began, part.ended, True)
            found.failed[part.deployment_id].append(told)
        else:
            found.possible[part.deployment_id].add(part.carrier_id)
    f = standing_fixes().c
    fixes = select(f.deployment_id).distinct()
    for number in connection.scalars(fixes.where(f.ref.not_in(blame.cancelled)) if blame.cancelled else fixes).all():
        found.interventions[number].add(None)
    for row in connection.execute(_rolled_back(among)).all():
        found.interventions[row.deployment_id].add(row.carrier_id)
    return found


def _ended(named: Sequence[tuple[int, int]], among: Among) -> Select[Any]:
    """What later deployments took back or fixed, each with which, and seconds from its opening until that was done."""
    w, o, b, d = t.window.c, t.origin.c, t.baseline.c, t.deployment.c
    fixing, by = t.deployment.alias("fixing"), t.deployment.alias("ended_by")
    told = _pairs(named)
    # Most that was taken back was so in several places: each is looked up once.
    ending = (
        select(w.deployment_id, w.origin_no, w.carrying_ended_by)
        .distinct()
        .where(w.carrying_ended_by.is_not(None), w.certain.is_(True))
        .where(w.carrying_reason.not_like(FIXED_FOR.format("%", "%")))
        .where(or_(w.deployment_id >= among.first, w.carrying_ended_by >= among.first))
        .subquery("ending")
    )
    e = ending.c
    taken_back = (
        select(e.deployment_id, o.carrier_id, e.carrying_ended_by.label("by_id"))
        .join_from(ending, t.origin, and_(o.deployment_id == e.deployment_id, o.origin_no == e.origin_no))
        .join(t.baseline, and_(b.deployment_id == o.deployment_id, b.baseline_no == o.baseline_no))
        .where(b.kind != "rollback")
    )
    said = (
        select(d.deployment_id, o.carrier_id, told.c.by_id)
        .join_from(told, t.deployment, d.deployment_id == told.c.deployment_id)
        .join(fixing, and_(fixing.c.deployment_id == told.c.by_id, fixing.c.succeeded))
        .join(t.origin, o.deployment_id == d.deployment_id, isouter=True)
    )
    ended = union(taken_back, said).cte("ended")
    done_at = func.coalesce(by.c.finished_at, by.c.opened_at)
    return (
        select(
            ended.c.deployment_id,
            ended.c.carrier_id,
            ended.c.by_id,
            SecondsBetween(d.opened_at, done_at).label("ended"),
        )
        .join_from(ended, by, by.c.deployment_id == ended.c.by_id)
        .join(t.deployment, d.deployment_id == ended.c.deployment_id)
    )


def _undone_by_hand() -> Select[Any]:
    undone, d = standing_undos().subquery("undone").c, t.deployment.c
    return select(undone.deployment_id, SecondsBetween(d.opened_at, undone.undone_at).label("ended")).join(
        t.deployment, d.deployment_id == undone.deployment_id
    )


def _rolled_back(among: Among) -> CompoundSelect[Any]:
    """The carriers of rollbacks: of deployments that are one, and of single baselines that are.

    Each is looked for where it says so, by its index.
    """
    d, b, o = t.deployment.c, t.baseline.c, t.origin.c
    from_it = and_(o.deployment_id == b.deployment_id, o.baseline_no == b.baseline_no)
    return union(
        select(d.deployment_id, o.carrier_id)
        .join_from(t.deployment, t.baseline, b.deployment_id == d.deployment_id)
        .join(t.origin, from_it, isouter=True)
        .where(is_rollback, among.holds(d.deployment_id)),
        select(b.deployment_id, o.carrier_id)
        .join_from(t.baseline, t.origin, from_it, isouter=True)
        .where(is_rollback_from, among.holds(b.deployment_id)),
    )


def _pairs(named: Sequence[tuple[int, int]]) -> CTE:
    """The pairs as a table of numbers."""
    return number_table("named_fix", [("deployment_id", id_type()), ("by_id", id_type())], named)
