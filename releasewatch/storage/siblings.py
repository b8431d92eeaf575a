"""Deployments that put the same commit or release elsewhere: to other regions, rings or environments."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, or_, select

from releasewatch.domain.deployments import Place
from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks


def still_live_elsewhere(
    connection: Connection, deployment_ids: Iterable[int], environments: Collection[int], at: datetime
) -> dict[int, dict[int, list[Place]]]:
    """For some deployments those others of the same repo and commit (or release) that are still live at an instant.

    Of the environments given. Number to the others, each with the places in which it is still live and carried.
    """
    d, o, w = t.deployment.c, t.deployment.alias("other"), t.window.c
    same_head = and_(d.head.is_not(None), o.c.head == d.head)
    same_release = and_(d.release != "", o.c.release == d.release)
    found: dict[int, dict[int, list[Place]]] = {}
    for part in chunks(sorted(set(deployment_ids))):
        rows: Any = connection.execute(
            select(d.deployment_id, o.c.deployment_id.label("other_id"), w.region, w.ring)
            .join_from(t.deployment, o, and_(o.c.repo_id == d.repo_id, or_(same_head, same_release)))
            .join(t.window, w.deployment_id == o.c.deployment_id)
            .where(
                d.deployment_id.in_(part),
                o.c.deployment_id != d.deployment_id,
                o.c.environment_id.in_(sorted(environments)),
                o.c.opened_at <= at,
                w.certain.is_(True),
                w.live_until > at,
                w.carrying_until > at,
            )
            .distinct()
            .order_by(d.deployment_id, o.c.deployment_id, w.region, w.ring)
        )
        for row in rows:
            places = found.setdefault(row.deployment_id, {}).setdefault(row.other_id, [])
            places.append(Place(row.region, row.ring))
    return found
