"""Who is reached: one statement over a deployment's reach and the temporal entitlements, streamed.

Nothing per customer is stored for a deployment. The reference tables say which components it reaches, in which places,
from when to when; entitlements say who uses them. What the rules of the domain leave open is read like this, so that no
customer is lost and none is called for nothing:

- Time is half-open. A customer is reached when, at some instant not later than the one asked about, they were entitled
  to a component, the words of the entitlement meant that component, and the change was carried in a place of theirs. A
  window without any instant reaches nobody. Distance, reach and certainty are those of such instants alone.
- `''` on an axis of an entitlement is any, and certain; `?` is unknown, and possible even when the deployment went
  everywhere. `''` as a window's place is every region (ring) that none of the deployment's windows names.
- A bare key that several repos use is possible for each of them.
- What was deployed and did not succeed is possible; so is what it is not decided about whether it is still there, from
  the instant of the doubt on. Who was certainly reached before that stays so, and is possibly still exposed.
- An entitlement that names a version is of a copy that the customer runs: the deployment of that release reaches it,
  whenever they take it; a later release that holds the change does when their version before was one without it, by
  the order in which the ledger saw the releases deployed with the same component. It is carried while their version
  holds it: a rollback of our copies does not change theirs. `?` may be any version, and so a copy of their own.
- A release of which no deployment was seen there has no place in that order: who changed from one to a later release
  may have changed over the deployment; who changed to one when the deployment was live may have taken it. Both are
  possible, and so is a later release that came when it was not decided whether the change was still there.
- A change names customers unless it touched only components that were not deployed. A named customer is possible as
  long as no certain entitlement reaches them.
- A path that belongs to no component, where that counts for everyone, makes everybody possible who was entitled to
  anything in the environment since the deployment opened, wherever it went; when that ends is not known.
- `unplaced` are those of today's directory who had no entitlement at all since the deployment opened.
- What was known by an instant: the deployment itself from its first attempt on, as possible until its success was
  recorded; of an ending that replaced an earlier one, only the later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, Connection, Select, Subquery, and_, case, func, literal, or_, select, union_all

from releasewatch.domain.unsure import NOBODY, Unsure
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_blanks import BLANK_DISTANCE, unplaced_customers
from releasewatch.storage.exposure_rows import (
    everybody,
    exposed_once,
    exposed_rows,
    merged_customers,
)
from releasewatch.storage.exposure_unsure import find_unsure
from releasewatch.storage.exposure_ways import (
    DEPENDENT,
    DIRECT,
    NAMED,
    RANK,
    ExposureQuestion,
    in_view,
)
from releasewatch.storage.sql import chunks, one_by_one

TOGETHER = 5000
"""So many customers are asked about in one statement."""

NEXT_BY_KEY = 4
"""One of so many customers is looked for in the order of the list; where fewer are exposed, among everybody."""

REACH_WORDS = {NAMED: "named", DIRECT: "direct", DEPENDENT: "dependent"}


@dataclass(frozen=True, slots=True)
class ExposureFilter:
    """Which of the exposed customers. `state`: carrying or returned; `reach`: named, direct or dependent."""

    state: str | None = None
    reach: str | None = None
    account_managers: frozenset[str] | None = None


EVERYONE = ExposureFilter()


def exposed_customers(q: ExposureQuestion) -> CTE:
    """The exposed customers, each once, as a CTE with `customer_id`: what is asked about them is joined to it."""
    return exposed_once(q, in_view(q), merged_customers(q))


def _reach(rank: Any) -> Any:
    return case((rank < DIRECT * RANK, NAMED), (rank < DEPENDENT * RANK, DIRECT), else_=DEPENDENT)


@dataclass(frozen=True, slots=True)
class ExposureCounts:
    """`named + direct + dependent = customers`; `possible` says how many of them are uncertain."""

    named: int = 0
    direct: int = 0
    dependent: int = 0
    possible: int = 0
    still_exposed: int = 0
    unplaced: int = 0
    not_ruled_out: int = 0
    unsure: Unsure = NOBODY

    @property
    def customers(self) -> int:
        """Everyone reached, each once."""
        return self.named + self.direct + self.dependent


def count_exposed(connection: Connection, q: ExposureQuestion, *, has_blank: bool) -> ExposureCounts:
    """Count who is reached, and who is beside them.

    `has_blank`: the change has one, so that others cannot be ruled out; they are counted, with those who are reached:
    to find these twice would take a database nearly twice as long, and so would putting the statements together.
    """
    seen, merged = in_view(q), merged_customers(q)
    exposed = exposed_once(q, seen, merged)
    parts = [_by_reach(exposed)]
    if has_blank and not q.blank_reaches_all:
        beside = _not_among(exposed, everybody(q, seen, merged))
        parts.append(select(literal(None), literal(None), literal(None), beside.c.many).select_from(beside))
    counts = counted(connection.execute(union_all(*parts)))
    return replace(counts, unplaced=count_unplaced(connection, q), unsure=find_unsure(connection, q))


def count_reached(connection: Connection, q: ExposureQuestion, only: ExposureFilter = EVERYONE) -> ExposureCounts:
    """Count who is reached, and nobody else: in the time that they take, not all the directory."""
    exposed = exposed_customers(q)
    return counted(connection.execute(_filtered(_by_reach(exposed, only), exposed, q, only)))


def reached_statement(q: ExposureQuestion) -> Select[Any]:
    """What `counted` counts of everybody who is reached."""
    return _by_reach(exposed_customers(q))


def _by_reach(exposed: CTE, only: ExposureFilter = EVERYONE) -> Select[Any]:
    """How many are exposed, by reach, certainty and whether they still are."""
    reach = _reach(exposed.c.rank)
    certain = exposed.c.surely if only.state == "carrying" else exposed.c.certain
    statement = select(reach.label("reach"), certain.label("certain"), exposed.c.carried, func.count().label("many"))
    return statement.select_from(exposed).group_by(reach, certain, exposed.c.carried)


def counted(rows: Iterable[Any]) -> ExposureCounts:
    """Rows of `reached_statement` added up; one without a reach says how many are not ruled out."""
    by_reach = {NAMED: 0, DIRECT: 0, DEPENDENT: 0}
    possible = still = beside = 0
    for row in rows:
        if row.reach is None:
            beside = row.many
            continue
        by_reach[row.reach] += row.many
        possible += 0 if row.certain else row.many
        still += row.many if row.carried else 0
    return ExposureCounts(
        named=by_reach[NAMED],
        direct=by_reach[DIRECT],
        dependent=by_reach[DEPENDENT],
        possible=possible,
        still_exposed=still,
        not_ruled_out=beside,
    )


def count_unplaced(connection: Connection, q: ExposureQuestion) -> int:
    """How many customers of the directory have no entitlement at all."""
    who = unplaced_customers(q, in_view(q), merged_customers(q)).subquery()
    with one_by_one(connection):
        return connection.scalar(select(func.count()).select_from(who)) or 0


def count_not_ruled_out(connection: Connection, q: ExposureQuestion, *, has_blank: bool) -> int:
    """How many of the environment's customers are not among the exposed, and may be reached by what is not known.

    Nobody when the change has no blank, or when a blank makes everybody exposed. Otherwise it goes through everybody.
    """
    if not has_blank or q.blank_reaches_all:
        return 0
    seen, merged = in_view(q), merged_customers(q)
    beside = _not_among(exposed_once(q, seen, merged), everybody(q, seen, merged))
    return connection.scalar(select(beside.c.many)) or 0


def _not_among(exposed: CTE, anybody: CTE) -> Subquery:
    """How `many` of some customers are not among the exposed, as one row."""
    return (
        select(func.count().label("many"))
        .join_from(anybody, exposed, exposed.c.customer_id == anybody.c.customer_id, isouter=True)
        .where(exposed.c.customer_id.is_(None))
        .subquery("not_ruled_out")
    )


def may_be_reached(connection: Connection, q: ExposureQuestion, customer_id: UUID) -> bool:
    """Whether a customer is one whom a blank of the change may concern."""
    merged = merged_customers(q)
    anybody = everybody(q, in_view(q), merged, (customer_id,))
    found = select(anybody.c.customer_id).where(anybody.c.customer_id == customer_id)
    return connection.scalar(found) is not None


def find_page(
    connection: Connection, q: ExposureQuestion, only: ExposureFilter, after: UUID | None, limit: int
) -> Sequence[UUID]:
    """`customer_id` of the next so many exposed customers, in the order of the list.

    Where many are exposed, they are among the next few customers of the directory, and nobody else is asked about.
    """
    wide = limit * NEXT_BY_KEY
    if wide <= TOGETHER:
        following = _next_by_key(connection, after, wide)
        found = connection.scalars(_page(q, only, after, limit, following)).all()
        if len(found) == limit or len(following) < wide:
            return found
    return connection.scalars(_page(q, only, after, limit)).all()


def _page(
    q: ExposureQuestion,
    only: ExposureFilter,
    after: UUID | None,
    limit: int,
    among: Sequence[UUID] | None = None,
) -> Select[Any]:
    merged = merged_customers(q)
    exposed, c = exposed_once(q, in_view(q), merged, among=among), t.customer.c
    statement = select(exposed.c.customer_id).join_from(exposed, t.customer, c.customer_id == exposed.c.customer_id)
    return _after(_filtered(statement, exposed, q, only), after).order_by(c.key, c.directory).limit(limit)


def _next_by_key(connection: Connection, after: UUID | None, many: int) -> Sequence[UUID]:
    """The next so many customers of the directory, exposed or not."""
    c = t.customer.c
    first = "" if after is None else connection.scalar(select(c.key).where(c.customer_id == after))
    statement = _after(select(c.customer_id), after).where(c.key >= first)
    return connection.scalars(statement.order_by(c.key, c.directory).limit(many)).all()


def _filtered(statement: Select[Any], exposed: CTE, q: ExposureQuestion, only: ExposureFilter) -> Select[Any]:
    """Only those of the exposed customers that were asked for."""
    if only.reach is not None:
        wanted = next(number for number, word in REACH_WORDS.items() if word == only.reach)
        statement = statement.where(_reach(exposed.c.rank) == wanted)
    if only.state is not None:
        statement = statement.where(exposed.c.carried == (1 if only.state == "carrying" else 0))
    if only.account_managers is not None:
        f = t.customer_fact.c
        statement = statement.join(t.customer_fact, and_(f.customer_id == exposed.c.customer_id, *_current(q)))
        statement = statement.where(f.account_manager.in_(sorted(only.account_managers)))
    return statement


def has_customer(connection: Connection, customer_id: UUID) -> bool:
    """Whether a list may go on after this customer."""
    c = t.customer.c.customer_id
    return connection.scalar(select(c).where(c == customer_id)) is not None


def _after(statement: Select[Any], after: UUID | None) -> Select[Any]:
    """Only what comes after a customer in the order of key and directory."""
    if after is None:
        return statement
    c, last = t.customer.c, t.customer.alias("last")
    return statement.join(last, last.c.customer_id == after).where(
        or_(c.key > last.c.key, and_(c.key == last.c.key, c.directory > last.c.directory))
    )


def _current(q: ExposureQuestion) -> tuple[Any, ...]:
    f = t.customer_fact.c
    return f.valid_from <= q.at, f.valid_to > q.at, f.recorded_from <= q.known_at, f.recorded_to > q.known_at


def detail_statement(
    q: ExposureQuestion,
    after: UUID | None = None,
    customer_id: UUID | Sequence[UUID] | None = None,
) -> Select[Any]:
    """Every row of every exposed customer, with name and account manager, ordered by the customer's key (bytewise).

    Rows of a customer stand together, the nearest first. `customer_id`: of one customer, or of these alone.
    """
    among = None
    if customer_id is not None:
        among = (customer_id,) if isinstance(customer_id, UUID) else tuple(customer_id)
    rows = exposed_rows(q, among)
    r = rows.c
    statement = _after(with_customers(q, rows, *r), after)
    return statement.order_by(r.rank, r.component_id, r.region, r.ring, r.live_from)


def with_customers(q: ExposureQuestion, rows: Subquery, *columns: Any) -> Select[Any]:
    """Columns of rows, and the customer's key, directory, name and account manager, ordered by key (bytewise)."""
    c, f = t.customer.c, t.customer_fact.c
    return (
        select(*columns, c.key, c.directory, f.name, f.account_manager)
        .join_from(rows, t.customer, c.customer_id == rows.c.customer_id)
        .join(t.customer_fact, and_(f.customer_id == rows.c.customer_id, *_current(q)), isouter=True)
        .order_by(c.key, c.directory)
    )


def stream_details(connection: Connection, q: ExposureQuestion, only: Sequence[UUID] | None = None) -> Iterator[Any]:
    """The rows of `detail_statement`; of some customers alone a part of them at a time."""
    if only is None:
        yield from connection.execute(detail_statement(q))
        return
    for part in chunks(only, TOGETHER):
        yield from connection.execute(detail_statement(q, None, part))


__all__ = [
    "BLANK_DISTANCE",
    "EVERYONE",
    "RANK",
    "REACH_WORDS",
    "ExposureCounts",
    "ExposureFilter",
    "ExposureQuestion",
    "count_exposed",
    "count_not_ruled_out",
    "count_reached",
    "count_unplaced",
    "counted",
    "detail_statement",
    "exposed_customers",
    "find_page",
    "has_customer",
    "may_be_reached",
    "reached_statement",
    "stream_details",
    "with_customers",
]


def subjects_of(connection: Connection, component_ids: Sequence[int]) -> set[str]:
    """Everything that an entitlement may say to mean one of these components."""
    s = t.component_subject.c
    return set(connection.scalars(select(s.subject).where(s.component_id.in_(component_ids)).distinct()))
