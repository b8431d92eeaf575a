"""Whom a name in a file means while an import is under way: the customers it brings, and those the ledger has."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import ARRAY, String, and_, bindparam, func, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.aliases import FROM_DIRECTORY
from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.clocks import is_current
from releasewatch.storage.imports.customers import nobody_known
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from uuid import UUID

    from sqlalchemy import ColumnElement, Select

UNKNOWN = "is no key or alias of a customer that is known"
AMBIGUOUS = "is the key of customers in several directories; write an alias that only one of them has"


class Named(NamedTuple):
    """Whom a name means: a customer and their country; or why nobody."""

    customer_id: UUID | None
    country: str = ""
    why_nobody: str = ""


def find_named(imp: s.Import, names: Collection[str]) -> dict[str, Named]:
    """Look up keys and aliases. Those of this directory come before those of others; every name gets an answer."""
    queries = [_brought] if nobody_known(imp) else [_brought, _recorded]
    rows = [row for query in queries for row in _asked(imp, query, names)]
    # Most names are found once, and there is nothing to choose.
    chosen = {name: Named(customer_id, country or "") for name, customer_id, country, _ in reversed(rows)}
    if len(chosen) < len(rows):
        chosen |= _choose_among(imp, rows)
    # A customer who has left the directory is still known by their key, unless somebody else goes by it now.
    missing = set(names) - chosen.keys()
    if missing:
        gone = dict(_asked(imp, _gone, missing))
        chosen |= {name: Named(gone[name]) if name in gone else Named(None, why_nobody=UNKNOWN) for name in missing}
    return chosen


def _asked(imp: s.Import, query: Callable[[bool], Any], names: Collection[str]) -> Sequence[Any]:
    """What a statement finds. Many names are one value of it: one for each would cost more than finding them."""
    is_sqlite, given = imp.connection.dialect.name == "sqlite", list(names)
    values = {"directory": imp.directory, "names": json.dumps(given) if is_sqlite else given}
    return imp.connection.execute(query(is_sqlite), values).all()


def _is_asked(column: ColumnElement[str], is_sqlite: bool) -> ColumnElement[bool]:
    if is_sqlite:
        return column.in_(select(func.json_each(bindparam("names", type_=String)).table_valued("value").c.value))
    return column == func.any(bindparam("names", type_=ARRAY(String)))


def _choose_among(imp: s.Import, rows: Sequence[Any]) -> dict[str, Named]:
    """Whom those names mean that were found several times."""
    found: dict[str, dict[UUID, tuple[int, str]]] = {}
    for name, customer_id, country, directory in rows:
        rank = 0 if directory == imp.directory else 1
        found.setdefault(name, {}).setdefault(customer_id, (rank, country or ""))
    several = {name: ids for name, ids in found.items() if len(ids) > 1}
    survivors = _survivors(imp, {one for ids in several.values() for one in ids})
    return {name: _choose(ids, survivors) for name, ids in several.items()}


def _survivors(imp: s.Import, ids: Collection[UUID]) -> dict[UUID, UUID]:
    """Whom those were merged into who were."""
    m = t.customer_merge.c
    query = select(m.customer_id, m.survivor_id).where(m.customer_id.in_(ids), m.recorded_to == OPEN_END)
    return dict(imp.connection.execute(query).all()) if ids else {}


def _choose(found: dict[UUID, tuple[int, str]], survivors: Mapping[UUID, UUID]) -> Named:
    nearest = min(rank for rank, _ in found.values())
    chosen = {one: country for one, (rank, country) in found.items() if rank == nearest}
    if len({survivors.get(one, one) for one in chosen}) > 1:
        return Named(None, why_nobody=AMBIGUOUS)
    # Of several that are one customer by a merge, the survivor.
    best = next((one for one in chosen if one not in survivors), min(chosen))
    return Named(best, chosen[best])


@lru_cache
def _brought(is_sqlite: bool) -> Select[str, UUID, str, str]:
    """Names that the customers file of this import states."""
    return (
        select(s.alias.c.alias, s.alias.c.customer_id, s.customer.c.country, bindparam("directory", type_=String))
        .join_from(s.alias, s.customer, s.customer.c.line == s.alias.c.line)
        .where(_is_asked(s.alias.c.alias, is_sqlite))
    )


@lru_cache
def _recorded(is_sqlite: bool) -> Select[str, UUID, str, str]:
    """Names in the ledger, without those that this import replaces."""
    a, f = t.customer_alias, t.customer_fact
    return (
        select(a.c.alias, a.c.customer_id, f.c.country, t.customer.c.directory)
        .join_from(a, t.customer, t.customer.c.customer_id == a.c.customer_id)
        .outerjoin(f, and_(f.c.customer_id == a.c.customer_id, is_current(f)))
        .outerjoin(s.customer, s.customer.c.customer_id == a.c.customer_id)
        .where(
            _is_asked(a.c.alias, is_sqlite),
            a.c.recorded_to == OPEN_END,
            or_(s.customer.c.line.is_(None), a.c.source != FROM_DIRECTORY),
        )
    )


@lru_cache
def _gone(is_sqlite: bool) -> Select[str, UUID]:
    c = t.customer.c
    return select(c.key, c.customer_id).where(
        c.directory == bindparam("directory", type_=String), _is_asked(c.key, is_sqlite)
    )
