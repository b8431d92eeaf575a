"""What reached one customer of late: each deployment, through which components, since when, until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.times import format_utc
from releasewatch.storage import catalogs, customer_reach, deployments, exposure, merges, personal_rows
from releasewatch.storage.customer_reach import Looked
from releasewatch.storage.types import OPEN_END
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.deployments import question_of, tier_of
from releasewatch.usecases.exposure import uncertain_because

MOST = 60
"""So many deployments are looked at for one customer, the newest: an answer on the line must not take minutes."""


@dataclass(frozen=True, slots=True)
class Reaching:
    """A deployment that reached a customer. `components`: full key to distance, 0 for those that changed.

    `live_from`: when it came to them first; `until`: when it left them, None while they still carry it.
    """

    number: int
    repo: str
    environment: str
    kind: str
    release: str
    reach: str
    distance: int
    possible: bool
    possible_because: tuple[str, ...]
    components: Mapping[str, int]
    live_from: datetime
    until: datetime | None

    @property
    def id(self) -> str:
        """`D-7`."""
        return f"D-{self.number}"


@dataclass(frozen=True, slots=True)
class ReachedLately:
    """What reached a customer, newest first. `more`: there were more deployments than were looked at."""

    found: tuple[Reaching, ...]
    more: bool


def reached_lately(
    connection: Any,
    customer_id: UUID,
    since: datetime,
    until: datetime,
    known_at: datetime,
    without_entitlement: Mapping[str, str],
) -> ReachedLately:
    """Every deployment that came to a customer in a span of time, as it stood at its end, by what is known."""
    members = merges.members_of(connection, customer_id)
    has_any = customer_reach.has_entitlement(connection, members)
    everybody = not has_any and any(word != "none" for word in without_entitlement.values())
    names = personal_rows.names_of(connection, members)
    numbers, more = customer_reach.near_deployments(connection, Looked(members, names, since, until, everybody), MOST)
    keys = catalogs.component_keys(connection)
    found = []
    for number in numbers:
        one = deployments.get_deployment(connection, number)
        tier = tier_of(connection, one.environment)
        question = question_of(one, tier, until, known_at, without_entitlement)
        rows = connection.execute(exposure.detail_statement(question, None, customer_id)).all()
        rows = [row for row in rows if since <= row.live_from <= until]
        if rows:
            found.append(_reaching(one, rows, keys, until))
    return ReachedLately(tuple(sorted(found, key=lambda one: (one.live_from, one.number), reverse=True)), more)


def _reaching(one: deployments.DeploymentRow, rows: Sequence[Any], keys: Mapping[int, str], at: datetime) -> Reaching:
    reach, distance = divmod(rows[0].rank, exposure.RANK)
    components: dict[str, int] = {}
    for row in rows:
        if row.component_id is not None:
            components.setdefault(keys[row.component_id], row.rank % exposure.RANK)
    until = max(row.carrying_until for row in rows)
    possible = not any(row.certain for row in rows)
    return Reaching(
        number=one.row.deployment_id,
        repo=one.repo,
        environment=one.environment,
        kind=one.row.kind,
        release=one.row.release,
        reach=exposure.REACH_WORDS[reach],
        distance=min(distance, 99),
        possible=possible,
        possible_because=tuple(uncertain_because(rows)) if possible else (),
        components=components,
        live_from=min(row.live_from for row in rows),
        until=until if until <= at and until != OPEN_END else None,
    )


def reaching_document(one: Reaching) -> dict[str, Any]:
    """One of them as JSON has it."""
    return {
        "deployment": one.id,
        "repo": one.repo,
        "environment": one.environment,
        "kind": one.kind,
        "release": one.release or None,
        "reach": one.reach,
        "possible": one.possible,
        "possible_because": list(one.possible_because),
        "components": sorted(one.components),
        "live_from": format_utc(one.live_from),
        "carrying_until": instant_or_none(one.until),
    }
