"""A record that is killed, interrupted or out of time leaves nothing half written, and a rerun completes it."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from releasewatch.storage.ledger import SQLITE_WAIT_SECONDS
from tests.support.command import run_here
from tests.support.holding import lock_held, started
from tests.support.ledgers import new_ledger
from tests.support.spooling import RECORD, RUN, SPOOL, files, ledger_file, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WELL_BEFORE_SQLITE_GIVES_UP = SQLITE_WAIT_SECONDS - 3


def state_of(url: str) -> Mapping[str, int]:
    """How many rows each table of a ledger holds; an SQLite file is sound, too."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
    if not url.startswith("sqlite"):
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with closing(connected(url)) as connection:
        if url.startswith("sqlite"):
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        names = [name for (name,) in connection.execute(tables).fetchall()]
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def connected(url: str) -> Any:
    if url.startswith("sqlite"):
        return sqlite3.connect(url.removeprefix("sqlite:///"))
    connection = psycopg.connect(url.replace("+psycopg", ""))
    # All tables of one instant: the server may be about to commit what a killed process asked for.
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    return connection


@pytest.fixture(params=["sqlite", "postgresql"])
def two_ledgers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URLs of two empty ledgers."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/one.db", f"sqlite:///{tmp_path}/two.db"
    else:
        with request.getfixturevalue("postgres_server").empty_database() as other:
            yield request.getfixturevalue("postgres_url"), other


def test_killed_at_any_instant_nothing_is_half_written_and_a_rerun_completes_it(shop, two_ledgers):
    url, twin = two_ledgers
    for one in two_ledgers:
        new_ledger(one).close()
        assert run(shop, *RECORD, "--head", "HEAD~2", "--key", "first", url=one).status == 0
    before = state_of(url)
    begin = time.monotonic()
    assert run(shop, *RECORD, url=twin).status == 0
    lasts = time.monotonic() - begin
    after = state_of(twin)
    assert after["deployment"] == before["deployment"] + 1
    chance = random.Random(7)
    for _ in range(6):
        with started(*RECORD, *SPOOL, cwd=shop.path, env={**RUN, "RELEASEWATCH_DATABASE_URL": url}) as process:
            time.sleep(lasts * chance.uniform(0.3, 1.0))
            process.kill()
        assert state_of(url) in (before, after)
    done = run(shop, *RECORD, url=url)
    assert done.status == 0, done.err
    assert state_of(url) == after
    assert files(shop) == []


def test_a_flush_that_is_killed_at_any_instant_goes_on_and_doubles_nothing(shop, two_ledgers):
    url, twin = two_ledgers
    for one in two_ledgers:
        new_ledger(one).close()
    for number in range(3):
        shop.commit(f"fix: {number}", {"services/invoicing/c.py": str(number)})
        away = "postgresql://127.0.0.1:1/ledger"
        assert run_here(*RECORD, *SPOOL, cwd=shop.path, env={**RUN, "RELEASEWATCH_DATABASE_URL": away}).status == 0
    spool = shop.path / ".releasewatch" / "spool"
    shutil.copytree(spool, shop.path / "kept")
    flushed = {"RELEASEWATCH_DATABASE_URL": twin, "RELEASEWATCH_SPOOL_DIR": "kept"}
    assert run_here("spool", "flush", cwd=shop.path, env={**RUN, **flushed}).status == 0
    after = state_of(twin)
    chance = random.Random(11)
    for _ in range(3):
        with started("spool", "flush", cwd=shop.path, env={**RUN, "RELEASEWATCH_DATABASE_URL": url}) as process:
            begun = recorded(url) + (chance.random() < 0.7)
            wait_for_deployments(url, begun, process)
            time.sleep(chance.uniform(0, 0.1))
            process.kill()
        # What is in the spool no more is in the ledger.
        assert state_of(url)["deployment"] + len(files(shop)) >= 3
    assert run(shop, "spool", "flush", url=url).status == 0
    assert state_of(url) == after
    assert files(shop) == []


def recorded(url: str) -> int:
    with closing(connected(url)) as connection:
        return int(connection.execute("SELECT count(*) FROM deployment").fetchone()[0])


def wait_for_deployments(url: str, many: int, process: subprocess.Popen[str]) -> None:
    """Until so many are recorded, or the process has ended by itself."""
    for _ in range(3000):
        if process.poll() is not None or recorded(url) >= many:
            return
        time.sleep(0.02)
    pytest.fail("it recorded nothing")


@pytest.mark.parametrize("words", [RECORD, ("customer", "import", "--customers", "customers.csv")], ids=lambda w: w[1])
def test_ctrl_c_is_heard_while_others_hold_the_file(shop, words):
    """SQLite would wait for half a minute, and hear nothing meanwhile."""
    with lock_held(ledger_file(shop)), started(*words, cwd=shop.path, env=RUN) as process:
        wait_until_it_waits(process)
        process.send_signal(signal.SIGINT)
        try:
            _, said = process.communicate(timeout=WELL_BEFORE_SQLITE_GIVES_UP)
        except subprocess.TimeoutExpired:
            pytest.fail("Ctrl-C was not heard")
    assert (process.returncode, "Interrupted; nothing was half written." in said) == (130, True)


def test_so_is_the_end_of_its_time(shop):
    words = (*RECORD, "-q", "--timeout", "2")
    with lock_held(ledger_file(shop)), started(*words, cwd=shop.path, env=RUN) as process:
        try:
            _, said = process.communicate(timeout=WELL_BEFORE_SQLITE_GIVES_UP)
        except subprocess.TimeoutExpired:
            pytest.fail("the end of its time was not heard")
    assert (process.returncode, json.loads(said)["error"]["code"]) == (3, "timed_out")


def wait_until_it_waits(process: subprocess.Popen[str]) -> None:
    """Until the process has the ledger open: from then on it waits for it."""
    for _ in range(1200):
        for opened in Path(f"/proc/{process.pid}/fd").iterdir():
            with suppress(FileNotFoundError):  # closed meanwhile
                if opened.readlink().name == "ledger.db":
                    return
        time.sleep(0.05)
    pytest.fail("it never opened the ledger")


def test_a_record_is_spooled_even_when_time_runs_out_before_anything_was_read(shop):
    done = run(shop, *RECORD, *SPOOL, "--timeout", "0.001")
    assert (done.status, done.document["spooled"]["because"]["code"]) == (0, "timed_out")
    assert len(files(shop)) == 1
    assert run(shop, "spool", "flush").out.endswith("is D-3.\n")


def test_a_timeout_is_a_number_of_seconds(shop):
    done = run(shop, *RECORD, "--timeout", "0")
    assert (done.status, json.loads(done.err.splitlines()[-1])["error"]["code"]) == (2, "invalid_call")
