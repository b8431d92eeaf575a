"""Starts pgbouncer in transaction mode in front of a PostgreSQL server: each transaction may get another connection."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import URL, make_url

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
    try:
        process, port = _start(program, behind, owner, folder)
        try:
            yield behind.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder)


def _start(
    program: str, behind: URL, owner: pwd.struct_passwd | None, folder: Path
) -> tuple[subprocess.Popen[bytes], int]:
    """Start it and wait until it answers; on another port when somebody took ours in between."""
    (folder / "users.txt").write_text(f'"{behind.username}" ""\n')
    for _attempt in range(5):
        port = free_port()
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
            through = behind.set(drivername="postgresql", host="127.0.0.1", port=port)
            if _wait(process, through.render_as_string(hide_password=False)):
                return process, port
        except BaseException:
            _stop(process)
            raise
        if "in use" not in (folder / "log").read_text():
            break
    raise RuntimeError(f"pgbouncer did not start:\n{(folder / 'log').read_text()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGQUIT)  # at once: nobody needs it any more
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str) -> bool:
    """True once it answers, False when it ended instead; raises TimeoutError after a minute."""
    deadline = time.monotonic() + 60
    while process.poll() is None:
        if time.monotonic() > deadline:
            raise TimeoutError("pgbouncer did not answer within 60 seconds")
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            # Somebody else's server on that port would answer as well.
            return process.poll() is None
    return False
