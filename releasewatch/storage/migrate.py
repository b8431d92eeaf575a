"""Bringing a ledger's schema to the program's own: an SQLite file by itself, a server by command."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.schema import CreateTable

from releasewatch.errors import LedgerUnavailableError, LedgerVersionError, NotALedgerError
from releasewatch.secret import Secret
from releasewatch.storage.ledger import SQLITE_WAIT_SECONDS, Ledger, wait_in_steps
from releasewatch.storage.unwritable_files import may_write

HEAD = "0030"
"""The newest revision in `migrations/versions`; a test holds the two together, so that start-up need not read them."""

MIGRATIONS = Path(__file__).parent / "migrations"

DEFAULT_FOLDER = ".releasewatch"
"""A folder of this name holds what is ours alone, and is kept out of git when we make it."""

VERSION_TABLE = "releasewatch_schema"
"""Where Alembic keeps the revision. Its usual name, `alembic_version`, stands in many a database that is not ours."""


def open_ledger(url: Secret, *, wait_for: float = SQLITE_WAIT_SECONDS) -> Ledger:
    """Open a ledger at the program's schema. An SQLite file is created (folder 0700, file 0600) and upgraded by itself.

    `wait_for`: seconds to wait for other writers of an SQLite file. Raises LedgerVersionError for a newer ledger, or a
    server's that waits for `db upgrade`; NotALedgerError for a database that is something else; LedgerUnavailableError
    when it cannot be reached.
    """
    ledger = Ledger(url, wait_for=wait_for)
    found = current(ledger)
    if found == HEAD:
        return ledger
    if found is not None and found > HEAD:
        raise _newer(ledger, found)
    if ledger.path is not None and found is not None and not may_write(ledger.path):
        raise LedgerVersionError(
            f"The ledger {ledger.place} is at schema {found}, not {HEAD} as this program; this user may not write it.",
            "Run: releasewatch db upgrade, as a user who may write there; or name a copy.",
        )
    if ledger.is_sqlite:
        upgrade(ledger)
        return ledger
    was = "has no ledger in it yet" if found is None else f"is at schema {found}, this program needs {HEAD}"
    raise LedgerVersionError(f"The database {ledger.place} {was}.", "Run: releasewatch db upgrade")


def current(ledger: Ledger) -> str | None:
    """The schema revision of a ledger; None for an empty database, or a file that is not there (and is not made).

    Raises NotALedgerError for somebody else's database.
    """
    if ledger.path is not None and not _file_exists(ledger.path):
        return None
    with ledger.connect() as connection, connection.begin():
        return _revision(connection, ledger)


def upgrade(ledger: Ledger) -> tuple[str | None, str]:
    """Run the missing migrations in one transaction; safe to repeat, and for two at once. Returns (before, after).

    An SQLite file is made when it is not there. Raises as `open_ledger`.
    """
    if ledger.path is not None:
        _make_file(ledger.path)
    found = current(ledger)  # before anything is changed: it may be somebody else's
    if found == HEAD:
        return found, HEAD
    from alembic.util import CommandError

    with ledger.connect() as plain:
        connection = plain.execution_options(releasewatch_writes=True)
        if ledger.is_sqlite:
            # Both only take effect outside a transaction.
            raw = connection.connection.cursor()
            wait_in_steps(raw, ["PRAGMA journal_mode = WAL"], ledger.wait_for)
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.close()
        with connection.begin():
            if not ledger.is_sqlite:
                connection.execute(text("SET LOCAL lock_timeout = '60s'"))
            ledger.lock(connection, "releasewatch:migrate")
            before = _revision(connection, ledger)
            if before is not None and before > HEAD:
                raise _newer(ledger, before)
            if before != HEAD:
                if not ledger.is_sqlite and has_citus(connection):
                    event.listen(connection, "before_execute", _leave_keys_out)
                there = set(inspect(connection).get_table_names())
                try:
                    _run(connection)
                except (DBAPIError, CommandError) as error:
                    if isinstance(error, DBAPIError) and not (_is_there(error) or there != _tables_of(before)):
                        raise
                    raise _not_what_it_says(ledger, before) from error
            if ledger.is_sqlite and (broken := _dangling(connection)):
                raise LedgerUnavailableError(
                    f"The upgrade of {ledger.place} would leave {'; '.join(broken)}. Nothing was changed.",
                    "Restore a backup, or report it with what `releasewatch db check` says.",
                )
    return before, HEAD


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be in a ledger. `check`: schema, foreign_keys or integrity."""

    check: str
    text: str


def check(ledger: Ledger) -> list[Finding]:
    """What is wrong with a ledger at the program's schema: shape, dangling rows, damage; empty when all is well."""
    found = [Finding("schema", words) for words in differences(ledger)]
    with ledger.read() as connection:
        if ledger.is_sqlite:
            said = connection.exec_driver_sql("PRAGMA integrity_check").scalars().all()
            found += [Finding("integrity", words) for words in said if words != "ok"]
            found += [Finding("foreign_keys", words) for words in _dangling(connection)]
        else:
            # An index or constraint that a broken-off command left behind exists and is not in force.
            invalid = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid ORDER BY 1"
            names = connection.execute(text(invalid)).scalars().all()
            found += [Finding("integrity", f"the index {name} is invalid") for name in names]
            loose = "SELECT conname::text FROM pg_constraint WHERE contype = 'f' AND NOT convalidated ORDER BY 1"
            names = connection.execute(text(loose)).scalars().all()
            found += [Finding("foreign_keys", f"the constraint {name} was never validated") for name in names]
    return found


