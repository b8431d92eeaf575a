"""A ledger that this user may not write: questions are answered, writes are refused, and nothing is touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select

from releasewatch.errors import LedgerUnavailableError, LedgerVersionError
from releasewatch.secret import Secret
from releasewatch.storage import migrate
from releasewatch.storage import tables as t
from releasewatch.storage.migrate import open_ledger
from tests.support.command import run_here

if TYPE_CHECKING:
    from collections.abc import Iterator

    from releasewatch.storage.ledger import Ledger

NOBODY = 65534

HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1])
held.execute("PRAGMA wal_autocheckpoint = 0")
held.execute("INSERT INTO repo (key) VALUES ('late')")
held.commit()
print("there", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user may enter, with a ledger that one may read: pytest's own are closed to others."""
    made = Path(tempfile.mkdtemp())
    made.chmod(0o755)
    ledger = open_ledger(url(made / "ledger.db"))
    with ledger.write() as connection:
        connection.execute(insert(t.repo).values(key="shop"))
    ledger.close()
    (made / "ledger.db").chmod(0o444)
    made.chmod(0o555)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


def url(path: Path) -> Secret:
    return Secret(f"sqlite:///{path}")


@contextlib.contextmanager
def somebody_else() -> Iterator[None]:
    """Root may write whatever the modes say, so that tests run as root lend their rights away."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def repos(path: Path) -> list[str]:
    ledger = open_ledger(url(path))
    with ledger.read() as connection:
        return list(connection.scalars(select(t.repo.c.key).order_by(t.repo.c.key)))


def test_it_is_read_as_it_stands_and_a_write_is_refused(folder: Path) -> None:
    path = folder / "ledger.db"
    with somebody_else():
        assert repos(path) == ["shop"]
        ledger = open_ledger(url(path))
        with (
            pytest.raises(LedgerUnavailableError, match="is read-only; nothing was written"),
            ledger.write() as writing,
        ):
            writing.execute(insert(t.repo).values(key="other"))
    assert [one.name for one in folder.iterdir()] == ["ledger.db"]


def test_only_the_file_or_only_the_folder(folder: Path) -> None:
    path = folder / "ledger.db"
    for mode_of_file, mode_of_folder in ((0o444, 0o777), (0o666, 0o555)):
        path.chmod(mode_of_file)
        folder.chmod(mode_of_folder)
        with somebody_else():
            assert repos(path) == ["shop"]
    assert [one.name for one in folder.iterdir()] == ["ledger.db"]


def test_what_another_process_wrote_last_is_read_along_with_it(folder: Path) -> None:
    path = folder / "ledger.db"
    folder.chmod(0o755)
    path.chmod(0o644)
    words = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "there\n"
        folder.chmod(0o555)
        path.chmod(0o444)
        with somebody_else():
            assert repos(path) == ["late", "shop"]
        holder.kill()
    (folder / "ledger.db-shm").unlink(missing_ok=True)
    with somebody_else(), pytest.raises(LedgerUnavailableError, match=r"stands in ledger\.db-wal, which SQLite cannot"):
        repos(path)


def read_while_it_changes(ledger: Ledger, path: Path) -> None:
    with ledger.read() as connection:
        connection.execute(select(t.repo.c.key)).all()
        if os.geteuid() == NOBODY:
            os.seteuid(0)
        os.utime(path, (1, 1))


def test_one_that_was_written_while_it_was_read_is_said(folder: Path) -> None:
    path = folder / "ledger.db"
    with somebody_else():
        ledger = open_ledger(url(path))
        with pytest.raises(LedgerUnavailableError, match="written by somebody while"):
            read_while_it_changes(ledger, path)


def test_an_older_schema_is_one_sentence(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "HEAD", "9999")
    with (
        somebody_else(),
        pytest.raises(LedgerVersionError, match=r"not 9999 as this program; this user may not write it\.$"),
    ):
        open_ledger(url(folder / "ledger.db"))


def test_commands_that_only_ask_or_rehearse_answer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--database", str(folder / "ledger.db"), "--format", "json")
    folder.chmod(0o755)
    (folder / "releasewatch.toml").write_text('[releasewatch]\nrepo = "shop"\n[staff]\nfile = "staff.csv"\n')
    (folder / "staff.csv").write_text("key,name\nolga,Olga\n")
    (folder / "mine").mkdir()
    (folder / "mine").chmod(0o777)
    folder.chmod(0o555)
    questions = (("customer", "list"), ("deployment", "list"), ("staff", "list"), ("staff", "import", "--dry-run"))
    for asked in questions:  # what a command needs is loaded before the rights are lent away
        run_here(*asked, *words, cwd=folder)
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with somebody_else():
        nowhere = run_here("staff", "import", "--dry-run", *words, cwd=folder)
        monkeypatch.setattr(tempfile, "tempdir", str(folder / "mine"))
        for asked in questions:
            done = run_here(*asked, *words, cwd=folder)
            assert done.status == 0, done.err
        done = run_here("staff", "import", *words, cwd=folder)
    assert (done.status, done.error["code"]) == (3, "ledger_unavailable")
    assert (nowhere.status, nowhere.error["hint"]) == (3, "Set TMPDIR to a folder that you may write to.")
    assert sorted(one.name for one in folder.iterdir()) == ["ledger.db", "mine", "releasewatch.toml", "staff.csv"]
