"""Writing facts with two clocks: a record is closed and said anew, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, insert, literal, select, update

from releasewatch.storage.types import OPEN_END, Instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Connection, FromClause, Table

CLOCKS = ["valid_from", "recorded_from", "valid_to", "recorded_to"]


def instant(at: datetime) -> ColumnElement[datetime]:
    """An instant as a value inside a statement."""
    return literal(at, Instant())


def is_current(table: FromClause) -> ColumnElement[bool]:
    """Rows that are recorded as true until further notice."""
    return (table.c.recorded_to == OPEN_END) & (table.c.valid_to == OPEN_END)


def close_current(
    connection: Connection, table: Table[Any], at: datetime, chosen: FromClause, by: Sequence[str], *of: Any
) -> None:
    """Close the records of the current facts that `chosen` lists by the columns `by`; `of`: of which of them alone."""
    same = [table.c[name] == chosen.c[name] for name in by]
    connection.execute(update(table).where(is_current(table), *same, *of).values(recorded_to=at))


def carry_over(connection: Connection, table: Table[Any], at: datetime) -> None:
    """Say anew of every fact whose record was closed at this instant that it was true until now.

    No other write bears this instant: an import's is later than that of every import before it.
    """
    kept = [column for column in table.c if column.name not in CLOCKS]
    connection.execute(
        insert(table).from_select(
            [column.name for column in kept] + CLOCKS,
            select(*kept, table.c.valid_from, instant(at), instant(at), instant(OPEN_END)).where(
                table.c.recorded_to == at, table.c.valid_from < at
            ),
        )
    )


def fresh(starts: ColumnElement[datetime] | datetime, at: datetime) -> list[ColumnElement[datetime]]:
    """The clocks of a fact that is said for the first time, in the order of CLOCKS."""
    begins = starts if isinstance(starts, ColumnElement) else instant(starts)
    return [begins, instant(at), instant(OPEN_END), instant(OPEN_END)]
