"""Which deployments failed, and which were unplanned: the part of DORA's measures that depends on what is known of it.

Two sources tell of it, and a deployment counts once: what deployments took back or were said to fix, and incidents.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    Boolean,
    ColumnElement,
    Connection,
    Float,
    and_,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union,
    union_all,
)

from releasewatch.domain.dora_incidents import BlamedPart
from releasewatch.storage import tables as t
from releasewatch.storage.dora_incidents import BlameOfPeriod
from releasewatch.storage.fixes import standing_fixes
from releasewatch.storage.sql import SecondsBetween, number_table
from releasewatch.storage.types import id_type
from releasewatch.storage.undoing_by_hand import standing_undos
from releasewatch.storage.windows import FIXED_FOR


@dataclass(frozen=True, slots=True)
class Failures:
    """Sets of rows; `carrier_id` is the deployed component that it is about, NULL for all of the deployment.

    - `failed` (deployment_id, carrier_id, began, ended, by_incident): a deployment that needed an intervention; seconds
      from its opening to when it began to hurt and to when that was over, NULL while it is not.
    - `possible` (deployment_id, carrier_id): one that is suspected in an incident.
    - `interventions` (deployment_id, carrier_id): a deployment that was unplanned.
    """

    failed: CTE
    possible: CTE
    interventions: CTE


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


def failures_of(blame: BlameOfPeriod, named: Sequence[tuple[int, int]], since: datetime, among: Among) -> Failures:
    """Failures of the deployments that opened from `since` on, as deployments and incidents tell them.

    `named`: what `read_named` gives. `among`: which are asked about; of others less may be found. Whatever
    took something back opened after it, so the past before is not read.

    A deployment failed when a later one took back what it brought (a rollback, a revert, contents put as they were), or
    was said to fix it, when somebody took it back by hand, or when it is confirmed as the cause of an incident. What
    was ended as the fix of an incident is left to the incident's blame. A forward change that mended something without
    a word, and without an incident, is not seen. Going forward again after a rollback takes the rollback back, and is
    no failure of it.
    """
    standing = standing_fixes()
    w, o, b, f, d = t.window.c, t.origin.c, t.baseline.c, standing.c, t.deployment.c
    fixing, by = t.deployment.alias("fixing"), t.deployment.alias("ended_by")
    told = _pairs(named)
    taken_back = (
        select(w.deployment_id, o.carrier_id, w.carrying_ended_by.label("by_id"))
        .join_from(t.window, t.origin, and_(o.deployment_id == w.deployment_id, o.origin_no == w.origin_no))
        .join(t.baseline, and_(b.deployment_id == o.deployment_id, b.baseline_no == o.baseline_no))
        .join(by, and_(by.c.deployment_id == w.carrying_ended_by, by.c.opened_at >= since))
        .where(w.carrying_ended_by.is_not(None), w.certain.is_(True), b.kind != "rollback")
        .where(w.carrying_reason.not_like(FIXED_FOR.format("%", "%")))
    )
    said = (
        select(d.deployment_id, o.carrier_id, told.c.by_id)
        .join_from(told, t.deployment, d.deployment_id == told.c.deployment_id)
        .join(fixing, and_(fixing.c.deployment_id == told.c.by_id, fixing.c.succeeded))
        .join(t.origin, o.deployment_id == d.deployment_id, isouter=True)
    )
    ended = union(taken_back, said).cte("ended")
    undone = standing_undos().subquery("undone").c
    by_deployment = (
        select(ended.c.deployment_id, ended.c.carrier_id, func.coalesce(by.c.finished_at, by.c.opened_at).label("at"))
        .join_from(ended, by, by.c.deployment_id == ended.c.by_id)
        .union_all(select(undone.deployment_id, null(), undone.undone_at))
        .cte("taken_back")
    )
    incidents = _literal(blame.parts)
    i = incidents.c
    failed = union_all(
        select(
            by_deployment.c.deployment_id,
            by_deployment.c.carrier_id,
            literal_column("0.0").label("began"),
            SecondsBetween(d.opened_at, by_deployment.c.at).label("ended"),
            false().label("by_incident"),
        ).join_from(by_deployment, t.deployment, d.deployment_id == by_deployment.c.deployment_id),
        select(i.deployment_id, i.carrier_id, i.began, i.ended, true()).where(i.confirmed),
    ).cte("failed_deployment")
    possible = select(i.deployment_id, i.carrier_id).where(i.confirmed.is_(False)).cte("possible_failure")
    rolled_back = (
        select(d.deployment_id, o.carrier_id)
        .join_from(t.deployment, t.baseline, b.deployment_id == d.deployment_id)
        .join(t.origin, and_(o.deployment_id == b.deployment_id, o.baseline_no == b.baseline_no), isouter=True)
        .where(d.opened_at >= since, or_(b.kind == "rollback", d.kind == "rollback"))
        .where(among.holds(d.deployment_id), among.holds(b.deployment_id))
    )
    fixes = select(f.deployment_id, null().label("carrier_id"))
    interventions = union(
        select(ended.c.by_id.label("deployment_id"), ended.c.carrier_id),
        fixes.where(f.ref.not_in(blame.cancelled)) if blame.cancelled else fixes,
        rolled_back,
    ).cte("intervention")
    return Failures(failed, possible, interventions)


def _pairs(named: Sequence[tuple[int, int]]) -> CTE:
    """The pairs as a table of numbers."""
    return number_table("named_fix", [("deployment_id", id_type()), ("by_id", id_type())], named)


def _literal(parts: Sequence[BlamedPart]) -> CTE:
    columns = (
        ("deployment_id", id_type()),
        ("carrier_id", id_type()),
        ("confirmed", Boolean()),
        ("began", Float()),
        ("ended", Float()),
    )
    return number_table(
        "blame", columns, [(one.deployment_id, one.carrier_id, one.confirmed, one.began, one.ended) for one in parts]
    )
