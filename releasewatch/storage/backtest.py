"""What a backtest asks the ledger: which deployment came before an incident, and whom components reached then."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Connection, Integer, and_, column, false, func, or_, select, values

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END, key_type

_SHA = re.compile(r"[0-9a-f]{4,64}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where and when: an environment (`is_production`: entitlements that name none count), the regions and rings that
    were deployed to (empty: all), and the instant."""

    environment: str
    is_production: bool
    regions: Collection[str]
    rings: Collection[str]
    at: datetime


def deployment_before(
    connection: Connection, at: datetime, environments: Sequence[int], head: str
) -> tuple[Any, int] | None:
    """The newest deployment that opened by an instant; with `head` (a sha or its beginning) the newest of that commit,
    with the name of a release the newest of that.

    With it comes its place among all that opened by then, the newest first.
    """
    d = t.deployment.c
    among = and_(d.environment_id.in_(environments), d.opened_at <= at)
    of_commit = and_(d.head >= head.lower(), d.head < head.lower() + "g") if _SHA.fullmatch(head) else false()
    wanted = and_(among, or_(of_commit, d.release == head)) if head else among
    row = connection.execute(
        select(t.deployment, t.repo.c.key.label("repo_key"))
        .join_from(t.deployment, t.repo)
        .where(wanted)
        .order_by(d.opened_at.desc(), d.deployment_id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    newer = or_(d.opened_at > row.opened_at, and_(d.opened_at == row.opened_at, d.deployment_id > row.deployment_id))
    position = 1 + (connection.scalar(select(func.count()).select_from(t.deployment).where(among, newer)) or 0)
    return row, position


def changed_as_recorded(connection: Connection, deployment_id: int) -> set[str]:
    """The components that changed, as they were mapped when the deployment was recorded."""
    o = t.origin.c
    touched = select(t.component.c.full_key).join_from(
        t.origin, t.component, t.component.c.component_id == o.touched_id
    )
    return set(connection.scalars(touched.where(o.deployment_id == deployment_id).distinct()))


def products_known(connection: Connection) -> dict[str, list[str]]:
    """What each product is made of by now: component keys and patterns."""
    p = t.product_component.c
    rows = connection.execute(
        select(p.product, p.pattern).where(p.valid_to == OPEN_END, p.recorded_to == OPEN_END).order_by(p.pattern)
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.product, []).append(row.pattern)
    return found


def listed_by_distance(connection: Connection, scene: Scene, subjects: Mapping[str, int]) -> dict[int, int]:
    """How many customers are reached at each distance, each once, at their nearest."""
    if not subjects:
        return {}
    nearest = _nearest(scene, subjects)
    rows = connection.execute(select(nearest.c.distance, func.count().label("many")).group_by(nearest.c.distance))
    return {row.distance: row.many for row in rows}


def found_among(
    connection: Connection, scene: Scene, subjects: Mapping[str, int], customers: Collection[UUID]
) -> dict[UUID, int]:
    """Who of some customers is reached, and at which distance."""
    if not subjects or not customers:
        return {}
    nearest = _nearest(scene, subjects)
    rows = connection.execute(
        select(nearest.c.customer_id, nearest.c.distance).where(nearest.c.customer_id.in_(list(customers)))
    )
    return {row.customer_id: row.distance for row in rows}


def subjects_used(connection: Connection, scene: Scene, customer_id: UUID) -> set[str]:
    """What one customer used then, as their entitlements say it."""
    e, m = t.entitlement.c, t.customer_merge.c
    merged = select(m.customer_id).where(m.survivor_id == customer_id, m.recorded_to == OPEN_END)
    return set(
        connection.scalars(
            select(e.subject)
            .where(or_(e.customer_id == customer_id, e.customer_id.in_(merged)), *_valid(scene))
            .distinct()
        )
    )


def _nearest(scene: Scene, subjects: Mapping[str, int]) -> CTE:
    """Each customer with an entitlement to one of the subjects, at the nearest; merged ones as their survivor."""
    e, m = t.entitlement.c, t.customer_merge.c
    wanted = (
        values(column("subject", key_type()), column("distance", Integer), name="wanted_subject")
        .data(sorted(subjects.items()))
        .cte("wanted_subject")
    )
    customer = func.coalesce(m.survivor_id, e.customer_id, type_=t.customer.c.customer_id.type).label("customer_id")
    found = (
        select(customer, func.min(wanted.c.distance).label("distance"))
        .join_from(wanted, t.entitlement, e.subject == wanted.c.subject)
        .join(t.customer_merge, and_(m.customer_id == e.customer_id, m.recorded_to == OPEN_END), isouter=True)
        .where(*_valid(scene))
        .group_by(customer.element)
    )
    nearest: CTE = found.cte("nearest")
    return nearest


def _valid(scene: Scene) -> list[Any]:
    e = t.entitlement.c
    environments = [scene.environment, UNKNOWN] + ([ANY] if scene.is_production else [])
    found = [
        e.environment.in_(environments),
        e.valid_from <= scene.at,
        e.valid_to > scene.at,
        e.recorded_to == OPEN_END,
    ]
    for axis, places in ((e.region, scene.regions), (e.ring, scene.rings)):
        if places:
            found.append(axis.in_([ANY, UNKNOWN, *sorted(places)]))
    return found
