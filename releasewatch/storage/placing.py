"""Spreads the tables of a PostgreSQL ledger over machines with Citus, each where its label says.

The statements are those of Citus' documentation ("Citus Utility Functions", "Citus Tables and Views"). Citus refuses a
foreign key from a table that is not distributed to one that is, so that no order of placing fits tables that already
have their keys: the keys are dropped, the tables placed, the keys made again. Each step is a transaction of its own
(within one, Citus allows no key to a reference table after rows were copied in parallel), looks first whether it is
done, and can be repeated after a run that broke off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection, ForeignKeyConstraint, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import AddConstraint, DropConstraint

from releasewatch.errors import InvalidCallError
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.migrate import has_citus
from releasewatch.storage.tables import metadata

Kind = Literal["reference", "distributed", "local"]

HEADS = {"customer": "customer", "deployment": "change", "release": "release_commit"}
"""The table of each distributed placement that the others stand beside, row by row on the same machine."""

_KINDS: dict[str, Kind] = {"reference": "reference", "local": "local"}
_ORDER: tuple[Kind, ...] = ("reference", "distributed", "local")
_PREPARER = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]

Done = Literal["placed", "already placed"]
Standing = dict[str, tuple[Kind, str | None]]
"""Each table that Citus knows: as what, and distributed by which column."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a table belongs: `by` is the column that distributes it, `beside` the table it is colocated with."""

    table: str
    kind: Kind
    by: str | None = None
    beside: str | None = None

    @property
    def words(self) -> str:
        """For people."""
        return f"{self.kind} by {self.by}" if self.by else self.kind

    @property
    def statement(self) -> str:
        """The call of Citus' function."""
        table = _literal(_PREPARER.quote(self.table))
        if self.kind == "reference":
            return f"SELECT create_reference_table({table})"
        if self.kind == "local":
            return f"SELECT citus_add_local_table_to_metadata({table})"
        beside = _literal("none" if self.beside is None else _PREPARER.quote(self.beside))
        return f"SELECT create_distributed_table({table}, {_literal(str(self.by))}, colocate_with => {beside})"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done with one table."""

    place: Place
    done: Done


def places() -> list[Place]:
    """Where every table belongs, in the order of placing: reference tables, then distributed ones, each group's head
    first, then local ones.
    """
    found = [_place(table) for table in metadata.sorted_tables]
    return sorted(found, key=lambda place: (_ORDER.index(place.kind), place.by or "", place.beside is not None))


def statements() -> list[str]:
    """All that is run on a ledger of which nothing is placed yet, from the tables alone."""
    keys = list(_keys())
    return [*map(_drop, keys), *(place.statement for place in places()), *map(_add, keys)]


def place_tables(ledger: Ledger) -> tuple[list[Outcome], int]:
    """Place what is not placed yet; returns what was done with each table, and how many foreign keys were made anew.

    Raises InvalidCallError where there is no Citus, or a table was placed otherwise by hand (then nothing is changed).
    """
    with ledger.read() as connection:
        _check(connection, ledger)
    with ledger.connect() as connection:  # one for all steps: connecting anew takes longer than most of them
        with _step(ledger, connection):
            _drop_keys(connection)
        outcomes = [Outcome(place, _place_one(ledger, connection, place)) for place in places()]
        with connection.begin():
            there = _keys_there(connection)
        missing = [key for key in _keys() if _name(key) not in there]
        return outcomes, sum(_add_one(ledger, connection, key) for key in missing)


def _place(table: Table) -> Place:
    placement = str(table.info["placement"])
    if placement in _KINDS:
        return Place(table.name, _KINDS[placement])
    head = HEADS[placement]
    return Place(table.name, "distributed", f"{placement}_id", None if table.name == head else head)


def _check(connection: Connection, ledger: Ledger) -> None:
    if not has_citus(connection):
        raise InvalidCallError(
            f"The tables of {ledger.place} cannot be placed: the database has no extension citus.",
            "Install Citus on its servers and run CREATE EXTENSION citus; --dry-run prints the statements without it.",
        )
    standing = _standing(connection)
    for place in places():
        kind, by = standing.get(place.table, ("local", None))
        if kind != "local" and (kind, by) != (place.kind, place.by):
            raise InvalidCallError(
                f"The table {place.table} of {ledger.place} is placed otherwise: "
                f"{Place(place.table, kind, by).words}, not {place.words}.",
                f"Take it back with Citus' undistribute_table({_literal(place.table)}), and run this again.",
            )


def _standing(connection: Connection) -> Standing:
    """Read from `pg_dist_partition`, whose shape is documented: `citus_tables` omits local tables before Citus 11."""
    words = (
        "SELECT c.relname::text, p.partmethod::text, p.repmodel::text, "
        "column_to_column_name(p.logicalrelid, p.partkey::text)::text "
        "FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid WHERE pg_table_is_visible(c.oid)"
    )
    found: Standing = {}
    for name, method, model, column in connection.execute(text(words)):
        if method == "n":
            found[name] = ("reference" if model == "t" else "local", None)
        else:
            found[name] = ("distributed", column)
    return found


def _stands(place: Place, standing: Standing) -> bool:
    """Citus itself makes tables local ones that have a key to a reference table: those are still to be placed."""
    return standing.get(place.table) == (place.kind, place.by)


@contextmanager
def _step(ledger: Ledger, connection: Connection) -> Iterator[None]:
    """One transaction, with the lock of a migration: neither another run of this nor an upgrade comes in between."""
    with connection.begin():
        connection.execute(text("SET LOCAL lock_timeout = '60s'"))
        ledger.lock(connection, "releasewatch:migrate")
        yield


def _drop_keys(connection: Connection) -> None:
    """Drop the foreign keys of and to the tables that are to be placed."""
    standing, there = _standing(connection), _keys_there(connection)
    missing = {place.table for place in places() if not _stands(place, standing)}
    for key in _keys():
        if _name(key) in there and missing & {key.table.name, key.referred_table.name}:
            connection.execute(text(_drop(key)))


def _place_one(ledger: Ledger, connection: Connection, place: Place) -> Done:
    with _step(ledger, connection):
        if _stands(place, _standing(connection)):
            return "already placed"
        connection.execute(text(place.statement))
        return "placed"


def _add_one(ledger: Ledger, connection: Connection, key: ForeignKeyConstraint) -> int:
    with _step(ledger, connection):
        if _name(key) in _keys_there(connection):
            return 0  # another run was quicker
        connection.execute(text(_add(key)))
        return 1


def _keys() -> Iterator[ForeignKeyConstraint]:
    for table in metadata.sorted_tables:
        yield from sorted(table.foreign_key_constraints, key=lambda key: str(_PREPARER.format_constraint(key)))


def _name(key: ForeignKeyConstraint) -> tuple[str, str]:
    return str(key.table.name), str(_PREPARER.format_constraint(key))


def _keys_there(connection: Connection) -> set[tuple[str, str]]:
    words = (
        "SELECT c.relname::text, k.conname::text FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid "
        "WHERE k.contype = 'f' AND pg_table_is_visible(c.oid)"
    )
    return {(table, name) for table, name in connection.execute(text(words))}


def _drop(key: ForeignKeyConstraint) -> str:
    return _compiled(DropConstraint(key, if_exists=True))


def _add(key: ForeignKeyConstraint) -> str:
    return _compiled(AddConstraint(key, isolate_from_table=False))


def _compiled(statement: DropConstraint | AddConstraint) -> str:
    words = str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    return " ".join(words.split())


def _literal(words: str) -> str:
    return "'" + words.replace("'", "''") + "'"
