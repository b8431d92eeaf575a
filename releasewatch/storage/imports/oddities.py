"""What looks wrong among the customers of a file although every row can be read: parents, and keys that look alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select

from releasewatch.storage import tables as t
from releasewatch.storage.imports import staging as s
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Mapping


def find_oddities(imp: s.Import) -> dict[str, int]:
    """How many customers of the staged file are their own parent, have one that nobody is, or are in a circle of
    parents, and how many keys differ from another in upper and lower case alone; what there is none of is left out."""
    parents = {row.key: row.parent for row in imp.connection.execute(_with_parents())}
    found = {
        "own_parent": sum(key == parent for key, parent in parents.items()),
        "unknown_parent": s.count(imp, _unknown()),
        "parent_circle": _in_circles(parents),
        "alike_keys": s.count(imp, _alike()),
    }
    return {word: many for word, many in found.items() if many}


def _with_parents() -> Any:
    """Key and key of the parent, who may be named by an alias."""
    child, owner = s.customer.alias("child"), s.customer.alias("owner")
    return (
        select(child.c.key, func.coalesce(owner.c.key, child.c.parent).label("parent"))
        .select_from(
            child.outerjoin(s.alias, s.alias.c.alias == child.c.parent).outerjoin(
                owner, owner.c.customer_id == s.alias.c.customer_id
            )
        )
        .where(child.c.parent != "")
    )


def _unknown() -> Any:
    """Parents whom neither this file nor the ledger knows."""
    parent, known = s.customer.c.parent, t.customer_alias.c
    return (
        select(func.count())
        .select_from(s.customer)
        .where(
            parent != "",
            ~exists().where(s.alias.c.alias == parent),
            ~exists().where(known.alias == parent, known.recorded_to == OPEN_END),
            ~exists().where(t.customer.c.key == parent),
        )
    )


def _alike() -> Any:
    several = (
        select(func.count().label("many"))
        .select_from(s.customer)
        .group_by(func.lower(s.customer.c.key))
        .having(func.count() > 1)
        .subquery()
    )
    return select(func.coalesce(func.sum(several.c.many), 0))


def _in_circles(parents: Mapping[str, str]) -> int:
    """How many are reached again from themselves over two steps or more."""
    done: set[str] = set()
    circling = 0
    for start in parents:
        path: dict[str, int] = {}
        one = start
        while one in parents and one not in done and one not in path:
            path[one] = len(path)
            one = parents[one]
        if one in path and len(path) - path[one] > 1:
            circling += len(path) - path[one]
        done.update(path)
    return circling
