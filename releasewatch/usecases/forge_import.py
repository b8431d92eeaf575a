"""The deployments of a forge's environment as a past to be recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from releasewatch.usecases.attempts import AHEAD
from releasewatch.usecases.deployment_import import Past, PastRow, RejectedRow

if TYPE_CHECKING:
    from datetime import datetime

    from releasewatch.domain.past import PastDeployment, Source
    from releasewatch.ports import Forge

UNFINISHED = "not ended there"


def past_of_forge(forge: Forge, since: datetime | None, usual: PastDeployment, now: datetime) -> Past:
    """The deployments to `usual.environment` that a forge knows and that have ended, else like `usual`.

    Raises OutsideFailedError when it does not answer: half of a past is not taken.
    """
    rows: list[PastRow] = []
    rejected: list[RejectedRow] = []
    read = unfinished = 0
    for one in forge.deployments(usual.environment, since):
        read += 1
        if one.status is None or one.status == "running":
            unfinished += 1
            continue
        finished_at = one.finished_at or one.created_at
        if finished_at > now + AHEAD:
            rejected.append(RejectedRow("is ahead of the clock", forge_id=one.id))
            continue
        started_at = min(one.started_at or one.created_at, finished_at)
        past = replace(usual, head=one.sha, status=one.status, started_at=started_at, finished_at=finished_at)
        rows.append(PastRow(past, forge_id=one.id))
    left_out = {UNFINISHED: unfinished} if unfinished else {}
    return Past(cast("Source", forge.kind), rows, tuple(rejected), read, left_out)
