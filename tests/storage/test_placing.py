"""Placing tables with Citus: the statements, read off the tables, and their order and repetition on a stand-in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import Integer, Uuid, text
from sqlalchemy.engine import make_url

from releasewatch.errors import InvalidCallError
from releasewatch.secret import Secret
from releasewatch.storage import migrate, placing
from releasewatch.storage.migrate import open_ledger
from releasewatch.storage.placing import HEADS, place_tables, places, statements
from releasewatch.storage.tables import metadata
from tests.support.citus import pretend_citus
from tests.support.ledgers import add_repo, new_ledger, repos

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from releasewatch.storage.ledger import Ledger
    from tests.support.postgres import PostgresServer

KEYS = sum(len(table.foreign_key_constraints) for table in metadata.tables.values())


def test_every_table_is_placed_once_by_its_label() -> None:
    found = {place.table: place for place in places()}
    assert len(places()) == len(found) == len(metadata.tables)
    for name, table in metadata.tables.items():
        label = table.info["placement"]
        by = f"{label}_id" if label in HEADS else None
        assert (found[name].kind, found[name].by) == ("distributed" if by else label, by)


def test_what_others_stand_beside_is_placed_before_them() -> None:
    order = [place.table for place in places()]
    kinds = [place.kind for place in places()]
    assert kinds == sorted(kinds, key=["reference", "distributed", "local"].index)
    for place in places():
        assert place.beside is None or order.index(place.beside) < order.index(place.table)


def test_what_stands_together_is_distributed_by_one_type() -> None:
    for place in places():
        if place.beside is not None:
            here, there = (metadata.tables[name].c[place.by] for name in (place.table, place.beside))
            assert type(here.type) is type(there.type)
            assert isinstance(here.type, Integer | Uuid) or place.by == "customer_id"


def test_the_statements_are_those_of_the_documentation() -> None:
    found = statements()
    assert "SELECT create_reference_table('repo')" in found
    assert "SELECT create_distributed_table('customer', 'customer_id', colocate_with => 'none')" in found
    assert "SELECT create_distributed_table('entitlement', 'customer_id', colocate_with => 'customer')" in found
    assert "SELECT create_distributed_table('changed_path', 'deployment_id', colocate_with => 'change')" in found
    local = placing.Place("Out Box's", "local")
    assert local.statement == "SELECT citus_add_local_table_to_metadata('\"Out Box''s\"')"


def test_the_statements_run_as_printed(ledger: Ledger) -> None:
    with ledger.write() as connection:
        for statement in statements():
            connection.execute(text(statement))
    assert migrate.check(ledger) == []
    outcomes, added = place_tables(ledger)
    assert {one.done for one in outcomes} == {"already placed"}
    assert added == 0


def test_a_plain_server_is_refused_and_left_alone(postgres_url: str) -> None:
    ledger = new_ledger(postgres_url)
    with pytest.raises(InvalidCallError, match="the database has no extension citus"):
        place_tables(ledger)
    assert migrate.check(ledger) == []


@pytest.fixture(scope="module")
def unplaced(postgres_server: PostgresServer) -> Iterator[str]:
    """The name of a database with a ledger and one row, on a server that says it had Citus."""
    with postgres_server.empty_database() as url:
        pretend_citus(url)
        made = new_ledger(url)
        add_repo(made, "shop")
        made.close()
        yield str(make_url(url).database)


@pytest.fixture
def citus_url(postgres_server: PostgresServer, unplaced: str) -> Iterator[str]:
    """A copy of it, of this test alone."""
    with postgres_server.empty_database(unplaced) as url:
        yield url


@pytest.fixture
def ledger(citus_url: str) -> Ledger:
    """Its ledger."""
    return open_ledger(Secret(citus_url))


def standing(ledger: Ledger) -> dict[str, str]:
    with ledger.read() as connection:
        found = placing._standing(connection)
    return {name: f"{kind} {by}" for name, (kind, by) in found.items()}


def test_all_are_placed_and_nothing_else_has_changed(ledger: Ledger) -> None:
    outcomes, added = place_tables(ledger)
    assert {one.done for one in outcomes} == {"placed"}
    assert added == KEYS
    assert standing(ledger) == {place.table: f"{place.kind} {place.by}" for place in places()}
    assert migrate.check(ledger) == []
    assert repos(ledger) == ["shop"]


def test_what_is_placed_stays_and_what_a_migration_added_is_placed(ledger: Ledger) -> None:
    place_tables(ledger)
    with ledger.write() as connection:
        connection.execute(text("DELETE FROM pg_dist_partition WHERE logicalrelid = 'promise_word'::regclass"))
    outcomes, added = place_tables(ledger)
    assert [one.place.table for one in outcomes if one.done == "placed"] == ["promise_word"]
    assert added == len(metadata.tables["promise_word"].foreign_key_constraints)
    assert migrate.check(ledger) == []


def test_where_citus_is_migrations_leave_the_foreign_keys_to_placing(ledger: Ledger) -> None:
    """Citus would refuse the table of a migration that points to a table which is distributed."""
    assert "fk_call_customer_id" in str(migrate.check(ledger))
    with ledger.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM pg_constraint WHERE contype = 'f'")) == 0
    _, added = place_tables(ledger)
    assert added == KEYS


def test_a_ledger_older_than_its_citus_is_placed_as_well(ledger: Ledger) -> None:
    keys = [statement for statement in statements() if " ADD CONSTRAINT " in statement]
    with ledger.write() as connection:
        for statement in keys:
            connection.execute(text(statement))
    assert migrate.check(ledger) == []
    _, added = place_tables(ledger)
    assert added == KEYS == len(keys)
    assert migrate.check(ledger) == []


def test_a_run_that_broke_off_is_finished_by_the_next(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    placed = placing._place_one

    def break_off(of: Ledger, connection: Connection, place: placing.Place) -> placing.Done:
        if place.table == "call_item":
            raise ZeroDivisionError
        return placed(of, connection, place)

    with monkeypatch.context() as patch:
        patch.setattr(placing, "_place_one", break_off)
        with pytest.raises(ZeroDivisionError):
            place_tables(ledger)
    assert "fk_call_item_customer_id_call_id" in str(migrate.check(ledger))
    outcomes, added = place_tables(ledger)
    assert {one.done for one in outcomes} == {"placed", "already placed"}
    assert added == KEYS
    assert migrate.check(ledger) == []


def test_two_at_once_place_everything_once(ledger: Ledger, citus_url: str) -> None:
    done: list[tuple[list[placing.Outcome], int]] = []

    def run() -> None:
        done.append(place_tables(open_ledger(Secret(citus_url))))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.done == "placed" for outcomes, _ in done for one in outcomes) == len(metadata.tables)
    assert sum(added for _, added in done) == KEYS
    assert migrate.check(ledger) == []


def test_tables_that_citus_made_local_by_itself_are_placed(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(text("SELECT citus_add_local_table_to_metadata('impact')"))
    place_tables(ledger)
    assert standing(ledger)["impact"] == "distributed customer_id"


def test_a_table_placed_otherwise_by_hand_is_told_before_anything_is_done(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(text("INSERT INTO pg_dist_partition VALUES ('customer', 'n', NULL, 1, 't')"))
    with pytest.raises(InvalidCallError, match=r"customer of .* is placed otherwise: reference, not dist"):
        place_tables(ledger)
    assert standing(ledger) == {"customer": "reference None"}


def test_sqlite_knows_no_placement(tmp_path: Path) -> None:
    from releasewatch.config.ledger_address import file_address
    from releasewatch.usecases.placing import place_ledger

    with pytest.raises(InvalidCallError, match="stands on one machine"):
        place_ledger(file_address(tmp_path / "ledger.db", "flag"))
    assert list(tmp_path.iterdir()) == []
