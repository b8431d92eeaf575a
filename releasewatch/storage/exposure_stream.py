"""Who is exposed, row by row as the driver gives it: customers who are reached alike have the same rows, read once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Select, func, type_coerce
from sqlalchemy.types import NullType

FETCHED = 1000
"""How many rows are fetched from a server at a time."""

_OF_CUSTOMER = 4
"""Columns at the end of a row that are the customer's: key, directory, name, account manager; the first is the id."""


class RawRows:
    """What `exposure.detail_statement` finds, without a value being made of each column of each row.

    What is said of a way is one text on SQLite (JSON), which hands over each value by itself, and sorts what is wide
    for as long as it finds who is reached.
    """

    def __init__(self, connection: Connection, statement: Select[Any]) -> None:
        number, *ways, key, directory, name, manager = statement.selected_columns
        dialect = connection.dialect
        self._connection = connection
        self._packed = dialect.name == "sqlite"
        self._read: list[tuple[str, Callable[[Any], Any] | None]] = [
            (one.name, one.type.dialect_impl(dialect).result_processor(dialect, None)) for one in ways
        ]
        raw: list[Any] = [type_coerce(one, NullType()).label(one.name) for one in (number, *ways)]
        if self._packed:
            raw[1:] = [func.json_array(*raw[1:]).label("way")]
        self._statement = statement.with_only_columns(*raw, key, directory, name, manager, maintain_column_froms=True)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Key, directory, name and account manager of each customer, and their ways as `read` takes them."""
        with self._connection.execute(self._statement, execution_options={"yield_per": FETCHED}) as rows:
            for _, group in groupby(rows, itemgetter(0)):
                mine = list(group)
                yield *mine[0][-_OF_CUSTOMER:], tuple([row[1:-_OF_CUSTOMER] for row in mine])

    def read(self, ways: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Ways as rows of the statement have them: instants are instants, and each column has a name."""
        found = (json.loads(way[0]) if self._packed else way for way in ways)
        return [
            SimpleNamespace(
                **{
                    name: value if read is None else read(value)
                    for (name, read), value in zip(self._read, values, strict=True)
                }
            )
            for values in found
        ]
