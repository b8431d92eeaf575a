"""Reading the directory: who a name means, the list of customers, and everything about one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.customer_refs import LAST_CHARACTER, CustomerRef, get_ref, resolve_customer
from releasewatch.storage.merges import MergeLine, members_of, merged_lines
from releasewatch.storage.types import OPEN_END
from releasewatch.storage.when import When

__all__ = [
    "ContactLine",
    "CustomerContract",
    "CustomerDetails",
    "CustomerFacts",
    "CustomerLine",
    "CustomerRef",
    "EntitlementLine",
    "MarkLine",
    "When",
    "count_customers",
    "cursor_of",
    "get_customer",
    "get_ref",
    "list_customers",
    "resolve_customer",
]

_FETCHED = 1000
"""How many rows are fetched from a server at a time."""

_PAGE = 500
_LEAST = 100
"""So many are read at once though fewer are asked for: the next ones may not be in the directory any more."""


class CustomerLine(NamedTuple):
    """A customer in a list; `entitlements` counts what they use. A tuple: of these there are a million at times."""

    key: str
    directory: str
    name: str
    customer_tier: str
    account_manager: str
    country: str
    entitlements: int


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact with the person; `name`, `phone` and `email` are empty when the person was erased."""

    contact_id: UUID
    key: str
    name: str
    role: str
    phone: str
    phone_e164: str
    phone_state: str
    email: str
    language: str
    timezone: str
    best_from: str
    best_to: str
    primary: bool
    do_not_call: bool
    consent: str
    of: str


@dataclass(frozen=True, slots=True)
class EntitlementLine:
    """Something a customer uses: `''` is any and `?` unknown; `valid_to` None: until further notice."""

    subject: str
    environment: str
    region: str
    ring: str
    version: str
    valid_from: datetime
    valid_to: datetime | None
    of: str


@dataclass(frozen=True, slots=True)
class MarkLine:
    """What one of our people marked by hand; `contact_id` None: of the customer."""

    kind: str
    contact_id: UUID | None
    why: str
    recorded_by: str
    recorded_from: datetime
    of: str


@dataclass(frozen=True, slots=True)
class CustomerFacts:
    """What the directory says of a customer."""

    name: str
    parent: str
    customer_tier: str
    segment: str
    account_manager: str
    country: str
    timezone: str
    language: str
    do_not_call: bool
    escalated: bool
    sla_minutes: int
    credit_after_minutes: int


@dataclass(frozen=True, slots=True)
class CustomerContract:
    """What a contract is worth, and what else the directory's columns held."""

    contract_value: Decimal | None
    currency: str
    renewal_on: date | None
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CustomerDetails:
    """Everything about one customer at an instant; `facts` is None when the directory did not have them then.

    What was known of those who were merged into them (`merged`) is theirs; `of` says whose it was, empty for their own.
    `parent` is whom the directory's word means, where it means one customer; `children` are those who name them so.
    """

    ref: CustomerRef
    recorded_at: datetime
    facts: CustomerFacts | None
    contract: CustomerContract | None
    aliases: tuple[str, ...]
    contacts: tuple[ContactLine, ...]
    entitlements: tuple[EntitlementLine, ...]
    marks: tuple[MarkLine, ...]
    merged: tuple[MergeLine, ...]
    parent: str
    children: tuple[str, ...]


def list_customers(
    connection: Connection, when: When, *, limit: int | None = None, after: str | None = None
) -> Iterator[CustomerLine]:
    """The customers whom the directory has at an instant, by key (bytewise), after the one that a cursor is of."""
    if limit is None and after is None:
        yield from _everybody(connection, when)
        return
    left = limit
    while left is None or left > 0:
        size = _PAGE if left is None else min(max(left, _LEAST), _PAGE)
        page = _page(connection, when, after, size)
        held = [row for row in page if row.name is not None][:left]
        counts = _count_entitlements(connection, when, [row.customer_id for row in held])
        for row in held:
            yield CustomerLine(*row[1:], entitlements=counts.get(row.customer_id, 0))
        if left is not None:
            left -= len(held)
        if len(page) < size:
            return
        after = cursor_of(page[-1])


def count_customers(connection: Connection, when: When) -> int:
    """How many customers the directory has at an instant."""
    f = t.customer_fact
    query = select(func.count()).select_from(f).where(when.held(f), f.c.customer_id.not_in(_read_through(when)))
    return connection.scalar(query) or 0


def _read_through(when: When) -> Select[UUID]:
    """Who is not listed, because the survivor whom they were merged into is."""
    return _merged(when).with_only_columns(t.customer_merge.c.customer_id, maintain_column_froms=True)


