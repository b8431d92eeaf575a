"""Writes several files into a folder that is new or empty: all of them, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from releasewatch.errors import InvalidCallError, OutsideFailedError, RefusedError


def write_new_folder(folder: Path, files: list[tuple[str, bytes]], why_new: str) -> None:
    """Write files, by name, for their owner alone. `why_new`: why nothing may be in the folder, for who is refused.

    Raises RefusedError where anything is in it.
    """
    if folder.is_symlink() or (folder.exists() and (not folder.is_dir() or any(folder.iterdir()))):
        raise RefusedError(
            f"{folder} is there already, and is no empty folder: {why_new}.",
            "Name a new folder.",
        )
    try:
        beside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    except OSError as error:
        raise InvalidCallError(
            f"{folder} cannot be made: {error.strerror}.", "Name a folder within one that exists and is writable."
        ) from error
    try:
        for name, content in files:
            handle = os.open(beside / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
        beside.rename(folder)
    except OSError as error:
        raise OutsideFailedError(
            f"{folder} could not be written: {error.strerror}.", "Make room or name another place."
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)  # it is there only when it was not renamed
