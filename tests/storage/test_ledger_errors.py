"""A ledger that cannot be used says so in one clear error, and nothing is half written."""

from __future__ import annotations

import os
import socket
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from releasewatch.errors import InvalidCallError, LedgerUnavailableError, LedgerVersionError, ReleasewatchError
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.ledger_errors import translate
from releasewatch.storage.migrate import HEAD, VERSION_TABLE, open_ledger, upgrade
from tests.support.command import bound_by_permissions, run_python
from tests.support.ledgers import add_repo, digest, new_ledger, repos, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITE = """
import sys
from sqlalchemy import text
from releasewatch.errors import ReleasewatchError
from releasewatch.secret import Secret
from releasewatch.storage.migrate import open_ledger


def write(url, many):
    try:
        with open_ledger(Secret(url)).write() as connection:
            for number in range(int(many)):
                connection.execute(text("INSERT INTO repo (key) VALUES (:key)"), {"key": f"shop-{number}" * 50})
    except ReleasewatchError as error:
        print(type(error).__name__, error.message)


write(*sys.argv[1:3])
"""
"""Opens a ledger and adds repos; prints the error of ours that this ends in."""

AND_READ = """
with open_ledger(Secret(sys.argv[1])).read() as connection:
    print(connection.scalars(text("SELECT key FROM repo")).all())
"""

AND_AGAIN = """
import subprocess
subprocess.run(["mount", "-o", "remount,size=4m", sys.argv[3]], check=True)
write(*sys.argv[1:3])
"""

NAMES = "INSERT INTO", "repo", "shop-"
"""What no message may hold: words of the statement and values."""


def message_of(error: pytest.ExceptionInfo[ReleasewatchError]) -> str:
    """All that a person would be told."""
    return f"{error.value.message} {error.value.hint}"


# A file that is no ledger


@pytest.mark.parametrize(
    "content", [os.urandom(8192), b"customer;name\r\n", b"\0" * 4096], ids=["noise", "csv", "zeros"]
)
def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(InvalidCallError, match="is not a ledger: it is no SQLite file") as error:
        open_ledger(url_of(path))
    assert str(path) in error.value.message
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


