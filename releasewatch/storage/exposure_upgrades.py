"""Who is reached because the copy they run themselves changed version: by what lies between the two releases.

What lies between is known by the order in which the ledger saw releases deployed. A version of which it never saw a
deployment has no place in that order: then the deployment may lie between, and who changed from or to it is possible.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, Select, and_, case, func, literal, or_, select

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.deployments import REST
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_ways import (
    DEPENDENT,
    DIRECT,
    RANK,
    ExposureQuestion,
    earlier,
    in_environment,
    in_place,
    known,
    later,
    of_these,
    plain_version,
    says_where,
    what_it_says,
)
from releasewatch.storage.types import Instant

UPGRADE, FROM_UNRECORDED, TO_UNRECORDED, UNSURE_RANGE = (
    "upgrade",
    "upgrade from unrecorded",
    "upgrade to unrecorded",
    "upgrade over doubt",
)
"""The sources of rows of an upgrade; all but the first are possible, for what the words say."""

_UNRECORDED = ""
"""Stands for every release without a place in the order."""


def upgraded_rows(q: ExposureQuestion, seen: CTE, windows: CTE, cells: CTE, some: CTE | None) -> Select[Any]:
    """Those whose own copy changed from a release without the change to a later one that holds it, from then on.

    Also the releases after that one: what is carried does not end with the next version. `some`: of these customers
    alone.
    """
    order = _release_order(q, seen)
    newer = _later_releases(q, windows, cells, order)
    taken = _taken(q, newer, some)
    e, w, o = taken.c, newer.c, order.c
    was = order.alias(q.named("release_before"))
    b = was.c
    of_release = e.before == q.plain_release if q.release else literal(1) == 0
    lacked = case((of_release, 0), else_=1)
    from_unrecorded = and_(b.release.is_(None), lacked == 1)
    source = case(
        (w.release == _UNRECORDED, TO_UNRECORDED),
        (from_unrecorded, FROM_UNRECORDED),
        (and_(w.order_certain == 0, w.window_certain == 1), UNSURE_RANGE),
        else_=UPGRADE,
    )
    sure = and_(
        w.order_certain == 1, w.window_certain == 1, w.subject_certain == 1, ~from_unrecorded, says_where(taken)
    )
    starts = later(w.starts, e.valid_from)
    ends = earlier(w.said_until, e.valid_to)
    return (
        select(
            e.customer_id,
            w.rank,
            case((sure, 1), else_=0).label("certain"),
            source.label("source"),
            w.component_id,
            w.via,
            w.told_region.label("region"),
            w.told_ring.label("ring"),
            w.told_any_region.label("any_region"),
            w.told_any_ring.label("any_ring"),
            starts.label("live_from"),
            case((and_(lacked == 1, e.follows == 1), ends), else_=starts).label("live_until"),
            ends.label("carrying_until"),
            ends.label("sure_until"),
            w.window_certain,
            w.subject_certain,
            *what_it_says(e),
        )
        .join_from(newer, taken, and_(e.subject == w.subject, w.release.in_((_UNRECORDED, e.plain))))
        .join(order, and_(o.carrier_id == w.carrier_id, o.release == e.plain), isouter=True)
        .join(was, and_(b.carrier_id == w.carrier_id, b.release == e.before), isouter=True)
        .where(
            in_place(q, newer, taken),
            or_(b.release.is_(None), b.is_later == 0),
            # A release of which nothing is known but that they took it may hold what was live by then.
            or_(w.release != _UNRECORDED, and_(o.release.is_(None), e.valid_from >= w.live_from)),
            e.valid_from < w.said_until,
            e.valid_to > w.starts,
        )
    )


def _release_order(q: ExposureQuestion, seen: CTE) -> CTE:
    """The other releases of the deployment's repo and environment, by component that was deployed with them.

    `is_later`: first deployed after the deployment asked about; `first_at` when.
    """
    d, sc, v = t.deployment.c, t.scope_component.c, seen.c
    release = plain_version(d.release)
    before = or_(d.opened_at < v.opened_at, and_(d.opened_at == v.opened_at, d.deployment_id < v.deployment_id))
    return (
        select(
            sc.component_id.label("carrier_id"),
            release.label("release"),
            func.min(case((before, 0), else_=1)).label("is_later"),
            func.min(d.opened_at, type_=Instant).label("first_at"),
        )
        .join_from(seen, t.deployment, and_(d.repo_id == v.repo_id, d.environment_id == v.environment_id))
        .join(t.scope_component, sc.scope_id == d.scope_id)
        .where(
            # By what the index says: those without a release may be nearly all that there are.
            d.release != "",
            release.not_in(("", q.plain_release)),
            d.succeeded.is_(True),
            d.recorded_at <= q.known_at,
        )
        .group_by(sc.component_id, release)
        .cte(q.named("release_order"))
    )


def _later_releases(q: ExposureQuestion, windows: CTE, cells: CTE, order: CTE) -> CTE:
    """Releases that contain the change because they came after it, by place, component and subject; and, as one, those
    that have no place in the order.

    Not those that came after it was taken back there; `order_certain`: nor, perhaps, where that is not decided.
    `told_region`, `told_ring`: the place as it is told, and `told_any_region`, `told_any_ring`: whether it stands for
    all of them.
    """
    r, w, o, s, n = t.reach.c, windows.c, t.origin.c, t.component_subject.c, order.c
    joined = select(cells.c.component_id, cells.c.any_region, cells.c.any_ring).distinct().subquery("joined_component")
    held = case((and_(w.certain == 1, w.sure_until > n.first_at), 1), else_=0)

    def reached(release: Any, sure: Any) -> Select[Any]:
        return (
            select(
                release.label("release"),
                o.carrier_id,
                s.subject,
                r.component_id,
                w.region,
                w.ring,
                case((joined.c.any_region == 1, REST), else_=w.region).label("told_region"),
                case((joined.c.any_ring == 1, REST), else_=w.ring).label("told_ring"),
                literal(0).label("any_region"),
                literal(0).label("any_ring"),
                joined.c.any_region.label("told_any_region"),
                joined.c.any_ring.label("told_any_ring"),
                func.min(t.component.c.full_key).label("via"),
                (case((r.distance == 0, DIRECT), else_=DEPENDENT) * RANK + r.distance).label("rank"),
                func.max(w.certain).label("window_certain"),
                func.max(sure).label("order_certain"),
                func.max(case((s.certain.is_(True), 1), else_=0)).label("subject_certain"),
                func.min(w.live_from, type_=Instant).label("live_from"),
                later(func.min(w.live_from, type_=Instant), s.valid_from).label("starts"),
                s.valid_to.label("said_until"),
            )
            .join_from(windows, t.origin, and_(o.deployment_id == q.deployment_id, o.origin_no == w.origin_no))
            .join(t.reach, and_(r.deployment_id == o.deployment_id, r.origin_no == o.origin_no))
            .join(joined, joined.c.component_id == r.component_id)
            .join(t.component, t.component.c.component_id == r.via_id, isouter=True)
            .join(t.component_subject, s.component_id == r.component_id)
            .where(s.valid_from <= q.at, s.valid_to > s.valid_from, known(s.recorded_from, s.recorded_to, q))
            .group_by(
                o.carrier_id,
                s.subject,
                r.component_id,
                w.region,
                w.ring,
                joined.c.any_region,
                joined.c.any_ring,
                r.distance,
                s.valid_from,
                s.valid_to,
            )
        )

    recorded = (
        reached(n.release, held)
        .join(order, and_(n.carrier_id == o.carrier_id, n.is_later == 1, w.carrying_until > n.first_at))
        .group_by(n.release)
    )
    return recorded.union_all(reached(literal(_UNRECORDED), literal(0))).cte(q.named("later_release"))


def _taken(q: ExposureQuestion, newer: CTE, some: CTE | None) -> CTE:
    """Each version that a customer's own copy took, by each version that it had before.

    `follows`: the one straight after the other. Found in one pass over the entitlements to what is reached, however
    many releases and places there are: few customers run a copy of their own.
    """
    e, before = t.entitlement.c, t.entitlement.alias("before")
    b = before.c
    # Asked once in a statement: where nobody runs a copy of their own, nothing else of all this is looked for.
    anybody = t.entitlement.alias("anybody").c.version
    subjects = select(newer.c.subject).distinct().cte(q.named("later_subject"))
    found = (
        select(
            e.customer_id,
            e.subject,
            e.environment,
            e.region,
            e.ring,
            e.version,
            e.valid_from,
            e.valid_to,
            plain_version(e.version).label("plain"),
            plain_version(b.version).label("before"),
            case((b.valid_to == e.valid_from, 1), else_=0).label("follows"),
        )
        .join_from(subjects, t.entitlement, e.subject == subjects.c.subject)
        .join(
            before,
            and_(
                b.customer_id == e.customer_id,
                b.subject == e.subject,
                b.environment == e.environment,
                b.region == e.region,
                b.ring == e.ring,
                b.valid_to <= e.valid_from,
                b.valid_to > b.valid_from,
                b.version > ANY,
                # Written otherwise, or told again: nothing was taken with it.
                plain_version(b.version) != plain_version(e.version),
                known(b.recorded_from, b.recorded_to, q),
            ),
        )
        .where(
            select(anybody).where(anybody > ANY).exists(),
            in_environment(q),
            # As the indexes have it: those who run no copy of their own may be nearly all that there are.
            e.version > ANY,
            e.version.not_in((UNKNOWN, *q.spellings)),
            known(e.recorded_from, e.recorded_to, q),
            e.valid_from <= q.at,
            e.valid_to > e.valid_from,
        )
    )
    if some is not None:
        found = of_these(found, some)
    return found.cte(q.named("taken")).prefix_with("MATERIALIZED")


__all__ = ["FROM_UNRECORDED", "TO_UNRECORDED", "UNSURE_RANGE", "UPGRADE", "upgraded_rows"]
