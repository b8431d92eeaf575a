"""The customers because of whom a plan breaks a rule: a statement for each rule, however many are reached."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Connection, and_, func, or_, select

from releasewatch.domain.gate import SAMPLE, Found, sample_of
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import exposed_once, merged_customers, survivor
from releasewatch.storage.exposure_ways import DEPENDENT, RANK, ExposureQuestion, in_view
from releasewatch.storage.types import OPEN_END


class ExposedCustomers:
    """Those whom a deployment reaches, possibly ones too: asked one question after another."""

    def __init__(self, connection: Connection, q: ExposureQuestion) -> None:
        self._connection = connection
        self._q = q
        self._merged = merged_customers(q)
        self._exposed = exposed_once(q, in_view(q), self._merged)

    def all(self) -> Found:
        """Everybody."""
        return self._found(select(self._exposed.c.customer_id).cte("asked_for"))

    def nearest(self) -> Found:
        """Those reached by name or directly."""
        near = self._exposed.c.rank < DEPENDENT * RANK
        return self._found(select(self._exposed.c.customer_id).where(near).cte("asked_for"))

    def of_tiers(self, tiers: Collection[str]) -> Found:
        """Those of some customer tiers."""
        return self._with_fact(t.customer_fact.c.customer_tier.in_(sorted(tiers)))

    def kept_by(self, account_managers: Collection[str]) -> Found:
        """Those whom some account managers keep, as the directory names them."""
        return self._with_fact(t.customer_fact.c.account_manager.in_(sorted(account_managers)))

    def these(self, customers: Collection[UUID]) -> Found:
        """Those of some customers."""
        e = self._exposed.c
        mine = select(e.customer_id).where(e.customer_id.in_(sorted(customers)))
        return self._found(mine.cte("asked_for"))

    def frozen_on(self, day: date) -> Found:
        """Those who have a freeze on a day."""
        z, e = t.customer_freeze.c, self._exposed.c
        who = survivor(z.customer_id, self._merged)
        frozen = (
            select(who)
            .join_from(t.customer_freeze, self._merged, self._merged.c.customer_id == z.customer_id, isouter=True)
            .where(z.from_on <= day, z.to_on >= day, z.recorded_to == OPEN_END)
            .distinct()
            .cte("frozen")
        )
        mine = select(e.customer_id).join_from(self._exposed, frozen, frozen.c.customer_id == e.customer_id)
        return self._found(mine.cte("asked_for"))

    def hurt_since(self, since: datetime, incidents: Collection[int], cancelled: Collection[int]) -> Found:
        """Those whom an incident affected at `since` or later: as last said of each customer in each incident.

        `incidents`: those whose impact, as far as no word of the customer's own says when, lasted so long.
        """
        i, e, merged = t.impact.c, self._exposed.c, self._merged
        who = survivor(i.customer_id, merged)
        order = (i.recorded_at.desc(), i.impact_id.desc())
        place = func.row_number().over(partition_by=(who.element, i.incident_id), order_by=order)
        said = (
            select(who, i.incident_id, i.state, i.last_at, place.label("place"))
            .join_from(t.impact, merged, merged.c.customer_id == i.customer_id, isouter=True)
            .subquery("said_of_impact")
        )
        lasted = or_(said.c.last_at >= since, and_(said.c.last_at.is_(None), said.c.incident_id.in_(sorted(incidents))))
        mine = (
            select(e.customer_id)
            .join_from(self._exposed, said, said.c.customer_id == e.customer_id)
            .where(said.c.place == 1, said.c.state == "affected", lasted)
            .where(said.c.incident_id.not_in(sorted(cancelled)))
            .distinct()
        )
        return self._found(mine.cte("asked_for"))

    def account_managers(self) -> list[str]:
        """The account managers whom the directory names for them."""
        f, e = t.customer_fact.c, self._exposed.c
        named = (
            select(f.account_manager)
            .join_from(self._exposed, t.customer_fact, and_(f.customer_id == e.customer_id, *self._current()))
            .where(f.account_manager != "")
            .distinct()
        )
        return sorted(self._connection.scalars(named))

    def _with_fact(self, condition: ColumnElement[bool]) -> Found:
        f, e = t.customer_fact.c, self._exposed.c
        mine = (
            select(e.customer_id)
            .join_from(self._exposed, t.customer_fact, and_(f.customer_id == e.customer_id, *self._current()))
            .where(condition)
        )
        return self._found(mine.cte("asked_for"))

    def _current(self) -> tuple[ColumnElement[bool], ...]:
        f, q = t.customer_fact.c, self._q
        return f.valid_from <= q.at, f.valid_to > q.at, f.recorded_from <= q.known_at, f.recorded_to > q.known_at

    def _found(self, ids: CTE) -> Found:
        """How many they are, and the first by key."""
        c, f = t.customer.c, t.customer_fact.c
        rows: Sequence[Any] = self._connection.execute(
            select(c.key, f.name, f.account_manager, func.count().over().label("many"))
            .join_from(ids, t.customer, c.customer_id == ids.c.customer_id)
            .join(t.customer_fact, and_(f.customer_id == ids.c.customer_id, *self._current()), isouter=True)
            .order_by(c.key, c.directory)
            .limit(SAMPLE)
        ).all()
        named = [(row.key, row.name or "", row.account_manager or "") for row in rows]
        return sample_of(named, int(rows[0].many) if rows else 0)


def has_customers(connection: Connection) -> bool:
    """Whether any customer is known."""
    return connection.execute(select(t.customer.c.customer_id).limit(1)).first() is not None


def customer_tiers(connection: Connection, at: datetime | None) -> list[str]:
    """The customer tiers in use, as the directories write them; those that ever were where `at` is None."""
    f = t.customer_fact.c
    named = select(f.customer_tier)
    if at is not None:
        named = named.where(f.valid_from <= at, f.valid_to > at, f.recorded_to == OPEN_END)
    return sorted(connection.scalars(named.where(f.customer_tier != "").distinct()))


def incidents_that_hurt(connection: Connection) -> list[int]:
    """The incidents of which somebody said that they affected a customer, in order."""
    i = t.impact.c
    return sorted(connection.scalars(select(i.incident_id).where(i.state == "affected").distinct()))
