"""The folder where spooled records wait, a file for each: whole or not there, and for their owner alone."""

from __future__ import annotations

import json
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, Any

from releasewatch.domain.spool import SpooledRecord, find_records, from_line, to_line
from releasewatch.errors import InvalidCallError, OutsideFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from releasewatch.domain.step_facts import StepFacts

SUFFIX = ".spool"

DROPPED = "dropped.jsonl"
"""What was taken out for good: by whom, why, and the record itself, a line each."""

_ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b")
"""How zip and gzip begin: some CI systems give logs out like that."""

_OURS = ".releasewatch"
"""A folder of this name is ours alone, and is kept out of git when we make it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A record that waits. `place` is for people; `file` is what to remove once it is recorded, None for a log."""

    record: SpooledRecord
    place: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Damaged:
    """What should be a record and cannot be read: where it is, and why."""

    place: str
    reason: str


class SpoolFolder:
    """A folder of spooled records. Every method raises OutsideFailedError when the disk does not let it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def keep(self, record: SpooledRecord) -> Path:
        """Write a record so that it outlives a crash: beside its place, to the disk, then renamed."""
        with _told(f"The record could not be spooled in {self.path}"):
            self._make()
            file = self.path / f"{record.said_at:%Y%m%dT%H%M%SZ}-{record.id}{SUFFIX}"
            beside = file.with_name(f".{file.name}.{os.getpid()}")
            try:
                handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
                with os.fdopen(handle, "w", encoding="ascii") as stream:
                    stream.write(to_line(record) + "\n")
                    stream.flush()
                    os.fsync(handle)
                beside.replace(file)
            finally:
                beside.unlink(missing_ok=True)  # it is there only when it was not renamed
            self._sync()
            return file

    def read(self) -> tuple[list[Waiting], list[Damaged]]:
        """What waits here, and what cannot be read; nothing where there is no folder."""
        waiting: list[Waiting] = []
        damaged: list[Damaged] = []
        with _told(f"The spooled records in {self.path} cannot be read"):
            files = sorted(self.path.glob(f"*{SUFFIX}")) if self.path.exists() else []
            for file in files:
                try:
                    waiting.append(Waiting(from_line(_text_of(file)), str(file), file))
                except FileNotFoundError:
                    continue  # somebody else has recorded it meanwhile
                except ValueError as error:
                    damaged.append(Damaged(str(file), str(error)))
        return waiting, damaged

    def remove(self, file: Path) -> None:
        """Take away a record that is in the ledger now; somebody else may have done so."""
        with _told(f"{file} is recorded, and could not be removed"):
            file.unlink(missing_ok=True)
            self._sync()

    def drop(self, file: Path, said: Mapping[str, Any]) -> None:
        """Take a file out of the spool for good: first its content, with what is `said` of it, goes into a list."""
        with _told(f"{file} could not be dropped"):
            line = json.dumps({**said, "file": file.name, "held": _text_of(file).strip()}) + "\n"
            handle = os.open(self.path / DROPPED, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
            with os.fdopen(handle, "w", encoding="ascii") as stream:
                stream.write(line)
                stream.flush()
                os.fsync(handle)
            file.unlink(missing_ok=True)
            self._sync()

    def dropped(self) -> frozenset[str]:
        """The ids of the records that somebody took out for good."""
        with _told(f"{self.path / DROPPED} cannot be read"):
            try:
                lines = (self.path / DROPPED).read_text(encoding="utf-8", errors="replace").splitlines()
            except FileNotFoundError:
                return frozenset()
        found = set()
        for line in lines:
            with suppress(ValueError):  # a line that a full disk cut off
                said = json.loads(line)
                found.add(str(said["id"]) if isinstance(said, dict) and said.get("id") else "")
        return frozenset(found - {""})

    def _make(self) -> None:
        if self.path.parent.name == _OURS:
            self.path.parent.parent.mkdir(parents=True, exist_ok=True)
            _make_private(self.path.parent)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        _make_private(self.path)

    def _sync(self) -> None:
        """What a folder holds is on the disk when the folder is."""
        folder = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_log(log: Path, made_of: Callable[[StepFacts], SpooledRecord]) -> tuple[list[Waiting], list[Damaged]]:
    """The spooled records in the log of a pipeline, among whatever else it says. `made_of`: the record of a step that
    could not have the program."""
    waiting: list[Waiting] = []
    damaged: list[Damaged] = []
    try:
        with log.open("rb") as file:
            if file.peek(len(_ARCHIVES[0])).startswith(_ARCHIVES):
                raise InvalidCallError(f"The log {log} is an archive.", "Unpack it, and name the log of the job.")
            lines = TextIOWrapper(file, encoding="utf-8", errors="replace")
            # A shell that saves UTF-16 puts a NUL beside each character; nothing else of a record is changed by that.
            for number, found in find_records(line.replace("\0", "") for line in lines):
                place = f"line {number} of {log}"
                if isinstance(found, str):
                    damaged.append(Damaged(place, found))
                else:
                    record = found if isinstance(found, SpooledRecord) else made_of(found)
                    waiting.append(Waiting(record, place))
    except OSError as error:
        raise InvalidCallError(f"The log {log} cannot be read: {error.strerror}.", "Name a file.") from error
    return waiting, damaged


def _text_of(file: Path) -> str:
    if not stat.S_ISREG(file.stat().st_mode):
        raise ValueError("it is no regular file")
    return file.read_text(encoding="utf-8", errors="replace")


def _make_private(folder: Path) -> None:
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        (folder / ".gitignore").write_text("*\n", encoding="utf-8")


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutsideFailedError(
            f"{what}: {error.strerror}.", "Make room, or name another folder with RELEASEWATCH_SPOOL_DIR."
        ) from error
