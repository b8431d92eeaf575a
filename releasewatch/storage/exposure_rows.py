"""Who is reached, as rows: each way in which a customer is, from a join of a deployment's ways with entitlements.

Every branch gives the same columns; `source` says which it is: entitlement, upgrade, named, unmapped or unplaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Select, and_, case, exists, func, literal, or_, select, union_all

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.deployments import REST
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_ways import (
    DEPENDENT,
    DIRECT,
    NAMED,
    RANK,
    ExposureQuestion,
    earlier,
    in_view,
    known,
    known_windows,
    later,
    later_releases,
    named_places,
    reach_cells,
    release_order,
    ways,
)
from releasewatch.storage.types import OPEN_END, Instant

BLANK_DISTANCE = RANK - 1
"""The distance of those reached only because a change has a blank (an unmapped path that counts for everyone)."""

_OPEN = literal(OPEN_END, Instant)


def exposed_rows(q: ExposureQuestion, among: Sequence[UUID] | None = None) -> CTE:
    """Every way in which the deployment reaches a customer (`among`: one of these), merged ones as their survivor."""
    merged = merged_customers(q)
    parts = _branches(q, in_view(q), merged)
    if among is not None:
        parts = [_of_these(part, among, merged) for part in parts]
    found = union_all(*parts).cte("found_row")
    columns = [column for column in found.c if column.name != "customer_id"]
    return (
        select(_survivor(found.c.customer_id, merged), *columns)
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .cte("exposed_row")
    )


def exposed_once(q: ExposureQuestion, seen: CTE, merged: CTE) -> CTE:
    """The exposed customers, each once: `rank` of their nearest way and whether one is `certain`.

    `carried`: still at `at`; `surely`: and that is certain.
    """
    sums: dict[str, Any] = {"rank": func.min, "certain": func.max, "carried": func.max, "surely": func.max}

    def summed(part: Select[Any]) -> Select[Any]:
        # Within its branch already, so that as little as possible is carried on for each way.
        c = {column.name: getattr(column, "element", column) for column in part.selected_columns}
        values = {
            "rank": c["rank"],
            "certain": c["certain"],
            "carried": case((c["carrying_until"] > q.at, 1), else_=0),
            "surely": case((and_(c["certain"] == 1, c["sure_until"] > q.at), 1), else_=0),
        }
        totals = [total(values[name]).label(name) for name, total in sums.items()]
        return part.with_only_columns(c["customer_id"].label("customer_id"), *totals).group_by(c["customer_id"])

    found = union_all(*(summed(part) for part in _branches(q, seen, merged))).cte("found")
    who = _survivor(found.c.customer_id, merged)
    totals = [total(found.c[name]).label(name) for name, total in sums.items()]
    return (
        select(who, *totals)
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .group_by(who.element)
        .cte("exposed")
    )


def _branches(q: ExposureQuestion, seen: CTE, merged: CTE) -> list[Select[Any]]:
    """The ways in which a deployment reaches customers, each with the same columns."""
    windows = known_windows(q, seen)
    cells = reach_cells(q, windows)
    parts = [
        _entitled(q, ways(q, cells)),
        _upgraded(q, windows, cells, release_order(q, seen)),
        _named(q, seen, windows),
    ]
    if q.blank_reaches_all:
        parts.append(_everybody(q, seen))
    words = dict(q.without_entitlement)
    if q.is_production and set(words.values()) & {"possible", "all"}:
        parts.append(_unplaced(q, seen, merged, cells, words))
        parts += [_unplaced_everybody(q, seen, merged, words)] if q.blank_reaches_all else []
    return parts


def _of_these(part: Select[Any], among: Sequence[UUID], merged: CTE) -> Select[Any]:
    """A branch for some customers alone, and for those who were merged into them."""
    customer_id = part.exported_columns["customer_id"]
    these = list(among)
    others = select(merged.c.customer_id).where(merged.c.survivor_id.in_(these))
    return part.where(or_(customer_id.in_(these), customer_id.in_(others)))


def merged_customers(q: ExposureQuestion) -> CTE:
    """Who was merged into whom; a survivor who was merged in turn is followed twice more."""
    first, second, third = (t.customer_merge.alias(f"merge_{n}") for n in (1, 2, 3))

    def said(merge: Any) -> ColumnElement[bool]:
        return known(merge.c.recorded_from, merge.c.recorded_to, q)

    return (
        select(
            first.c.customer_id,
            func.coalesce(third.c.survivor_id, second.c.survivor_id, first.c.survivor_id).label("survivor_id"),
        )
        .join_from(first, second, and_(second.c.customer_id == first.c.survivor_id, said(second)), isouter=True)
        .join(third, and_(third.c.customer_id == second.c.survivor_id, said(third)), isouter=True)
        .where(said(first))
        .cte("merged")
    )


def _survivor(customer_id: Any, merged: Any) -> Any:
    return func.coalesce(merged.c.survivor_id, customer_id, type_=t.customer.c.customer_id.type).label("customer_id")


def _in_environment(q: ExposureQuestion) -> ColumnElement[bool]:
    words = [q.environment, UNKNOWN] + ([ANY] if q.is_production else [])
    return t.entitlement.c.environment.in_(words)


def _in_place(q: ExposureQuestion, way: CTE) -> ColumnElement[bool]:
    """Whether an entitlement meets a place: by name, by saying any or unknown, or as one of all the others."""
    e, w = t.entitlement.c, way.c
    regions, rings = named_places(q)
    return and_(
        or_(
            w.any_region == 1,
            e.region.in_((ANY, UNKNOWN)),
            e.region == w.region,
            and_(w.region == REST, e.region.not_in(regions)),
        ),
        or_(
            w.any_ring == 1,
            e.ring.in_((ANY, UNKNOWN)),
            e.ring == w.ring,
            and_(w.ring == REST, e.ring.not_in(rings)),
        ),
    )


def _entitled(q: ExposureQuestion, way: CTE) -> Select[Any]:
    """One row for each window that each entitlement meets, for the time in which it does.

    Who names the deployed release, or may do so, runs a copy of their own: it is carried until their version changes,
    whatever happens to the copies that we run.
    """
    e, w = t.entitlement.c, way.c
    ends: dict[str, Any] = {"live": w.live_until, "until": w.until, "sure": w.sure_until}
    versions = [ANY, UNKNOWN]
    if q.release:
        versions.append(q.release)
        own = e.version.in_((UNKNOWN, q.release))
        ends = {name: case((own, w.said_until), else_=end) for name, end in ends.items()}
    starts = later(w.starts, e.valid_from)
    sure = and_(w.window_certain == 1, w.subject_certain == 1, _says_where(), starts < ends["sure"])
    return (
        select(
            e.customer_id,
            w.rank,
            case((sure, 1), else_=0).label("certain"),
            literal("entitlement").label("source"),
            w.component_id,
            w.via,
            w.region,
            w.ring,
            w.any_region,
            w.any_ring,
            starts.label("live_from"),
            earlier(ends["live"], e.valid_to).label("live_until"),
            earlier(ends["until"], e.valid_to).label("carrying_until"),
            earlier(ends["sure"], e.valid_to).label("sure_until"),
            w.window_certain,
            w.subject_certain,
            e.environment,
            e.region.label("entitled_region"),
            e.ring.label("entitled_ring"),
            e.version,
            e.subject,
        )
        .join_from(way, t.entitlement, e.subject == w.subject)
        .where(
            _in_environment(q),
            _in_place(q, way),
            e.version.in_(versions),
            known(e.recorded_from, e.recorded_to, q),
            e.valid_from <= q.at,
            e.valid_from < ends["until"],
            e.valid_to > e.valid_from,
            e.valid_to > w.starts,
            ends["until"] > w.starts,
        )
    )


def _says_where() -> ColumnElement[bool]:
    """Whether no axis of an entitlement is unknown."""
    e = t.entitlement.c
    return and_(e.environment != UNKNOWN, e.region != UNKNOWN, e.ring != UNKNOWN, e.version != UNKNOWN)


def _upgraded(q: ExposureQuestion, windows: CTE, cells: CTE, order: CTE) -> Select[Any]:
    """Those whose own copy changed from a release without the change to a later one that holds it, from then on.

    Also the releases after that one: what is carried does not end with the next version.
    """
    e, n, before = t.entitlement.c, order.c, t.entitlement.alias("before")
    newer = later_releases(q, windows, cells, order)
    b, w = before.c, newer.c
    older = select(n.carrier_id, n.release, literal(1).label("is_first")).where(n.is_later == 0)
    if q.release:
        own = select(w.carrier_id, literal(q.release).label("release"), literal(0).label("is_first")).distinct()
        known_before = older.union_all(own).cte("earlier_release")
    else:
        known_before = older.cte("earlier_release")
    k = known_before.c
    starts = later(w.starts, e.valid_from)
    brings = and_(k.is_first == 1, b.valid_to == e.valid_from)
    return (
        select(
            e.customer_id,
            w.rank,
            case((and_(w.window_certain == 1, w.subject_certain == 1, _says_where()), 1), else_=0).label("certain"),
            literal("upgrade").label("source"),
            w.component_id,
            w.via,
            w.told_region.label("region"),
            w.told_ring.label("ring"),
            w.told_any_region.label("any_region"),
            w.told_any_ring.label("any_ring"),
            starts.label("live_from"),
            case((brings, earlier(w.said_until, e.valid_to)), else_=starts).label("live_until"),
            earlier(w.said_until, e.valid_to).label("carrying_until"),
            earlier(w.said_until, e.valid_to).label("sure_until"),
            w.window_certain,
            w.subject_certain,
            e.environment,
            e.region.label("entitled_region"),
            e.ring.label("entitled_ring"),
            e.version,
            e.subject,
        )
        .join_from(newer, t.entitlement, and_(e.subject == w.subject, e.version == w.release))
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
                known(b.recorded_from, b.recorded_to, q),
            ),
        )
        .join(known_before, and_(k.carrier_id == w.carrier_id, k.release == b.version))
        .where(
            _in_environment(q),
            _in_place(q, newer),
            known(e.recorded_from, e.recorded_to, q),
            e.valid_from <= q.at,
            e.valid_from < w.said_until,
            e.valid_to > e.valid_from,
            e.valid_to > w.starts,
        )
    )


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


def _named(q: ExposureQuestion, seen: CTE, windows: CTE) -> Select[Any]:
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
        .cte("named_ref")
    )
    times = refs.c.since, refs.c.live_until, refs.c.carrying_until, refs.c.since
    return (
        select(*_without_entitlement(a.customer_id, literal(NAMED * RANK), literal(0), "named", times, refs.c.ref))
        .join_from(refs, t.customer_alias, a.alias == refs.c.ref)
        .where(known(a.recorded_from, a.recorded_to, q))
    )


def _everybody(q: ExposureQuestion, seen: CTE) -> Select[Any]:
    """Everybody entitled to anything in the environment since the deployment opened: possible, for a path may matter
    that belongs to no component. When that ends cannot be known."""
    e = t.entitlement.c
    rank = literal(DEPENDENT * RANK + BLANK_DISTANCE)
    starts = later(seen.c.since, e.valid_from)
    times = starts, e.valid_to, e.valid_to, starts
    return select(*_without_entitlement(e.customer_id, rank, literal(0), "unmapped", times, literal(""))).join_from(
        t.entitlement, seen, and_(_in_environment(q), *_since_opened(q, seen.c.since))
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


def _unplaced(q: ExposureQuestion, seen: CTE, merged: CTE, cells: CTE, words: dict[str, str]) -> Select[Any]:
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
        .cte("own_cells")
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


def _unplaced_everybody(q: ExposureQuestion, seen: CTE, merged: CTE, words: dict[str, str]) -> Select[Any]:
    """Those without an entitlement who are treated as having one: they are of everybody too."""
    who = unplaced_customers(q, seen, merged).subquery("unplaced_too")
    treated = sorted(key for key, word in words.items() if word in ("possible", "all"))
    rank = literal(DEPENDENT * RANK + BLANK_DISTANCE)
    times = who.c.since, _OPEN, _OPEN, who.c.since
    return select(*_without_entitlement(who.c.customer_id, rank, literal(0), "unmapped", times, literal(""))).where(
        who.c.directory.in_(treated)
    )


def everybody(q: ExposureQuestion, seen: CTE, merged: CTE) -> CTE:
    """The environment's customers, each once, as `customer_id`: none can be ruled out when a change has a blank."""
    words = dict(q.without_entitlement)
    parts = [_everybody(q, seen)]
    if q.is_production and set(words.values()) & {"possible", "all"}:
        parts.append(_unplaced_everybody(q, seen, merged, words))
    found = union_all(*parts).subquery("anybody")
    return (
        select(_survivor(found.c.customer_id, merged))
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .distinct()
        .cte("everybody")
    )
