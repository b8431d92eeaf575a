"""What the ledger keeps of each import: when it was, what it did, and which rows it refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, literal, select

from releasewatch.domain.times import format_utc
from releasewatch.errors import RefusedError
from releasewatch.storage import tables as t
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.unchanged import kept_outcome
from releasewatch.storage.sql import insert_row

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from releasewatch.domain.customers import FileOutcome, Kind

_CLOCKS_DIFFER = timedelta(minutes=5)


def next_instant(connection: Connection, now: datetime) -> datetime:
    """The instant of an import: now, and in any case later than that of every import before.

    Raises RefusedError when the ledger is ahead of this clock by more than what clocks usually differ.
    """
    last: datetime | None = connection.scalar(select(func.max(t.import_run.c.recorded_at)))
    if last is None or last < now:
        return now
    if last - now > _CLOCKS_DIFFER:
        raise RefusedError(
            f"The last import is of {format_utc(last)}, which this machine's clock has not reached yet "
            f"({format_utc(now)}).",
            "Set the clock right here, or on the machine that imported last.",
        )
    return last + timedelta(microseconds=1)


def is_first(imp: s.Import, kind: Kind) -> bool:
    """Whether no import of this kind of file has brought anything yet."""
    run = t.import_run.c
    brought = select(func.sum(run.added)).where(run.directory == imp.directory, run.kind == kind)
    return not imp.connection.scalar(brought)


def record_run(imp: s.Import, outcome: FileOutcome, digest: str) -> int:
    """Record that a file was imported and which rows were refused; returns the import's id."""
    import_id = insert_row(
        imp.connection,
        t.import_run,
        directory=imp.directory,
        kind=outcome.kind,
        digest=digest,
        mode=imp.mode,
        recorded_at=imp.at,
        read=outcome.read,
        added=outcome.added,
        changed=outcome.changed,
        ended=outcome.ended,
        rejected=outcome.rejected,
        outcome=kept_outcome(outcome),
    )
    if not outcome.rejected:
        return import_id
    r = s.rejection.c
    imp.connection.execute(
        insert(t.import_rejection).from_select(
            ["import_id", "line", "column", "reason"],
            select(literal(import_id), r.line, r.column, r.reason).where(r.kind == outcome.kind),
        )
    )
    return import_id
