"""Puts rows into a table as fast as each driver can: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

import gc
import json
from contextlib import contextmanager
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, Boolean, Integer, String, text
from sqlalchemy.exc import DBAPIError

from releasewatch.storage.types import Instant, Uuid16

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from sqlalchemy import Column, Connection, Table

_REMEMBERED = 10_000
_NOTHING = "\\N"
_ESCAPED = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
"""What PostgreSQL's COPY reads as something else, in its text format."""


_TOGETHER = 25
"""So many rows SQLite takes with one run of a statement: each run costs as much as the values of several columns."""
_KEPT_IN = 16
"""MiB of memory in which SQLite keeps staged rows before they go to the disk; four times as many save it nothing."""
_SORTED_IN = 64
"""MiB of memory in which PostgreSQL sorts them; by itself it takes 4, which are meant for many users at once."""
_COLLECTED_AFTER = 100_000
"""Python looks for circles of garbage after so many new objects: a row makes several, and none of them is in one."""


@contextmanager
def many_rows(connection: Connection) -> Iterator[None]:
    """Many rows come through this transaction: settings of the database and of Python that suit it, until it ends."""
    if connection.dialect.name == "sqlite":
        connection.execute(text(f"PRAGMA temp.cache_size = -{_KEPT_IN * 1024}"))
    else:
        # Each statement is run once: to compile it takes longer than it does.
        settings = f"set_config('work_mem', '{_SORTED_IN}MB', true), set_config('jit', 'off', true)"
        connection.execute(text(f"SELECT {settings}"))
    before = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


class Loader:
    """Adds rows to one table; each row gives the named columns in their order, as Python values."""

    def __init__(self, connection: Connection, table: Table[Any], columns: Sequence[str]) -> None:
        self._connection = connection
        self._columns = columns
        named = ", ".join(f'"{name}"' for name in columns)
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._converters = {name: self._converter(table.c[name]) for name in columns}
        self._texts = [name for name in columns if isinstance(table.c[name].type, String)]
        if self._is_sqlite:
            row = f"({', '.join('?' * len(columns))})"
            self._statement = f"INSERT INTO {table.name} ({named}) VALUES {row}"  # noqa: S608 - names of our own tables
            self._together = self._statement + f", {row}" * (_TOGETHER - 1)
        else:
            self._statement = f"COPY {table.name} ({named}) FROM STDIN"

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add some rows; nothing is kept of them here."""
        if rows:
            self.load(self.converted(list(zip(*rows, strict=True))))

    def convert(self, name: str, value: Any) -> Any:
        """One value of a column as the driver takes it: for one that many rows share."""
        convert = self._converters[name]
        return value if convert is None else convert(value)

    def ids(self, found: Iterable[bytes]) -> Iterable[Any]:
        """Ids in their 16 bytes as the driver takes them."""
        return found if self._is_sqlite else map(bytes.hex, found)

    def converted(self, columns: Sequence[Iterable[Any]], done: Collection[str] = ()) -> list[Any]:
        """Rows as `load` takes them, from their columns; those that are `done` were converted already."""
        ready: list[Iterable[Any]] = []
        for name, column in zip(self._columns, columns, strict=True):
            convert = None if name in done else self._converters[name]
            if convert is not None:
                ready.append(map(convert, column))
            elif not self._is_sqlite and name in self._texts and name not in done:
                ready.append(_as_copied(column))
            else:
                ready.append(column)
        rows = zip(*ready, strict=True)
        return list(rows if self._is_sqlite else map("\t".join, rows))

    def load(self, rows: list[Any]) -> None:
        """Add rows that were converted."""
        if not rows:
            return
        if self._is_sqlite:
            self._insert(rows)
            return
        driver: Any = self._connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(self._statement) as copy:
                copy.write("\n".join(rows) + "\n")
        except self._connection.dialect.loaded_dbapi.Error as error:
            # What goes past SQLAlchemy is to fail as everything else does.
            raise DBAPIError.instance(
                self._statement,
                None,
                error,
                self._connection.dialect.loaded_dbapi.Error,
                dialect=self._connection.dialect,
            ) from error

    def _insert(self, rows: list[Any]) -> None:
        """Several rows with each run of a statement, and those that are left over one by one."""
        values = chain.from_iterable(rows)
        together = list(zip(*[values] * (_TOGETHER * len(self._columns)), strict=False))
        if together:
            self._connection.exec_driver_sql(self._together, together)
        if alone := rows[len(together) * _TOGETHER :]:
            self._connection.exec_driver_sql(self._statement, alone)

    def _converter(self, column: Column[Any]) -> Callable[[Any], Any] | None:
        """What makes of a value what the driver takes; None where it takes it as it is, but for a text's own signs."""
        kind = column.type
        if isinstance(kind, Uuid16):
            return attrgetter("bytes" if self._is_sqlite else "hex")
        if isinstance(kind, String):
            return None
        if self._is_sqlite:
            if isinstance(kind, Boolean):
                return None
            process = kind.dialect_impl(self._connection.dialect).bind_processor(self._connection.dialect)
            if isinstance(kind, JSON) and process is not None:
                return _json(process)
            return Remembered(process).__getitem__ if isinstance(kind, Instant) else process
        if isinstance(kind, Integer) and not column.nullable:
            return str
        if isinstance(kind, JSON):
            return _json(lambda value: json.dumps(value).translate(_ESCAPED))
        return Remembered(_copied).__getitem__


class Remembered(dict[Any, Any]):
    """What is made of values, of each once: most rows begin and end at the same few instants."""

    def __init__(self, process: Any) -> None:
        super().__init__()
        self._process = process

    def __missing__(self, value: Any) -> Any:
        text = self._process(value)
        if len(self) < _REMEMBERED:
            self[value] = text
        return text


def _json(process: Callable[[Any], str]) -> Callable[[Any], str]:
    """What makes JSON of a value; an empty tuple is made once: most commits revert nothing."""
    empty = process(())
    return lambda value: empty if value == () else process(value)


def _copied(value: Any) -> str:
    """A number, date, instant or truth as PostgreSQL reads it."""
    return _NOTHING if value is None else str(value)


def _as_copied(texts: Iterable[str | None]) -> Iterable[str]:
    """Texts without what COPY reads as something else; nearly no column holds any."""
    held: Sequence[Any] = texts if isinstance(texts, list | tuple) else list(texts)
    if None in held:
        return [_NOTHING if text is None else text.translate(_ESCAPED) for text in held]
    together = "".join(held)
    if any(sign in together for sign in "\\\n\r\t"):
        return [text.translate(_ESCAPED) for text in held]
    return held
