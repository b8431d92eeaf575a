"""A ledger's files are its owner's alone, its transactions hold, and its URL can be written in several ways."""

from __future__ import annotations

import os
import stat
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, ProgrammingError, StatementError
from sqlalchemy.exc import OperationalError as StatementFailedError

from releasewatch.errors import ConfigError, LedgerUnavailableError
from releasewatch.secret import Secret
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger, Rehearsal, parse_url
from releasewatch.storage.migrate import open_ledger
from tests.support.command import run_here
from tests.support.ledgers import add_repo, add_repo_and_break_off, new_ledger, repos, url_of

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    """A ledger at the program's schema, on each of the databases."""
    opened = new_ledger(ledger_url)
    yield opened
    opened.close()


# URLs


@pytest.mark.parametrize("url", ["mysql://ada:canary-7f3a@db/x", "postgresql://ada:canary-7f3a@db:port/x", "nonsense"])
def test_a_url_that_cannot_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_url(Secret(url))
    assert "canary" not in error.value.message + error.value.hint
    assert "sqlite:///" in error.value.hint


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_means_psycopg(scheme: str) -> None:
    assert parse_url(Secret(f"{scheme}://ada@db/x")).drivername == "postgresql+psycopg"


def test_where_a_ledger_is_says_neither_user_nor_password() -> None:
    for address, place in {
        "ada:canary@db.example.org/ledger": "db.example.org/ledger",
        "ada:canary@db.example.org:6432/ledger": "db.example.org:6432/ledger",
        "ada:canary@[::1]:6432/ledger": "[::1]:6432/ledger",
        "/ledger": "local socket/ledger",
        "/ledger?host=db.example.org&port=6432": "db.example.org:6432/ledger",
        "/ledger?port=6432&password=canary": "local socket:6432/ledger",
    }.items():
        assert Ledger(Secret(f"postgresql://{address}")).place == place


# The files


def test_the_files_are_for_their_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / ".releasewatch" / "ledger.db"
    before = os.umask(0)
    try:
        ledger = open_ledger(url_of(path))
        with ledger.write() as connection:
            connection.execute(insert(t.repo).values(key="shop"))
            modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir() if one.suffix}
    finally:
        os.umask(before)
    assert modes == {"ledger.db": 0o600, "ledger.db-wal": 0o600, "ledger.db-shm": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (path.parent / ".gitignore").read_text() == "*\n"


def test_only_the_folder_of_our_own_is_kept_out_of_git(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    open_ledger(url_of(tmp_path / "data" / "ledger.db")).close()
    assert sorted(one.name for one in (tmp_path / "data").iterdir()) == ["ledger.db"]
    mine = tmp_path / ".releasewatch"
    mine.mkdir()
    open_ledger(url_of(mine / "ledger.db")).close()
    assert sorted(one.name for one in mine.iterdir()) == ["ledger.db"]


def test_any_other_folder_is_not_made(tmp_path: Path) -> None:
    """Where a share is not mounted, a new ledger would swallow what is recorded."""
    for place in ("share/ledger.db", "share/.releasewatch/ledger.db"):
        with pytest.raises(LedgerUnavailableError, match="its folder is not there"):
            open_ledger(url_of(tmp_path / place))
    assert list(tmp_path.iterdir()) == []


# Transactions


def test_what_an_exception_leaves_is_not_kept(ledger: Ledger) -> None:
    add_repo(ledger, "kept")
    with pytest.raises(ZeroDivisionError):
        add_repo_and_break_off(ledger, "lost")
    assert repos(ledger) == ["kept"]


def test_a_reader_sees_one_moment(ledger: Ledger) -> None:
    with ledger.read() as connection:
        many = select(t.repo.c.key)
        assert connection.scalars(many).all() == []
        add_repo(ledger, "later")
        assert connection.scalars(many).all() == []
    assert repos(ledger) == ["later"]


def test_a_reader_cannot_write_on_a_server(postgres_url: str) -> None:
    ledger = new_ledger(postgres_url)
    with pytest.raises(LedgerUnavailableError, match="is read-only"), ledger.read() as connection:
        connection.execute(insert(t.repo).values(key="lost"))
    assert repos(ledger) == []


def test_a_server_plans_what_is_streamed_for_all_of_it(postgres_url: str) -> None:
    """Else it looks up one customer after the other, as if somebody read the first tenth alone."""
    ledger = Ledger(Secret(postgres_url))
    asked = select(*(func.current_setting(name) for name in ("cursor_tuple_fraction", "jit", "timezone")))
    with ledger.read() as reading, ledger.write() as writing:
        for connection in (reading, writing):
            assert tuple(connection.execute(asked).one()) == ("1", "off", "UTC")


def test_a_rehearsal_sees_what_it_writes_and_keeps_nothing(ledger: Ledger, ledger_url: str) -> None:
    add_repo(ledger, "kept")
    rehearsal = Rehearsal(Secret(ledger_url))
    add_repo(rehearsal, "lost")
    add_repo(rehearsal, "lost too")
    assert repos(rehearsal) == ["kept", "lost", "lost too"]
    rehearsal.close()
    assert repos(ledger) == ["kept"]


def test_a_rehearsal_that_breaks_off_keeps_nothing(ledger: Ledger, ledger_url: str) -> None:
    rehearsal = Rehearsal(Secret(ledger_url))
    with pytest.raises(ZeroDivisionError):
        add_repo_and_break_off(rehearsal, "lost")
    rehearsal.close()
    assert repos(ledger) == []


def test_a_statement_that_the_database_does_not_understand_is_a_bug(ledger: Ledger) -> None:
    with pytest.raises((ProgrammingError, StatementFailedError)), ledger.write() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))


def test_a_row_that_points_to_nothing_is_a_bug(ledger: Ledger) -> None:
    with pytest.raises(IntegrityError), ledger.write() as connection:
        connection.execute(insert(t.component).values(repo_id=7, key="invoicing", full_key="shop/invoicing"))


# Instants


def test_instants_are_of_utc_on_both_databases(ledger: Ledger) -> None:
    noon = datetime(2026, 3, 29, 12, 0, 0, 123456, timezone(timedelta(hours=5, minutes=45)))
    with ledger.write() as connection:
        row = {"version": 1, "document": {}, "recorded_by": ""}
        connection.execute(insert(t.settings).values(**row, recorded_at=noon))
    with ledger.read() as connection:
        found = connection.scalar(select(t.settings.c.recorded_at))
    assert found == noon
    assert found is not None
    assert found.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(ledger: Ledger) -> None:
    naive = datetime(2026, 3, 29, 12)  # noqa: DTZ001 - what is to be refused
    row = {"version": 1, "document": {}, "recorded_by": "", "recorded_at": naive}
    with pytest.raises(StatementError, match="must know its zone"), ledger.write() as connection:
        connection.execute(insert(t.settings).values(**row))


def test_a_database_that_cannot_hold_every_text_is_refused(postgres_server, tmp_path: Path) -> None:
    """By whatever opens it: the driver would hand out bytes instead of texts."""
    with postgres_server.empty_database(encoding="SQL_ASCII") as url:
        name = url.rpartition("/")[2].partition("?")[0]
        for words in (("db", "upgrade"), ("status",), ("doctor", "--strict")):
            done = run_here(*words, cwd=tmp_path, env={"RELEASEWATCH_DATABASE_URL": url})
            said = done.out + done.err
            assert done.status == (1 if "doctor" in words else 2), said
            assert f"{name} is in the encoding SQL_ASCII; a ledger needs UTF8." in said
            assert "createdb --encoding=UTF8 --template=template0 NAME" in said
