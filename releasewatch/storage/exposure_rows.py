"""Who is reached, as rows: each way in which a customer is, from a join of a deployment's ways with entitlements.

Every branch gives the same columns; `source` says which it is: entitlement, an upgrade (see exposure_upgrades), named,
unmapped or unplaced.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Integer,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    select,
    union_all,
)

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_blanks import everybody_rows, named_rows, unplaced_everybody_rows, unplaced_rows
from releasewatch.storage.exposure_upgrades import upgraded_rows
from releasewatch.storage.exposure_ways import (
    ExposureQuestion,
    earlier,
    in_environment,
    in_place,
    in_view,
    known,
    known_windows,
    later,
    of_these,
    over_regions,
    reach_cells,
    says_where,
    some_customers,
    ways,
    what_it_says,
)


def exposed_rows(
    q: ExposureQuestion, among: Sequence[UUID] | None = None, columns: Collection[str] | None = None
) -> Subquery:
    """Every way in which the deployment reaches a customer (`among`: one of these), merged ones as their survivor.

    `columns`: all that is asked of a way, beside whose it is; None: everything. To be named once in a statement: of a
    CTE within one that is named twice SQLite would keep all rows, beside those of the outer one.
    """
    merged = merged_customers(q)
    some = None if among is None else some_customers(q, among, merged)
    way, others = _branches(q, in_view(q), merged, some)
    parts = [_entitled(q, way), *others]
    if some is not None:
        parts = [of_these(part, some) for part in parts]
    if columns is not None:
        parts = [_narrow(part, columns) for part in parts]
    return _of_survivors(q, merged, parts)


def _of_survivors(q: ExposureQuestion, merged: CTE, parts: Sequence[Select[Any]]) -> Subquery:
    found = union_all(*parts).subquery(q.named("found_row"))
    told = [column for column in found.c if column.name != "customer_id"]
    return (
        select(survivor(found.c.customer_id, merged), *told)
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .subquery(q.named("exposed_row"))
    )


_AS_ITS_WAY = (
    "rank", "component_id", "via", "region", "ring", "any_region", "any_ring", "window_certain", "subject_certain",
    "subject",
)  # fmt: skip
"""What a row of an entitlement has of its way."""

_AS_ITS_WAY_OR_SHORTER = {
    "live_from": "starts",
    "live_until": "live_until",
    "carrying_until": "until",
    "sure_until": "sure_until",
}
"""The same of instants, unless the entitlement begins later or ends before; and what they are called there."""


@dataclass(frozen=True, slots=True)
class RowsInShort:
    """The rows of `exposed_rows` with the number of their way, and without (NULL) what is as the way has it.

    `ways`: the number of each way, and what it has in the place of each of the `columns`. Rows that no way is behind
    have no number and are whole, and so are all rows of some customers alone.
    """

    rows: Subquery
    ways: Subquery
    columns: Sequence[ColumnElement[Any]]


def rows_in_short(
    q: ExposureQuestion, among: Sequence[UUID] | None, pack: Callable[[Sequence[Any]], Sequence[Any]]
) -> RowsInShort:
    """What is asked of everybody's rows, of which there are many and few that differ.

    `pack`: how the number of a row and its columns are handed over.
    """
    merged = merged_customers(q)
    some = None if among is None else some_customers(q, among, merged)
    way, others = _branches(q, in_view(q), merged, some)
    number = func.row_number().over(order_by=tuple(way.c)).label("number")  # those that are alike may change theirs
    numbered = select(way, number).cte(q.named("numbered_way"))
    entitled = _entitled(q, way if among is not None else numbered)
    _, *columns = entitled.selected_columns
    theirs = {**{name: name for name in _AS_ITS_WAY}, **_AS_ITS_WAY_OR_SHORTER}
    of_ways = (numbered.c[theirs[c.name]] if c.name in theirs else null() for c in columns)
    ways = select(numbered.c.number, *(value.label(c.name) for c, value in zip(columns, of_ways, strict=True)))

    def in_short(column: Any, value: Any) -> Any:
        if column.name in _AS_ITS_WAY:
            return cast(null(), column.type)
        if column.name in _AS_ITS_WAY_OR_SHORTER:
            return func.nullif(value, numbered.c[_AS_ITS_WAY_OR_SHORTER[column.name]], type_=column.type)
        return value

    parts = []
    for part in (entitled, *others):
        who, *values = (getattr(column, "element", column) for column in part.selected_columns)
        told: list[Any] = [cast(null(), Integer), *values]
        if part is entitled and among is None:
            told = [numbered.c.number, *map(in_short, columns, values)]
        told = [value.label(name) for name, value in zip(("number", *(c.name for c in columns)), told, strict=True)]
        part = part.with_only_columns(who.label("customer_id"), *pack(told))
        parts.append(part if some is None else of_these(part, some))
    return RowsInShort(_of_survivors(q, merged, parts), ways.subquery(), columns)


def _narrow(part: Select[Any], columns: Collection[str]) -> Select[Any]:
    kept = [one for one in part.selected_columns if one.name in columns or one.name == "customer_id"]
    return part.with_only_columns(*kept)


def exposed_once(
    q: ExposureQuestion,
    seen: CTE,
    merged: CTE,
    marking: Collection[int] | None = None,
    among: Sequence[UUID] | Select[Any] | None = None,
    asked: Collection[str] = ("rank", "certain", "carried", "surely"),
) -> CTE:
    """The exposed customers (`among`: of these), each once: `rank` of their nearest way and whether one is `certain`.

    `carried`: still at `at`; `surely`: and that is certain. `marking`: components; who is reached by one is `marked`.
    `asked`: which of these numbers: no database leaves out what is asked and not used.
    """
    some = None if among is None else some_customers(q, among, merged)
    way, others = _branches(q, seen, merged, some)
    sums = _sums(asked, marking)
    parts = [
        _entitled_numbers(q, over_regions(q, way), sums, marking),
        *(_numbers(q, part, sums, marking) for part in others),
    ]
    if some is not None:
        parts = [of_these(part, some) for part in parts]
    found = union_all(*parts).subquery(q.named("found"))
    who = survivor(found.c.customer_id, merged)
    totals = [total(found.c[name]).label(name) for name, total in sums.items()]
    return (
        select(who, *totals)
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .group_by(who.element)
        .cte(q.named("exposed"))
    )


def _sums(asked: Collection[str], marking: Collection[int] | None) -> dict[str, Any]:
    """What is said of a customer, and how it follows from what is said of each of their ways."""
    sums: dict[str, Any] = {"rank": func.min, "certain": func.max, "carried": func.max, "surely": func.max}
    found = {name: total for name, total in sums.items() if name in asked}
    return found if marking is None else found | {"marked": func.max}


def _marked(component_id: Any, marking: Collection[int] | None) -> Any:
    return case((component_id.in_(sorted(marking)), 1), else_=0) if marking else literal(0)


def _numbers(
    q: ExposureQuestion, part: Select[Any], asked: Collection[str], marking: Collection[int] | None
) -> Select[Any]:
    """A branch with nothing but a customer and a few numbers, so that a database groups as little as possible."""
    c = {column.name: getattr(column, "element", column) for column in part.selected_columns}
    values = {
        "rank": c["rank"],
        "certain": c["certain"],
        "carried": case((c["carrying_until"] > q.at, 1), else_=0),
        "surely": case((and_(c["certain"] == 1, c["sure_until"] > q.at), 1), else_=0),
        "marked": _marked(c["component_id"], marking),
    }
    return part.with_only_columns(c["customer_id"].label("customer_id"), *(values[name].label(name) for name in asked))


def _branches(q: ExposureQuestion, seen: CTE, merged: CTE, some: CTE | None = None) -> tuple[CTE, list[Select[Any]]]:
    """The ways in which a deployment reaches customers: those that entitlements meet, and rows of the others, each with
    the columns of `_entitled`. `some`: of these alone, as far as that makes a branch quicker."""
    windows = known_windows(q, seen)
    cells = reach_cells(q, windows)
    parts = [upgraded_rows(q, seen, windows, cells, some), named_rows(q, seen, windows)]
    if q.blank_reaches_all:
        parts.append(everybody_rows(q, seen))
    words = dict(q.without_entitlement)
    if q.is_production and set(words.values()) & {"possible", "all"}:
        parts.append(unplaced_rows(q, seen, merged, cells, words))
        parts += [unplaced_everybody_rows(q, seen, merged, words)] if q.blank_reaches_all else []
    return ways(q, cells), parts


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
        .cte(q.named("merged"))
    )


def survivor(customer_id: Any, merged: Any) -> Any:
    """Whom a customer was merged into, or they themselves."""
    return func.coalesce(merged.c.survivor_id, customer_id, type_=t.customer.c.customer_id.type).label("customer_id")


def _entitled(q: ExposureQuestion, way: CTE) -> Select[Any]:
    """One row for each window that each entitlement meets, for the time in which it does."""
    e, w = t.entitlement.c, way.c
    ends = _ends(q, way)
    return _meeting(
        q,
        way,
        e.customer_id,
        w.rank,
        case((_is_certain(way, ends), 1), else_=0).label("certain"),
        literal("entitlement").label("source"),
        w.component_id,
        w.via,
        w.region,
        w.ring,
        w.any_region,
        w.any_ring,
        later(w.starts, e.valid_from).label("live_from"),
        earlier(ends["live"], e.valid_to).label("live_until"),
        earlier(ends["until"], e.valid_to).label("carrying_until"),
        earlier(ends["sure"], e.valid_to).label("sure_until"),
        w.window_certain,
        w.subject_certain,
        *what_it_says(e),
    )


def _entitled_numbers(
    q: ExposureQuestion, way: CTE, asked: Collection[str], marking: Collection[int] | None
) -> Select[Any]:
    """What `_numbers` says of the same rows, without any instant of them: most of a large list is nothing else."""
    e, w = t.entitlement.c, way.c
    ends = _ends(q, way)
    certain = _is_certain(way, ends)
    still = e.valid_to > q.at
    columns: dict[str, Any] = {
        "rank": w.rank,
        "certain": case((certain, 1), else_=0),
        "carried": case((and_(ends["until"] > q.at, still), 1), else_=0),
        "surely": case((and_(certain, ends["sure"] > q.at, still), 1), else_=0),
        "marked": _marked(w.component_id, marking),
    }
    return _meeting(q, way, e.customer_id, *(columns[name].label(name) for name in asked))


def _ends(q: ExposureQuestion, way: CTE) -> dict[str, Any]:
    """Until when a way is live, carried and surely there.

    Who names the deployed release, or may do so, runs a copy of their own: it is carried until their version changes,
    whatever happens to the copies that we run.
    """
    w = way.c
    ends: dict[str, Any] = {"live": w.live_until, "until": w.until, "sure": w.sure_until}
    if not q.release:
        return ends
    own = t.entitlement.c.version.in_((UNKNOWN, *q.spellings))
    return {name: case((own, w.said_until), else_=end) for name, end in ends.items()}


def _is_certain(way: CTE, ends: dict[str, Any]) -> ColumnElement[bool]:
    """Whether the window, the subject and the place of an entitlement are, at an instant that they share."""
    e, w = t.entitlement.c, way.c
    began = w.starts < ends["sure"], e.valid_from < ends["sure"]
    return and_(w.window_certain == 1, w.subject_certain == 1, says_where(), *began)


def _meeting(q: ExposureQuestion, way: CTE, *columns: Any) -> Select[Any]:
    """Columns of each window that each entitlement meets."""
    e, w = t.entitlement.c, way.c
    until = _ends(q, way)["until"]
    versions = [ANY, UNKNOWN, *(q.spellings if q.release else ())]
    return (
        select(*columns)
        .join_from(way, t.entitlement, e.subject == w.subject)
        .where(
            in_environment(q),
            in_place(q, way),
            e.version.in_(versions),
            known(e.recorded_from, e.recorded_to, q),
            e.valid_from <= q.at,
            e.valid_from < until,
            e.valid_to > e.valid_from,
            e.valid_to > w.starts,
            until > w.starts,
        )
    )


def everybody(q: ExposureQuestion, seen: CTE, merged: CTE, among: Sequence[UUID] | None = None) -> CTE:
    """The environment's customers, each once, as `customer_id`: none can be ruled out when a change has a blank."""
    words = dict(q.without_entitlement)
    parts = [everybody_rows(q, seen)]
    if q.is_production and set(words.values()) & {"possible", "all"}:
        parts.append(unplaced_everybody_rows(q, seen, merged, words))
    if among is not None:
        some = some_customers(q, among, merged)
        parts = [of_these(part, some) for part in parts]
    found = union_all(*parts).subquery("anybody")
    return (
        select(survivor(found.c.customer_id, merged))
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .distinct()
        .cte(q.named("everybody"))
    )
