"""Comparing the reach of a plan with that of earlier deployments of the same components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from releasewatch.domain.usual_reach import LOOKED_AT, is_unusual, usual_reach
from releasewatch.storage import deployments, exposure
from releasewatch.storage.types import LATEST
from releasewatch.storage.usual_reach import earlier_deployments
from releasewatch.usecases.deployments import question_of, tier_of

_MOST_COUNTED = 30
"""So many earlier deployments are counted in all: each takes a statement."""


def compare_reach(
    connection: Any, deployment_id: int, document: Mapping[str, Any], without_entitlement: Mapping[str, str]
) -> dict[str, Any]:
    """What is usual for the components that a plan changes, and whether its reach is unusual.

    Of each earlier deployment those are counted whom it reached when it opened.
    """
    changed = [one["key"] for one in document["components"] if one["distance"] == 0]
    earlier = earlier_deployments(connection, deployment_id, changed, LOOKED_AT)
    counts: dict[int, int] = {}
    for number in sorted({one for numbers in earlier.values() for one in numbers}, reverse=True)[:_MOST_COUNTED]:
        found = deployments.get_deployment(connection, number)
        tier = tier_of(connection, found.environment)
        question = question_of(found, tier, found.row.opened_at, LATEST, without_entitlement)
        counts[number] = exposure.count_reached(connection, question).customers
    before = {key: [counts[one] for one in numbers if one in counts] for key, numbers in earlier.items()}
    usual = usual_reach(before)
    return {
        "unusual": is_unusual(document["exposure"]["customers"], usual),
        "components": [asdict(one) for one in usual],
    }
