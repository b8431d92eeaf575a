"""Bringing a ledger's schema to the program's own: an SQLite file by itself, a server by command."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from releasewatch.errors import InvalidCallError, LedgerUnavailableError, LedgerVersionError
from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger

HEAD = "0001"
"""The newest revision in `migrations/versions`; a test holds the two together, so that start-up need not read them."""

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def open_ledger(url: Secret) -> Ledger:
    """Open a ledger at the program's schema. An SQLite file is created (folder 0700, file 0600) and upgraded by itself.

    Raises LedgerVersionError for a newer ledger, or a server's that waits for `db upgrade`; InvalidCallError for a
    database that is something else; LedgerUnavailableError when it cannot be reached.
    """
    ledger = Ledger(url)
    if ledger.path is not None:
        _make_file(ledger.path)
    found = current(ledger)
    if found == HEAD:
        return ledger
    if found is not None and found > HEAD:
        raise _newer(ledger, found)
    if ledger.is_sqlite:
        upgrade(ledger)
        return ledger
    was = "has no ledger in it yet" if found is None else f"is at schema {found}, this program needs {HEAD}"
    raise LedgerVersionError(f"The database {ledger.place} {was}.", "Run: releasewatch db upgrade")


def current(ledger: Ledger) -> str | None:
    """The schema revision of a ledger; None for an empty database. Raises InvalidCallError for somebody else's."""
    with ledger.connect() as connection, connection.begin():
        return _revision(connection, ledger)


def upgrade(ledger: Ledger) -> tuple[str | None, str]:
    """Run the missing migrations in one transaction; safe to repeat, and for two at once. Returns (before, after)."""
    with ledger.connect() as plain:
        connection = plain.execution_options(releasewatch_writes=True)
        if ledger.is_sqlite:
            # Both only take effect outside a transaction.
            connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
            connection.rollback()
            raw = connection.connection.cursor()
            raw.execute("PRAGMA journal_mode = WAL")
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
                _run(connection)
            if ledger.is_sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise LedgerUnavailableError(
                        f"The upgrade of {ledger.place} would leave {len(broken)} rows without what they point to; "
                        "nothing was changed.",
                        "Restore a backup, or report it with the log.",
                    )
    return before, HEAD


def differences(ledger: Ledger) -> list[str]:
    """What the schema has that the program does not expect, or lacks; empty when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from releasewatch.storage.tables import metadata

    with ledger.connect() as connection, connection.begin():
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        return [_difference(entry) for entry in compare_metadata(context, metadata)]


def _difference(entry: object) -> str:
    if isinstance(entry, list):
        return "; ".join(_difference(part) for part in entry)
    if isinstance(entry, tuple):
        return " ".join(str(getattr(part, "name", part)) for part in entry if part is not None)
    return str(entry)


def _revision(connection: Connection, ledger: Ledger) -> str | None:
    names = set(inspect(connection).get_table_names())
    if _VERSION_TABLE in names:
        found = connection.execute(text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
        return None if found is None else str(found)
    if names:
        raise InvalidCallError(
            f"{ledger.place} is a database, but not a ledger: it holds other tables ({sorted(names)[0]}, …).",
            "Name a new file, or an empty database.",
        )
    return None


def _newer(ledger: Ledger, found: str) -> LedgerVersionError:
    return LedgerVersionError(
        f"The ledger {ledger.place} is at schema {found}, newer than this program knows ({HEAD}).",
        "Upgrade releasewatch here to the version that wrote it.",
    )


def _run(connection: Connection) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    script = ScriptDirectory(str(MIGRATIONS))

    def steps(revision: object, _context: object) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]

    with EnvironmentContext(Config(), script, fn=steps, destination_rev="head") as environment:
        environment.configure(connection=connection, target_metadata=None)
        environment.run_migrations()


def _make_file(path: Path) -> None:
    """Create the ledger's folder and file for their owner alone; the default folder keeps itself out of git."""
    folder = path.parent
    try:
        if not folder.exists():
            folder.mkdir(mode=0o700, parents=True)
            if folder.name == ".releasewatch":
                (folder / ".gitignore").write_text("*\n", encoding="utf-8")
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise LedgerUnavailableError(
            f"The ledger {path} cannot be created: {error.strerror}.",
            "Name a folder that this user may write to.",
        ) from error