def test_a_database_that_was_cut_off_is_called_damaged(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    open_ledger(url_of(path)).close()
    os.truncate(path, 8192)
    before = digest(path)
    with pytest.raises(LedgerUnavailableError, match="is damaged"):
        open_ledger(url_of(path))
    assert digest(path) == before


@pytest.mark.parametrize("table", ["users", "alembic_version"])
def test_somebody_elses_sqlite_database_is_refused_and_left_as_it_is(tmp_path: Path, table: str) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute(f"CREATE TABLE {table} (version_num TEXT)")
        theirs.execute(f"INSERT INTO {table} VALUES ('0001')")
    theirs.close()
    before = digest(path)
    for attempt in (open_ledger, lambda url: upgrade(Ledger(url))):
        with pytest.raises(InvalidCallError, match=f"not a ledger: it holds other tables \\({table}"):
            attempt(url_of(path))
    assert digest(path) == before
    assert list(tmp_path.iterdir()) == [path]


def test_somebody_elses_postgresql_database_is_refused_and_left_as_it_is(postgres_url: str) -> None:
    theirs = postgres_url.replace("+psycopg", "")
    with psycopg.connect(theirs) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
    for attempt in (open_ledger, lambda url: upgrade(Ledger(url))):
        with pytest.raises(InvalidCallError, match=r"not a ledger: it holds other tables \(alembic_version"):
            attempt(Secret(postgres_url))
    with psycopg.connect(theirs) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert found == [("alembic_version",)]


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    path.touch()
    ledger = open_ledger(url_of(path))
    add_repo(ledger, "shop")
    assert repos(ledger) == ["shop"]


def test_a_folder_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(InvalidCallError, match="is no regular file"):
        open_ledger(url_of(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_no_ledger() -> None:
    with pytest.raises(InvalidCallError, match="is no regular file"):
        open_ledger(url_of(Path(os.devnull)))
    assert not Path(f"{os.devnull}-wal").exists()


# Another schema


def test_a_newer_ledger_is_refused_and_left_as_it_is(ledger_url: str) -> None:
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    for attempt in (open_ledger, lambda url: upgrade(Ledger(url))):
        with pytest.raises(
            LedgerVersionError, match=f"schema 9999, newer than this program knows \\({HEAD}\\)"
        ) as error:
            attempt(Secret(ledger_url))
        assert "Upgrade releasewatch" in error.value.hint
    with ledger.read() as connection:
        assert connection.scalar(text(f"SELECT version_num FROM {VERSION_TABLE}")) == "9999"


def test_a_server_is_not_upgraded_by_itself(postgres_url: str) -> None:
    with pytest.raises(LedgerVersionError, match="has no ledger in it yet") as error:
        open_ledger(Secret(postgres_url))
    assert error.value.hint == "Run: releasewatch db upgrade"
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)


# A file that cannot be written


@pytest.fixture
def filled(tmp_path: Path) -> Path:
    """The file of a ledger with one repo in it."""
    path = tmp_path / "place" / "ledger.db"
    path.parent.mkdir()
    ledger = open_ledger(url_of(path))
    add_repo(ledger, "first")
    ledger.close()
    return path


def test_a_read_only_file_is_told_and_not_changed(filled: Path) -> None:
    before = digest(filled)
    filled.chmod(0o400)
    done = run_python("-c", WRITE, f"sqlite:///{filled}", "1", cwd=filled.parent, through=bound_by_permissions())
    assert done.out == f"LedgerUnavailableError The ledger {filled} is read-only; nothing was written.\n"
    assert done.err == ""
    assert digest(filled) == before


def test_a_read_only_folder_is_told_and_not_changed(filled: Path) -> None:
    before = digest(filled)
    filled.parent.chmod(0o500)
    done = run_python("-c", WRITE, f"sqlite:///{filled}", "1", cwd=filled.parent, through=bound_by_permissions())
    filled.parent.chmod(0o700)
    assert done.out.startswith(f"LedgerUnavailableError The ledger {filled} ")
    assert done.err == ""
    assert digest(filled) == before
    assert list(filled.parent.iterdir()) == [filled]


@pytest.mark.parametrize("part", ["ledger.db", ".releasewatch/ledger.db"])
def test_a_folder_that_lets_nothing_be_made_is_told(tmp_path: Path, part: str) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    path = folder / part
    done = run_python("-c", WRITE, f"sqlite:///{path}", "1", cwd=tmp_path, through=bound_by_permissions())
    assert done.out == f"LedgerUnavailableError The ledger {path} cannot be created: Permission denied.\n"
    assert done.err == ""
    assert list(folder.iterdir()) == []


def test_a_file_that_may_not_be_read_is_told(filled: Path) -> None:
    filled.chmod(0)
    done = run_python("-c", WRITE, f"sqlite:///{filled}", "1", cwd=filled.parent, through=bound_by_permissions())
    assert done.out == f"LedgerUnavailableError The ledger {filled} cannot be opened.\n"
    assert done.err == ""


def test_a_limit_on_the_size_of_files_leaves_nothing_half_written(filled: Path) -> None:
    kilobytes = filled.stat().st_size // 1024 + 64
    limited = ["bash", "-c", f'ulimit -f {kilobytes}; exec "$@"', "limited"]
    done = run_python("-c", WRITE, f"sqlite:///{filled}", "9999", cwd=filled.parent, through=limited)
    assert done.out.startswith(
        f"LedgerUnavailableError The ledger {filled} could not be read or written (SQLITE_IOERR_"
    )
    assert not any(name in done.out for name in NAMES)
    assert repos(open_ledger(url_of(filled))) == ["first"]


def on_a_small_disk(folder: Path, size: str) -> list[str]:
    """The words before a command that let it see a small disk in a folder, with what `FOLDER-full` holds on it."""
    command = f'mount -t tmpfs -o size={size} tmpfs {folder} && cp -a {folder}-full/. {folder} && exec "$@"'
    for rights in (["--mount"], ["--user", "--map-root-user", "--mount"]):
        words = ["unshare", *rights, "--", "bash", "-c", command, "small"]
        if run_python("-c", "", cwd=folder.parent, through=words).status == 0:
            return words
    pytest.skip("no small disk may be mounted here")


def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    full = tmp_path / "disk-full" / "ledger.db"
    full.parent.mkdir()
    ledger = open_ledger(url_of(full))
    add_repo(ledger, "first")
    ledger.close()
    words = on_a_small_disk(folder, "1200k")
    done = run_python("-c", WRITE + AND_READ, f"sqlite:///{folder}/ledger.db", "9999", cwd=tmp_path, through=words)
    told, kept = done.out.splitlines()
    assert told == (
        f"LedgerUnavailableError The disk that holds the ledger {folder}/ledger.db is full; nothing was written."
    )
    assert kept == "['first']"
    assert done.err == ""


def test_a_ledger_that_did_not_fit_is_made_once_there_is_room(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    (tmp_path / "disk-full").mkdir()
    words = on_a_small_disk(folder, "100k")
    again = WRITE + AND_AGAIN + AND_READ
    done = run_python("-c", again, f"sqlite:///{folder}/ledger.db", "0", str(folder), cwd=tmp_path, through=words)
    assert done.out == (
        f"LedgerUnavailableError The disk that holds the ledger {folder}/ledger.db is full; nothing was written.\n[]\n"
    )
    assert done.err == ""


# A ledger that others hold


def test_a_file_that_others_write_is_waited_for_and_then_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    holder = open_ledger(url_of(path))
    waiting = open_ledger(url_of(path), wait_for=0.05)
    with holder.write() as connection:
        connection.execute(insert(t.repo).values(key="theirs"))
        with pytest.raises(LedgerUnavailableError, match=r"was busy for 0\.05 seconds; nothing was written") as error:
            add_repo(waiting, "ours")
        assert repos(waiting) == []
    assert not any(name in message_of(error) for name in (*NAMES, "ours"))
    assert repos(waiting) == ["theirs"]


def test_a_file_that_is_locked_while_it_is_made_is_told(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(LedgerUnavailableError, match=r"was busy for 0\.05 seconds"):
        open_ledger(url_of(path), wait_for=0.05)
    holder.close()
    assert repos(open_ledger(url_of(path))) == []


# A server that cannot be used


def refused(url: str) -> str:
    """What is said of a server that cannot be used; neither URL nor password is told."""
    with pytest.raises(LedgerUnavailableError) as error:
        open_ledger(Secret(url))
    said = message_of(error)
    parsed = make_url(url)
    assert f"{parsed.username}@" not in said
    assert not parsed.password or parsed.password not in said
    return error.value.message


def test_a_wrong_password_is_told_without_it(postgres_locked_url: str) -> None:
    url = make_url(postgres_locked_url).set(password="canary-7f3a")
    place = f"{url.host}:{url.port}/{url.database}"
    assert refused(url.render_as_string(hide_password=False)) == f"The ledger {place} refused user or password."
    without = url.set(password=None).render_as_string(hide_password=False)
    assert refused(without) == f"The ledger {place} refused user or password."


def test_an_unknown_user_is_told(postgres_url: str) -> None:
    url = make_url(postgres_url).set(username="nobody-at-all")
    assert refused(url.render_as_string(hide_password=False)).endswith("refused user or password.")


def test_a_missing_database_is_told(postgres_url: str) -> None:
    url = make_url(postgres_url).set(database="never_made")
    said = refused(url.render_as_string(hide_password=False))
    assert said == f"The server has no database for the ledger {url.host}:{url.port}/never_made."


def test_a_server_that_is_down_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else gets the port meanwhile
        port = probe.getsockname()[1]
        said = refused(f"postgresql://ada:canary-7f3a@127.0.0.1:{port}/ledger")
    assert said == f"The ledger 127.0.0.1:{port}/ledger cannot be reached."


def add_repo_while_the_server_ends_it(ledger: Ledger, url: str) -> None:
    with ledger.write() as connection:
        connection.execute(insert(t.repo).values(key="shop-1"))
        number = connection.scalar(text("SELECT pg_backend_pid()"))
        with psycopg.connect(url.replace("+psycopg", "")) as other:
            other.execute("SELECT pg_terminate_backend(%s)", [number])
        connection.execute(insert(t.repo).values(key="shop-2"))


def test_a_server_that_ends_the_session_is_told(postgres_url: str) -> None:
    ledger = new_ledger(postgres_url)
    with pytest.raises(LedgerUnavailableError) as error:
        add_repo_while_the_server_ends_it(ledger, postgres_url)
    assert not any(name in message_of(error) for name in NAMES)
    assert repos(ledger) == []


@pytest.fixture
def reader_url(postgres_url: str) -> Iterator[str]:
    """A ledger on PostgreSQL, for a user who may do nothing but look."""
    upgrade(Ledger(Secret(postgres_url)))
    url = make_url(postgres_url)
    name = sql.Identifier(f"reader_of_{url.database}")
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        connection.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(name))
        try:
            yield url.set(username=f"reader_of_{url.database}").render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(name))
            connection.execute(sql.SQL("DROP ROLE {}").format(name))


def test_a_user_who_may_only_look_is_told(reader_url: str) -> None:
    ledger = open_ledger(Secret(reader_url))
    with pytest.raises(LedgerUnavailableError, match="may not do that in the ledger") as error:
        add_repo(ledger, "shop-1")
    assert not any(name in message_of(error) for name in NAMES)
    assert repos(ledger) == []


def take_lock(ledger: Ledger, name: str, wait_for: str) -> None:
    with ledger.write() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = '{wait_for}'"))
        ledger.lock(connection, name)


def test_a_lock_that_is_not_let_go_is_told(postgres_url: str) -> None:
    ledger = new_ledger(postgres_url)
    with ledger.write() as holder:
        ledger.lock(holder, "one")
        with pytest.raises(LedgerUnavailableError, match="somebody else holds it") as error:
            take_lock(ledger, "one", "50ms")
        take_lock(ledger, "another", "50ms")
    assert "pg_advisory" not in message_of(error)


def test_the_same_row_written_twice_at_once_asks_for_another_try(postgres_url: str) -> None:
    ledger = new_ledger(postgres_url)
    add_repo(ledger, "shop-1")
    with pytest.raises(LedgerUnavailableError, match="Somebody else wrote the same") as error:
        add_repo(ledger, "shop-1")
    assert not any(name in message_of(error) for name in ("INSERT", "shop-1"))


def test_a_server_that_takes_the_connection_and_says_nothing_is_away() -> None:
    """libpq's time-out is a kind of its own of the driver's error, with words and no state."""
    said = OperationalError("SELECT 1", {}, psycopg.errors.ConnectionTimeout("connection timeout expired"))
    ours = translate(said, "postgresql://localhost/ledger", 1)
    assert isinstance(ours, LedgerUnavailableError)
    assert ours.message == "The ledger postgresql://localhost/ledger cannot be reached."


def test_what_was_written_before_is_not_denied(tmp_path: Path) -> None:
    ledger = new_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")

    def write_where_nobody_may() -> None:
        with ledger.write() as connection:
            connection.execute(text("PRAGMA query_only = ON"))
            connection.execute(insert(t.repo).values(key="late"))

    def fails() -> str:
        with pytest.raises(LedgerUnavailableError) as raised:
            write_where_nobody_may()
        ledger.close()
        return raised.value.message

    assert fails().endswith("is read-only; nothing was written.")
    add_repo(ledger, "shop")
    assert fails().endswith("is read-only; nothing more was written.")
    assert repos(ledger) == ["shop"]
    ledger.close()
