"""Where many rows are loaded, database and Python are set for it, and are as they were afterwards."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from sqlalchemy import JSON, Boolean, Column, Connection, Integer, MetaData, String, Table, select, text

from releasewatch.storage.imports import staging as s
from releasewatch.storage.imports.entitlement_rows import stage_entitlements
from releasewatch.storage.imports.subjects import Subjects
from releasewatch.storage.loading import Loader, many_rows
from releasewatch.storage.types import Instant
from releasewatch.usecases.customer_import import open_directory
from tests.support.directories import START, Desk
from tests.support.ledgers import new_ledger


def _settings(connection: Connection) -> tuple[object, ...]:
    """What is set for many rows, where the database can say."""
    asked = ["PRAGMA temp.cache_size"] if connection.dialect.name == "sqlite" else ["SHOW work_mem", "SHOW jit"]
    return (*(connection.execute(text(one)).scalar_one() for one in asked), gc.get_threshold(), gc.get_freeze_count())


def test_what_suits_many_rows_ends_with_them(ledger_url: str) -> None:
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        before = _settings(connection)
    seen: list[tuple[object, ...]] = []

    def break_off() -> None:
        with ledger.write() as connection, many_rows(connection):
            seen.append(_settings(connection))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_off()
    assert seen[0][:-2] == ((-16384,) if ledger.is_sqlite else ("64MB", "off"))
    assert seen[0][-2] != before[-2]
    with ledger.write() as connection:
        assert _settings(connection) == before
    ledger.close()


def test_what_is_loaded_is_read_as_it_was(ledger_url: str) -> None:
    """What COPY would read as something else, what is missing, and lists, the empty one among them."""
    table = Table(
        "anything",
        MetaData(),
        Column("number", Integer, nullable=True),
        Column("word", String, nullable=True),
        Column("is_so", Boolean, nullable=False),
        Column("at", Instant, nullable=True),
        Column("list", JSON, nullable=False),
    )
    rows: list[tuple[object, ...]] = [
        (1, "plain", True, START, ()),
        (2, None, False, None, ("a\tb", "\\N")),
        (None, "\\N", True, START, ("é",)),
        (4, "a\tb\nc\\d\r", False, START, ()),
        (5, "", True, START, ([1], {"a": None})),
    ]
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        table.create(connection)
        loader = Loader(connection, table, [column.name for column in table.columns])
        loader.add(rows[:1])
        loader.add([])
        loader.add(rows[1:])
        found = connection.execute(select(table)).all()
        assert [tuple(row) for row in found] == [(*row[:4], list(row[4])) for row in rows]
        connection.rollback()
    ledger.close()


@pytest.mark.parametrize("many", [1, 24, 25, 26, 60])
def test_rows_are_loaded_in_order_however_many_there_are(ledger_url: str, many: int) -> None:
    table = Table("several", MetaData(), Column("number", Integer, nullable=False), Column("word", String))
    rows = [(number, f"word {number}") for number in range(many)]
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        table.create(connection)
        Loader(connection, table, ["number", "word"]).add(rows)
        assert [tuple(row) for row in connection.execute(select(table))] == rows
        connection.rollback()
    ledger.close()


def test_postgresql_has_no_index_of_what_it_only_sorts(ledger_url: str, tmp_path: Path) -> None:
    """The first file of a directory has nothing to be compared with; the second one is looked up cell by cell."""
    ledger = new_ledger(ledger_url)
    desk = Desk(ledger, tmp_path)
    desk.take(customers="key,name\nA,Ann\n")
    found = []
    for _ in range(2):
        file = open_directory({"entitlements": _written(tmp_path)}).entitlements
        assert file is not None
        with ledger.write() as connection:
            s.create_staging(connection)
            imp = s.Import(connection, "crm", "snapshot", START)
            stage_entitlements(imp, file.blocks(), Subjects(frozenset(), {}, frozenset()), START)
            kept = "sqlite_temp_master" if ledger.is_sqlite else "(SELECT indexname AS name FROM pg_indexes) AS indexes"
            asked = text(f"SELECT count(*) FROM {kept} WHERE name = 'ix_staged_entitlement_cell'")
            found.append(bool(connection.execute(asked).scalar_one()))
            connection.rollback()
        desk.take(customers="key,name\nA,Ann\n", entitlements=_written(tmp_path).read_text(encoding="utf-8"))
    assert found == [ledger.is_sqlite, True]
    ledger.close()


def _written(folder: Path) -> Path:
    path = folder / "stated.csv"
    path.write_text("customer,component\nA,web\n", encoding="utf-8")
    return path


def test_a_first_import_leaves_indexes_as_they_were(ledger_url: str, tmp_path: Path) -> None:
    """Some are of those rows alone for which they are asked; without that they would hold all of them."""
    ledger = new_ledger(ledger_url)
    kept = "name, sql FROM sqlite_master" if ledger.is_sqlite else "indexname, indexdef FROM pg_indexes"
    found = []
    for _ in range(2):
        with ledger.read() as connection:
            found.append(connection.execute(text(f"SELECT {kept} ORDER BY 1")).all())
        Desk(ledger, tmp_path).take(
            customers="key,name\nA,Ann\n",
            contacts="customer,name\nA,Bo\n",
            entitlements="customer,component\nA,web\n",
        )
    assert found[0] == found[1]
    ledger.close()


def test_cells_that_are_stated_again_and_again_are_one(ledger_url: str, tmp_path: Path) -> None:
    """More of them than are staged at once, and in no order."""
    ledger = new_ledger(ledger_url)
    desk = Desk(ledger, tmp_path)
    many = s.BATCH + 200
    rows = "".join(f"A,c{n * 7 % 600}\n" for n in range(many))
    outcome = desk.take(customers="key,name\nA,Ann\n", entitlements=f"customer,component\n{rows}")["entitlements"]
    assert (outcome.read, outcome.added, outcome.repeated, outcome.rejected) == (many, 600, many - 600, 0)
    ledger.close()
