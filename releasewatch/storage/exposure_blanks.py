"""Who is reached without an entitlement that says so: named by a change, or not to be ruled out."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, and_, case, exists, func, literal, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.exposure_ways import (
    DEPENDENT,
    DIRECT,
    NAMED,
    RANK,
    ExposureQuestion,
    in_environment,
    known,
    later,
)
from releasewatch.storage.types import OPEN_END, Instant

BLANK_DISTANCE = RANK - 1
"""The distance of those reached only because a change has a blank (an unmapped path that counts for everyone)."""

_OPEN = literal(OPEN_END, Instant)


def _without_entitlement(
    customer_id: Any, rank: Any, certain: Any, source: str, times: Any, said: Any, sure: Any = None
) -> list[Any]:
    """The columns of a row that no entitlement's window stands behind; `times` in the order of the four instants.

    `sure`: whether the window is certain, and whether what was said is.
    """
    live_from, live_until, carrying_until, sure_until = times
    window_certain, subject_certain = sure or (literal(1), literal(1))
    return [
        customer_id.label("customer_id"),
        rank.label("rank"),
        certain.label("certain"),
        literal(source).label("source"),
        literal(None).label("component_id"),
        literal(None).label("via"),
        literal("").label("region"),
        literal("").label("ring"),
        literal(0).label("any_region"),
        literal(0).label("any_ring"),
        live_from.label("live_from"),
        live_until.label("live_until"),
        carrying_until.label("carrying_until"),
        sure_until.label("sure_until"),
        window_certain.label("window_certain"),
        subject_certain.label("subject_certain"),
        literal("").label("environment"),
        literal("").label("entitled_region"),
        literal("").label("entitled_ring"),
        literal("").label("version"),
        said.label("subject"),
    ]


def named_rows(q: ExposureQuestion, seen: CTE, windows: CTE) -> Select[Any]:
    """Customers that a change names, by any alias; never certain by itself.

    Not by a change that touched only what was not deployed. Carried as long as anything that the change touched is.
    """
    a, c, k, o, w = t.customer_alias.c, t.change_customer.c, t.change_component.c, t.origin.c, windows.c

    def until(end: Any) -> Any:
        touched_nothing = k.component_id.is_(None)
        return func.max(case((touched_nothing, _OPEN), (w.origin_no.is_(None), seen.c.since), else_=end), type_=Instant)

    refs = (
        select(
            c.ref,
            seen.c.since,
            until(w.live_until).label("live_until"),
            until(w.carrying_until).label("carrying_until"),
        )
        .join_from(seen, t.change_customer, c.deployment_id == seen.c.deployment_id)
        .join(
            t.change_component,
            and_(k.deployment_id == c.deployment_id, k.change_no == c.change_no),
            isouter=True,
        )
        .join(
            t.origin,
            and_(
                o.deployment_id == c.deployment_id,
                o.baseline_no == k.baseline_no,
                o.touched_id == k.component_id,
            ),
            isouter=True,
        )
        .join(windows, w.origin_no == o.origin_no, isouter=True)
        .where(or_(k.component_id.is_(None), o.origin_no.is_not(None)))
        .group_by(c.ref, seen.c.since)
        .cte(q.named("named_ref"))
    )
    times = refs.c.since, refs.c.live_until, refs.c.carrying_until, refs.c.since
    return (
        select(*_without_entitlement(a.customer_id, literal(NAMED * RANK), literal(0), "named", times, refs.c.ref))
        .join_from(refs, t.customer_alias, a.alias == refs.c.ref)
        .where(known(a.recorded_from, a.recorded_to, q))
    )


def everybody_rows(q: ExposureQuestion, seen: CTE) -> Select[Any]:
    """Everybody entitled to anything in the environment since the deployment opened: possible, for a path may matter
    that belongs to no component. When that ends cannot be known."""
    e = t.entitlement.c
    rank = literal(DEPENDENT * RANK + BLANK_DISTANCE)
    starts = later(seen.c.since, e.valid_from)
    times = starts, e.valid_to, e.valid_to, starts
    return select(*_without_entitlement(e.customer_id, rank, literal(0), "unmapped", times, literal(""))).join_from(
        t.entitlement, seen, and_(in_environment(q), *_since_opened(q, seen.c.since))
    )


def _since_opened(q: ExposureQuestion, since: Any) -> list[ColumnElement[bool]]:
    """An entitlement that held at an instant between the opening and `at`, as known."""
    e = t.entitlement.c
    return [
        known(e.recorded_from, e.recorded_to, q),
        e.valid_from <= q.at,
        e.valid_to > e.valid_from,
        e.valid_to > since,
    ]


def unplaced_customers(q: ExposureQuestion, seen: CTE, merged: CTE) -> Select[Any]:
    """Current customers who had no entitlement at all since the deployment opened: `customer_id, directory`."""
    f, e = t.customer_fact.c, t.entitlement.c
    # As a value, so that only tables of customers are asked beside each other, row by row (storage rule 4).
    since = select(seen.c.since).scalar_subquery()

    def placed(who: Any) -> Any:
        return exists().where(e.customer_id == who.c.customer_id, *_since_opened(q, since)).correlate(who)

    # From the few who were merged, not from all entitlements.
    placed_before = select(t.customer_merge.c.customer_id).where(placed(t.customer_merge))
    through_others = select(merged.c.survivor_id).where(merged.c.customer_id.in_(placed_before))
    return (
        select(f.customer_id, t.customer.c.directory, since.label("since"), f.valid_from, f.valid_to)
        .join_from(t.customer_fact, t.customer, t.customer.c.customer_id == f.customer_id)
        .where(
            since.is_not(None),
            f.valid_from <= q.at,
            f.valid_to > q.at,
            known(f.recorded_from, f.recorded_to, q),
            ~placed(t.customer_fact),
            f.customer_id.not_in(through_others),
            f.customer_id.not_in(select(merged.c.customer_id)),
        )
    )


def unplaced_rows(q: ExposureQuestion, seen: CTE, merged: CTE, cells: CTE, words: dict[str, str]) -> Select[Any]:
    """Those without an entitlement, as their directory wants them treated, when the deployment reaches something at
    distance 0: exposed for as long as anything there is."""
    who = unplaced_customers(q, seen, merged).subquery("unplaced")
    c = cells.c
    own = (
        select(
            func.max(c.certain).label("certain"),
            func.min(c.live_from, type_=Instant).label("live_from"),
            func.max(c.live_until, type_=Instant).label("live_until"),
            func.max(c.carrying_until, type_=Instant).label("until"),
            func.max(case((c.certain == 1, c.sure_until), else_=c.live_from), type_=Instant).label("sure_until"),
        )
        .where(c.distance == 0)
        .having(func.count() > 0)
        .cte(q.named("own_cells"))
    )
    to_all = who.c.directory.in_(sorted(key for key, word in words.items() if word == "all"))
    treated = sorted(key for key, word in words.items() if word in ("possible", "all"))
    times = own.c.live_from, own.c.live_until, own.c.until, own.c.sure_until
    sure = own.c.certain, case((to_all, 1), else_=0)
    certain = case((and_(to_all, own.c.certain == 1), 1), else_=0)
    rank = literal(DIRECT * RANK)
    return (
        select(*_without_entitlement(who.c.customer_id, rank, certain, "unplaced", times, who.c.directory, sure))
        .join_from(who, own, literal(1) == 1)
        .where(who.c.directory.in_(treated))
    )


def unplaced_everybody_rows(q: ExposureQuestion, seen: CTE, merged: CTE, words: dict[str, str]) -> Select[Any]:
    """Those without an entitlement who are treated as having one: they are of everybody too."""
    who = unplaced_customers(q, seen, merged).subquery("unplaced_too")
    treated = sorted(key for key, word in words.items() if word in ("possible", "all"))
    rank = literal(DEPENDENT * RANK + BLANK_DISTANCE)
    times = who.c.since, _OPEN, _OPEN, who.c.since
    return select(*_without_entitlement(who.c.customer_id, rank, literal(0), "unmapped", times, literal(""))).where(
        who.c.directory.in_(treated)
    )
