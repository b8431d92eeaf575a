"""What a customer is worth by themselves, in points, and who is worth most: found by indexes of tier and contract.

Of a million customers a list holds some thousand, and of those who are reached alike it is those who are worth most. So
they are looked up first, and asked whether they are reached, instead of the worth of everybody who is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Numeric, Select, and_, case, cast, func, literal, select

from releasewatch.domain.call_scores import CONTRACT_BANDS, RankingWeights
from releasewatch.storage import tables as t
from releasewatch.storage.sql import OctetLength

_CENT = 0.01

_SAMPLED = 4096
"""So many customers tell how much the others are worth, as far as that is to be guessed."""

_TIERS = 50
"""Of more different tiers nobody is looked up by one."""

_NO_TIER = 2**31
"""More points than a tier has."""

_WORTH_IT = 4
"""Where more than one of so many customers would be looked up, it is as quick to read what everybody is worth."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The instant asked about, and what was known when."""

    at: datetime
    known_at: datetime

    def hold(self, c: Any) -> ColumnElement[bool]:
        """Whether a row of a table with two clocks counts."""
        return and_(
            c.valid_from <= self.at,
            c.valid_to > self.at,
            c.recorded_from <= self.known_at,
            c.recorded_to > self.known_at,
        )


@dataclass(frozen=True, slots=True)
class Worth:
    """How a customer's own points follow from their facts and their contract."""

    weights: RankingWeights
    today: date
    clocks: Clocks

    @property
    def parts(self) -> dict[str, Any]:
        """The parts of the score that are the customer's own, each at least what it is exactly."""
        f, weights = t.customer_fact.c, self.weights
        return {
            "tier": self._tier(),
            "renewal": case((self._is_near(), weights.renewal_near), else_=0),
            "escalated": case((f.escalated.is_(True), weights.escalated), else_=0),
            "contract": self._contract(),
        }

    def points(self) -> Any:
        """All of them."""
        return sum(self.parts.values(), literal(0))

    def facts_of(self, customer_id: Any) -> ColumnElement[bool]:
        """What joins the facts of a customer."""
        f = t.customer_fact.c
        return and_(f.customer_id == customer_id, self.clocks.hold(f))

    def contract_of(self, customer_id: Any) -> ColumnElement[bool]:
        """What joins the contract of a customer."""
        c = t.customer_contract.c
        return and_(c.customer_id == customer_id, self.clocks.hold(c))

    def _is_near(self) -> ColumnElement[bool]:
        last = self.today + timedelta(days=self.weights.renewal_days)
        return t.customer_contract.c.renewal_on.between(self.today, last)

    def _tiers(self) -> dict[str, int]:
        return {name.lower(): value for name, value in self.weights.customer_tier.items()}

    def _tier(self) -> Any:
        """By the tier's name without case. Only Python knows that beyond ASCII: such names count as the highest."""
        tiers = self._tiers()
        if not tiers:
            return literal(0)
        tier = t.customer_fact.c.customer_tier
        known = case(tiers, value=func.lower(tier), else_=0)
        return case((OctetLength(tier) != func.length(tier), max(tiers.values())), else_=func.coalesce(known, 0))

    def _tier_points(self, name: str) -> int:
        """The same of one tier, as the directory writes it."""
        tiers = self._tiers()
        return tiers.get(name.lower(), 0) if name.isascii() else max(tiers.values(), default=0)

    def _contract(self) -> Any:
        c, weights = t.customer_contract.c, self.weights
        if not weights.currency:
            return self._bands(1.0)
        in_own = (c.currency.in_(["", weights.currency]), self._bands(1.0))
        return case(in_own, *((c.currency == name, self._bands(rate)) for name, rate in self._rates().items()), else_=0)

    def _rates(self) -> dict[str, float]:
        """What one of each other currency is worth in the one in which all are compared."""
        weights = self.weights
        if not weights.currency:
            return {}
        return {name: float(rate) for name, rate in weights.rates.items() if name != weights.currency}

    def _bands(self, rate: float) -> Any:
        """A contract's points, by what a value is worth in the one currency; a cent too many for what is rounded."""
        value = t.customer_contract.c.contract_value
        steps = [
            (value >= float(bound) / rate * (1 - 1e-9) - _CENT, self._band_points(number))
            for number, bound in enumerate(CONTRACT_BANDS, 1)
        ]
        return case(*reversed(steps), else_=0)

    def _band_points(self, number: int) -> int:
        return self.weights.contract_max * number // len(CONTRACT_BANDS)

    def guess(self, connection: Connection, many: int) -> Guess:
        """How the points of a directory's customers are spread, by some of them. `many`: there are at least so many."""
        f = t.customer_fact.c
        # Ids are digests: the first of them are any customers.
        until = UUID(int=2**128 * _SAMPLED // max(many, _SAMPLED + 1))
        sample = (
            select(*(value.label(name) for name, value in self.parts.items()))
            .join_from(t.customer_fact, t.customer_contract, self.contract_of(f.customer_id), isouter=True)
            .where(f.customer_id < until, self.clocks.hold(f))
            .subquery("sample")
        )
        rows = connection.execute(select(*sample.c, func.count().label("many")).group_by(*sample.c))
        return Guess([(Own(row.tier, row.renewal, row.escalated, row.contract), row.many) for row in rows])

    def worthy(self, connection: Connection, least: int, guess: Guess) -> list[Select[Any]] | None:
        """Who has at least so many points, as selections of `customer_id`, each by an index; None: no index helps."""
        tiers = _tiers_of(connection)
        if tiers is None:
            return None
        points = {name: self._tier_points(name) for name in tiers}
        plans = [self._plan(bound, least, points.values()) for bound in sorted({*points.values(), _NO_TIER})]
        best = min((plan for plan in plans if plan is not None), key=guess.looked_up, default=None)
        if best is None or guess.looked_up(best) * _WORTH_IT > guess.customers:
            return None
        return self._selections(best, least, [name for name, value in points.items() if value >= best.tier])

    def _plan(self, tier: int, least: int, points: Collection[int]) -> Plan | None:
        """How to find who has at least so many points when whose tier has `tier` of them is looked up by that."""
        # The others, unless they are escalated, have at least so many points of their contract.
        rest = least - max((value for value in (0, *points) if value < tier), default=0)
        bands = [self._band_points(number) for number in range(len(CONTRACT_BANDS) + 1)]
        near = next((number for number, band in enumerate(bands) if band + self.weights.renewal_near >= rest), None)
        any_day = next((number for number, band in enumerate(bands) if band >= rest), None)
        if 0 in (near, any_day):
            return None  # whatever a contract is worth, if there is one
        return Plan(tier, near, any_day, *(None if number is None else bands[number] for number in (near, any_day)))

    def _selections(self, plan: Plan, least: int, tiers: Sequence[str]) -> list[Select[Any]]:
        f, c, have = t.customer_fact.c, t.customer_contract.c, self.points() >= least
        by_facts = (
            select(f.customer_id)
            .join_from(t.customer_fact, t.customer_contract, self.contract_of(f.customer_id), isouter=True)
            .where(self.clocks.hold(f), have)
        )
        by_contract = (
            select(c.customer_id)
            .join_from(t.customer_contract, t.customer_fact, self.facts_of(c.customer_id), isouter=True)
            .where(self.clocks.hold(c), have)
        )
        found = [by_facts.where(f.escalated.is_(True))]
        if tiers:
            found.append(by_facts.where(f.customer_tier.in_(tiers)))
        if plan.near is not None:
            found.append(by_contract.where(self._has_band(plan.near), self._is_near()))
        if plan.any_day is not None:
            found.append(by_contract.where(self._has_band(plan.any_day)))
        return found

    def _has_band(self, number: int) -> Any:
        """Whether a contract may be of a band, or a higher one, in whatever currency."""
        least = float(CONTRACT_BANDS[number - 1]) / max([1.0, *self._rates().values()])
        return t.customer_contract.c.contract_value >= cast(literal(least * (1 - 1e-9) - 2 * _CENT), Numeric(18, 2))


@dataclass(frozen=True, slots=True)
class Own:
    """A customer's own points, by part."""

    tier: int
    renewal: int
    escalated: int
    contract: int

    @property
    def points(self) -> int:
        """All of them."""
        return self.tier + self.renewal + self.escalated + self.contract


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is looked up: whose tier has so many points, whoever is escalated, and whose contract is of a band, if it is
    to be renewed soon (`near`) or not; None: nobody is. `near_points`, `any_points`: those of the bands."""

    tier: int
    near: int | None
    any_day: int | None
    near_points: int | None
    any_points: int | None

    def takes(self, own: Own) -> bool:
        """Whether it looks a customer up."""
        is_near = self.near_points is not None and own.renewal > 0 and own.contract >= self.near_points
        is_worth = self.any_points is not None and own.contract >= self.any_points
        return own.tier >= self.tier or own.escalated > 0 or is_near or is_worth


@dataclass(frozen=True, slots=True)
class Guess:
    """The points of some customers who stand for all: how often each comes."""

    counts: Sequence[tuple[Own, int]]

    @property
    def customers(self) -> int:
        """How many they are."""
        return sum(many for _, many in self.counts)

    def looked_up(self, plan: Plan) -> int:
        """How many of them a plan looks up."""
        return sum(many for own, many in self.counts if plan.takes(own))

    def least(self, reached: Mapping[int, int], wanted: float) -> int | None:
        """The highest points that so many of the reached can be thought to have; None: they are too few.

        `reached`: how many, by how many points they need beside those.
        """
        for points in sorted({own.points for own, _ in self.counts}, reverse=True):
            shares = (many * self._with(points + more) for more, many in reached.items())
            if sum(shares) >= wanted * self.customers:
                return points
        return None

    def _with(self, points: int) -> int:
        return sum(many for own, many in self.counts if own.points >= points)


def _tiers_of(connection: Connection) -> list[str] | None:
    """The tiers that the directories name, each looked up behind the one before; None: too many."""
    tier = t.customer_fact.c.customer_tier
    found: list[str] = []
    after = connection.scalar(select(func.min(tier)))
    while after is not None:
        found.append(after)
        if len(found) > _TIERS:
            return None
        after = connection.scalar(select(func.min(tier)).where(tier > after))
    return found
