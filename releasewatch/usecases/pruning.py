"""Taking out of a ledger what no document can be asked for any more, and saying so to who asks for it later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.storage import pruning
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.scrubbing import scrub


@dataclass(frozen=True, slots=True)
class PruneRequest:
    """What is to be pruned: what was superseded before an instant. `by`: who says so."""

    before: datetime
    now: datetime
    by: str = ""
    dry_run: bool = False


def prune_ledger(ledger: Ledger, asked: PruneRequest, watch: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """The document of `db prune --format json`; `watch` hears of each part how many rows it was.

    Raises InvalidCallError for an instant that is still to come.
    """
    if asked.before > asked.now:
        raise InvalidCallError(
            f"{format_utc(asked.before)} lies ahead: what is still to be superseded cannot be pruned.",
            "Give --before a day that is over.",
        )
    with ledger.read() as connection:
        earlier = pruning.pruned_before(connection)
        rows = pruning.count_prunable(connection, asked.before)
    until = asked.before if earlier is None else max(asked.before, earlier)
    left = None
    if not asked.dry_run:
        if earlier is None or earlier < asked.before:
            with ledger.write() as connection:
                pruning.note_pruning(connection, asked.before, asked.now, asked.by)
        for many in pruning.prune(ledger, asked.before):
            watch(many)
        left = scrub(ledger) if rows else None
    return {
        "ledger": ledger.place,
        "before": format_utc(asked.before),
        "dry_run": asked.dry_run,
        "pruned_before": format_utc(until) if not asked.dry_run else None if earlier is None else format_utc(earlier),
        "rows": rows,
        "total": sum(rows.values()),
        "left": left,
    }


def ask_first(*, confirmed: bool, dry_run: bool) -> None:
    """Raise RefusedError unless somebody has said that it is meant: it cannot be taken back."""
    if not confirmed and not dry_run:
        raise RefusedError(
            "What is pruned cannot be brought back; nothing was changed.", "Look first with --dry-run, then say --yes."
        )


def check_known_at(ledger: Ledger, known_at: datetime) -> None:
    """Refuse to say what was known at an instant of which the ledger was pruned. Raises InvalidCallError."""
    with ledger.read() as connection:
        until = pruning.pruned_before(connection)
    if until is not None and known_at < until:
        raise InvalidCallError(
            f"The ledger was pruned: what was known before {format_utc(until)} is not in it any more.",
            "Give a later --known-at. Without it, earlier instants (--at, --since) are answered by what is known now.",
        )
