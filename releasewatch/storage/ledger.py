"""Opening a ledger, and the two ways into it: reading at one instant, and writing alone."""

from __future__ import annotations

import hashlib
import random
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from releasewatch.errors import ConfigError, NotALedgerError
from releasewatch.secret import Secret
from releasewatch.storage.unwritable_files import connect_to_read, may_write, unchanged

if TYPE_CHECKING:
    import sqlite3

SQLITE_WAIT_SECONDS = 30
POSTGRES_CONNECT_SECONDS = 10

SQLITE_WAIT_AT_ONCE = 0.5
"""Seconds that SQLite waits by itself: as long as it does, neither Ctrl-C nor an alarm is heard."""

_ON_POSTGRESQL = (
    "SELECT set_config('timezone', 'UTC', true), set_config('jit', 'off', true), "
    "set_config('cursor_tuple_fraction', '1', true)"
)
"""Of a transaction. Each statement is run once: to compile it takes longer than it does. Who streams an answer reads
all of it: planned for its first tenth, as PostgreSQL does by itself, one of 7,000 rows took ten times as long."""

_STEP_BACK, _LONGEST_STEP_BACK = 0.05, 3.0
"""Seconds."""


class Ledger:
    """A ledger whose schema is the program's own (see `releasewatch.storage.migrate.open_ledger`)."""

    def __init__(self, url: Secret, *, wait_for: float = SQLITE_WAIT_SECONDS) -> None:
        """`wait_for`: seconds to wait for other writers of an SQLite file."""
        self._url = parse_url(url)
        self.wait_for = wait_for
        self._engine = _engine(self._url, wait_for)
        self._wrote = False

    @property
    def is_sqlite(self) -> bool:
        """True for a file (or memory) ledger, false for a server."""
        return self._url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of an SQLite ledger; None for a server or memory."""
        name = self._url.database
        return Path(name) if self.is_sqlite and name and name != ":memory:" else None

    @property
    def place(self) -> str:
        """Where it is, for people: the file, or host, a port that was given, and database; no user and password."""
        if self.is_sqlite:
            return str(self.path or "memory")
        return _place(self._url)

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection whose errors speak our words. Most callers want `read` or `write`."""
        with self.translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read at one instant: everything seen inside is of the same moment."""
        with self.connect() as connection, unchanged(self.path), connection.begin():
            if not self.is_sqlite:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                connection.execute(text(_ON_POSTGRESQL))
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write: committed at the end, nothing kept when an exception leaves the block.

        On SQLite the transaction takes the write lock at once (BEGIN IMMEDIATE): one that began by reading could not
        get it after somebody else's write, however long it waited.
        """
        with self.connect() as plain:
            connection = plain.execution_options(releasewatch_writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(text(_ON_POSTGRESQL))
                yield connection
        self._wrote = True

    def lock(self, connection: Connection, name: str) -> None:
        """Wait until no other transaction holds `name`; let go at its end. On SQLite a writer is alone anyway."""
        if not self.is_sqlite:
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

    def stand_back(self, times: int) -> None:
        """Wait a little, the longer the more often somebody else came first: of many at once, fewer are in the way."""
        time.sleep(random.uniform(0, min(_STEP_BACK * 2**times, _LONGEST_STEP_BACK)))  # noqa: S311 - no secret

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's exceptions into ours, once. Neither statement nor values enter the message.

        A statement that the database does not understand is no failure of the ledger but a bug, and is let through.
        """
        try:
            yield
        except self._driver_errors() as error:
            from releasewatch.storage.ledger_errors import translate

            ours = translate(error, self.place, self.wait_for, wrote=self._wrote)
            if ours is None:
                raise
            raise ours from error

    def _driver_errors(self) -> tuple[type[DBAPIError], ...] | tuple[type[DBAPIError], type[sqlite3.Error]]:
        if not self.is_sqlite:
            return (DBAPIError,)
        import sqlite3  # for a file alone: who asks a server does without a second database

        return (DBAPIError, sqlite3.Error)

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


class Rehearsal(Ledger):
    """A ledger that forgets: from the first write on all happens in one transaction, which is taken back at the end.

    Reads after a write see it, so that a command can show what it would have done.
    """

    def __init__(self, url: Secret) -> None:
        super().__init__(url)
        self._stack = ExitStack()
        self._held: Connection | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read what was written so far, else as any ledger."""
        if self._held is not None:
            with self.translated():
                yield self._held
            return
        with super().read() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write into the transaction that will be taken back."""
        if self._held is None:
            plain = self._stack.enter_context(self.connect())
            self._held = plain.execution_options(releasewatch_writes=True)
            self._stack.callback(self._held.begin().rollback)
            if not self.is_sqlite:
                self._held.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        with self.translated():
            yield self._held

    def close(self) -> None:
        """Take everything back."""
        self._stack.close()
        self._held = None
        super().close()


def parse_url(url: Secret) -> URL:
    """The URL in SQLAlchemy's form; `postgres://` and a bare `postgresql://` mean psycopg 3. Raises ConfigError."""
    raw = url.reveal()
    raw = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", raw)
    try:
        parsed = make_url(raw)
        backend = parsed.get_backend_name()
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise ConfigError(
            "The ledger's URL cannot be read.",
            "Write it as sqlite:///path/to/ledger.db or postgresql://user@host/database.",
        ) from error
    except ModuleNotFoundError as error:
        raise _no_driver() from error
    if backend not in ("sqlite", "postgresql"):
        raise ConfigError(
            f"A ledger lives in SQLite or PostgreSQL, not in {backend}.",
            "Write its URL as sqlite:///path/to/ledger.db or postgresql://user@host/database.",
        )
    return parsed


def _place(url: URL) -> str:
    """Host, port and database of a server; what libpq takes from options of the URL counts as well."""
    hosts, ports = _options(url, "host"), _options(url, "port")
    host = url.host or hosts or "local socket"
    port = url.port or ports
    named = f"[{host}]" if port and url.host and ":" in host else host
    return f"{named}:{port}/{url.database}" if port else f"{named}/{url.database}"


def _options(url: URL, name: str) -> str:
    given = url.query.get(name, ())
    return given if isinstance(given, str) else ",".join(given)


def _no_driver() -> NotALedgerError:
    return NotALedgerError(
        "A PostgreSQL ledger needs a driver that is not installed.",
        "Install it with: pip install 'releasewatch[postgres]'",
    )


def _engine(url: URL, wait_for: float) -> Any:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, poolclass=NullPool, creator=lambda: _connect_sqlite(url.database, wait_for))
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, wait_for))
        return engine
    try:
        engine = create_engine(
            url,
            poolclass=NullPool,
            use_native_hstore=False,  # there is none in a ledger; else each process asks for its number
            # No prepared statements: behind pgbouncer the next statement may run on another server connection.
            connect_args={"connect_timeout": POSTGRES_CONNECT_SECONDS, "prepare_threshold": None},
        )
    except ModuleNotFoundError as error:
        raise _no_driver() from error
    # First of all: in another encoding the very answer to "which version are you" is bytes.
    event.listen(engine, "connect", lambda connection, _: _check_encoding(connection, url), insert=True)
    return engine


