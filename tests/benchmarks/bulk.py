"""Writes many rows into a table as fast as each driver can."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import Connection

BATCH = 10_000


def write_rows(connection: Connection, table: Any, rows: Iterable[Mapping[str, Any]]) -> None:
    """As fast as each driver can; values as the columns' types take them."""
    dialect = connection.dialect
    columns = list(table.columns)
    names = [column.name for column in columns]
    binds = [_bind_of(column, dialect) for column in columns]
    defaults = [None if column.default is None else column.default.arg for column in columns]
    made = (
        tuple(
            bind(value) if bind is not None and value is not None else value
            for name, bind, default in zip(names, binds, defaults, strict=True)
            for value in (row.get(name, default),)
        )
        for row in rows
    )
    listed = ", ".join(f'"{name}"' for name in names)
    if dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
            for row in made:
                copy.write_row(row)
        return
    statement = f'INSERT INTO "{table.name}" ({listed}) VALUES ({", ".join("?" * len(names))})'
    while batch := list(islice(made, BATCH)):
        connection.exec_driver_sql(statement, batch)


def _bind_of(column: Any, dialect: Any) -> Callable[[Any], Any] | None:
    found: Callable[[Any], Any] | None = column.type.dialect_impl(dialect).bind_processor(dialect)
    return found
