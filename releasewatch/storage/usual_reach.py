"""Which deployments changed the same components before."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, func, select

from releasewatch.storage import tables as t


def earlier_deployments(
    connection: Connection, deployment_id: int, components: Sequence[str], most: int
) -> dict[str, list[int]]:
    """By component, the newest succeeded deployments of the same repo and environment that changed it directly."""
    d, r, c, mine = t.deployment.c, t.reach.c, t.component.c, t.deployment.alias("mine")
    place = func.row_number().over(partition_by=r.component_id, order_by=(d.opened_at.desc(), d.deployment_id.desc()))
    changed = (
        select(d.deployment_id, c.full_key, place.label("place"))
        .join_from(mine, t.deployment, d.repo_id == mine.c.repo_id)
        .join(t.reach, r.deployment_id == d.deployment_id)
        .join(t.component, c.component_id == r.component_id)
        .where(
            mine.c.deployment_id == deployment_id,
            d.environment_id == mine.c.environment_id,
            d.deployment_id != deployment_id,
            d.succeeded.is_(True),
            r.distance == 0,
            c.full_key.in_(components),
        )
        .group_by(d.deployment_id, d.opened_at, r.component_id, c.full_key)
        .subquery("changed_before")
    )
    rows = connection.execute(
        select(changed.c.full_key, changed.c.deployment_id)
        .where(changed.c.place <= most)
        .order_by(changed.c.full_key, changed.c.place)
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.full_key, []).append(row.deployment_id)
    return found
