"""Who may be reached although nothing known reaches them: because their entitlement waits, or their copy is their own.

An entitlement waits as long as the ledger does not know what its subject means: a component that no deployment
brought, a product that nobody declared, or one that is said to hold a component which is not known. Subjects are few
and what waits is mostly nothing, so it is found by the gaps between those that are known: a range of the key each.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import CTE, Connection, Select, and_, exists, func, or_, select, text

from releasewatch.domain.catalog_check import find_idle_products
from releasewatch.domain.customers import ANY, PRODUCT, UNKNOWN
from releasewatch.domain.unsure import NAMED, NOBODY, Unsure
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import exposed_once, merged_customers, survivor
from releasewatch.storage.exposure_ways import (
    ExposureQuestion,
    in_environment,
    in_place,
    in_view,
    known,
    known_windows,
    later,
    of_these,
    reach_cells,
    some_customers,
    ways,
)
from releasewatch.storage.sql import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

_LAST = "\U0010ffff"
"""After every subject."""


def products_not_in_full(connection: Connection, at: datetime, known_at: datetime) -> dict[str, tuple[str, ...]]:
    """Products of which not every component is known, with those that are not, as they are written."""
    p, s, c = t.product_component.c, t.component_subject.c, t.component.c

    def held(table: Any) -> Any:
        return and_(
            table.valid_from <= at,
            table.valid_to > at,
            table.recorded_from <= known_at,
            table.recorded_to > known_at,
        )

    declared: dict[str, list[str]] = {}
    for row in connection.execute(
        select(p.product, p.pattern).where(held(p)).order_by(p.product, p.pattern).distinct()
    ):
        declared.setdefault(row.product, []).append(row.pattern)
    if not declared:
        return {}
    full = select(c.full_key).join_from(t.component, t.component_subject, s.component_id == c.component_id)
    components = set(connection.scalars(full.where(s.subject == c.full_key, held(s))))
    return dict(find_idle_products(declared, components))


def unknown_subjects(connection: Connection, at: datetime, known_at: datetime) -> list[str]:
    """What entitlements name and the ledger does not know, or not in full, at an instant."""
    s = t.component_subject.c
    held = and_(s.valid_from <= at, s.valid_to > at, s.recorded_from <= known_at, s.recorded_to > known_at)
    known_by_then = set(connection.scalars(select(s.subject).where(held).distinct()))
    known_by_then -= {PRODUCT + product for product in products_not_in_full(connection, at, known_at)}
    gaps = list(pairwise(["", *sorted(known_by_then), _LAST]))
    found: list[str] = []
    for some in chunks(gaps):
        # Each by itself, and by constants: of a join, or of one long condition, a database would read everything. As
        # text: SQLAlchemy would take longer to put hundreds of selects together than the database to answer them.
        edges = {f"s{number}": edge for number, edge in enumerate((*(low for low, _ in some), some[-1][1]))}
        each = "SELECT subject FROM entitlement WHERE subject > :s{} AND subject < :s{}"
        found += connection.scalars(text(" UNION ".join(each.format(n, n + 1) for n in range(len(some)))), edges)
    return found


def waiting_rows(q: ExposureQuestion, unknown: Sequence[str], only: Sequence[Any] = ()) -> Select[Any]:
    """`customer_id` and `subject` of entitlements that wait, where and while the deployment reaches anything at all.

    `only`: conditions on entitlements.
    """
    e = t.entitlement.c
    cells = reach_cells(q, known_windows(q, in_view(q))).c
    names = ("region", "ring", "any_region", "any_ring", "live_from", "carrying_until")
    somewhere = select(*(cells[name] for name in names)).distinct().cte(q.named("somewhere"))
    s = somewhere.c
    columns: list[Any] = [e.customer_id, e.subject]
    return (
        select(*columns)
        .join_from(t.entitlement, somewhere, in_place(q, somewhere))
        .where(
            *only,
            e.subject.in_(unknown),
            in_environment(q),
            known(e.recorded_from, e.recorded_to, q),
            e.valid_from <= q.at,
            e.valid_to > e.valid_from,
            e.valid_to > s.live_from,
            # A copy of their own is carried until its version changes, whatever happens to ours.
            or_(e.version != ANY, e.valid_from < s.carrying_until),
        )
    )


def pinned_rows(q: ExposureQuestion, only: Sequence[Any] = ()) -> Select[Any]:
    """`customer_id` and `subject` of copies of their own of what a deployment without a release reaches.

    `only`: conditions on entitlements.
    """
    e = t.entitlement
    way = ways(q, reach_cells(q, known_windows(q, in_view(q))))
    w = way.c
    subjects = select(w.subject).distinct().cte(q.named("pinned_subject"))
    found = (
        select(*(e.c[name] for name in ("customer_id", "subject", "region", "ring", "valid_from", "valid_to")))
        .join_from(subjects, e, e.c.subject == subjects.c.subject)
        .where(
            *only,
            e.c.version > ANY,  # by what the index says, as of upgrades
            e.c.version != UNKNOWN,
            in_environment(q),
            known(e.c.recorded_from, e.c.recorded_to, q),
            e.c.valid_from <= q.at,
            e.c.valid_to > e.c.valid_from,
        )
        .cte(q.named("own_copy"))
        .prefix_with("MATERIALIZED")
    )
    f = found.c
    return (
        select(f.customer_id, f.subject)
        .join_from(found, way, w.subject == f.subject)
        .where(in_place(q, way, found), f.valid_from < w.said_until, later(f.valid_from, w.starts) < f.valid_to)
        .where(later(f.valid_from, w.starts) < w.said_until)
    )


def _apart(q: ExposureQuestion) -> ExposureQuestion:
    """The same question, as a part of a statement that asks it of others too."""
    return replace(q, label=f"{q.label}unsure")


def find_unsure(connection: Connection, q: ExposureQuestion) -> Unsure:
    """Count those whom nothing known reaches and who wait, or run a copy of their own.

    Where there is nobody, which is most often, it is found without going through who is reached.
    """
    unknown = unknown_subjects(connection, q.at, q.known_at)
    waiting = _count(connection, q, waiting_rows(_apart(q), unknown)) if unknown else NOBODY
    pinned = NOBODY if q.release else _count(connection, q, pinned_rows(_apart(q)))
    return Unsure(waiting.waiting, waiting.waiting_for, waiting.subjects, pinned.waiting)


def _count(connection: Connection, q: ExposureQuestion, rows: Select[Any]) -> Unsure:
    """Customers of some rows whom the deployment does not reach."""
    if not connection.scalar(select(exists(rows.limit(1)))):
        return NOBODY
    merged = merged_customers(q)
    return count_unsure(connection, q, rows, merged, exposed_once(q, in_view(q), merged))


def count_unsure(connection: Connection, q: ExposureQuestion, rows: Select[Any], merged: CTE, reached: CTE) -> Unsure:
    """Customers of some rows who are not among those reached, with what the rows are about; the most frequent first."""
    found = rows.subquery("unsure_row")
    who = survivor(found.c.customer_id, merged)
    theirs = (
        select(who, found.c.subject)
        .join_from(found, merged, merged.c.customer_id == found.c.customer_id, isouter=True)
        .distinct()
        .cte(q.named("unsure"))
    )
    mine = (
        select(theirs.c.customer_id, theirs.c.subject)
        .join_from(theirs, reached, reached.c.customer_id == theirs.c.customer_id, isouter=True)
        .where(reached.c.customer_id.is_(None))
        .cte(q.named("unsure_one"))
    )
    everyone = select(func.count(mine.c.customer_id.distinct())).scalar_subquery()
    answer = connection.execute(
        select(mine.c.subject, everyone.label("customers"), func.count().over().label("subjects"))
        .group_by(mine.c.subject)
        .order_by(func.count().desc(), mine.c.subject)
        .limit(NAMED)
    ).all()
    if not answer:
        return NOBODY
    names = tuple(dict.fromkeys(row.subject.removeprefix(PRODUCT) for row in answer))
    return Unsure(answer[0].customers, names, answer[0].subjects)


@dataclass(frozen=True, slots=True)
class UnsureOf:
    """What keeps a customer whom nothing known reaches from being ruled out: subjects, as the ledger has them.

    `not_in_full`: for a product among them, which of its components are not known.
    """

    waiting_for: tuple[str, ...] = ()
    not_in_full: tuple[tuple[str, tuple[str, ...]], ...] = ()
    pinned: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything does."""
        return bool(self.waiting_for or self.pinned)


def subjects_of(q: ExposureQuestion, rows: Select[Any], customer_id: UUID) -> Select[Any]:
    """`subject`, each once, of the rows of `waiting_rows` or `pinned_rows` that are of one customer."""
    mine = of_these(rows, some_customers(q, (customer_id,), merged_customers(q))).subquery("theirs")
    return select(mine.c.subject).distinct()


def unsure_of(connection: Connection, q: ExposureQuestion, customer_id: UUID) -> UnsureOf:
    """What one customer waits for, and of what they run a copy of their own that may be of this deployment."""

    def theirs(rows: Select[Any]) -> tuple[str, ...]:
        return tuple(sorted(connection.scalars(subjects_of(q, rows, customer_id))))

    unknown = unknown_subjects(connection, q.at, q.known_at)
    waiting = theirs(waiting_rows(q, unknown)) if unknown else ()
    partly = products_not_in_full(connection, q.at, q.known_at) if waiting else {}
    return UnsureOf(
        waiting,
        tuple((one, partly[one.removeprefix(PRODUCT)]) for one in waiting if one.removeprefix(PRODUCT) in partly),
        () if q.release else theirs(pinned_rows(q)),
    )
