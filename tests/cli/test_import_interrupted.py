"""An import that is ended half-way, however rudely, leaves the ledger as it was."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from releasewatch.storage import tables as t
from tests.benchmarks.scale import write_scale
from tests.support.ledgers import new_ledger

CUSTOMERS = 1_000
WITHIN = 60
"""Seconds in which an import has ended that was told to, on a busy machine."""

HALF_WAY = """
import sys, time
from releasewatch.usecases import customer_import

write = customer_import._write

def write_and_wait(*given):
    write(*given)
    print("written", flush=True)
    time.sleep(600)

customer_import._write = write_and_wait
from releasewatch.cli.main import run
run(sys.argv[1:])
"""
"""The program, which stays where everything is written and nothing is kept yet, however fast the machine is."""


def _rows(path: Path) -> dict[str, int]:
    names = [table.name for table in (t.customer, t.contact, t.entitlement, t.import_run)]
    with closing(sqlite3.connect(path)) as connection:
        return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def test_an_interrupted_import_leaves_nothing(tmp_path: Path) -> None:
    counts = write_scale(tmp_path, customers=CUSTOMERS, repo=False)
    path = tmp_path / "ledger.db"
    new_ledger(f"sqlite:///{path}").close()
    given = [option for kind in ("customers", "contacts", "entitlements") for option in (f"--{kind}", f"{kind}.csv")]
    words = ["customer", "import", "--database", f"sqlite:///{path}", *given]
    for rude, status in ((signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)):
        with subprocess.Popen(
            [sys.executable, "-c", HALF_WAY, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"written\n"
            process.send_signal(rude)
            _, talk = process.communicate(timeout=WITHIN)
        assert process.returncode == status, talk
        assert _rows(path) == {"customer": 0, "contact": 0, "entitlement": 0, "import_run": 0}

    command = [sys.executable, "-m", "releasewatch", *words]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=4 * WITHIN)
    again = _rows(path)
    assert (again["customer"], again["contact"], again["import_run"]) == (counts.customers, counts.contacts, 3)
