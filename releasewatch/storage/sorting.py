"""Documents put in order that may be too many to be held at once."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any

import msgspec

from releasewatch.errors import OutsideFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime


class Sorted:
    """Documents by instant, and of one instant by id; read as often as wanted."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM document").fetchone()[0])

    def __iter__(self) -> Iterator[dict[str, Any]]:
        with _room():
            for (text,) in self._database.execute("SELECT text FROM document ORDER BY at, id, number"):
                yield msgspec.json.decode(text)


@contextmanager
def in_order(documents: Iterable[tuple[datetime, Mapping[str, Any]]]) -> Iterator[Sorted]:
    """Put documents, each with an `id` and its instant, in order of time, in little memory.

    They lie in a private file that has no name, and are gone at the end. Raises OutsideFailedError where there is no
    room for it.
    """
    # Without a name SQLite keeps a database to itself: in memory, and what is more than some MiB in a temporary file.
    database = sqlite3.connect("", isolation_level=None)
    try:
        with _room():
            database.execute("CREATE TABLE document (number INTEGER PRIMARY KEY, at TEXT, id TEXT, text BLOB)")
            database.execute("BEGIN")
            database.executemany("INSERT INTO document (at, id, text) VALUES (?, ?, ?)", map(_row, documents))
        yield Sorted(database)
    finally:
        database.close()


def _row(told: tuple[datetime, Mapping[str, Any]]) -> tuple[str, str, bytes]:
    at, document = told
    return at.astimezone(UTC).isoformat(timespec="microseconds"), document["id"], msgspec.json.encode(document)


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise OutsideFailedError(
            f"What is to be put in order could not be kept for that: {error}.",
            f"Make room in the folder of temporary files, {tempfile.gettempdir()}.",
        ) from error