def _merged(when: When) -> Select[UUID, UUID]:
    """Who was merged into whom, where these are in the directory."""
    m, f = t.customer_merge, t.customer_fact.alias("of_survivor")
    return (
        select(m.c.customer_id, m.c.survivor_id)
        .join_from(m, f, f.c.customer_id == m.c.survivor_id)
        .where(when.recorded(m), when.held(f))
    )


def _everybody(connection: Connection, when: When) -> Iterator[CustomerLine]:
    """All of them by one statement, streamed, with what they and those who were merged into them use.

    Facts lead, and are put in order at the end: they lie beside each other as their customers do. To look each of them
    up in the order of keys takes a database four times as long; the outer join keeps it from doing so.
    """
    c, f, e, merged = t.customer.c, t.customer_fact, t.entitlement, _merged(when).subquery("merged")
    owner = func.coalesce(merged.c.survivor_id, e.c.customer_id)
    used = (
        select(owner.label("customer_id"), func.count().label("many"))
        .join_from(e, merged, merged.c.customer_id == e.c.customer_id, isouter=True)
        .where(when.held(e))
        .group_by(owner)
        .subquery("used")
    )
    query = (
        select(
            c.key,
            c.directory,
            f.c.name,
            f.c.customer_tier,
            f.c.account_manager,
            f.c.country,
            func.coalesce(used.c.many, 0),
        )
        .join_from(f, t.customer, c.customer_id == f.c.customer_id, isouter=True)
        .join(used, used.c.customer_id == f.c.customer_id, isouter=True)
        .where(when.held(f), f.c.customer_id.not_in(_read_through(when)))
        .order_by(c.key, c.directory)
    )
    with connection.execute(query, execution_options={"yield_per": _FETCHED}) as rows:
        yield from map(CustomerLine._make, rows)


def cursor_of(line: CustomerLine | Row[UUID, str, str, str, str, str, str]) -> str:
    """Where a list goes on: the key, and the directory, for two may use the same key."""
    return f"{line.key}@{line.directory}"


def _page(
    connection: Connection, when: When, after: str | None, size: int
) -> Sequence[Row[UUID, str, str, str, str, str, str]]:
    """The next so many customers with their facts; who is not to be listed has no name (None)."""
    c, f = t.customer.c, t.customer_fact
    query = select(c.customer_id, c.key, c.directory).order_by(c.key, c.directory).limit(size)
    if after is not None:
        key, _, directory = after.rpartition("@")
        if not key:
            key, directory = after, LAST_CHARACTER
        # The first says where in the index to begin: of an `or` alone a database reads everything before.
        query = query.where(c.key >= key, or_(c.key > key, c.directory > directory))
    next_ones = query.subquery("next_ones")
    n = next_ones.c
    listed = and_(f.c.customer_id == n.customer_id, when.held(f), f.c.customer_id.not_in(_read_through(when)))
    return connection.execute(
        select(n.customer_id, n.key, n.directory, f.c.name, f.c.customer_tier, f.c.account_manager, f.c.country)
        .join_from(next_ones, f, listed, isouter=True)
        .order_by(n.key, n.directory)
    ).all()


def _count_entitlements(connection: Connection, when: When, ids: Collection[UUID]) -> dict[UUID, int]:
    """What customers use, and what those use who were merged into them."""
    e, m = t.entitlement, t.customer_merge
    merges = select(m.c.customer_id, m.c.survivor_id).where(m.c.survivor_id.in_(ids), when.recorded(m))
    survivor: dict[UUID, UUID] = dict(connection.execute(merges).all())
    query = select(e.c.customer_id, func.count()).where(e.c.customer_id.in_([*ids, *survivor]), when.held(e))
    counts: dict[UUID, int] = {}
    for customer_id, many in connection.execute(query.group_by(e.c.customer_id)):
        owner = survivor.get(customer_id, customer_id)
        counts[owner] = counts.get(owner, 0) + many
    return counts


def get_customer(connection: Connection, ref: CustomerRef, when: When, *, private: bool = True) -> CustomerDetails:
    """Everything about a customer at an instant; without `private` no contract, contacts, marks and merges, which not
    every role may read.
    """
    recorded_at = connection.scalar(select(t.customer.c.recorded_at).where(t.customer.c.customer_id == ref.customer_id))
    assert recorded_at is not None, "a reference is to a customer that exists"  # noqa: S101 - a reference was resolved
    members = members_of(connection, ref.customer_id, when)
    whose = {one: get_ref(connection, one).key if one != ref.customer_id else "" for one in members}
    facts = _facts(connection, ref, when)
    aliases = _aliases(connection, members, when)
    return CustomerDetails(
        ref,
        recorded_at,
        facts,
        _contract(connection, ref, when) if private else None,
        tuple(one for one in aliases if one != ref.key),
        tuple(_contacts(connection, whose, when)) if private else (),
        tuple(_entitlements(connection, whose, when)),
        tuple(_marks(connection, whose, when)) if private else (),
        tuple(merged_lines(connection, members, when)) if private else (),
        _parent(connection, facts.parent if facts else "", when),
        _children(connection, aliases, when),
    )


