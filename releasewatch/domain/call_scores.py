"""The published score of a call: whole numbers that are added, each of them shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING

from releasewatch.domain.call_incidents import Hurt, IncidentWeights, incident_parts, usual_weights

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from releasewatch.domain.exposure import ReachKind

CONTRACT_BANDS = (Decimal(10) ** 3, Decimal(10) ** 4, Decimal(10) ** 5, Decimal(10) ** 6, Decimal(10) ** 7)
"""A contract's value counts by its order of magnitude: one fifth of `contract_max` for each bound that it reaches."""

RELATIONSHIP = ("tier", "contract", "renewal")
"""Parts that tell what a customer is worth to us; in CI they are one."""


@dataclass(frozen=True, slots=True)
class RankingWeights:
    """`[ranking]`: the points of each part. A score is the sum of its parts, and nothing else orders the list.

    | part | points |
    | --- | --- |
    | reach | `reach_named` (a change names them, or settles what they reported, and is live where they are), else
      `reach_direct`, else `reach_dependent` |
    | distance | minus `distance_step` for each hop beyond the first, down to no point for reach |
    | breaking | `breaking`, when a breaking change is in a component that reaches them |
    | tier | `customer_tier`, by the tier's name without case |
    | contract | up to `contract_max`, a fifth for each of 1,000, 10,000, 100,000, 1 and 10 million that the value
      reaches, in `currency` by `rates`: bands, so that a score does not give the value away |
    | renewal | `renewal_near`, when the contract is to be renewed within `renewal_days` days |
    | escalated | `escalated`, when the relationship is |
    | promise | `promise_overdue`, when the day of something that we promised them is over |

    For an incident, `incident` takes the place of reach and breaking. `rates`: what one of another currency is worth in
    `currency`. Without a `currency` each value counts as it stands.
    """

    reach_named: int = 40
    reach_direct: int = 25
    reach_dependent: int = 10
    distance_step: int = 3
    breaking: int = 20
    contract_max: int = 15
    renewal_near: int = 10
    renewal_days: int = 90
    escalated: int = 15
    promise_overdue: int = 10
    currency: str = ""
    rates: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    customer_tier: Mapping[str, int] = field(
        default_factory=lambda: MappingProxyType({"platinum": 20, "gold": 12, "silver": 6})
    )
    incident: IncidentWeights = field(default_factory=usual_weights)

    def compare(self, value: Decimal | None, currency: str) -> Decimal | None:
        """An amount in the one currency; None where there is no rate for it. One that names no currency is in that."""
        if value is None or not self.currency or currency in ("", self.currency):
            return value
        rate = self.rates.get(currency)
        return None if rate is None else value * rate


@dataclass(frozen=True, slots=True)
class Worth:
    """How important a customer is to us. Empty text and None: the directory does not say.

    `contract_value` is in the currency in which all are compared.
    """

    tier: str = ""
    contract_value: Decimal | None = None
    renewal_on: date | None = None
    escalated: bool = False
    promise_overdue: bool = False


def score_parts(
    reach: ReachKind | None, distance: int, breaking: bool, worth: Worth, weights: RankingWeights, today: date
) -> dict[str, int]:
    """The parts of a score, without those that are 0, in the order of `RankingWeights`; the score is their sum.

    `reach` None: what is meant for them is not theirs yet, and gives no point.
    """
    points: int = {
        "named": weights.reach_named,
        "direct": weights.reach_direct,
        "dependent": weights.reach_dependent,
        None: 0,
    }[reach]
    parts = {
        "reach": points,
        "distance": -min(max(points, 0), weights.distance_step * max(distance - 1, 0)) if reach == "dependent" else 0,
        "breaking": weights.breaking if breaking else 0,
        **_all_worth(worth, weights, today),
    }
    return {name: value for name, value in parts.items() if value}


def hurt_parts(hurt: Hurt, distance: int, worth: Worth, weights: RankingWeights, today: date) -> dict[str, int]:
    """The parts of a score within an incident; distance takes no more than severity gave."""
    found = incident_parts(hurt, weights.incident)
    parts = {
        **found,
        "distance": -min(found["severity"], weights.distance_step * distance),
        **_all_worth(worth, weights, today),
    }
    return {name: value for name, value in parts.items() if value}


def worth_parts(worth: Worth, weights: RankingWeights, today: date) -> dict[str, int]:
    """The parts of a score where nothing has reached them: what the relationship is, without those that are 0."""
    return {name: value for name, value in _all_worth(worth, weights, today).items() if value}


def _all_worth(worth: Worth, weights: RankingWeights, today: date) -> dict[str, int]:
    tiers = {name.lower(): value for name, value in weights.customer_tier.items()}
    days = (worth.renewal_on - today).days if worth.renewal_on is not None else -1
    return {
        "tier": tiers.get(worth.tier.lower(), 0),
        "contract": _contract_points(worth.contract_value, weights.contract_max),
        "renewal": weights.renewal_near if 0 <= days <= weights.renewal_days else 0,
        "escalated": weights.escalated if worth.escalated else 0,
        "promise": weights.promise_overdue if worth.promise_overdue else 0,
    }


def _contract_points(value: Decimal | None, most: int) -> int:
    if value is None:
        return 0
    return most * sum(1 for bound in CONTRACT_BANDS if value >= bound) // len(CONTRACT_BANDS)


def parts_for_ci(parts: Mapping[str, int]) -> dict[str, int]:
    """The same sum with tier, contract and renewal as one part: a pipeline's log is read by people outside accounts."""
    merged = {name: value for name, value in parts.items() if name not in RELATIONSHIP}
    relationship = sum(parts.get(name, 0) for name in RELATIONSHIP)
    if relationship:
        merged["relationship"] = relationship
    return merged
