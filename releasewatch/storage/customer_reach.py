"""The deployments that may have reached some customers of late, from the few rows of windows alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, select

from releasewatch.storage import tables as t
from releasewatch.storage.sql import chunks


@dataclass(frozen=True, slots=True)
class Looked:
    """Where to look. `customers`: all members of one customer; `names`: what changes may call them.

    `everybody`: they have no entitlement, and count as reached by everything.
    """

    customers: Sequence[UUID]
    names: Collection[str]
    since: datetime
    until: datetime
    everybody: bool = False


def near_deployments(connection: Connection, where: Looked, most: int) -> tuple[list[int], bool]:
    """The deployments, newest first, that went live in a span of time where it may concern them.

    At most so many, and whether there are more. Who is really reached is for exposure to say.
    """
    w, r, d, n = t.window.c, t.reach.c, t.deployment.c, t.change_customer.c
    in_time = (w.live_from >= where.since, w.live_from <= where.until, w.carrying_until > w.live_from)
    found: set[int] = set()
    if where.everybody:
        found.update(connection.scalars(select(w.deployment_id).where(*in_time).distinct()))
    for part in chunks(_components(connection, where.customers)):
        touching = (
            select(w.deployment_id)
            .join_from(t.window, t.reach, and_(r.deployment_id == w.deployment_id, r.origin_no == w.origin_no))
            .where(*in_time, r.component_id.in_(part))
        )
        found.update(connection.scalars(touching.distinct()))
    opened = d.opened_at >= where.since, d.opened_at <= where.until
    found.update(connection.scalars(select(d.deployment_id).where(*opened, d.counts_everyone.is_(True))))
    for part in chunks(sorted(where.names)):
        naming = select(n.deployment_id).join_from(t.change_customer, t.deployment, d.deployment_id == n.deployment_id)
        found.update(connection.scalars(naming.where(*opened, n.ref.in_(part)).distinct()))
    when: list[tuple[datetime, int]] = []
    for part in chunks(sorted(found)):
        rows = connection.execute(select(d.opened_at, d.deployment_id).where(d.deployment_id.in_(part)))
        when += [(row.opened_at, row.deployment_id) for row in rows]
    newest = [number for _, number in sorted(when, reverse=True)]
    return newest[:most], len(newest) > most


def _components(connection: Connection, customers: Sequence[UUID]) -> list[int]:
    """The components that anything said of these customers' use may mean."""
    e, s = t.entitlement.c, t.component_subject.c
    subjects = sorted(set(connection.scalars(select(e.subject).where(e.customer_id.in_(customers)).distinct())))
    found: set[int] = set()
    for part in chunks(subjects):
        found.update(connection.scalars(select(s.component_id).where(s.subject.in_(part)).distinct()))
    return sorted(found)


def has_entitlement(connection: Connection, customers: Sequence[UUID]) -> bool:
    """Whether anything was ever said of what these customers use."""
    e = t.entitlement.c
    return connection.scalar(select(e.subject).where(e.customer_id.in_(customers)).limit(1)) is not None


def components_reached_by(connection: Connection, deployment_ids: Sequence[int]) -> set[int]:
    """The components that some deployments changed, or that depend on what they changed."""
    r = t.reach.c
    found: set[int] = set()
    for part in chunks(deployment_ids):
        found.update(connection.scalars(select(r.component_id).where(r.deployment_id.in_(part)).distinct()))
    return found
