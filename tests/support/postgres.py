"""Runs a PostgreSQL server of the tests' own on a free loopback port, and leaves nothing of it behind.

`python -m tests.support.postgres` says where its programs are, or exits with 1 and says what is missing.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "RELEASEWATCH_TEST_POSTGRES_URL"
"""Names a server to test against instead of one of our own; its user must be allowed to create databases."""

SUPERUSER = "releasewatch"

LOCKED_USER = "releasewatch_locked"
"""A name that our server lets in with a password only, and no password is right; everyone else needs none."""

SERVER_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # The data is thrown away, so nothing has to survive a crash.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    # What the server does by itself once a minute falls into some tests and not into others: it would change what the
    # planner knows of a table, and what a standby has replayed. A test that needs statistics has them taken (ANALYZE).
    "autovacuum": "off",
    # A server of ours is never in UTC: an instant that is read as the server's local time comes out wrong.
    "timezone": "Asia/Kathmandu",
}


class PostgresMissingError(Exception):
    """The programs that a server needs are not on this machine; the text says which."""


class PostgresServer:
    """A running server, on which each test gets a database of its own."""

    def __init__(self, url: str, pid: int | None = None) -> None:
        self._url = make_url(url).set(drivername="postgresql+psycopg")
        self._numbers = itertools.count(1)
        self.pid = pid

    @property
    def url(self) -> str:
        """The maintenance database, as SQLAlchemy's URL; on our own server, as superuser."""
        return _text(self._url)

    def locked_url(self) -> str:
        """A URL with a password that our own server refuses."""
        return _text(self._url.set(username=LOCKED_USER, password="wrong"))

    @contextmanager
    def empty_database(self, like: str = "template0", encoding: str = "") -> Iterator[str]:
        """The URL of a new database, which is dropped in the end even when somebody is still connected.

        `like` names the database that it is a copy of; `encoding` is one that it has instead of UTF8.
        """
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        other = f" ENCODING {encoding} LC_COLLATE 'C' LC_CTYPE 'C'" if encoding else ""
        self._execute(f"CREATE DATABASE {{}} TEMPLATE {{}}{other}", name, like)
        try:
            yield _text(self._url.set(database=name))
        finally:
            self._execute("DROP DATABASE {} WITH (FORCE)", name)

    def _execute(self, statement: str, *names: str) -> None:
        with psycopg.connect(_conninfo(self._url), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def find_programs() -> Path:
    """The folder that holds `postgres` and `initdb`, the newest version's; raises PostgresMissingError."""
    on_path = shutil.which("postgres")
    debian = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=lambda folder: -float(folder.parent.name))
    for folder in [*([Path(on_path).resolve().parent] if on_path else []), *debian]:
        if all(os.access(folder / program, os.X_OK) for program in ("postgres", "initdb")):
            return folder
    raise PostgresMissingError(
        "PostgreSQL's programs postgres and initdb are neither on PATH nor below /usr/lib/postgresql: "
        f"install Debian's package postgresql, or name a server in {VARIABLE}."
    )


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """Start a server and stop it in the end; when this process dies instead, the kernel stops it (Linux)."""
    programs = find_programs()
    owner = owner_of_servers()
    folder = Path(tempfile.mkdtemp(prefix="releasewatch-postgres-"))
    try:
        if owner is not None:
            os.chown(folder, owner.pw_uid, owner.pw_gid)
        _initialise(programs, owner, folder)
        process, port = _start(programs, owner, folder)
        try:
            yield PostgresServer(f"postgresql://{SUPERUSER}@127.0.0.1:{port}/postgres", process.pid)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder)


def owner_of_servers() -> pwd.struct_passwd | None:
    """Whose processes the server's will be: PostgreSQL refuses to run as root. None is ourselves."""
    if os.geteuid() != 0:
        return None
    users = {user.pw_name: user for user in pwd.getpwall()}
    return users.get("postgres") or users["nobody"]


def run_as(owner: pwd.struct_passwd | None) -> list[str]:
    """The words before a command that make it run as the owner, and get SIGQUIT when this process dies."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        if owner is not None:
            raise PostgresMissingError("To start PostgreSQL as root, setpriv (Debian: util-linux) is needed.")
        return []
    words = [setpriv, "--pdeathsig=QUIT"]
    if owner is not None:
        words += [f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]
    return [*words, "--"]


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "TZ": "UTC"}


def _initialise(programs: Path, owner: pwd.struct_passwd | None, folder: Path) -> None:
    command = [
        *run_as(owner),
        str(programs / "initdb"),
        *("--pgdata", str(folder / "data")),
        *("--username", SUPERUSER, "--auth", "trust"),
        *("--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
    ]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            said, _ = process.communicate()
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)  # the server that it runs writes on without it
            process.communicate()  # to the end of the output, which all of them hold
            raise
    if process.returncode != 0:
        raise RuntimeError(f"initdb failed with exit code {process.returncode}:\n{said}")
    access = folder / "data" / "pg_hba.conf"
    # The first line that fits decides.
    access.write_text(f"host all {LOCKED_USER} 127.0.0.1/32 scram-sha-256\n" + access.read_text())


def _start(programs: Path, owner: pwd.struct_passwd | None, folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start the server and wait until it answers; another port when somebody took ours in between."""
    log = folder / "log"
    for _attempt in range(5):
        port = free_port()
        settings = [f"--{name}={value}" for name, value in SERVER_SETTINGS.items()]
        command = [
            *run_as(owner),
            str(programs / "postgres"),
            "-D",
            str(folder / "data"),
            f"--port={port}",
            *settings,
        ]
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                # Out of reach of Ctrl-C: the tests still drop their databases then.
                start_new_session=True,
            )
        try:
            if _wait_until_ready(process, port):
                return process, port
        except BaseException:
            _stop(process)
            raise
        if "could not bind" not in log.read_text():
            break
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()}")


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> bool:
    """True once the server answers, False when it ended instead; raises TimeoutError after a minute."""
    conninfo = f"host=127.0.0.1 port={port} user={SUPERUSER} dbname=postgres connect_timeout=5"
    deadline = time.monotonic() + 60
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError("PostgreSQL did not answer within 60 seconds")
        try:
            psycopg.connect(conninfo).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            # Somebody else's server on that port would answer as well.
            return process.poll() is None
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server at once (SIGQUIT, PostgreSQL's immediate shutdown): nobody needs its data any more."""
    process.send_signal(signal.SIGQUIT)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _conninfo(url: URL) -> str:
    return _text(url.set(drivername="postgresql"))


def _text(url: URL) -> str:
    return url.render_as_string(hide_password=False)


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_programs()}\n")
    except PostgresMissingError as missing:
        sys.exit(str(missing))
