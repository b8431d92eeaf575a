"""Everything that the ledger holds about a customer or a contact, table by table, as it stands there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from releasewatch.domain.customers import Contact, contact_id
from releasewatch.domain.messages import NAMING_TRAILER, named_customers
from releasewatch.domain.times import format_utc
from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.forges import rows_naming

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from releasewatch.domain.erasure import Identity

Rows = dict[str, list[dict[str, Any]]]
_CANDIDATES = 10
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Person:
    """Everything that ever identified a contact: customers they were at, keys, names, addresses, numbers."""

    contact_id: UUID
    customers: frozenset[UUID]
    keys: frozenset[str]
    names: frozenset[str]
    emails: frozenset[str]
    phones: frozenset[str]

    @property
    def reference(self) -> str:
        """What a contact may be called where no name may be shown: the beginning of their id."""
        return self.contact_id.hex[:_SHORT]


def customer_tables() -> list[Table[Any]]:
    """Every table whose rows belong to a customer."""
    return [table for name, table in sorted(t.metadata.tables.items()) if table.info["placement"] == "customer"]


def names_of(connection: Connection, members: Collection[UUID]) -> set[str]:
    """Every key and alias by which customers were ever known."""
    a, c = t.customer_alias.c, t.customer.c
    aliases = connection.scalars(select(a.alias).where(a.customer_id.in_(members)))
    keys = connection.scalars(select(c.key).where(c.customer_id.in_(members)))
    return {*aliases, *keys}


def titles_of(connection: Connection, members: Collection[UUID]) -> set[str]:
    """What the directory ever called customers."""
    f = t.customer_fact.c
    return set(connection.scalars(select(f.name).where(f.customer_id.in_(members), f.name != "")))


def numbers_of_one(connection: Connection, person: Person) -> set[str]:
    """Those of a person's numbers that nobody else has: a switchboard must not keep the whole house out."""
    d = t.contact_detail.c
    others = select(d.phone_e164).where(d.phone_e164.in_(person.phones), d.contact_id != person.contact_id)
    return set(person.phones) - set(connection.scalars(others))


def other_ids(connection: Connection, person: Person) -> list[tuple[Identity, str]]:
    """The ids under which a directory would state the same person without a key, or without an address."""
    found: set[str] = set()
    for customer in person.customers:
        key = connection.execute(select(t.customer.c.key).where(t.customer.c.customer_id == customer)).scalar_one()
        for name in person.names:
            found.add(contact_id("", customer, Contact(key, name)).hex)
            found |= {contact_id("", customer, Contact(key, name, email=email)).hex for email in person.emails}
    return [("contact", one) for one in sorted(found)]


def rows_of_customer(connection: Connection, members: Collection[UUID]) -> Rows:
    """Every row about a customer and those whom they took over, of every table that has any."""
    names = names_of(connection, members)
    found = {table.name: _rows(connection, table, table.c.customer_id.in_(members)) for table in customer_tables()}
    found["customer_merge"] = _rows(
        connection,
        t.customer_merge,
        or_(t.customer_merge.c.customer_id.in_(members), t.customer_merge.c.survivor_id.in_(members)),
    )
    found["change_customer"] = _rows(connection, t.change_customer, t.change_customer.c.ref.in_(names))
    found["change_edit"] = _rows(connection, t.change_edit, t.change_edit.c.customer.in_(names))
    found["forge_label"] = rows_naming(connection, names)
    trailer = t.change_trailer.c
    named = and_(func.lower(trailer.key) == NAMING_TRAILER, or_(trailer.value.in_(names), trailer.value.contains(",")))
    naming = _rows(connection, t.change_trailer, named)
    found["change_trailer"] = [row for row in naming if names & {row["value"], *named_customers([_pair(row)])}]
    return {name: rows for name, rows in found.items() if rows}


def _pair(row: dict[str, Any]) -> tuple[str, str]:
    return row["key"], row["value"]


