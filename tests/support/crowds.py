"""Many customers at once: written straight into the tables, without files, in the order of their keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Connection, text

from releasewatch.domain.customers import customer_id
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END, OPEN_START

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
REGIONS = ("", "eu", "us")
BATCH = 20_000
SPREAD = 47
"""How far apart the components of one customer are, so that two neighbouring ones share hardly any customers."""

ALWAYS = {"valid_from": OPEN_START, "recorded_from": BEGAN, "valid_to": OPEN_END, "recorded_to": OPEN_END}

TEXTS = {value: f"{value:%Y-%m-%d %H:%M:%S.%f}" for value in (BEGAN, OPEN_START, OPEN_END)}
"""The instants that occur, as SQLite's text."""


def config_of(components: int) -> str:
    """A configuration of so many components, `c0`, `c1`, … that know nothing of each other."""
    return "\n".join(f'[components.c{n}]\npaths = ["c{n}/**"]' for n in range(components))


def write_crowd(ledger: Ledger, *, customers: int, each: int, components: int) -> None:
    """So many customers with so many entitlements each, to components of the repo `shop`.

    Three of five customers use `c0`; every other component is used by equally many.
    """
    keys = [f"k{number:07}" for number in range(customers)]
    ids = [customer_id("crm", key) for key in keys]
    with ledger.write() as connection:
        for table, rows in (
            (t.customer, _customers(keys, ids)),
            (t.customer_fact, _facts(keys, ids)),
            (t.entitlement, _entitlements(ids, each, components)),
        ):
            _write(connection, table, rows)
    with ledger.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))


def _write(connection: Connection, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    """As fast as each driver can: a million rows are many."""
    names = [column.name for column in table.columns]
    columns = ", ".join(names)
    if connection.dialect.name == "postgresql":
        driver: Any = connection.connection.driver_connection
        with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row[name] for name in names])
        return
    statement = f"INSERT INTO {table.name} ({columns}) VALUES ({', '.join('?' * len(names))})"
    left = (tuple(_as_sqlite(row[name]) for name in names) for row in rows)
    while batch := list(islice(left, BATCH)):
        connection.exec_driver_sql(statement, batch)


def _as_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return TEXTS[value]
    return value.bytes if isinstance(value, UUID) else value


def _customers(keys: list[str], ids: list[UUID]) -> Iterator[dict[str, Any]]:
    for key, number in zip(keys, ids, strict=True):
        yield {"customer_id": number, "directory": "crm", "key": key, "recorded_at": BEGAN}


def _facts(keys: list[str], ids: list[UUID]) -> Iterator[dict[str, Any]]:
    words = ("parent", "customer_tier", "segment", "country", "timezone", "language")
    numbers = {"do_not_call": False, "escalated": False, "sla_minutes": 0, "credit_after_minutes": 0}
    empty: dict[str, Any] = dict.fromkeys(words, "") | numbers | ALWAYS
    for place, (key, number) in enumerate(zip(keys, ids, strict=True)):
        yield empty | {"customer_id": number, "name": f"Name of {key}", "account_manager": f"manager-{place % 50}"}


def _entitlements(ids: list[UUID], each: int, components: int) -> Iterator[dict[str, Any]]:
    users: list[list[UUID]] = [[] for _ in range(components)]
    for place, number in enumerate(ids):
        popular = place % 5 < 3
        used = {1 + (place * each + step * SPREAD) % (components - 1) for step in range(each - popular)}
        for component in ({0} if popular else set()) | used:
            users[component].append(number)
    same = {"environment": "", "ring": "", "version": "", "import_id": None} | ALWAYS
    for component, subject in sorted(enumerate(f"shop/c{n}" for n in range(components)), key=lambda pair: pair[1]):
        for number in sorted(users[component]):
            region = REGIONS[number.int % len(REGIONS)]
            yield same | {"subject": subject, "customer_id": number, "region": region}
