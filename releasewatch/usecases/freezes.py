"""The file of customers' freezes: brought in as a whole, and the days that are still to come."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import Rejected, Stated, ending_needs_word
from releasewatch.domain.freezes import CustomerFreeze
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.words import counted
from releasewatch.errors import RefusedError
from releasewatch.integrations.directories.directory_file import DirectoryFile, open_file
from releasewatch.integrations.directories.records import FREEZES
from releasewatch.storage import freezes as storage
from releasewatch.storage.aliases import owners_of
from releasewatch.storage.sql import chunks

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime
    from pathlib import Path
    from uuid import UUID

    from releasewatch.domain.freezes import Freeze
    from releasewatch.storage.freezes import Days
    from releasewatch.storage.ledger import Ledger


@dataclass(slots=True)
class FreezeReport:
    """What importing a file of freezes did. `written`: False when a row was refused and none may be."""

    file: DirectoryFile[CustomerFreeze]
    read: int = 0
    added: int = 0
    ended: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    written: bool = True


def import_freezes(
    ledger: Ledger, path: Path, now: datetime, *, accept_ending: int = 0, strict: bool = False
) -> FreezeReport:
    """Import a file of freezes in one transaction; what it does not hold any more has ended.

    A refused row of a known customer ends none of theirs. Raises RefusedError when a file lacks so many that the export
    may have broken off, InvalidCallError when it cannot be read.
    """
    report = FreezeReport(open_file(path, FREEZES))
    rows = list(report.file.rows())
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:freezes")
        named = {one.row.customer if isinstance(one, Stated) else one.identity.get("customer", "") for one in rows}
        owners = {name: set(ids) for name, ids in _owners(connection, sorted(named - {""})).items()}
        stated: dict[Days, str] = {}
        kept: set[UUID] = set()
        for one in rows:
            report.read += 1
            if isinstance(one, Rejected):
                kept.update(owners.get(one.identity.get("customer", ""), ()))
                report.rejected += [(one.line, problem.column, problem.reason) for problem in one.problems]
                continue
            whose = owners.get(one.row.customer, set())
            if len(whose) != 1:
                several = "may mean several customers" if whose else "is no customer that is known"
                report.rejected.append((one.line, report.file.heading("customer"), several))
                kept.update(whose)
                continue
            stated[next(iter(whose)), one.row.from_on, one.row.to_on] = one.row.reason
        before = storage.read_freezes(connection)
        coming = [days for days in before if days[2] >= now.date()]
        gone = [days for days in coming if days not in stated and days[0] not in kept]
        if ending_needs_word(len(gone), len(coming), len(coming) - len(gone)) and len(gone) > accept_ending:
            raise RefusedError(
                f"{path} lacks {len(gone):,} of {counted(len(coming), 'freeze')}; nothing was changed.",
                f"Is the export whole? If this is meant: --accept-ending {len(gone)}",
            )
        new = {days: reason for days, reason in stated.items() if before.get(days) != reason}
        over = [days for days in before if days not in stated and days[0] not in kept]
        report.added, report.ended, report.unchanged = len(new), len(over), len(stated) - len(new)
        report.written = not (strict and report.rejected)
        if report.written:
            storage.end_freezes(connection, [*over, *(days for days in new if days in before)], now)
            storage.add_freezes(connection, new, now)
    return report


def _owners(connection: Any, names: Sequence[str]) -> dict[str, list[UUID]]:
    return {name: ids for part in chunks(names) for name, ids in owners_of(connection, part).items()}


def list_coming(
    ledger: Ledger, ours: Sequence[Freeze], day: date, limit: int, reveal: Reveal, *, opaque: bool
) -> list[dict[str, Any]]:
    """Freezes that are not over, the organisation's first; `reveal`: as much of a customer as may be shown."""
    found: list[dict[str, Any]] = [
        {
            "name": one.name,
            "customer": None,
            "from": one.from_on.isoformat(),
            "to": one.to_on.isoformat(),
            "reason": one.reason or None,
            "environments": list(one.environments),
            "withheld": [],
        }
        for one in sorted(ours, key=lambda one: (one.from_on, one.name))
        if one.to_on >= day
    ]
    with ledger.read() as connection:
        rows = storage.list_freezes(connection, day, limit) if reveal >= Reveal.KEYS else []
    for row in rows:
        names = reveal >= Reveal.NAMES
        hidden = [] if names else [word for word in ("name", "reason") if getattr(row, word)]
        found.append(
            {
                "name": (row.name or None) if names else None,
                "customer": opaque_key(row.key) if opaque and not names else row.key,
                "from": row.from_on.isoformat(),
                "to": row.to_on.isoformat(),
                "reason": (row.reason or None) if names else None,
                "environments": [],
                "withheld": hidden,
            }
        )
    return found
