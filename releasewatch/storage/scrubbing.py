"""Makes a database let go of what was deleted: its bytes stay in a file until the place is used again."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from releasewatch.errors import LedgerUnavailableError

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger

LEFT_ON_SQLITE = "Another process uses the ledger, so that old pages stay in its file until the same is said again."
LEFT_ON_SERVER = (
    "The server keeps dead rows in its files until VACUUM FULL, and its log and replicas for as long as it is set to."
)


def scrub(ledger: Ledger) -> str | None:
    """Rewrite the ledger without what was deleted; says what is left, None when that is nothing.

    An SQLite file is made anew (VACUUM) and its log emptied. A server's rows are only marked as free: making its files
    anew would lock every pipeline out.
    """
    with ledger.connect() as connection:
        if not ledger.is_sqlite:
            with suppress(LedgerUnavailableError), ledger.translated():
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("VACUUM")
            return LEFT_ON_SERVER
        with closing(connection.connection.cursor()) as cursor:
            try:
                cursor.execute("VACUUM")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                (busy, *_), *_ = cursor.fetchall()
            except sqlite3.OperationalError:
                return LEFT_ON_SQLITE
        return LEFT_ON_SQLITE if busy else None
