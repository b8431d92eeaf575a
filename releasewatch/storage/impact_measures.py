"""Everybody in an incident, counted by what decides how much they suffered: few rows, however many customers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from sqlalchemy import Connection, and_, func, select

from releasewatch.domain.impact_measures import COUNTED, Group, Place
from releasewatch.storage import tables as t
from releasewatch.storage.impact_ways import ImpactQuestion
from releasewatch.storage.impacts import current_fact, everybody_in

FETCHED = 1000


def read_groups(connection: Connection, q: ImpactQuestion, *, with_contracts: bool) -> Iterator[Group]:
    """Customers who are alike, without those cleared; a row each only where a measurement gave each its own times.

    `with_contracts`: with what theirs are worth, which not every role may read.
    """
    parts = everybody_in(q)
    c, w, s, f, k = parts.customers.c, parts.ways.c, parts.said.c, t.customer_fact.c, t.customer_contract.c
    reached = (
        select(
            w.customer_id,
            func.min(w.live_from).label("live_from"),
            func.max(w.carrying_until).label("carrying_until"),
        )
        .group_by(w.customer_id)
        .subquery("reached")
    )
    held = k.valid_from <= q.at, k.valid_to > q.at, k.recorded_from <= q.known_at, k.recorded_to > q.known_at
    alike = (
        c.state,
        reached.c.live_from,
        reached.c.carrying_until,
        s.first_at,
        s.last_at,
        f.timezone,
        f.country,
        f.sla_minutes,
        f.credit_after_minutes,
        *((k.currency,) if with_contracts else ()),
    )
    worth = (func.sum(k.contract_value).label("contract"),) if with_contracts else ()
    statement = (
        select(*alike, func.count().label("many"), *worth)
        .join_from(parts.customers, reached, reached.c.customer_id == c.customer_id, isouter=True)
        .join(parts.said, s.customer_id == c.customer_id, isouter=True)
        .join(t.customer_fact, and_(f.customer_id == c.customer_id, current_fact(q)), isouter=True)
        .where(c.state.in_(COUNTED))
        .group_by(*alike)
    )
    if with_contracts:
        whose = and_(k.customer_id == c.customer_id, *held)
        statement = statement.join_from(parts.customers, t.customer_contract, whose, isouter=True)
    with connection.execute(statement, execution_options={"yield_per": FETCHED}) as rows:
        for row in rows:
            yield Group(
                row.state,
                row.many,
                row.live_from,
                row.carrying_until,
                row.first_at,
                row.last_at,
                Place(row.timezone or "", row.country or ""),
                row.sla_minutes or 0,
                row.credit_after_minutes or 0,
                (row.currency or "") if with_contracts else "",
                Decimal(row.contract) if with_contracts and row.contract is not None else None,
            )
