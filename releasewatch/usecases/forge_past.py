"""Which of the deployments that a forge knows the ledger has, and which it lacks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from releasewatch.domain.past import IMPORT
from releasewatch.storage import deployments
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence
    from datetime import datetime

    from releasewatch.domain.forges import ForgeDeployment
    from releasewatch.ports import Forge
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.deployment_import import PastRow

NEAR = timedelta(hours=6)
"""Within this time a deployment of the same commit to the same environment, told as it happened, is the same one."""

LOOKED_BACK = timedelta(days=30)
_LOOKED_AT = 10
_NAMED = 5

TOLD = "told as it happened"


def without_those_told(
    ledger: Ledger, repo: str, rows: Sequence[PastRow], left_out: MutableMapping[str, int]
) -> list[PastRow]:
    """The rows that no pipeline recorded itself; the others are counted in `left_out`."""
    told: dict[str, list[tuple[str, datetime]]] = {}
    oldest = min((row.past.opened_at for row in rows if row.past.opened_at), default=OPEN_END - NEAR)
    with ledger.read() as connection:
        for environment in {row.past.environment for row in rows}:
            heads = deployments.heads_of(connection, repo, environment, oldest - NEAR)
            told[environment] = [(head, at) for head, at, provider in heads if provider != IMPORT]
    kept: list[PastRow] = []
    for row in rows:
        at = row.past.opened_at
        if any(head == row.past.head and at and abs(when - at) <= NEAR for head, when in told[row.past.environment]):
            left_out[TOLD] = left_out.get(TOLD, 0) + 1
        else:
            kept.append(row)
    return kept


def find_unrecorded(ledger: Ledger, forge: Forge, repo: str, environment: str, now: datetime) -> list[ForgeDeployment]:
    """The last deployments that succeeded by the forge, and whose commit the ledger never saw there; a few at most."""
    with ledger.read() as connection:
        known = {head for head, _, _ in deployments.heads_of(connection, repo, environment, now - 2 * LOOKED_BACK)}
    found: list[ForgeDeployment] = []
    for looked, one in enumerate(forge.deployments(environment, now - LOOKED_BACK, known), 1):
        if one.status == "succeeded":
            found.append(one)
        if looked >= _LOOKED_AT or len(found) >= _NAMED:
            break
    return found
