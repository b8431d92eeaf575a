"""The PostgreSQL server of the tests: a database for each test, and nothing left of the server in the end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.support.postgres import PostgresServer, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]

KILLED_WHILE_RUNNING = """
import os, signal
from tests.support.postgres import running_server
with running_server() as server:
    print(server.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""

INTERRUPTED = """
import sys
from pathlib import Path
from tests.support import postgres
postgres.find_programs = lambda: Path(sys.argv[1])
with postgres.running_server():
    pass
"""

HAS_A_CHILD = """#!/bin/sh
mkdir "$2"
sleep 60 &
echo $! > "$2/made" && mv "$2/made" "$2/child"
wait
"""
"""An `initdb` that runs something else, as the real one runs the server, which writes on when it alone is killed."""


@pytest.fixture
def temporary_folder() -> Iterator[Path]:
    """A folder for temporary files that the server's user can pass through, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


def conninfo(url: str) -> str:
    """The URL as libpq takes it."""
    return url.replace("postgresql+psycopg:", "postgresql:")


def test_each_database_is_empty_and_its_own(postgres_server: PostgresServer) -> None:
    with postgres_server.empty_database() as first, postgres_server.empty_database() as second:
        with psycopg.connect(conninfo(first)) as connection:
            connection.execute("CREATE TABLE mine ()")
        with psycopg.connect(conninfo(second)) as connection:
            found = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert found == (0,)


def test_a_database_is_dropped_although_somebody_is_connected(postgres_server: PostgresServer) -> None:
    with postgres_server.empty_database() as url:
        left_open = psycopg.connect(conninfo(url))
    with pytest.raises(psycopg.OperationalError), left_open:
        left_open.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(conninfo(url))


def test_a_ledger_url_is_one_database(ledger_url: str, tmp_path: Path) -> None:
    assert ledger_url.startswith((f"sqlite:///{tmp_path}/", "postgresql+psycopg://"))


def test_the_locked_user_is_refused(postgres_locked_url: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(conninfo(postgres_locked_url))


@pytest.mark.usefixtures("postgres_programs")
def test_nothing_is_left_of_a_server(temporary_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(temporary_folder))
    with running_server() as server:
        assert server.pid is not None
        process = Path("/proc", str(server.pid))
        assert process.exists()
        assert list(temporary_folder.iterdir())
    assert not process.exists()
    assert not list(temporary_folder.iterdir())


@pytest.mark.usefixtures("postgres_programs")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent died")
def test_the_server_dies_with_the_tests(temporary_folder: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_RUNNING],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(temporary_folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    process = Path("/proc", killed.stdout.strip())
    assert process.name.isdigit(), killed.stderr
    deadline = time.monotonic() + 60
    # A dead process that nobody has asked for yet is still listed, but runs no program.
    while (process / "exe").exists():
        assert time.monotonic() < deadline, f"the server's process {process.name} still lives"
        time.sleep(0.05)


@pytest.mark.usefixtures("postgres_programs")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc, where processes are looked up")
def test_nothing_is_left_when_it_is_interrupted_while_the_server_is_made(temporary_folder: Path) -> None:
    programs, servers = temporary_folder / "bin", temporary_folder / "servers"
    for folder in (programs, servers):
        folder.mkdir()
        folder.chmod(0o711)
    (programs / "initdb").write_text(HAS_A_CHILD)
    (programs / "initdb").chmod(0o755)
    words = [sys.executable, "-c", INTERRUPTED, str(programs)]
    own = os.environ | {"TMPDIR": str(servers)}
    with subprocess.Popen(words, cwd=ROOT, env=own, stderr=subprocess.PIPE, text=True) as process:
        try:
            while process.poll() is None and not list(servers.glob("*/data/child")):
                time.sleep(0.01)
            (child,) = (Path("/proc", file.read_text().strip()) for file in servers.glob("*/data/child"))
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert said.splitlines()[-1] == "KeyboardInterrupt"
    assert not (child / "exe").exists()
    assert not list(servers.iterdir())