def _check_encoding(connection: Any, url: URL) -> None:
    """Refuse a database that cannot hold every text; the server tells its encoding with each connection."""
    found = connection.info.parameter_status("server_encoding")
    if found not in (None, "UTF8"):
        raise NotALedgerError(
            f"The database {_place(url)} is in the encoding {found}; a ledger needs UTF8.",
            "Create another one: createdb --encoding=UTF8 --template=template0 NAME",
        )


def _connect_sqlite(name: str | None, wait_for: float) -> sqlite3.Connection:
    import sqlite3

    path = Path(name) if name and name != ":memory:" else None
    if path is not None and path.is_file() and not may_write(path):
        return connect_to_read(path, wait_for)
    return sqlite3.connect(name or ":memory:", timeout=wait_for)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin by itself; see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection, wait_for: float) -> None:
    """Begin, and have the lock: a reader sees the ledger as it is from here on, a writer is alone."""
    writes = connection.get_execution_options().get("releasewatch_writes")
    words = ("BEGIN IMMEDIATE",) if writes else ("BEGIN", "SELECT 1 FROM sqlite_master LIMIT 1")
    raw = connection.connection.cursor()
    try:
        wait_in_steps(raw, words, wait_for)
    finally:
        raw.close()


def wait_in_steps(cursor: Any, words: Sequence[str], wait_for: float) -> None:
    """Run statements when others let go of an SQLite file; all over again each time, so that signals are heard.

    What comes after them in a transaction waits as long, without a step. Raises the driver's error at the end.
    """
    import sqlite3

    until = time.monotonic() + wait_for
    while True:
        left = until - time.monotonic()
        cursor.execute(f"PRAGMA busy_timeout = {int(1000 * max(0.0, min(left, SQLITE_WAIT_AT_ONCE)))}")
        try:
            for word in words:
                cursor.execute(word).fetchall()
            break
        except sqlite3.OperationalError as error:
            if cursor.connection.in_transaction:
                cursor.execute("ROLLBACK")
            is_held = error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            if not is_held or left <= SQLITE_WAIT_AT_ONCE:
                raise
    cursor.execute(f"PRAGMA busy_timeout = {int(1000 * wait_for)}")
