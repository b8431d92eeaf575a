"""SQLite ledgers that are gone when the program ends: an empty one, or a copy of one that may not be written."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from releasewatch.errors import OutsideFailedError
from releasewatch.secret import Secret
from releasewatch.storage.ledger import Rehearsal
from releasewatch.storage.migrate import open_ledger
from releasewatch.storage.unwritable_files import copy_to_write, may_write

if TYPE_CHECKING:
    from releasewatch.config import LedgerAddress


def passing_ledger() -> Secret:
    """A ledger without a file yet."""
    return _url(_passing_file())


def rehearse_on(address: LedgerAddress) -> Rehearsal:
    """A ledger that forgets what it is told, beside the one at an address; a file that is not there stays absent."""
    url = address.url
    if address.file is not None and not address.file.exists():
        url = passing_ledger()  # a rehearsal leaves nothing behind, not even an empty ledger
    open_ledger(url).close()
    return Rehearsal(ledger_to_rehearse_on(address.file, url))


def ledger_to_rehearse_on(file: Path | None, url: Secret) -> Secret:
    """The ledger itself, or a copy where it is a file that this user may not write."""
    if file is None or not file.exists() or may_write(file):
        return url
    copy = _passing_file()
    copy_to_write(file, copy)
    return _url(copy)


def _passing_file() -> Path:
    try:
        folder = tempfile.mkdtemp(prefix="releasewatch-rehearsal-")
    except OSError as error:
        raise OutsideFailedError(
            f"A ledger to rehearse on could not be made in {tempfile.gettempdir()}: {error.strerror}.",
            "Set TMPDIR to a folder that you may write to.",
        ) from error
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder, "ledger.db")


def _url(file: Path) -> Secret:
    return Secret(f"sqlite:///{file}")
