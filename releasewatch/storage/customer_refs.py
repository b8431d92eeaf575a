"""Who a name means: a customer by key, alias, `directory:key` or a unique beginning, read through merges."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, select

from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END

LAST_CHARACTER = "\U0010ffff"
_CANDIDATES = 10
_NEAR_ENOUGH = 2000
"""So many names that begin alike are looked at for a `did you mean`."""


@dataclass(frozen=True, slots=True)
class CustomerRef:
    """A customer that a name was resolved to."""

    customer_id: UUID
    key: str
    directory: str


def resolve_customer(connection: Connection, ref: str, *, through: bool = True) -> CustomerRef:
    """The customer that a key, an alias, `directory:key` or a unique beginning of one means; merged ones read through.

    `through` False: not read through, for whoever speaks of the merged one itself.

    Raises AmbiguousNameError with the candidates, UnknownNameError with what may have been meant.
    """
    ref = ref.strip()
    for find in (_by_name, _by_directory_and_key, _by_key_of_the_past, _by_beginning):
        found = find(connection, ref) if ref and "\0" not in ref else []
        meant = (_survivor(connection, one) if through else one for one in found)
        survivors = {one.customer_id: one for one in meant}
        if len(survivors) == 1:
            return next(iter(survivors.values()))
        if survivors:
            raise _ambiguous(ref, list(survivors.values()), len(found) > _CANDIDATES)
    raise _unknown(connection, ref)


def find_exactly(connection: Connection, ref: str) -> list[CustomerRef]:
    """The customers that a whole key or alias means, read through: what a file says is no beginning of a name."""
    for find in (_by_name, _by_directory_and_key, _by_key_of_the_past):
        found = find(connection, ref) if ref and "\0" not in ref else []
        if found:
            return through_merges(connection, found)
    return []


def through_merges(connection: Connection, found: Sequence[CustomerRef]) -> list[CustomerRef]:
    """The same customers as they are now, each once."""
    return list({one.customer_id: one for one in (_survivor(connection, each) for each in found)}.values())


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
    return _refs(connection, and_(alias >= ref, alias < ref + LAST_CHARACTER))


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
            .where(a.alias >= first, a.alias < first + LAST_CHARACTER, a.recorded_to == OPEN_END)
            .order_by(a.alias)
            .limit(_NEAR_ENOUGH)
        )
        if "\0" not in ref:
            near |= {alias.casefold(): key for alias, key in connection.execute(query)}
    close = difflib.get_close_matches(ref.casefold(), near, n=1)
    hint = f"Did you mean {near[close[0]]}?" if close else "See: releasewatch customer list"
    return UnknownNameError(f"There is no customer {ref!r}, by key or alias.", hint)


def get_ref(connection: Connection, customer_id: UUID) -> CustomerRef:
    """The customer of an id that the ledger gave out."""
    c = t.customer.c
    return CustomerRef(
        *connection.execute(select(c.customer_id, c.key, c.directory).where(c.customer_id == customer_id)).one()
    )
