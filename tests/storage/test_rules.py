"""The rules of storage that keep the ledger able to grow (ARCHITECTURE, "Storage"), read off the tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from sqlalchemy import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    insert,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from releasewatch.storage.tables import metadata
from releasewatch.storage.types import OPEN_END, Instant, Uuid16
from tests.support.ledgers import new_ledger

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Column

PLACEMENTS = {"reference", "deployment", "release", "customer", "local"}

TABLES = sorted(metadata.tables.values(), key=lambda table: table.name)

ENTITLEMENT_KEY = (
    "subject",
    "customer_id",
    "environment",
    "region",
    "ring",
    "version",
    "valid_from",
    "recorded_from",
)

PERSONAL = {
    "attempt_text": {"note", "quote", "promise", "ask_engineering"},
    "change_author": {"name", "email"},
    "contact_detail": {"name", "phone", "phone_e164", "phone_state", "email"},
    "customer_contract": {"contract_value", "currency", "renewal_on", "attributes"},
    "customer_report_text": {"note", "quote"},
    "deployment_person": {"actor"},
    "forge_person": {"author"},
    "impact_note": {"note"},
    "release_author": {"name", "email"},
    "staff_person": {"name", "email"},
}
"""The tables that hold what can be said of a person, or what a contract is worth, and in which columns."""

STATEMENTS_OF_STAFF = {
    "pruning": {"recorded_by"},
    "acceptance": {"why", "recorded_by"},
    "alias_statement": {"why", "recorded_by"},
    "attempt": {"recorded_by"},
    "call": {"why_closed"},
    "call_approval": {"why", "recorded_by"},
    "call_item": {"why_withdrawn"},
    "call_mail": {"why_again", "recorded_by"},
    "call_move": {"why", "recorded_by"},
    "call_sending": {"recorded_by"},
    "change_edit": {"why", "recorded_by"},
    "coming": {"why_ended"},
    "customer_merge": {"why", "recorded_by", "why_undone"},
    "customer_report": {"recorded_by"},
    "deployment_undo": {"why", "recorded_by"},
    "gate_approval": {"why", "recorded_by"},
    "impact": {"why", "recorded_by"},
    "fix": {"why", "recorded_by"},
    "incident_link": {"why", "recorded_by"},
    "incident_statement": {"why", "recorded_by"},
    "mark": {"why", "recorded_by", "why_cleared"},
    "outbox": {"why", "recorded_by"},
    "promise_word": {"why", "recorded_by"},
    "settings": {"why", "recorded_by"},
    "staff_leave": {"why", "recorded_by"},
    "suppression": {"why", "recorded_by", "why_readmitted"},
}
"""Who of our people said something, and why in their words: it belongs to the row that it is about."""

ORGANISATIONS = {"customer_fact": {"name"}}
"""A customer is an organisation; its name is shown to those who may see names."""

NOT_PERSONAL = {
    "attempt_text": {"note", "quote", "promise"},
    "counter": {"name"},
    "deployment": {"why_incomplete"},
    "release": {"name"},
    "release_range": {"why_incomplete"},
}
"""Columns that only look like it: the name of a counter or a release, and what git said."""

PERSONAL_WORDS = (
    "name",
    "email",
    "phone",
    "mobile",
    "address",
    "actor",
    "author",
    "contract",
    "renewal",
    "attributes",
    "note",
    "comment",
    "why",
    "recorded_by",
)


def placement(table: Table[Any]) -> str:
    return str(table.info["placement"])


def placed(where: str) -> list[Table[Any]]:
    return [table for table in TABLES if table.info.get("placement") == where]


def foreign_keys(table: Table[Any]) -> list[ForeignKeyConstraint]:
    return sorted(table.foreign_key_constraints, key=lambda key: str(key.name))


def names(columns: Any) -> set[str]:
    return {column.name for column in columns}


def unique_sets(table: Table[Any]) -> list[set[str]]:
    """The columns of the primary key, of each unique constraint and of each unique index."""
    constraints = (one for one in table.constraints if isinstance(one, PrimaryKeyConstraint | UniqueConstraint))
    return [names(one.columns) for one in (*constraints, *(index for index in table.indexes if index.unique))]


# 1: one placement


def test_there_are_tables_of_the_placements_that_this_version_uses() -> None:
    assert {placement(table) for table in TABLES} >= {"reference", "deployment", "customer"}


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_every_table_has_one_placement(table: Table[Any]) -> None:
    assert table.info["placement"] in PLACEMENTS


# 1 and 2: distributed tables


@pytest.mark.parametrize("table", placed("customer"), ids=str)
def test_a_customer_table_is_told_apart_by_its_customer(table: Table[Any]) -> None:
    for columns in unique_sets(table):
        assert "customer_id" in columns, columns
    assert isinstance(table.c.customer_id.type, Uuid16)
    assert not table.c.customer_id.nullable


@pytest.mark.parametrize("table", placed("deployment"), ids=str)
def test_a_deployment_table_is_told_apart_by_its_deployment(table: Table[Any]) -> None:
    for columns in unique_sets(table):
        assert "deployment_id" in columns, columns
    assert not table.c.deployment_id.nullable


@pytest.mark.parametrize("table", placed("release"), ids=str)
def test_a_release_table_is_told_apart_by_its_release(table: Table[Any]) -> None:
    for columns in unique_sets(table):
        assert "release_id" in columns, columns
    assert not table.c.release_id.nullable


KEYS = [(table, key) for table in TABLES for key in foreign_keys(table)]


@pytest.mark.parametrize(("table", "key"), KEYS, ids=[str(key.name) for _, key in KEYS])
def test_a_foreign_key_stays_on_its_machine(table: Table[Any], key: ForeignKeyConstraint) -> None:
    here, there = placement(table), placement(key.referred_table)
    assert here != "local", "a queue's rows outlive what they speak of"
    if there == "reference":
        return  # a copy is everywhere
    assert here == there, f"{here} to {there}"
    by = f"{there}_id"
    pairs = {element.parent.name: element.column.name for element in key.elements}
    assert pairs.get(by) == by, pairs


@pytest.mark.parametrize(("table", "key"), KEYS, ids=[str(key.name) for _, key in KEYS])
def test_no_foreign_key_sets_a_distribution_column(table: Table[Any], key: ForeignKeyConstraint) -> None:
    carried = names(key.columns) & {"customer_id", "deployment_id"}
    if placement(table) in ("customer", "deployment") and carried:
        assert (key.ondelete or "").upper() not in ("SET NULL", "SET DEFAULT")
        assert key.onupdate is None


# 3: customer_id


def test_a_customer_id_takes_16_bytes_on_both_databases(ledger_url: str) -> None:
    ledger = new_ledger(ledger_url)
    number = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
    row = {"customer_id": number, "directory": "crm", "key": "acme", "recorded_at": OPEN_END}
    with ledger.write() as connection:
        connection.execute(insert(metadata.tables["customer"]).values(**row))
        length = "length(customer_id)" if ledger.is_sqlite else "pg_column_size(customer_id)"
        kind = "typeof(customer_id)" if ledger.is_sqlite else "pg_typeof(customer_id)::text"
        found = connection.execute(text(f"SELECT {kind}, {length}, customer_id FROM customer")).one()
    assert found[:2] == (("blob", 16) if ledger.is_sqlite else ("uuid", 16))
    assert found[2] == (number.bytes if ledger.is_sqlite else number)


# 5: names


def constraints() -> list[tuple[Table[Any], Constraint]]:
    return [(table, one) for table in TABLES for one in table.constraints if not _is_type_bound(one)]


def _is_type_bound(constraint: Constraint) -> bool:
    return isinstance(constraint, CheckConstraint) and bool(getattr(constraint, "_type_bound", False))


def test_every_constraint_and_index_is_named() -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        preparer = dialect.identifier_preparer
        for table, one in constraints():
            assert preparer.format_constraint(one), (table.name, one)
    indexes = [index for table in TABLES for index in table.indexes]
    assert len({index.name for index in indexes}) == len(indexes)


def test_every_name_is_short_enough_to_be_kept_whole() -> None:
    """PostgreSQL cuts names at 63 bytes; SQLAlchemy would then make one up that no migration can name."""
    made = [postgresql.dialect().identifier_preparer.format_constraint(one) for _, one in constraints()]
    made += [str(index.name) for table in TABLES for index in table.indexes]
    for name in (*made, *(table.name for table in TABLES)):
        assert name is not None
        assert len(name) <= 63, name
    assert len(set(made)) == len(made), "a constraint's name is used once"


# 7: entitlement


def test_the_entitlement_key_is_laid_out_for_the_join_of_exposure() -> None:
    table = metadata.tables["entitlement"]
    assert tuple(column.name for column in table.primary_key.columns) == ENTITLEMENT_KEY


def test_nothing_in_an_entitlement_key_or_interval_can_be_null(ledger_url: str) -> None:
    table = metadata.tables["entitlement"]
    columns = {*ENTITLEMENT_KEY, "valid_to", "recorded_to"}
    assert not any(table.c[name].nullable for name in columns)
    ledger = new_ledger(ledger_url)
    with ledger.read() as connection:
        if ledger.is_sqlite:
            rows = connection.exec_driver_sql("PRAGMA table_info(entitlement)").all()
            found = {row[1] for row in rows if row[3]}
        else:
            known = "SELECT column_name FROM information_schema.columns WHERE is_nullable = 'NO' AND table_name = "
            found = set(connection.scalars(text(known + "'entitlement'")))
    assert columns <= found


def test_entitlements_are_the_key_itself_on_sqlite(tmp_path: Path) -> None:
    with new_ledger(f"sqlite:///{tmp_path}/ledger.db").read() as connection:
        made = connection.scalar(text("SELECT sql FROM sqlite_schema WHERE name = 'entitlement'"))
    assert str(made).rstrip().endswith("WITHOUT ROWID")


def test_the_entitlement_key_covers_the_join_on_postgresql(postgres_url: str) -> None:
    with new_ledger(postgres_url).read() as connection:
        made = connection.scalar(text("SELECT indexdef FROM pg_indexes WHERE indexname = 'pk_entitlement'"))
    assert str(made).endswith(f"({', '.join(ENTITLEMENT_KEY)}) INCLUDE (valid_to, recorded_to)")


# 8: personal values


def personal_columns() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table in TABLES:
        for column in table.columns:
            words = column.name.split("_")
            if any(word in words or word == column.name for word in PERSONAL_WORDS):
                found.setdefault(table.name, set()).add(column.name)
    return found


def test_personal_values_and_contract_values_stand_in_tables_of_their_own() -> None:
    found = personal_columns()
    elsewhere = NOT_PERSONAL | STATEMENTS_OF_STAFF | ORGANISATIONS
    for table in metadata.tables:
        allowed = PERSONAL.get(table, set()) | elsewhere.get(table, set())
        assert found.get(table, set()) <= allowed, table


def test_the_tables_of_personal_values_hold_little_else() -> None:
    """So that they can be erased, and kept from a pipeline's role, without losing what else is known."""
    for name, columns in PERSONAL.items():
        table = metadata.tables[name]
        beside = names(table.columns) - columns - names(table.primary_key.columns)
        assert beside <= {"valid_to", "recorded_to"}, (name, beside)
        assert columns <= names(table.columns)


