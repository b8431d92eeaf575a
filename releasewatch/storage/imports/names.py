"""Whom a name in a file means while an import is under way: the customers it brings, and those the ledger has."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ARRAY, String, and_, bindparam, func, literal, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.aliases import FROM_DIRECTORY
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.clocks import is_current
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection, Select

UNKNOWN = "is no key or alias of a customer that is known"
AMBIGUOUS = "is the key of customers in several directories; write an alias that only one of them has"


@dataclass(frozen=True, slots=True)
class Named:
    """Whom a name means: a customer and their country; or why nobody."""

    customer_id: UUID | None
    country: str = ""
    why_nobody: str = ""


def find_named(imp: s.Import, names: Collection[str]) -> dict[str, Named]:
    """Look up keys and aliases. Those of this directory come before those of others; every name gets an answer."""
    found: dict[str, dict[UUID, tuple[int, str]]] = {}
    asked = _Names(imp.connection, names)
    for query in (_brought(imp, asked), _recorded(asked)):
        for name, customer_id, country, directory in imp.connection.execute(query):
            rank = 0 if directory == imp.directory else 1
            found.setdefault(name, {}).setdefault(customer_id, (rank, country or ""))
    # A customer who has left the directory is still known by their key, unless somebody else goes by it now.
    missing = set(names) - found.keys()
    if missing:
        for name, customer_id in imp.connection.execute(_gone(imp, _Names(imp.connection, missing))):
            found[name] = {customer_id: (0, "")}
    several = {one for ids in found.values() if len(ids) > 1 for one in ids}
    survivors = _survivors(imp, several)
    return {name: _choose(found.get(name, {}), survivors) for name in names}


class _Names:
    """Many names as one value of a statement: one for each would cost more than finding them."""

    def __init__(self, connection: Connection, names: Collection[str]) -> None:
        self._names = list(names)
        self._is_sqlite = connection.dialect.name == "sqlite"

    def hold(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether a column is one of them."""
        if self._is_sqlite:
            found = func.json_each(json.dumps(self._names)).table_valued("value")
            return column.in_(select(found.c.value))
        return column == func.any(bindparam("names", self._names, ARRAY(String), unique=True))


def _survivors(imp: s.Import, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whom those were merged into who were."""
    m = t.customer_merge.c
    query = select(m.customer_id, m.survivor_id).where(m.customer_id.in_(ids), m.recorded_to == OPEN_END)
    return dict(imp.connection.execute(query).all()) if ids else {}


def _choose(found: dict[UUID, tuple[int, str]], survivors: Mapping[UUID, UUID]) -> Named:
    if not found:
        return Named(None, why_nobody=UNKNOWN)
    if len(found) == 1:
        ((only, (_, country)),) = found.items()
        return Named(only, country)
    nearest = min(rank for rank, _ in found.values())
    chosen = {one: country for one, (rank, country) in found.items() if rank == nearest}
    if len({survivors.get(one, one) for one in chosen}) > 1:
        return Named(None, why_nobody=AMBIGUOUS)
    # Of several that are one customer by a merge, the survivor.
    best = next((one for one in chosen if one not in survivors), min(chosen))
    return Named(best, chosen[best])


def _brought(imp: s.Import, names: _Names) -> Select[str, UUID, str, str]:
    """Names that the customers file of this import states."""
    return (
        select(s.alias.c.alias, s.alias.c.customer_id, s.customer.c.country, literal(imp.directory))
        .join_from(s.alias, s.customer, s.customer.c.line == s.alias.c.line)
        .where(names.hold(s.alias.c.alias))
    )


def _recorded(names: _Names) -> Select[str, UUID, str, str]:
    """Names in the ledger, without those that this import replaces."""
    a, f = t.customer_alias, t.customer_fact
    return (
        select(a.c.alias, a.c.customer_id, f.c.country, t.customer.c.directory)
        .join_from(a, t.customer, t.customer.c.customer_id == a.c.customer_id)
        .outerjoin(f, and_(f.c.customer_id == a.c.customer_id, is_current(f)))
        .outerjoin(s.customer, s.customer.c.customer_id == a.c.customer_id)
        .where(
            names.hold(a.c.alias),
            a.c.recorded_to == OPEN_END,
            or_(s.customer.c.line.is_(None), a.c.source != FROM_DIRECTORY),
        )
    )


def _gone(imp: s.Import, names: _Names) -> Select[str, UUID]:
    return select(t.customer.c.key, t.customer.c.customer_id).where(
        t.customer.c.directory == imp.directory, names.hold(t.customer.c.key)
    )
