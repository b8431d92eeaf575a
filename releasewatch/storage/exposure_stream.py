"""Who is exposed, row by row as the driver gives it: customers who are reached alike have the same rows, read once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, type_coerce
from sqlalchemy.types import NullType

from releasewatch.storage import exposure
from releasewatch.storage.exposure_rows import rows_in_short
from releasewatch.storage.exposure_ways import ExposureQuestion

FETCHED = 1000
"""How many rows are fetched from a server at a time."""

_STEPS = 100
"""The same of SQLite, which is asked for each row anyway."""

_OF_CUSTOMER = 4
"""Columns at the end of a row that are the customer's: key, directory, name, account manager; the first is the id."""

_KEPT = 500
"""KiB that SQLite keeps of its file and of what it sorts while it lists everybody. By itself it keeps four times as
much, which takes no less time: each customer is looked up once."""


def keep_little(connection: Connection) -> None:
    """Before a list of everybody: the database is not to keep what it does not read again."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA cache_size = -{_KEPT}")


class RawRows:
    """What `exposure.detail_statement` finds, without a value being made of each column of each row.

    Of everybody, what a row has of its way is read once, with the ways. The rest is one text on SQLite (JSON), which
    hands over each value by itself. A database sorts what is wide for as long as it finds who is reached; so it puts
    customers in order, and the ways of each are put in order once for all who are reached alike.
    """

    def __init__(self, connection: Connection, q: ExposureQuestion, among: Sequence[UUID] | None = None) -> None:
        dialect = connection.dialect
        self._connection = connection
        self._packed = dialect.name == "sqlite"
        found = rows_in_short(q, among, _as_text if self._packed else tuple)
        self._read: list[tuple[str, Callable[[Any], Any] | None]] = [
            (one.name, one.type.dialect_impl(dialect).result_processor(dialect, None)) for one in found.columns
        ]
        self._statement = exposure.with_customers(q, found.rows, *_raw(found.rows.c))
        self._ways: dict[int | None, Sequence[Any]] = {None: [None] * len(found.columns)}
        if among is None:
            self._ways |= {number: way for number, *way in connection.execute(select(*_raw(found.ways.c)))}

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        """Key, directory, name and account manager of each customer, and their ways as `read` takes them."""
        fetched = _STEPS if self._packed else FETCHED
        with self._connection.execute(self._statement, execution_options={"yield_per": fetched}) as rows:
            last: Any = None
            customer: tuple[Any, ...] = ()
            ways: list[tuple[Any, ...]] = []
            for row in chain.from_iterable(rows.partitions()):
                if row[0] != last:
                    if ways:
                        yield *customer, tuple(ways)
                    last, customer, ways = row[0], row[-_OF_CUSTOMER:], []
                ways.append(row[1:-_OF_CUSTOMER])
            if ways:
                yield *customer, tuple(ways)

    def read(self, ways: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Ways as the statement has them, and in its order: instants are instants, and each column has a name."""
        rows = [self._read_one(*(json.loads(way[0]) if self._packed else way)) for way in ways]
        rows.sort(key=_nearest_first)
        return rows

    def _read_one(self, number: int | None, *values: Any) -> Any:
        row = SimpleNamespace()
        for (name, read), value, of_way in zip(self._read, values, self._ways[number], strict=True):
            raw = of_way if value is None else value
            setattr(row, name, raw if read is None else read(raw))
        return row


def _raw(columns: Iterable[Any]) -> list[Any]:
    return [type_coerce(one, NullType()).label(one.name) for one in columns]


def _as_text(values: Sequence[Any]) -> Sequence[Any]:
    return [func.json_array(*(one.element for one in values)).label("way")]


def _nearest_first(row: Any) -> tuple[Any, ...]:
    """How `exposure.detail_statement` puts the rows of a customer in order; no component comes first, as in SQLite."""
    return row.rank, row.component_id is not None, row.component_id or 0, row.region, row.ring, row.live_from
