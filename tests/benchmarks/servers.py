"""A PostgreSQL for benchmarks: the one that is named, or one of our own. Small to load: who starts processes from it
makes none of them look larger than it is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import postgres

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger


@contextmanager
def postgres_url() -> Iterator[str | None]:
    """An empty database on the named server, else on one of our own; None where there is no PostgreSQL."""
    named = os.environ.get(postgres.VARIABLE)
    if named:
        with postgres.PostgresServer(named).empty_database() as url:
            yield url
        return
    try:
        postgres.find_programs()
    except postgres.PostgresMissingError as missing:
        print(f"PostgreSQL is left out: {missing}")
        yield None
        return
    with postgres.running_server() as server, server.empty_database() as url:
        yield url


class Server:
    """What the processes of a PostgreSQL server on this machine took so far, and what was written to a ledger's log."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger, self._main = ledger, 0
        if ledger.path is not None:
            # As long as somebody has it open, the log is not taken away when a command ends.
            self._held = sqlite3.connect(ledger.path, isolation_level=None)
            return
        from sqlalchemy import text

        with ledger.read() as connection:
            backend = connection.scalar(text("SELECT pg_backend_pid()"))
            if connection.scalar(text("SELECT inet_server_addr() = inet_client_addr()")):
                self._main = int(_stat(int(backend or 0))[1])

    def seconds(self) -> float:
        """Of all its processes, those that ended among them; nothing of SQLite, or of one elsewhere."""
        if not self._main:
            return 0.0
        ticks = sum(map(int, _stat(self._main)[11:15]))
        for place in Path("/proc").glob("[0-9]*"):
            try:
                stat = _stat(int(place.name))
            except (FileNotFoundError, ProcessLookupError):  # it has ended, and is counted with the first one
                continue
            ticks += sum(map(int, stat[11:13])) if int(stat[1]) == self._main else 0
        return ticks / os.sysconf("SC_CLK_TCK")

    def logged(self) -> int:
        """Bytes of the log: of SQLite since it settled."""
        if self._ledger.path is not None:
            return Path(f"{self._ledger.path}-wal").stat().st_size
        from sqlalchemy import text

        with self._ledger.read() as connection:
            return int(connection.scalar(text("SELECT pg_current_wal_insert_lsn() - '0/0'")) or 0)

    def settle(self) -> None:
        """Write what is in the log to its place now, and not while something is measured."""
        if self._ledger.path is not None:
            self._held.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            return
        from sqlalchemy import text

        with self._ledger.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("CHECKPOINT"))


def _stat(pid: int) -> list[str]:
    """What Linux says of a process, from its state on."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
