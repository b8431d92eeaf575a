"""Who was hurt by an incident: one statement over blamed deployments, or components, and what people said of customers.

Nothing per customer is stored but what a person or a measurement said. The others are derived each time:

- A candidate carries a blamed deployment at some instant of the impact, in a region and ring of the incident, through
  one of its components or what depends on them. Without a blamed deployment: who was entitled to one of these
  components at some instant of the impact.
- Of candidates, those who are reached by name or directly, and certainly, are presumed; the others possible.
- The newest word of a person or a measurement counts instead, whatever is derived later.
- Still exposed is who carries a blamed deployment at the instant asked about; where none is blamed, or what is blamed
  does not explain that a customer was hurt, everybody until the impact ends.
- What is blamed does not explain who was hurt and is not reached by it, or was hurt after it was taken back there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Connection, Integer, and_, case, func, literal, or_, select, union_all

from releasewatch.domain.impacts import AFTER_RETURN, NOT_REACHED, RETURNING
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import merged_customers
from releasewatch.storage.exposure_ways import DEPENDENT, RANK, ExposureQuestion
from releasewatch.storage.impact_ways import WAY, ImpactQuestion, ways_in
from releasewatch.storage.readable import may_read_column
from releasewatch.storage.sql import SecondsBetween, chunks, given_ids
from releasewatch.storage.types import Instant, key_type


def newest_said(incident_id: int, known_at: datetime, *, with_why: bool = False) -> CTE:
    """What was said of each customer last, merged ones as their survivor: the columns of `impact` but who said it.

    `with_why`: and why, in somebody's own words, which not every role may read.
    """
    i = t.impact.c
    asked = ExposureQuestion(0, "", is_production=True, release="", at=known_at, known_at=known_at, label="said")
    merged = merged_customers(asked)
    who = func.coalesce(merged.c.survivor_id, i.customer_id, type_=i.customer_id.type)
    place = func.row_number().over(partition_by=who, order_by=(i.recorded_at.desc(), i.impact_id.desc()))
    left_out = {"customer_id", "recorded_by"} if with_why else {"customer_id", "recorded_by", "why"}
    columns = [column for column in i if column.name not in left_out]
    ranked = (
        select(who.label("customer_id"), i.customer_id.label("said_of"), *columns, place.label("place"))
        .join_from(t.impact, merged, merged.c.customer_id == i.customer_id, isouter=True)
        .where(i.incident_id == incident_id, i.recorded_at <= known_at)
        .subquery("ranked_word")
    )
    return select(*(c for c in ranked.c if c.name != "place")).where(ranked.c.place == 1).cte("newest_word")


OF_STATES = ("rank", "certain", "live_from", "carrying_until")
"""What of ways decides who is in which state."""


@dataclass(frozen=True, slots=True)
class Everybody:
    """The parts of a statement about everybody in an incident."""

    ways: CTE
    said: CTE
    customers: CTE


def everybody_in(
    q: ImpactQuestion, among: Sequence[UUID] | None = None, *, with_why: bool = False, columns: Sequence[str] = WAY
) -> Everybody:
    """Everybody in the incident, each once: `customer_id, state, still_exposed, unexplained`; of their ways `rank` (-1
    for none) and from when to when they were reached.

    `among`: how these alone come into it; words are of everybody. `columns`: of the ways, beside whose each is.
    """
    ways, said = ways_in(q, among, columns), newest_said(q.incident_id, q.known_at, with_why=with_why)
    return Everybody(ways, said, standing_in(q, ways, said))


def standing_in(q: ImpactQuestion, ways: CTE, said: CTE) -> CTE:
    """The customers of some ways and words, as `everybody_in` gives them.

    A way may say `carried`, whether it is at the instant asked about; then its `carrying_until` is asked only of whom
    something was said, and `live_from` not at all.
    """
    w, s = ways.c, said.c
    is_short = "carried" in w
    carried = w.carried if is_short else case((w.carrying_until > q.at, 1), else_=0)
    goes_on = literal(0 if q.is_over else 1)
    never = literal(None, Instant)
    both = union_all(
        select(
            w.customer_id.label("customer_id"),
            w.rank.label("rank"),
            w.certain.label("certain"),
            carried.label("carried"),
            literal("", key_type()).label("said"),
            (never if is_short else w.live_from).label("live_from"),
            w.carrying_until.label("carrying_until"),
            never.label("seen_at"),
        ),
        select(
            s.customer_id,
            literal(None, Integer).label("rank"),
            literal(0).label("certain"),
            literal(-1).label("carried"),
            s.state.label("said"),
            never.label("live_from"),
            never.label("carrying_until"),
            func.coalesce(s.last_at, s.first_at, type_=Instant).label("seen_at"),
        ),
    ).subquery("both_words")
    b = both.c
    each = (
        select(
            b.customer_id,
            # Rank of the candidate alone: a word has none, and stands for itself.
            func.coalesce(func.min(b.rank), -1).label("rank"),
            func.max(b.certain).label("certain"),
            func.max(b.carried).label("carried"),
            func.max(b.said).label("said"),
            func.min(b.live_from, type_=Instant).label("live_from"),
            func.max(b.carrying_until, type_=Instant).label("carrying_until"),
            func.max(b.seen_at, type_=Instant).label("seen_at"),
        )
        .group_by(b.customer_id)
        .subquery("each_customer")
    )
    c = each.c
    presumed = or_(c.said == "added", and_(c.rank < DEPENDENT * RANK, c.certain == 1))
    state = case(
        (c.said == "affected", "affected"),
        (c.said == "cleared", "cleared"),
        (presumed, "presumed"),
        else_="possible",
    )
    unexplained = _unexplained(c) if q.blamed else literal("", key_type())
    explained = case((unexplained == AFTER_RETURN, 0), else_=1) == 1
    still = case((c.said == "cleared", 0), (and_(c.carried >= 0, explained), c.carried), else_=goes_on)
    shown: tuple[Any, ...] = state.label("state"), still.label("still_exposed"), unexplained.label("unexplained")
    shown += () if is_short else (c.rank, c.live_from, c.carrying_until)
    return select(c.customer_id, *shown).where(c.said != "removed").cte("standing")


def _unexplained(each: Any) -> Any:
    """Why what is blamed does not explain that a customer was hurt; empty where it does, or nobody says that they were.

    Seen to be hurt while it was being taken back is not after it: that takes a while, and clocks differ.
    """
    late = SecondsBetween(each.carrying_until, each.seen_at) > RETURNING.total_seconds()
    return case(
        (each.said != "affected", ""),
        (each.carried < 0, NOT_REACHED),
        (and_(each.carried == 0, each.seen_at.is_not(None), late), AFTER_RETURN),
        else_="",
    )


def states_of(connection: Connection, q: ImpactQuestion, customers: Sequence[UUID]) -> dict[UUID, str]:
    """The state of some customers; who is not in the incident is left out."""
    c = everybody_in(q).customers.c
    found: dict[UUID, str] = {}
    for part in chunks(customers):
        rows = connection.execute(select(c.customer_id, c.state).where(c.customer_id.in_(part)))
        found.update({row.customer_id: row.state for row in rows})
    return found


def current_fact(q: ImpactQuestion) -> ColumnElement[bool]:
    """Whether a row of `customer_fact` holds as of the instants that are asked about."""
    f = t.customer_fact.c
    held = f.valid_from <= q.at, f.valid_to > q.at, f.recorded_from <= q.known_at, f.recorded_to > q.known_at
    return and_(*held)


def stream_customers(
    connection: Connection, q: ImpactQuestion, fetched: int, customer_id: UUID | Sequence[UUID] | None = None
) -> Iterator[Any]:
    """Every customer in the incident with each way in, those of a customer together, in the order of their keys.

    `customer_id`: only this one, or these; nobody else's ways are looked for.
    """
    with_why = may_read_column(connection, t.impact.c.why)
    among = (customer_id,) if isinstance(customer_id, UUID) else customer_id
    parts = everybody_in(q, among, with_why=with_why)
    w, s, c, f, k = parts.ways.c, parts.said.c, parts.customers.c, t.customer_fact.c, t.customer.c
    statement = (
        select(
            c.customer_id,
            c.state,
            c.still_exposed,
            c.unexplained,
            k.key,
            k.directory,
            f.name,
            f.account_manager,
            f.timezone,
            f.country,
            f.sla_minutes,
            f.credit_after_minutes,
            s.state.label("said"),
            s.source.label("said_by_source"),
            s.level,
            s.first_at,
            s.last_at,
            s.many,
            s.why if with_why else literal("").label("why"),
            s.recorded_at.label("said_at"),
            w.deployment_id,
            *(w[name] for name in WAY if name != "customer_id"),
        )
        .join_from(parts.customers, t.customer, k.customer_id == c.customer_id)
        .join(t.customer_fact, and_(f.customer_id == c.customer_id, current_fact(q)), isouter=True)
        .join(parts.said, s.customer_id == c.customer_id, isouter=True)
        .join(parts.ways, w.customer_id == c.customer_id, isouter=True)
        .order_by(k.key, k.directory, w.deployment_id, w.rank, w.component_id, w.region, w.ring, w.live_from, w.subject)
    )
    if among is not None:
        statement = statement.where(c.customer_id.in_(given_ids(among)))
    # Of this statement alone: options of a connection stay with it, and PostgreSQL writes nothing by a cursor.
    with connection.execute(statement, execution_options={"yield_per": fetched}) as rows:
        yield from rows
