"""A hot standby of the tests' own PostgreSQL server, which ends with the tests that read from it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
from sqlalchemy.engine import make_url

from tests.support import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def standby_of(url: str) -> Iterator[str]:
    """The URL of the same database on a standby that has everything written until now; `url` is of our own server."""
    programs, owner = postgres.find_programs(), postgres.owner_of_servers()
    primary = make_url(url).set(drivername="postgresql")
    folder = Path(tempfile.mkdtemp(prefix="releasewatch-standby-"))
    try:
        if owner is not None:
            shutil.chown(folder, owner.pw_uid, owner.pw_gid)
        copy = [str(programs / "pg_basebackup"), "-D", str(folder / "data"), "-R", "-c", "fast", "--no-sync"]
        place = ["-h", str(primary.host), "-p", str(primary.port), "-U", str(primary.username)]
        subprocess.run([*postgres.run_as(owner), *copy, *place], cwd=folder, env=postgres._environment(), check=True)
        process, port = postgres._start(programs, owner, folder)
        try:
            standby = primary.set(port=port)
            wait_until_same(str(primary), str(standby))
            yield str(standby)
        finally:
            postgres._stop(process)
    finally:
        shutil.rmtree(folder)


def wait_until_same(primary: str, standby: str) -> None:
    """Until the standby has what was written on the primary until now; both as libpq takes them."""
    with psycopg.connect(primary) as there, psycopg.connect(standby, autocommit=True) as here:
        # The end of a record of our own: where the next one would be inserted may lie behind a page's header.
        (wanted,) = there.execute("SELECT pg_logical_emit_message(false, 'tests', 'here')").fetchone() or ("",)
        deadline = time.monotonic() + 60
        while here.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", [wanted]).fetchone() != (True,):
            if time.monotonic() > deadline:
                raise TimeoutError("the standby did not catch up within 60 seconds")
            time.sleep(0.02)