def differences(ledger: Ledger) -> list[str]:
    """What the schema has that the program does not expect, or lacks; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from releasewatch.storage.tables import metadata

    with ledger.connect() as connection, connection.begin():
        options = {"compare_type": False, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        return [_difference(entry) for entry in compare_metadata(context, metadata)]


def _difference(entry: object) -> str:
    if isinstance(entry, list):
        return "; ".join(_difference(part) for part in entry)
    if isinstance(entry, tuple):
        return " ".join(str(getattr(part, "name", part)) for part in entry if part is not None)
    return str(entry)


def _dangling(connection: Connection) -> list[str]:
    """On SQLite, the rows that point to nothing: one line for each table and what it points to."""
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    counts: dict[tuple[str, str], int] = {}
    for table, _row, parent, _number in broken:
        counts[table, parent] = counts.get((table, parent), 0) + 1
    words = "rows of {} that point to nothing in {}: {}"
    return [words.format(table, parent, many) for (table, parent), many in sorted(counts.items())]


def _revision(connection: Connection, ledger: Ledger) -> str | None:
    there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = :name"
    if not ledger.is_sqlite:
        there = "SELECT 1 FROM pg_tables WHERE schemaname = current_schema() AND tablename = :name"
    if connection.scalar(text(there), {"name": VERSION_TABLE}) is not None:
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
        return None if found is None else str(found)
    names = inspect(connection).get_table_names()
    if names:
        raise NotALedgerError(
            f"{ledger.place} is a database, but not a ledger: it holds other tables ({sorted(names)[0]}, …).",
            "Name a new file, or an empty database.",
        )
    return None


def has_citus(connection: Connection) -> bool:
    """Whether the extension is there, in this very database of a server."""
    return connection.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'citus'")) is not None


def _leave_keys_out(_connection: Connection, statement: object, *_rest: object) -> None:
    """Make tables without foreign keys: Citus refuses one from a table not yet placed to a distributed one.

    `releasewatch.storage.placing` makes them once the table is placed.
    """
    if isinstance(statement, CreateTable):
        statement.include_foreign_key_constraints = []


def _newer(ledger: Ledger, found: str) -> LedgerVersionError:
    return LedgerVersionError(
        f"The ledger {ledger.place} is at schema {found}, newer than this program knows ({HEAD}).",
        "Upgrade releasewatch here to the version that wrote it.",
    )


def _is_there(error: DBAPIError) -> bool:
    """Whether a step was to make what is there already: the tables are further on than the ledger says."""
    import sqlite3

    if isinstance(error.orig, sqlite3.Error):
        return _IS_THERE.search(str(error.orig)) is not None
    return getattr(error.orig, "sqlstate", None) in ("42P07", "42701", "42710")  # a table, a column, anything else


_IS_THERE = re.compile(r"already exists|duplicate column name")


def _tables_of(revision: str | None) -> set[str]:
    """The tables that a ledger of a revision has."""
    if revision is None:
        return set()
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        _run(connection, revision)
        found = set(inspect(connection).get_table_names())
    engine.dispose()
    return found


def _not_what_it_says(ledger: Ledger, before: str | None) -> LedgerVersionError:
    said = "names no schema" if before is None else f"says schema {before}"
    return LedgerVersionError(
        f"The ledger {ledger.place} {said} in its table {VERSION_TABLE}, and its other tables are of another one; "
        "nothing was changed.",
        "That table was set back or restored alone: restore the whole backup, or set its version_num to the schema "
        f"that the tables have (those of this program: {HEAD}), and run: releasewatch db check",
    )


def _run(connection: Connection, until: str = "head") -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(MIGRATIONS))

    def steps(revision: object, _context: object) -> object:
        return script._upgrade_revs(until, revision)  # type: ignore[arg-type]

    with EnvironmentContext(Config(), script, fn=steps, destination_rev=until) as environment:
        environment.configure(connection=connection, target_metadata=None, version_table=VERSION_TABLE)
        environment.run_migrations()


def _file_exists(path: Path) -> bool:
    """Whether there is a file; raises NotALedgerError for a folder, a device or the like."""
    try:
        if not path.exists():
            return False
        is_file = path.is_file()
    except OSError as error:
        raise LedgerUnavailableError(
            f"The ledger {path} cannot be opened: {error.strerror}.", "May this user read its folder?"
        ) from error
    if not is_file:
        raise NotALedgerError(f"{path} is not a ledger: it is no regular file.", "Name a file.")
    return True


def _make_file(path: Path) -> None:
    """Create the ledger's file for its owner alone, and its folder where that is the default one, kept out of git.

    Any other folder has to be there: where a network share is not mounted, a new ledger would swallow what is recorded.
    """
    if _file_exists(path):
        return
    folder = path.parent
    try:
        if folder.name == DEFAULT_FOLDER:
            with suppress(FileExistsError):  # another process was quicker, or it was there before
                folder.mkdir(mode=0o700)
                (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        path.touch(mode=0o600)
    except FileNotFoundError as error:
        raise LedgerUnavailableError(
            f"The ledger {path} cannot be created: its folder is not there.",
            "Mount or make the folder, or name another file; only the folder .releasewatch is made by itself.",
        ) from error
    except OSError as error:
        raise LedgerUnavailableError(
            f"The ledger {path} cannot be created: {error.strerror}.",
            "Name a folder that this user may write to.",
        ) from error
