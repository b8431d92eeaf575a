"""Reading the directory: who a name means, the list of customers, and everything about one of them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, FromClause, Row, and_, func, or_, select

from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END

_LAST_CHARACTER = "\U0010ffff"
_CANDIDATES = 10
_NEAR_ENOUGH = 2000
"""So many names that begin alike are looked at for a `did you mean`."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """A customer that a name was resolved to."""

    customer_id: UUID
    key: str
    directory: str


@dataclass(frozen=True, slots=True)
class When:
    """`at`: true at that instant. `known_at`: as recorded by then; None: as recorded now."""

    at: datetime
    known_at: datetime | None = None

    def held(self, table: FromClause) -> ColumnElement[bool]:
        """Rows with both clocks that held then."""
        return and_(table.c.valid_from <= self.at, table.c.valid_to > self.at, self.recorded(table))

    def recorded(self, table: FromClause) -> ColumnElement[bool]:
        """Rows that were recorded then."""
        if self.known_at is None:
            recorded: ColumnElement[bool] = table.c.recorded_to == OPEN_END
            return recorded
        return and_(table.c.recorded_from <= self.known_at, table.c.recorded_to > self.known_at)


@dataclass(frozen=True, slots=True)
class CustomerLine:
    """A customer in a list; `entitlements` counts what they use."""

    customer_id: UUID
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


@dataclass(frozen=True, slots=True)
class MarkLine:
    """What one of our people marked by hand."""

    kind: str
    why: str
    recorded_by: str
    recorded_from: datetime


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
    """Everything about one customer at an instant; `facts` is None when the directory did not have them then."""

    ref: CustomerRef
    recorded_at: datetime
    facts: CustomerFacts | None
    contract: CustomerContract | None
    aliases: tuple[str, ...]
    contacts: tuple[ContactLine, ...]
    entitlements: tuple[EntitlementLine, ...]
    marks: tuple[MarkLine, ...]


def resolve_customer(connection: Connection, ref: str) -> CustomerRef:
    """The customer that a key, an alias, `directory:key` or a unique beginning of one means; merged ones read through.

    Raises AmbiguousNameError with the candidates, UnknownNameError with what may have been meant.
    """
    ref = ref.strip()
    for find in (_by_name, _by_directory_and_key, _by_key_of_the_past, _by_beginning):
        found = find(connection, ref) if ref and "\0" not in ref else []
        survivors = {one.customer_id: one for one in (_survivor(connection, one) for one in found)}
        if len(survivors) == 1:
            return next(iter(survivors.values()))
        if survivors:
            raise _ambiguous(ref, list(survivors.values()), len(found) > _CANDIDATES)
    raise _unknown(connection, ref)


def _refs(connection: Connection, condition: ColumnElement[bool], *, current: bool = True) -> list[CustomerRef]:
    c, a = t.customer.c, t.customer_alias.c
    query = select(c.customer_id, c.key, c.directory).where(condition).distinct()
    if current:
        query = query.join_from(t.customer, t.customer_alias, a.customer_id == c.customer_id)
        query = query.where(a.recorded_to == OPEN_END)
    rows = connection.execute(query.order_by(c.key, c.directory).limit(_CANDIDATES + 1))
    return [CustomerRef(*row) for row in rows]


def _by_name(connection: Connection, ref: str) -> list[CustomerRef]:
    return _refs(connection, t.customer_alias.c.alias == ref)


def _by_directory_and_key(connection: Connection, ref: str) -> list[CustomerRef]:
    directory, _, key = ref.partition(":")
    c = t.customer.c
    return _refs(connection, and_(c.directory == directory, c.key == key), current=False)


def _by_key_of_the_past(connection: Connection, ref: str) -> list[CustomerRef]:
    """Customers who have left the directory are still known by their key."""
    return _refs(connection, t.customer.c.key == ref, current=False)


def _by_beginning(connection: Connection, ref: str) -> list[CustomerRef]:
    alias = t.customer_alias.c.alias
    return _refs(connection, and_(alias >= ref, alias < ref + _LAST_CHARACTER))


def _survivor(connection: Connection, ref: CustomerRef) -> CustomerRef:
    """Whom a customer was merged into, if anybody."""
    seen = {ref.customer_id}
    m, c = t.customer_merge.c, t.customer.c
    while True:
        row = connection.execute(
            select(c.customer_id, c.key, c.directory)
            .join_from(t.customer_merge, t.customer, c.customer_id == m.survivor_id)
            .where(m.customer_id == ref.customer_id, m.recorded_to == OPEN_END)
        ).first()
        if row is None or row.customer_id in seen:
            return ref
        ref = CustomerRef(*row)
        seen.add(ref.customer_id)


def _ambiguous(ref: str, found: Sequence[CustomerRef], more: bool) -> AmbiguousNameError:
    found = found[:_CANDIDATES]
    same_key = len({one.key for one in found}) < len(found)
    words = [f"{one.directory}:{one.key}" if same_key else one.key for one in found]
    return AmbiguousNameError(
        f"{ref!r} may mean several customers.", f"Candidates: {', '.join(words)}{', …' if more else ''}"
    )


def _unknown(connection: Connection, ref: str) -> UnknownNameError:
    a = t.customer_alias.c
    start = ref[:1]
    near: dict[str, str] = {}
    for first in {start.upper(), start.lower()} - {""}:
        query = (
            select(a.alias, t.customer.c.key)
            .join_from(t.customer_alias, t.customer, t.customer.c.customer_id == a.customer_id)
            .where(a.alias >= first, a.alias < first + _LAST_CHARACTER, a.recorded_to == OPEN_END)
            .order_by(a.alias)
            .limit(_NEAR_ENOUGH)
        )
        if "\0" not in ref:
            near |= {alias.casefold(): key for alias, key in connection.execute(query)}
    close = difflib.get_close_matches(ref.casefold(), near, n=1)
    hint = f"Did you mean {near[close[0]]}?" if close else "See: releasewatch customer list"
    return UnknownNameError(f"There is no customer {ref!r}, by key or alias.", hint)


def list_customers(
    connection: Connection, when: When, *, limit: int | None = None, after: str | None = None
) -> Iterator[CustomerLine]:
    """The customers whom the directory has at an instant, by key (bytewise), after the one that a cursor is of."""
    left = limit
    while left is None or left > 0:
        page = _page(connection, when, after, _PAGE if left is None else min(left, _PAGE))
        counts = _count_entitlements(connection, when, [row.customer_id for row in page])
        for row in page:
            line = CustomerLine(*row, entitlements=counts.get(row.customer_id, 0))
            yield line
            after = cursor_of(line)
        if left is not None:
            left -= len(page)
        if len(page) < _PAGE:
            return


def count_customers(connection: Connection, when: When) -> int:
    """How many customers the directory has at an instant."""
    f = t.customer_fact
    return connection.scalar(select(func.count()).select_from(f).where(when.held(f))) or 0


def cursor_of(line: CustomerLine) -> str:
    """Where a list goes on: the key, and the directory, for two may use the same key."""
    return f"{line.key}@{line.directory}"


def _page(
    connection: Connection, when: When, after: str | None, size: int
) -> Sequence[Row[UUID, str, str, str, str, str, str]]:
    c, f = t.customer.c, t.customer_fact
    query = (
        select(c.customer_id, c.key, c.directory, f.c.name, f.c.customer_tier, f.c.account_manager, f.c.country)
        .join_from(t.customer, f, f.c.customer_id == c.customer_id)
        .where(when.held(f))
        .order_by(c.key, c.directory)
        .limit(size)
    )
    if after is not None:
        key, _, directory = after.rpartition("@")
        if not key:
            key, directory = after, _LAST_CHARACTER
        query = query.where(or_(c.key > key, and_(c.key == key, c.directory > directory)))
    return connection.execute(query).all()


def _count_entitlements(connection: Connection, when: When, ids: Collection[UUID]) -> dict[UUID, int]:
    e = t.entitlement
    query = select(e.c.customer_id, func.count()).where(e.c.customer_id.in_(ids), when.held(e))
    return dict(connection.execute(query.group_by(e.c.customer_id)).all())


def get_customer(connection: Connection, ref: CustomerRef, when: When) -> CustomerDetails:
    """Everything about a customer at an instant."""
    recorded_at = connection.scalar(select(t.customer.c.recorded_at).where(t.customer.c.customer_id == ref.customer_id))
    assert recorded_at is not None, "a reference is to a customer that exists"  # noqa: S101 - a reference was resolved
    return CustomerDetails(
        ref,
        recorded_at,
        _facts(connection, ref, when),
        _contract(connection, ref, when),
        _aliases(connection, ref, when),
        tuple(_contacts(connection, ref, when)),
        tuple(_entitlements(connection, ref, when)),
        tuple(_marks(connection, ref, when)),
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


def _aliases(connection: Connection, ref: CustomerRef, when: When) -> tuple[str, ...]:
    a = t.customer_alias
    query = select(a.c.alias).where(a.c.customer_id == ref.customer_id, a.c.alias != ref.key, when.recorded(a))
    return tuple(connection.scalars(query.order_by(a.c.alias)))


def _contacts(connection: Connection, ref: CustomerRef, when: When) -> Iterator[ContactLine]:
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
        )
        .join_from(c, d, and_(*person), isouter=True)
        .where(c.c.customer_id == ref.customer_id, when.held(c))
        .order_by(c.c.is_primary.desc(), c.c.key, name, c.c.contact_id)
    )
    for row in connection.execute(query):
        yield ContactLine(*row)


def _entitlements(connection: Connection, ref: CustomerRef, when: When) -> Iterator[EntitlementLine]:
    e = t.entitlement
    columns = [e.c[name] for name in EntitlementLine.__slots__]
    query = select(*columns).where(e.c.customer_id == ref.customer_id, when.held(e))
    for row in connection.execute(query.order_by(*columns)):
        line = EntitlementLine(*row)
        yield replace(line, valid_to=None) if line.valid_to == OPEN_END else line


def _marks(connection: Connection, ref: CustomerRef, when: When) -> Iterator[MarkLine]:
    m = t.mark
    columns = [m.c[name] for name in MarkLine.__slots__]
    query = select(*columns).where(m.c.customer_id == ref.customer_id, when.recorded(m))
    for row in connection.execute(query.order_by(m.c.recorded_from, m.c.kind)):
        yield MarkLine(*row)
