"""What an explanation is made of: the origins that reach a component, and the changes that began it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, func, select

from releasewatch.storage import tables as t


def origins_of(connection: Connection, deployment_id: int, component_id: int, region: str, ring: str) -> list[Any]:
    """How a component is reached in one place: origin, distance and via, nearest first, with the origin's window."""
    r, o, w = t.reach.c, t.origin.c, t.window.c
    return list(
        connection.execute(
            select(
                r.origin_no,
                r.distance,
                r.via_id,
                o.carrier_id,
                o.touched_id,
                o.baseline_no,
                o.paths,
                w.certain,
                w.live_from,
                w.live_until,
                w.carrying_until,
                w.carrying_ended_by,
                w.carrying_reason,
                w.carrying_doubt_from,
            )
            .join_from(t.reach, t.origin, and_(o.deployment_id == r.deployment_id, o.origin_no == r.origin_no))
            .join(t.window, and_(w.deployment_id == r.deployment_id, w.origin_no == r.origin_no))
            .where(
                r.deployment_id == deployment_id,
                r.component_id == component_id,
                w.region == region,
                w.ring == ring,
            )
            .order_by(r.distance, r.via_id, r.origin_no)
        )
    )


def places_of(connection: Connection, deployment_id: int) -> list[tuple[str, str]]:
    """The regions and rings that a deployment has a window in."""
    w = t.window.c
    rows = connection.execute(select(w.region, w.ring).where(w.deployment_id == deployment_id).distinct())
    return [(row.region, row.ring) for row in rows]


def steps_of_origin(connection: Connection, deployment_id: int, origin_no: int) -> dict[int, tuple[int, int | None]]:
    """The closure of one origin: `component_id -> (distance, via_id)`."""
    r = t.reach.c
    rows = connection.execute(
        select(r.component_id, r.distance, r.via_id).where(r.deployment_id == deployment_id, r.origin_no == origin_no)
    )
    return {row.component_id: (row.distance, row.via_id) for row in rows}


def changes_of_origin(connection: Connection, deployment_id: int, baseline_no: int, touched_id: int) -> tuple[Any, int]:
    """The newest change that touched a component against a baseline (None when no commit explains it), and how many."""
    touch, change = t.change_component.c, t.change.c
    joined = and_(change.deployment_id == touch.deployment_id, change.change_no == touch.change_no)
    effective = and_(
        touch.deployment_id == deployment_id,
        touch.baseline_no == baseline_no,
        touch.component_id == touched_id,
        change.reverted_by.is_(None),
    )
    many = connection.scalar(
        select(func.count()).select_from(t.change_component).join(t.change, joined).where(effective)
    )
    newest = connection.execute(
        select(change.sha, change.subject, change.side, touch.sample_path)
        .join_from(t.change_component, t.change, joined)
        .where(effective)
        .order_by(change.change_no)
        .limit(1)
    ).first()
    return newest, many or 0


def path_of_origin(connection: Connection, deployment_id: int, baseline_no: int, touched_id: int) -> str | None:
    """One path of the net difference in a component, the first by name."""
    p = t.changed_path.c
    return connection.scalar(
        select(func.min(p.path)).where(
            p.deployment_id == deployment_id, p.baseline_no == baseline_no, p.component_id == touched_id
        )
    )


def changes_naming(connection: Connection, deployment_id: int, refs: list[str]) -> list[Any]:
    """The changes of a deployment that name a customer by one of their names."""
    c, change = t.change_customer.c, t.change.c
    return list(
        connection.execute(
            select(change.sha, change.subject, c.ref)
            .join_from(
                t.change_customer,
                t.change,
                and_(change.deployment_id == c.deployment_id, change.change_no == c.change_no),
            )
            .where(c.deployment_id == deployment_id, c.ref.in_(refs))
            .order_by(change.change_no)
        )
    )
