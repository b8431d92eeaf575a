"""Aliases that our people gave a customer or took away; what a directory states of the same name no longer counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, insert, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.types import OPEN_END

if TYPE_CHECKING:
    from collections.abc import Collection
    from uuid import UUID

    from sqlalchemy import Connection

    from releasewatch.storage.when import When

FROM_DIRECTORY = "directory"
"""The source of an alias that a directory states."""
FROM_PERSON = "person"
"""The source of an alias that one of our people gave."""
ADDED, REMOVED = "added", "removed"


@dataclass(frozen=True, slots=True)
class AliasLine:
    """A name that a customer answers to. `of`: the key of whom it belongs to, themselves or one merged into them.

    `source`: directory or person; `why` and `recorded_by` are the person's.
    """

    alias: str
    of: str
    source: str
    recorded_from: datetime
    why: str = ""
    recorded_by: str = ""


def aliases_of(connection: Connection, members: Collection[UUID], when: When) -> list[AliasLine]:
    """Every name that a customer answers to, those of the merged ones too; the keys among them, ordered by name."""
    a, c, w = t.customer_alias.c, t.customer.c, t.alias_statement.c
    said = and_(w.customer_id == a.customer_id, w.alias == a.alias, w.word == ADDED, when.recorded(t.alias_statement))
    query = (
        select(a.alias, c.key, a.source, a.recorded_from, w.why, w.recorded_by)
        .join_from(t.customer_alias, t.customer, c.customer_id == a.customer_id)
        .outerjoin(t.alias_statement, said)
        .where(a.customer_id.in_(members), when.recorded(t.customer_alias))
        .order_by(a.alias, c.key)
    )
    return [AliasLine(*row[:4], row.why or "", row.recorded_by or "") for row in connection.execute(query)]


def owners_of(connection: Connection, names: Collection[str]) -> dict[str, list[UUID]]:
    """Who answers to each name now, by alias or key; those too who have left the directory, by their key."""
    a, c = t.customer_alias.c, t.customer.c
    found: dict[str, list[UUID]] = {}
    current = select(a.alias, a.customer_id).where(a.alias.in_(names), a.recorded_to == OPEN_END)
    keys = select(c.key, c.customer_id).where(c.key.in_(names))
    for name, customer_id in (*connection.execute(current), *connection.execute(keys)):
        found.setdefault(name, []).append(customer_id)
    return found


def add_alias(connection: Connection, customer_id: UUID, alias: str, why: str, by: str, at: datetime) -> bool:
    """Record that a person gave a customer an alias; False when one did already."""
    a = t.customer_alias.c
    held = connection.execute(
        select(a.source).where(a.customer_id == customer_id, a.alias == alias, a.recorded_to == OPEN_END)
    ).scalar()
    if held == FROM_PERSON:
        return False
    _close(connection, t.customer_alias, customer_id, alias, at)
    connection.execute(
        insert(t.customer_alias).values(
            alias=alias, customer_id=customer_id, recorded_from=at, recorded_to=OPEN_END, source=FROM_PERSON
        )
    )
    _state(connection, customer_id, alias, ADDED, why, by, at)
    return True


def remove_alias(connection: Connection, customer_id: UUID, alias: str, why: str, by: str, at: datetime) -> bool:
    """Record that a person took an alias away, for good; False when the customer does not answer to it."""
    if not _close(connection, t.customer_alias, customer_id, alias, at):
        return False
    _state(connection, customer_id, alias, REMOVED, why, by, at)
    return True


def _state(connection: Connection, customer_id: UUID, alias: str, word: str, why: str, by: str, at: datetime) -> None:
    _close(connection, t.alias_statement, customer_id, alias, at)
    connection.execute(
        insert(t.alias_statement).values(
            customer_id=customer_id,
            alias=alias,
            recorded_from=at,
            recorded_to=OPEN_END,
            word=word,
            why=why,
            recorded_by=by,
        )
    )


def _close(connection: Connection, table: object, customer_id: UUID, alias: str, at: datetime) -> bool:
    whose = t.customer_alias if table is t.customer_alias else t.alias_statement
    current = and_(whose.c.customer_id == customer_id, whose.c.alias == alias, whose.c.recorded_to == OPEN_END)
    return connection.execute(update(whose).where(current).values(recorded_to=at)).rowcount > 0
