"""What is said of a replica that an answer was read from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.times import format_utc
from releasewatch.storage.replicas import read_standing

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger
    from releasewatch.storage.replicas import Standing


def describe_lag(replica: Ledger) -> str | None:
    """How far a replica is behind, in one sentence; None where its server cannot tell.

    PostgreSQL knows the newest transaction that a standby has, not whether the primary has written since.
    """
    return word_lag(replica.place, read_standing(replica))


def word_lag(place: str, found: Standing) -> str | None:
    """The sentence for what a server answered; `place` is its address as it may be shown."""
    if not found.is_standby:
        return None
    if found.newest_at is None:
        return f"Read from the replica {place}, which has replayed no transaction since it started."
    seconds = max(0, round((found.now - found.newest_at).total_seconds()))
    when = format_utc(found.newest_at)
    return f"Read from the replica {place}: its newest transaction is of {when}, {seconds} s ago."
