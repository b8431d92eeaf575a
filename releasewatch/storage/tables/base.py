"""The metadata that all tables share: names for every constraint, a placement and what it holds for every table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import MetaData

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.domain.grants import Holds

Placement = Literal["reference", "deployment", "release", "customer", "local"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def placed(placement: Placement, holds: Holds | None = None, *, words: Sequence[str] = ()) -> dict[str, Any]:
    """Where a table's rows live once the ledger is spread over machines, and what they hold, by which roles are given
    rights (a test refuses a table that does not say it).

    `words`: the columns that say who of our people said it, and why; a role that may not read them has the others.
    """
    return {"placement": placement, "holds": holds, "words": tuple(words)}


def built_with(**options: object) -> dict[str, Any]:
    """Options of one database's DDL (`postgresql_using`), kept aside until somebody asks for the whole schema.

    Given to SQLAlchemy at once, each would load its dialect to be checked, with all its drivers: 45 ms of each command
    for PostgreSQL's, on SQLite too. Only DDL reads them, and that is written by migrations.
    """
    return {_OPTIONS: options}


def complete() -> MetaData:
    """The metadata, every option in its place; every table has to be made before."""
    for table in metadata.tables.values():
        items: list[Any] = [table, *table.indexes, *table.constraints]
        for item in items:
            item.dialect_kwargs.update(item.info.get(_OPTIONS, {}))
    return metadata


_OPTIONS = "options"
