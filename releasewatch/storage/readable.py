"""What the role that is connected may read: who said something, and other values kept from it, read as empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, literal, text

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from sqlalchemy import Column, ColumnElement, Table

_KEY = "releasewatch_withheld"

_WITHHELD = """
    SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind IN ('r', 'p') AND c.relnamespace <> 'pg_catalog'::regnamespace
    AND c.oid = to_regclass(quote_ident(c.relname))
    AND a.attnum > 0 AND NOT a.attisdropped AND NOT has_column_privilege(c.oid, a.attnum, 'SELECT')"""
"""Of all tables that are found by their name alone: to name ours would be to make every one of them first."""


def readable(connection: Connection, table: Table[Any]) -> list[Any]:
    """The columns of a table, with an empty text for each that says who or why and is kept from this role."""
    return [column_or_empty(connection, one) for one in table.columns]


def column_or_empty(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """A column, or an empty text where it says who or why and is kept from this role."""
    if column.name in column.table.info["words"] and not may_read_column(connection, column):
        return literal("").label(column.name)
    return column


def may_read_column(connection: Connection, column: Column[Any]) -> bool:
    """Whether this role may read a column."""
    return (column.table.name, column.name) not in _withheld(connection)


def may_read(connection: Connection, table: Table[Any]) -> bool:
    """Whether this role may read all of a table."""
    return not any(name == table.name for name, _ in _withheld(connection))


def _withheld(connection: Connection) -> AbstractSet[tuple[str, str]]:
    """`(table, column)` of all that is kept from the role; asked once a connection."""
    if connection.dialect.name != "postgresql":
        return frozenset()
    if _KEY not in connection.info:
        rows = connection.execute(text(_WITHHELD))
        connection.info[_KEY] = frozenset((str(row[0]), str(row[1])) for row in rows)
    found: frozenset[tuple[str, str]] = connection.info[_KEY]
    return found