def rows_of_contact(connection: Connection, person: Person) -> Rows:
    """Every row about a contact, of every table that has any; what they wrote or deployed is found by their address."""
    found = {
        table.name: _rows(connection, table, table.c.contact_id == person.contact_id)
        for table in customer_tables()
        if "contact_id" in table.c
    }
    a, x = t.attempt.c, t.attempt_text
    tried = select(a.attempt_id).where(a.customer_id.in_(person.customers), a.contact_id == person.contact_id)
    found[x.name] = _rows(connection, x, and_(x.c.customer_id.in_(person.customers), x.c.attempt_id.in_(tried)))
    r, y = t.customer_report.c, t.customer_report_text
    told = select(r.report_id).where(r.customer_id.in_(person.customers), r.contact_id == person.contact_id)
    found[y.name] = _rows(connection, y, and_(y.c.customer_id.in_(person.customers), y.c.report_id.in_(told)))
    authored = func.lower(t.change_author.c.email).in_(person.emails)
    found["change_author"] = _rows(connection, t.change_author, authored)
    deployed = func.lower(t.deployment_person.c.actor).in_(person.emails)
    found["deployment_person"] = _rows(connection, t.deployment_person, deployed)
    return {name: rows for name, rows in found.items() if rows}


def _rows(connection: Connection, table: Any, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    query = select(table).where(condition).order_by(*table.primary_key.columns)
    return [{name: _plain(value) for name, value in row.items()} for row in connection.execute(query).mappings()]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_utc(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def resolve_contact(connection: Connection, members: Collection[UUID], ref: str) -> Person:
    """The contact of a customer whom a key, an address, a name, an id or a unique beginning of one means.

    Contacts of the past are found too. Raises UnknownNameError and AmbiguousNameError, which name nobody.
    """
    people = {person.contact_id: person for person in people_of(connection, members)}
    wanted = ref.strip().casefold()
    for matches in (str.__eq__, str.startswith):
        found = [one for one in people.values() if wanted and any(matches(word, wanted) for word in _words(one))]
        if len(found) == 1:
            return found[0]
        if found:
            words = [one.reference for one in found[:_CANDIDATES]]
            raise AmbiguousNameError(
                "That may mean several contacts of the customer.",
                f"Name one by their key, e-mail or id. Ids: {', '.join(words)}",
            )
    raise UnknownNameError(
        "The customer has no such contact, by key, e-mail, name or id.",
        "See: releasewatch customer show --reveal contacts",
    )


def people_of(connection: Connection, members: Collection[UUID]) -> list[Person]:
    """Everybody who ever was a contact of a customer, or of whom they took over."""
    c = t.contact.c
    ids = connection.scalars(select(c.contact_id).where(c.customer_id.in_(members)).distinct()).all()
    return [_person(connection, one) for one in sorted(ids)]


def _person(connection: Connection, contact_id: UUID) -> Person:
    c, d = t.contact.c, t.contact_detail.c
    roles = connection.execute(select(c.customer_id, c.key).where(c.contact_id == contact_id)).all()
    details = connection.execute(select(d.name, d.email, d.phone_e164).where(d.contact_id == contact_id)).all()
    return Person(
        contact_id,
        frozenset(row.customer_id for row in roles),
        _said(row.key for row in roles),
        _said(row.name for row in details),
        _said(row.email.strip().casefold() for row in details),
        _said(row.phone_e164 for row in details),
    )


def _said(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value for value in values if value)


def _words(person: Person) -> Iterator[str]:
    for values in (person.keys, person.emails, person.names):
        yield from (value.casefold() for value in values)
    yield person.contact_id.hex


def count_texts_naming(connection: Connection, names: Sequence[str], shortest: int = 4) -> int:
    """How many changes hold one of these names in a text from git, or in what we said of them; not short names."""
    c, e = t.change.c, t.change_edit.c
    wanted = [name for name in names if len(name) >= shortest]
    if not wanted:
        return 0
    found = 0
    texts_of: list[tuple[Any, tuple[Any, ...]]] = [
        (t.change, (c.subject, c.body, c.pull_request_title)),
        (t.change_edit, (e.wording, e.why)),
        (t.forge_request, (t.forge_request.c.title,)),
    ]
    for table, columns in texts_of:
        texts = [func.coalesce(column, "") for column in columns]
        naming = or_(*(text.contains(name, autoescape=True) for text in texts for name in wanted))
        found += connection.scalar(select(func.count()).select_from(table).where(naming)) or 0
    return found
