"""Reads an SQLite ledger that this user may not write: SQLite would write beside the file even to read it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.errors import LedgerUnavailableError

if TYPE_CHECKING:
    import sqlite3


def may_write(path: Path) -> bool:
    """Whether this user may write an SQLite file that exists, and beside it; a read-only mount counts as no."""
    effective = os.access in os.supports_effective_ids
    return all(os.access(one, os.W_OK, effective_ids=effective) for one in (path, path.parent))


def connect_to_read(path: Path, timeout: float) -> sqlite3.Connection:
    """A connection to a file that may only be read.

    Where another process has it open (its `-wal` and `-shm` are there), SQLite reads along with that one. Where none
    has, the file is read as it stands. Raises LedgerUnavailableError where what was written last stands beside the file
    and cannot be put together with it.
    """
    import sqlite3

    options = "mode=ro"
    if not _last_written(path):
        options += "&immutable=1"
    elif not _beside(path, "-shm").exists():
        raise LedgerUnavailableError(
            f"The ledger {path} may only be read, and what was written last stands in {_beside(path, '-wal').name}, "
            "which SQLite cannot read without writing there.",
            "Run any command once as a user who may write there; or copy both files elsewhere, and name the copy.",
        )
    return sqlite3.connect(f"{path.absolute().as_uri()}?{options}", uri=True, timeout=timeout)


@contextmanager
def unchanged(path: Path | None) -> Iterator[None]:
    """Raise LedgerUnavailableError when a file that may only be read was written by somebody while it was read.

    Read as it stands, it is not held against those who may write it, so that what was read may belong to two instants.
    Files that may be written are left to SQLite's own locks.
    """
    if path is None or not path.exists() or may_write(path):
        yield
        return
    before = _state(path)
    was_held = _last_written(path)
    yield
    if not was_held and _state(path) != before:
        raise LedgerUnavailableError(
            f"The ledger {path} was written by somebody while it was read.", "Run the same command again."
        )


def copy_to_write(path: Path, copy: Path) -> None:
    """Copy a ledger that may only be read, as it is at one instant."""
    import sqlite3

    with closing(connect_to_read(path, 0)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)


def _state(path: Path) -> tuple[int, int, bool]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns, _last_written(path)


def _last_written(path: Path) -> bool:
    """Whether something stands in the write-ahead log that may not be in the file yet."""
    log = _beside(path, "-wal")
    return log.exists() and log.stat().st_size > 0


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
