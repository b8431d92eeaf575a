"""Many customers at once: written straight into the tables, without files, in the order of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import islice
from operator import attrgetter
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

PLACES = (
    ("Europe/Berlin", "DE"),
    ("Europe/Paris", "FR"),
    ("Europe/London", "GB"),
    ("America/New_York", "US"),
    ("America/Chicago", "US"),
    ("America/Los_Angeles", "US"),
    ("America/Sao_Paulo", "BR"),
    ("Asia/Kolkata", "IN"),
    ("Asia/Tokyo", "JP"),
    ("Australia/Sydney", "AU"),
    ("", ""),
)
"""Where customers are, and that it is not known of some."""

ALWAYS = {"valid_from": OPEN_START, "recorded_from": BEGAN, "valid_to": OPEN_END, "recorded_to": OPEN_END}

TEXTS = {value: f"{value:%Y-%m-%d %H:%M:%S.%f}" for value in (BEGAN, OPEN_START, OPEN_END)}
"""The instants that occur, as SQLite's text."""


def config_of(components: int) -> str:
    """A configuration of so many components, `c0`, `c1`, … that know nothing of each other."""
    return "\n".join(f'[components.c{n}]\npaths = ["c{n}/**"]' for n in range(components))


def write_crowd(ledger: Ledger, *, customers: int, each: int, components: int, known: bool = False) -> None:
    """So many customers with so many entitlements each, to components of the repo `shop`.

    Three of five customers use `c0`; every other component is used by equally many. `known`: with tier, contract,
    place and a contact, of which few have much and most have little.
    """
    keys = [f"k{number:07}" for number in range(customers)]
    ids = [customer_id("crm", key) for key in keys]
    # In the order of their ids: a database writes what is sorted much faster.
    people = sorted(zip(ids, keys, range(customers), strict=True))
    with ledger.write() as connection:
        for table, rows in (
            (t.customer, _customers(people)),
            (t.customer_fact, _facts(people, known=known)),
            (t.customer_contract, _contracts(people) if known else ()),
            (t.contact, _contacts(people) if known else ()),
            (t.contact_detail, _details(people) if known else ()),
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


_AS_SQLITE: dict[type, Callable[[Any], Any]] = {
    datetime: TEXTS.__getitem__,
    date: date.isoformat,
    Decimal: float,
    UUID: attrgetter("bytes"),
}


def _as_sqlite(value: Any) -> Any:
    convert = _AS_SQLITE.get(type(value))
    return value if convert is None else convert(value)


People = list[tuple[UUID, str, int]]
"""The id and key of each customer, and the how manieth they are."""


def _customers(people: People) -> Iterator[dict[str, Any]]:
    for number, key, _ in people:
        yield {"customer_id": number, "directory": "crm", "key": key, "recorded_at": BEGAN}


def _facts(people: People, *, known: bool) -> Iterator[dict[str, Any]]:
    words = ("parent", "customer_tier", "segment", "country", "timezone", "language")
    numbers = {"do_not_call": False, "escalated": False, "sla_minutes": 0, "credit_after_minutes": 0}
    empty: dict[str, Any] = dict.fromkeys(words, "") | numbers | ALWAYS
    for number, key, place in people:
        about = _known_of(place) if known else {}
        yield (
            empty
            | about
            | {
                "customer_id": number,
                "name": f"Name of {key}",
                "account_manager": f"manager-{place % 50}",
            }
        )


def _known_of(place: int) -> dict[str, Any]:
    """Few have a tier; 1 of 200 is escalated."""
    spread = place * 7919 % 1000
    tier = "platinum" if spread < 5 else "gold" if spread < 40 else "silver" if spread < 160 else ""
    timezone, country = PLACES[place * 31 % len(PLACES)]
    escalated = place * 104_729 % 200 == 0
    return {"customer_tier": tier, "timezone": timezone, "country": country, "escalated": escalated}


def _contracts(people: People) -> Iterator[dict[str, Any]]:
    """One of eight has none; the others from 200 to 20 million, half of them below 2,000."""
    for number, _, place in people:
        spread = place * 15_485_863 % 10_000
        value = None if place % 8 == 0 else Decimal(int(200 * 10 ** (5 * (spread / 10_000) ** 2)))
        ends = date(2026, 4, 1) + timedelta(days=place * 37 % 730)
        yield ALWAYS | {
            "customer_id": number,
            "contract_value": value,
            "currency": "EUR",
            "renewal_on": ends,
            "attributes": "{}",
        }


def _contacts(people: People) -> Iterator[dict[str, Any]]:
    words = ("role", "language", "timezone", "best_from", "best_to")
    same = dict.fromkeys(words, "") | {"is_primary": True, "do_not_call": False, "consent": "yes", "import_id": None}
    for number, _, _ in people:
        yield same | ALWAYS | {"customer_id": number, "contact_id": number, "key": "1"}


def _details(people: People) -> Iterator[dict[str, Any]]:
    for number, key, place in people:
        phone = f"+4930{23_125_000 + place}"
        yield {
            **{name: ALWAYS[name] for name in ("valid_from", "recorded_from")},
            "customer_id": number,
            "contact_id": number,
            "name": f"Somebody at {key}",
            "phone": phone,
            "phone_e164": phone,
            "phone_state": "valid",
            "email": f"{key}@example.org",
        }


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