# 9: both databases order alike


def is_key(column: Column[Any]) -> bool:
    table = column.table
    indexed = any(column.name in names(index.columns) for index in table.indexes)
    return indexed or any(column.name in columns for columns in unique_sets(table))


LOOKED_UP = {"change.subject"}
"""Indexed and yet no key: it is compared for being the same, never ordered."""

TEXT_KEYS = [
    column
    for table in TABLES
    for column in table.columns
    if isinstance(column.type, String) and is_key(column) and str(column) not in LOOKED_UP
]


@pytest.mark.parametrize("column", TEXT_KEYS, ids=str)
def test_text_that_identifies_is_ordered_by_bytes(column: Column[Any]) -> None:
    made = str(CreateTable(column.table).compile(dialect=postgresql.dialect()))
    line = next(line for line in made.splitlines() if line.strip().startswith((f"{column.name} ", f'"{column.name}" ')))
    assert 'COLLATE "C"' in line, line


def test_both_databases_order_keys_alike(ledger_url: str) -> None:
    """As bytes: capitals before small letters, accents after both; a server's own language would mix them."""
    keys = ["a", "B", "Z", "a-b", "a_b", "ab", "é", "z", "Ä", "10", "9", "日本", "a/b", "A"]
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        connection.execute(insert(metadata.tables["repo"]), [{"key": key} for key in keys])
        found = connection.scalars(text("SELECT key FROM repo ORDER BY key")).all()
    assert list(found) == sorted(keys, key=str.encode)


# UTC


def test_every_instant_knows_that_it_is_of_utc() -> None:
    """A column that ends as instants do has the type that refuses a time without a zone."""
    for table in TABLES:
        for column in table.columns:
            if column.name.endswith(("_at", "_until", "valid_from", "valid_to", "recorded_from", "recorded_to")):
                assert isinstance(column.type, Instant), f"{table.name}.{column.name}"
