"""Reads the files of an import beside it: another process reads and checks rows while the import stages those before.

That process writes what it made of the rows into a pipe, and waits while nobody takes them, so that neither side holds
more than some thousands. It is our own program, started anew: nothing is shared with it, and it ends with the pipe.
Whatever becomes of it (it cannot be started, is killed, finds a damaged file), the import reads the rest by itself, and
says of that what it always says.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from itertools import islice
from subprocess import DEVNULL, PIPE, Popen
from typing import IO, TYPE_CHECKING, Any, cast

from releasewatch.domain.customers import Contact, Together
from releasewatch.integrations.directories.csv_sheet import CsvSheet
from releasewatch.integrations.directories.directory_file import DirectoryFile
from releasewatch.integrations.directories.phones import look_at_phone

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from releasewatch.domain.customers import Block, Phone
    from releasewatch.integrations.directories.sources import Source

WORTH_IT = 4 * 2**20
"""Bytes of files from which on a process of their own saves more than it takes to start: some 50,000 rows."""
_AT_ONCE = 5000
"""So many rows are handed over together."""
_AHEAD = 2**20
"""So many bytes may wait in the pipe, where a system lets a pipe be wider than usual."""
_REMEMBERED = 20_000
_COLLECTED_AFTER = 100_000
_PHONE = [field.name for field in fields(Contact)].index("phone")
_BROKEN_OFF = (EOFError, OSError, pickle.UnpicklingError, AttributeError, ImportError, IndexError, ValueError)
"""What pickle raises, by its documentation, where something else stands than what it wrote."""
_PROGRAM = """
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from releasewatch.integrations.directories.beside import serve
serve(sys.stdin.buffer, sys.stdout.buffer)
"""


@dataclass(frozen=True, slots=True)
class _Parcel:
    """Some blocks of rows. `phones`: numbers in them that mean the same wherever they stand, looked at already."""

    blocks: list[Block[Any]]
    phones: Mapping[str, Phone]


@dataclass(frozen=True, slots=True)
class _End:
    """A file was read to its end; what was counted on the way."""

    tally: Any
    unknown: Any


class Reading:
    """Gives the rows of files, in the order in which these were named to the process beside, if there is one."""

    def __init__(self, pipe: IO[bytes] | None = None, beside: Collection[DirectoryFile[Any]] = ()) -> None:
        self._pipe = pipe
        self._beside = {id(file) for file in beside}
        self._phones: dict[str, Phone] = {}

    def blocks(self, file: Source) -> Iterator[Block[Any]]:
        """What `file.blocks()` gives."""
        given = 0
        if isinstance(file, DirectoryFile) and id(file) in self._beside:
            while isinstance(found := self._next(), _Parcel):
                given += len(found.blocks)
                if len(self._phones) > _REMEMBERED:
                    self._phones.clear()
                self._phones |= found.phones
                yield from found.blocks
            if isinstance(found, _End):
                file.take_counts(found.tally, found.unknown)
                return
            self._pipe = None
        yield from islice(file.blocks(), given, None)

    def look_at_phone(self, given: str, country: str) -> Phone:
        """What a number is; many were looked at where they were read."""
        return self._phones.get(given) or look_at_phone(given, country)

    def _next(self) -> object:
        """What comes through the pipe; None when nothing does any more, or something else than we write."""
        try:
            return self._pipe and pickle.load(self._pipe)  # noqa: S301 - written by our own process
        except _BROKEN_OFF:
            return None


@contextmanager
def read_beside(files: Iterable[Source]) -> Iterator[Reading]:
    """Begin to read files in another process, where that is worth it; it is gone when this ends."""
    beside = [file for file in files if isinstance(file, DirectoryFile) and isinstance(file.sheet, CsvSheet)]
    process = _start(beside) if spare_cores() and _size(beside) >= WORTH_IT else None
    if process is None:
        yield Reading()
        return
    with process:
        try:
            yield Reading(process.stdout, beside)
        finally:
            process.kill()


def spare_cores() -> int:
    """Processors for us beside the one that the import keeps busy: a container may have fewer than the machine."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return ours - 1


def _size(files: Iterable[DirectoryFile[Any]]) -> int:
    """Bytes of all files; one that is gone by now is missed by who reads it."""
    total = 0
    for file in files:
        with suppress(OSError):
            total += file.path.stat().st_size
    return total


def _start(files: Collection[DirectoryFile[Any]]) -> Popen[bytes] | None:
    """The process that reads the files; None where none can be started."""
    try:
        process = Popen(
            [sys.executable, "-P", "-c", _PROGRAM], stdin=PIPE, stdout=PIPE, stderr=DEVNULL, pipesize=_AHEAD
        )
    except OSError:
        return None
    with suppress(OSError), cast("IO[bytes]", process.stdin) as asked:  # gone already: nothing will come from it
        asked.write(pickle.dumps(sys.path) + pickle.dumps(files))
    return process


def serve(asked: IO[bytes], answer: IO[bytes]) -> None:
    """Read the files that are asked for, in that other process: to the end, or until something is the matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the import, which ends this
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER)
    for file in pickle.load(asked):  # noqa: S301 - written by our own process
        for blocks in _parcels(file.blocks()):
            _send(answer, _Parcel(blocks, _phones(blocks)))
        _send(answer, _End(file.tally, file.unknown))


def _send(answer: IO[bytes], what: _Parcel | _End) -> None:
    answer.write(pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
    answer.flush()


def _parcels(blocks: Iterable[Block[Any]]) -> Iterator[list[Block[Any]]]:
    parcel: list[Block[Any]] = []
    rows = 0
    for block in blocks:
        parcel.append(block)
        rows += len(block)
        if rows >= _AT_ONCE:
            yield parcel
            parcel, rows = [], 0
    if parcel:
        yield parcel


def _phones(blocks: Iterable[Block[Any]]) -> dict[str, Phone]:
    """Numbers that can be read without any country: these mean the same in each."""
    found = {}
    for block in blocks:
        if isinstance(block, Together) and block.made is Contact:
            for given in set(block.columns[_PHONE]):
                if "+" in given and (phone := look_at_phone(given, "")).state != "unparsable":
                    found[given] = phone
    return found
