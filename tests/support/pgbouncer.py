"""Starts pgbouncer in transaction mode in front of a PostgreSQL server: each transaction may get another connection."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import make_url

from tests.support.postgres import free_port, owner_of_servers, run_as

if TYPE_CHECKING:
    from collections.abc import Iterator


class PgbouncerMissingError(Exception):
    """The program is not on this machine."""


def find_pgbouncer() -> str:
    """The program; raises PgbouncerMissingError."""
    found = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    if found is None:
        raise PgbouncerMissingError(
            "pgbouncer is neither on PATH nor in /usr/sbin: install Debian's package pgbouncer."
        )
    return found


@contextmanager
def pooled(url: str) -> Iterator[str]:
    """The URL of the same database through pgbouncer, with two server connections for all clients."""
    program, behind = find_pgbouncer(), make_url(url)
    owner = owner_of_servers()
    folder = Path(tempfile.mkdtemp(prefix="releasewatch-pgbouncer-"))
    port = free_port()
    (folder / "users.txt").write_text(f'"{behind.username}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        "[databases]\n"
        f"* = host={behind.host} port={behind.port}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = trust\nauth_file = {folder}/users.txt\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nserver_lifetime = 1\n"
    )
    for one in (folder, *folder.iterdir()):
        if owner is not None:
            os.chown(one, owner.pw_uid, owner.pw_gid)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*run_as(owner), program, str(folder / "pgbouncer.ini")],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        through = behind.set(host="127.0.0.1", port=port)
        _wait(process, through.set(drivername="postgresql").render_as_string(hide_password=False), folder / "log")
        yield through.render_as_string(hide_password=False)
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: nobody needs it any more
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        shutil.rmtree(folder)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 30
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"pgbouncer did not start:\n{log.read_text()}")