def _facts(connection: Connection, ref: CustomerRef, when: When) -> CustomerFacts | None:
    f = t.customer_fact
    columns = [f.c[name] for name in CustomerFacts.__slots__]
    row = connection.execute(select(*columns).where(f.c.customer_id == ref.customer_id, when.held(f))).first()
    return CustomerFacts(*row) if row is not None else None


def _contract(connection: Connection, ref: CustomerRef, when: When) -> CustomerContract | None:
    k = t.customer_contract
    columns = [k.c[name] for name in CustomerContract.__slots__]
    row = connection.execute(select(*columns).where(k.c.customer_id == ref.customer_id, when.held(k))).first()
    return CustomerContract(*row) if row is not None else None


def _aliases(connection: Connection, members: Collection[UUID], when: When) -> list[str]:
    a = t.customer_alias
    query = select(a.c.alias).where(a.c.customer_id.in_(members), when.recorded(a)).distinct()
    return list(connection.scalars(query.order_by(a.c.alias)))


def _parent(connection: Connection, word: str, when: When) -> str:
    """The key of the customer whom a directory's `parent` means; the word itself where that is not one of them."""
    a, c, m = t.customer_alias, t.customer.c, t.customer_merge
    survivor = and_(m.c.customer_id == a.c.customer_id, when.recorded(m))
    query = (
        select(c.key)
        .join_from(a, m, survivor, isouter=True)
        .join(t.customer, c.customer_id == func.coalesce(m.c.survivor_id, a.c.customer_id))
        .where(a.c.alias == word, when.recorded(a))
        .distinct()
    )
    found = list(connection.scalars(query)) if word else []
    return found[0] if len(found) == 1 else word


def _children(connection: Connection, names: Collection[str], when: When) -> tuple[str, ...]:
    """The keys of those whose directory says that one of these names is their parent."""
    f, c = t.customer_fact, t.customer.c
    query = select(c.key).join_from(f, t.customer, c.customer_id == f.c.customer_id)
    return tuple(connection.scalars(query.where(f.c.parent.in_(names), when.held(f)).order_by(c.key, c.directory)))


def _contacts(connection: Connection, whose: Mapping[UUID, str], when: When) -> Iterator[ContactLine]:
    c, d = t.contact, t.contact_detail
    person = [d.c[name] == c.c[name] for name in ("customer_id", "contact_id", "valid_from", "recorded_from")]
    texts = [func.coalesce(d.c[name], "") for name in ("name", "phone", "phone_e164", "phone_state", "email")]
    name, phone, phone_e164, phone_state, email = texts
    query = (
        select(
            c.c.contact_id,
            c.c.key,
            name,
            c.c.role,
            phone,
            phone_e164,
            phone_state,
            email,
            c.c.language,
            c.c.timezone,
            c.c.best_from,
            c.c.best_to,
            c.c.is_primary,
            c.c.do_not_call,
            c.c.consent,
            c.c.customer_id,
        )
        .join_from(c, d, and_(*person), isouter=True)
        .where(c.c.customer_id.in_(whose), when.held(c))
        .order_by(c.c.is_primary.desc(), c.c.key, name, c.c.contact_id)
    )
    for found in connection.execute(query):
        values = list[Any](found)
        yield ContactLine(*[*values[:-1], whose[values[-1]]])


def _entitlements(connection: Connection, whose: Mapping[UUID, str], when: When) -> Iterator[EntitlementLine]:
    e = t.entitlement
    columns = [e.c[name] for name in EntitlementLine.__slots__ if name != "of"]
    query = select(*columns, e.c.customer_id).where(e.c.customer_id.in_(whose), when.held(e))
    for found in connection.execute(query.order_by(*columns, e.c.customer_id)):
        values = list[Any](found)
        line = EntitlementLine(*[*values[:-1], whose[values[-1]]])
        yield replace(line, valid_to=None) if line.valid_to == OPEN_END else line


def _marks(connection: Connection, whose: Mapping[UUID, str], when: When) -> Iterator[MarkLine]:
    m = t.mark
    columns = [m.c[name] for name in MarkLine.__slots__ if name != "of"]
    query = select(*columns, m.c.customer_id).where(m.c.customer_id.in_(whose), when.recorded(m))
    for found in connection.execute(query.order_by(m.c.recorded_from, m.c.kind)):
        values = list[Any](found)
        yield MarkLine(*[*values[:-1], whose[values[-1]]])
