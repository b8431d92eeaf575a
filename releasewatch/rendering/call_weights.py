"""How the score of a call is made, in words: one line for each part, from the weights that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.call_scores import CONTRACT_BANDS, RankingWeights
from releasewatch.domain.words import counted
from releasewatch.rendering.views import FactView

if TYPE_CHECKING:
    from collections.abc import Mapping


def weights_in_words(weights: RankingWeights, *, of_incident: bool = False) -> tuple[FactView, ...]:
    """How a score is made, one line for each part."""
    tiers = _points(weights.customer_tier)
    bounds = ", ".join(f"{bound:,}" for bound in CONTRACT_BANDS)
    in_one = f", in {weights.currency}" if weights.currency else ""
    facts = (
        *(_incident_weights(weights) if of_incident else _reach_weights(weights)),
        ("tier", tiers),
        ("contract", f"up to {weights.contract_max:+d}: a fifth for each of {bounds} that the value reaches{in_one}"),
        ("renewal", f"{weights.renewal_near:+d} when it is due within {counted(weights.renewal_days, 'day')}"),
        ("escalated", f"{weights.escalated:+d} when the relationship is escalated"),
        ("promise", f"{weights.promise_overdue:+d} when the day of something that we promised them is over"),
    )
    return tuple(FactView(label, value) for label, value in facts if value)


def _reach_weights(weights: RankingWeights) -> tuple[tuple[str, str], ...]:
    return (
        (
            "reach",
            f"named {weights.reach_named:+d}, direct {weights.reach_direct:+d}, dependent {weights.reach_dependent:+d}",
        ),
        ("distance", f"{-weights.distance_step:+d} for each hop beyond the first, never more than reach gave"),
        ("breaking", f"{weights.breaking:+d} when a breaking change is in what they use itself"),
    )


def _incident_weights(weights: RankingWeights) -> tuple[tuple[str, str], ...]:
    w = weights.incident
    return (
        ("correction", f"{w.correction:+d} when they were told what is no longer so"),
        ("severity", f"{_points(w.severity)}; not said: as SEV2"),
        ("state", _points(w.state)),
        ("level", f"{_points(w.level)}, by the worst of what reaches them"),
        (
            "minutes",
            f"+1 for each {counted(w.minutes_each, 'minute')} hurt in their working hours, at most {w.minutes_max:+d}",
        ),
        ("confirmed", f"{w.confirmed:+d} when a person said that they were hurt"),
        ("complained", f"{w.complained:+d} when they reported it to us"),
        ("again", f"{w.again:+d} when they were hurt in another incident within {counted(w.again_days, 'day')}"),
        ("further", f"{w.further:+d} for each other incident in the same call"),
        ("distance", f"{-weights.distance_step:+d} for each hop, never more than severity gave"),
    )


def _points(points: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value:+d}" for name, value in sorted(points.items(), key=lambda t: (-t[1], t[0])))
