"""Which deployments failed because incidents are blamed on them, and for how long: for DORA's measures, pure.

A confirmed deployment failed; a suspect may have. An incident that was cancelled tells of nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from releasewatch.domain.incidents import IncidentState, impact_window

Blame = Literal["suspect", "confirmed"]


@dataclass(frozen=True, slots=True)
class BlamedDeployment:
    """A deployment that succeeded: when it opened, and the deployed components (by number) in which it changed any."""

    opened_at: datetime
    carriers: frozenset[int]


@dataclass(frozen=True, slots=True)
class BlamedIncident:
    """An incident as it stands: what it is blamed on, the numbers of its components, and when its last fix was done."""

    state: IncidentState
    recorded_at: datetime
    components: frozenset[int]
    blame: Mapping[int, Blame]
    fixed_at: datetime | None


@dataclass(frozen=True, slots=True)
class BlamedPart:
    """That a deployment failed, or may have: as a whole (`carrier_id` None), or in one deployed component.

    `began`, `ended`: seconds from its opening to the start and end of the impact; `ended` None: it is not over.
    """

    deployment_id: int
    carrier_id: int | None
    confirmed: bool
    began: float
    ended: float | None


def blamed_parts(
    incidents: Collection[BlamedIncident], deployments: Mapping[int, BlamedDeployment]
) -> Iterator[BlamedPart]:
    """What each blame says of its deployment. The impact ends as was said, else when the last fix was done.

    Where an incident names components that the deployment changed, it is about these; else about all that it changed,
    since what hurts (the checkout) need not be what broke (the invoices it asks).
    """
    for one in incidents:
        if one.state.status == "cancelled":
            continue
        known = {number: deployments[number] for number in one.blame if number in deployments}
        since = min((found.opened_at for found in known.values()), default=None)
        window = impact_window(one.state, since, one.recorded_at)
        until = window.until or one.fixed_at
        for number, found in sorted(known.items()):
            started = max(window.started_at, found.opened_at)
            ended = None if until is None else (max(until, started) - found.opened_at).total_seconds()
            about: list[int | None] = [*sorted(one.components & found.carriers)]
            for carrier in about or [None]:
                yield BlamedPart(
                    number,
                    carrier,
                    one.blame[number] == "confirmed",
                    (started - found.opened_at).total_seconds(),
                    ended,
                )
