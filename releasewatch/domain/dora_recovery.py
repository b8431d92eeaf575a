"""How long a deployment that failed was failing, from all that is told of it: for DORA's recovery time, pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Failing:
    """One thing that tells of a failure: seconds from the deployment's opening until it began to hurt, and was over.

    `carrier_id`: the deployed component that it is about; None: all of the deployment. `ended` None: it is not over.
    """

    carrier_id: int | None
    began: float
    ended: float | None
    by_incident: bool


def recovery_seconds(told: Sequence[Failing]) -> float | None:
    """The seconds until it was over; None while it is failing.

    Incidents count where each of the deployment's is over: from the first one's start to the last one's end. Else what
    took it back counts: from its opening to the end of the last intervention.
    """
    incidents = [one for one in told if one.by_incident]
    over = [one.ended for one in incidents if one.ended is not None]
    if incidents and len(over) == len(incidents):
        return max(over) - min(one.began for one in incidents)
    return max((one.ended for one in told if not one.by_incident and one.ended is not None), default=None)
