"""Opening a ledger, and the two ways into it: reading at one instant, and writing alone."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from releasewatch.errors import (
    ConfigError,
    InvalidCallError,
    LedgerUnavailableError,
    ReleasewatchError,
)
from releasewatch.secret import Secret

SQLITE_WAIT_SECONDS = 30
POSTGRES_CONNECT_SECONDS = 10


class Ledger:
    """A ledger whose schema is the program's own (see `releasewatch.storage.migrate.open_ledger`)."""

    def __init__(self, url: Secret) -> None:
        self._url = parse_url(url)
        self._engine = _engine(self._url)

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
        """Where it is, for people: the file, or host and database without user and password."""
        if self.is_sqlite:
            return str(self.path or "memory")
        return f"{self._url.host or 'local socket'}/{self._url.database}"

    @contextmanager
    def connect(self) -> Iterator[Connection]:
        """A connection whose errors speak our words. Most callers want `read` or `write`."""
        with self.translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Read at one instant: everything seen inside is of the same moment."""
        with self.connect() as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
                connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Write: committed at the end, nothing kept when an exception leaves the block.

        On SQLite the transaction takes the write lock at once (BEGIN IMMEDIATE): one that began by reading could not get it
        after somebody else's write, however long it waited.
        """
        with self.connect() as plain:
            connection = plain.execution_options(releasewatch_writes=True)
            with connection.begin():
                if not self.is_sqlite:
                    connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
                yield connection

    def lock(self, connection: Connection, name: str) -> None:
        """Wait until no other transaction holds `name`; let go at its end. On SQLite a writer is alone anyway."""
        if not self.is_sqlite:
            number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn the driver's exceptions into ours, once. Neither statement nor values enter the message."""
        try:
            yield
        except ReleasewatchError:
            raise
        except DBAPIError as error:
            raise _translate(error, self.place) from error
        except SQLAlchemyError as error:
            raise LedgerUnavailableError(
                f"The ledger at {self.place} failed: {type(error).__name__}.", "See the log."
            ) from error

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


class Rehearsal(Ledger):
    """A ledger that forgets: from the first write on everything happens in one transaction, which is taken back at the end.

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


def _no_driver() -> InvalidCallError:
    return InvalidCallError(
        "A PostgreSQL ledger needs a driver that is not installed.",
        "Install it with: pip install 'releasewatch[postgres]'",
    )


def _engine(url: URL) -> Any:
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": SQLITE_WAIT_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(
            url,
            poolclass=NullPool,
            # No prepared statements: behind pgbouncer the next statement may run on another server connection.
            connect_args={"connect_timeout": POSTGRES_CONNECT_SECONDS, "prepare_threshold": None},
        )
    except ModuleNotFoundError as error:
        raise _no_driver() from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # the driver must not begin by itself; see _begin_sqlite
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("releasewatch_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_SQLITE_SAYS = (
    # what SQLite says, what we say, what to do; the call is wrong (2) or the outside failed (3)
    (
        "file is not a database",
        "{place} is not a ledger: it is no SQLite file.",
        "Name another file.",
        InvalidCallError,
    ),
    (
        "readonly database",
        "The ledger {place} is read-only.",
        "Make the file and its folder writable for this user.",
        LedgerUnavailableError,
    ),
    (
        "unable to open database file",
        "The ledger {place} cannot be opened.",
        "Does its folder exist, and may this user write there?",
        LedgerUnavailableError,
    ),
    (
        "disk is full",
        "The disk that holds the ledger {place} is full; nothing was written.",
        "Make room and run the same command again.",
        LedgerUnavailableError,
    ),
    (
        "database is locked",
        "The ledger {place} was busy for {wait} seconds; nothing was written.",
        "Run the same command again; many pipelines at once want a PostgreSQL ledger.",
        LedgerUnavailableError,
    ),
    (
        "malformed",
        "The ledger {place} is damaged.",
        "Restore it from a backup; `sqlite3 FILE .recover` may save what is left.",
        LedgerUnavailableError,
    ),
)


def _translate(error: DBAPIError, place: str) -> ReleasewatchError:
    said = str(error.orig)
    if _is_sqlite(error):
        for words, message, hint, kind in _SQLITE_SAYS:
            if words in said:
                return kind(message.format(place=place, wait=SQLITE_WAIT_SECONDS), hint)
        return LedgerUnavailableError(f"The ledger {place} failed: {said}.", "Run the same command again.")
    return _translate_postgres(error, place)


def _is_sqlite(error: DBAPIError) -> bool:
    return type(error.orig).__module__.startswith("sqlite3")


def _translate_postgres(error: DBAPIError, place: str) -> ReleasewatchError:
    state = getattr(error.orig, "sqlstate", None) or ""
    primary = getattr(getattr(error.orig, "diag", None), "message_primary", None)
    said = str(error.orig)
    if "password authentication failed" in said or state.startswith("28"):
        return LedgerUnavailableError(
            f"The ledger {place} refused user or password.",
            "Check RELEASEWATCH_DATABASE_URL; the server's log says which of the two.",
        )
    if state == "3D000" or ("does not exist" in said and "database" in said and not state):
        return LedgerUnavailableError(
            f"The server has no database for the ledger {place}.",
            "Create it (createdb), then run: releasewatch db upgrade",
        )
    if state == "42501":
        return LedgerUnavailableError(
            f"This user may not do that in the ledger {place}: {primary}.", "Ask for the role that may."
        )
    if state in ("53100", "53200", "53300"):
        return LedgerUnavailableError(
            f"The ledger {place} has no room left: {primary}.", "Run the same command again later."
        )
    if not state:
        return LedgerUnavailableError(
            f"The ledger {place} cannot be reached.",
            "Is the server up, and is the host right? Then try again.",
        )
    return LedgerUnavailableError(
        f"The ledger {place} failed with SQLSTATE {state}.",
        "Run the same command again; the server's log says more.",
    )
