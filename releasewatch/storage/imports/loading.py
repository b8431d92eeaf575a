"""Puts rows into a table as fast as each driver can: COPY on PostgreSQL, one prepared statement on SQLite."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON
from sqlalchemy.exc import DBAPIError

from releasewatch.storage.types import Instant, Uuid16

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Column, Connection, Table

_REMEMBERED = 10_000


class Loader:
    """Adds rows to one table; each row gives the named columns in their order, as Python values."""

    def __init__(self, connection: Connection, table: Table[Any], columns: Sequence[str]) -> None:
        self._connection = connection
        self._table = table
        named = ", ".join(f'"{name}"' for name in columns)
        self._is_sqlite = connection.dialect.name == "sqlite"
        self._converters = [self._converter(table.c[name]) for name in columns]
        if self._is_sqlite:
            self._statement = f"INSERT INTO {table.name} ({named}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - names of our own tables
        else:
            self._statement = f"COPY {table.name} ({named}) FROM STDIN"

    def add(self, rows: Sequence[Sequence[Any]]) -> None:
        """Add some rows; nothing is kept of them here."""
        if not rows:
            return
        columns: list[Any] = list(zip(*rows, strict=True))
        for place, convert in enumerate(self._converters):
            if convert is not None:
                columns[place] = map(convert, columns[place])
        if self._is_sqlite:
            self._connection.exec_driver_sql(self._statement, list(zip(*columns, strict=True)))
            return
        driver: Any = self._connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(self._statement) as copy:
                for row in zip(*columns, strict=True):
                    copy.write_row(row)
        except self._connection.dialect.loaded_dbapi.Error as error:
            # What goes past SQLAlchemy is to fail as everything else does.
            raise DBAPIError.instance(
                self._statement,
                None,
                error,
                self._connection.dialect.loaded_dbapi.Error,
                dialect=self._connection.dialect,
            ) from error

    def _converter(self, column: Column[Any]) -> Callable[[Any], Any] | None:
        """What makes of a value what the driver takes; None where it takes it as it is."""
        kind = column.type
        if isinstance(kind, Uuid16):
            return attrgetter("bytes") if self._is_sqlite else None
        process = kind.dialect_impl(self._connection.dialect).bind_processor(self._connection.dialect)
        if isinstance(kind, Instant):
            if not self._is_sqlite:
                return None
            texts = _SqliteTexts(kind.bind_processor(self._connection.dialect))
            return texts.__getitem__
        return process if self._is_sqlite or isinstance(kind, JSON) else None


class _SqliteTexts(dict[Any, Any]):
    """Instants as SQLite's text, each made once: most rows begin and end at the same few."""

    def __init__(self, process: Any) -> None:
        super().__init__()
        self._process = process

    def __missing__(self, value: datetime | None) -> Any:
        text = self._process(value)
        if len(self) < _REMEMBERED:
            self[value] = text
        return text
