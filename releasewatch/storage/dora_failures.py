"""Which deployments failed, and which were unplanned: the part of DORA's measures that depends on what is known of it.

Today failures are read from deployments alone. A source that knows more (incidents that name the deployment to blame)
gives a `Failures` of the same columns, and may unite it with these.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import CTE, String, and_, cast, func, literal, null, or_, select, union

from releasewatch.storage import tables as t


@dataclass(frozen=True, slots=True)
class Failures:
    """Two sets of rows; `carrier_id` is the deployed component that it is about, NULL for all of the deployment.

    - `failed` (deployment_id, carrier_id, recovered_at): a deployment that needed an intervention, and when one of its
      interventions was done.
    - `interventions` (deployment_id, carrier_id): a deployment that was unplanned.
    """

    failed: CTE
    interventions: CTE


def failures_of_deployments() -> Failures:
    """Failures as deployments alone tell them.

    A deployment failed when a later one took back what it brought (a rollback, a revert, contents put as they were),
    or was said to fix it. One that is still failing, or was mended by a forward change that nobody named, is not seen.
    Going forward again after a rollback takes the rollback back, and is no failure of it.
    """
    w, o, b, f, d = t.window.c, t.origin.c, t.baseline.c, t.fix.c, t.deployment.c
    fixing = t.deployment.alias("fixing")
    taken_back = (
        select(w.deployment_id, o.carrier_id, w.carrying_ended_by.label("by_id"))
        .join_from(t.window, t.origin, and_(o.deployment_id == w.deployment_id, o.origin_no == w.origin_no))
        .join(t.baseline, and_(b.deployment_id == o.deployment_id, b.baseline_no == o.baseline_no))
        .where(w.carrying_ended_by.is_not(None), w.certain.is_(True), b.kind != "rollback")
    )
    named = (
        select(d.deployment_id, o.carrier_id, f.deployment_id.label("by_id"))
        .join_from(t.fix, t.deployment, f.ref == literal("D-") + cast(d.deployment_id, String))
        .join(fixing, and_(fixing.c.deployment_id == f.deployment_id, fixing.c.succeeded))
        .join(t.origin, o.deployment_id == d.deployment_id, isouter=True)
    )
    ended = union(taken_back, named).cte("ended")
    by = t.deployment.alias("ended_by")
    failed = (
        select(
            ended.c.deployment_id,
            ended.c.carrier_id,
            func.coalesce(by.c.finished_at, by.c.opened_at).label("recovered_at"),
        )
        .join_from(ended, by, by.c.deployment_id == ended.c.by_id)
        .cte("failed_deployment")
    )
    rolled_back = (
        select(d.deployment_id, o.carrier_id)
        .join_from(t.deployment, t.baseline, b.deployment_id == d.deployment_id)
        .join(t.origin, and_(o.deployment_id == b.deployment_id, o.baseline_no == b.baseline_no), isouter=True)
        .where(or_(b.kind == "rollback", d.kind == "rollback"))
    )
    interventions = union(
        select(ended.c.by_id.label("deployment_id"), ended.c.carrier_id),
        select(f.deployment_id, null().label("carrier_id")),
        rolled_back,
    ).cte("intervention")
    return Failures(failed, interventions)
