"""Migrations make what the tables say, on both databases, whole or not at all."""

from __future__ import annotations

import importlib
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy import inspect, text

from releasewatch.errors import LedgerUnavailableError, LedgerVersionError
from releasewatch.secret import Secret
from releasewatch.storage import migrate
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.tables import metadata
from tests.support.ledgers import add_repo, new_ledger, repos, url_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

NEXT = """
import os
import signal

from alembic import op

revision = "{next}"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade():
    op.execute("CREATE TABLE half_made (number INTEGER)")
    op.execute("DELETE FROM repo")
    {end}
"""

BEFORE = migrate.HEAD
AFTER = f"{int(BEFORE) + 1:04}"
"""The revision that a test adds."""

BROKEN_OFF = {
    "an error": "raise ZeroDivisionError",
    "a statement that fails": "op.execute('INSERT INTO nowhere VALUES (1)')",
}

UPGRADE = """
import sys
from pathlib import Path
from releasewatch.secret import Secret
from releasewatch.storage import migrate
from releasewatch.storage.ledger import Ledger

migrate.MIGRATIONS, migrate.HEAD = Path(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
sys.stdin.read()
print(migrate.upgrade(Ledger(Secret(sys.argv[1]))))
"""
"""Upgrades a ledger once its stdin ends."""


@pytest.fixture
def add_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Give the program another migration, whose last words are given; returns the folder of its migrations."""

    def add(end: str) -> Path:
        folder = tmp_path / "migrations"
        shutil.copytree(migrate.MIGRATIONS, folder)
        (folder / "versions" / f"{AFTER}_next.py").write_text(NEXT.format(end=end, next=AFTER, head=BEFORE))
        monkeypatch.setattr(migrate, "MIGRATIONS", folder)
        monkeypatch.setattr(migrate, "HEAD", AFTER)
        return folder

    return add


def tables_of(url: str) -> set[str]:
    with Ledger(Secret(url)).connect() as connection:
        return set(inspect(connection).get_table_names())


def revisions() -> list[str]:
    return sorted(path.name[:4] for path in (migrate.MIGRATIONS / "versions").glob("[0-9]*.py"))


def test_the_newest_file_is_the_schema_of_the_program() -> None:
    numbers = revisions()
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    assert numbers[-1] == migrate.HEAD
    before = None
    for path in sorted((migrate.MIGRATIONS / "versions").glob("[0-9]*.py")):
        module = importlib.import_module(f"releasewatch.storage.migrations.versions.{path.stem}")
        assert (module.revision, module.down_revision) == (path.name[:4], before)
        before = module.revision


def test_an_upgrade_says_what_was_and_is_and_can_be_repeated(ledger_url: str) -> None:
    ledger = Ledger(Secret(ledger_url))
    assert migrate.current(ledger) is None
    assert migrate.upgrade(ledger) == (None, migrate.HEAD)
    assert migrate.upgrade(ledger) == (migrate.HEAD, migrate.HEAD)
    assert migrate.current(ledger) == migrate.HEAD


def test_asking_for_the_schema_makes_no_file(tmp_path: Path) -> None:
    assert migrate.current(Ledger(url_of(tmp_path / "deep" / "ledger.db"))) is None
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_found_in_a_new_ledger(ledger_url: str) -> None:
    assert migrate.check(new_ledger(ledger_url)) == []


# The same by migrations and by the tables


def shape_on_sqlite(connection: Connection) -> set[tuple[object, ...]]:
    """Every column, key and index, with all that SQLite can tell of it."""
    found: set[tuple[object, ...]] = set()
    names = connection.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'table'")).all()
    for name in names:
        if name == migrate.VERSION_TABLE or name.startswith("sqlite_"):
            continue
        found |= {(name, *row) for row in connection.exec_driver_sql(f"PRAGMA table_xinfo({name})")}
        # Keys, their names, WITHOUT ROWID: a line each; a column that was added later ends the line of another one.
        # Their order means nothing.
        definition = connection.scalar(text("SELECT sql FROM sqlite_schema WHERE name = :name"), {"name": name})
        lines = re.split(r"\n|,(?![^()]*\))", str(definition))
        found |= {(name, line.strip()) for line in lines if line.strip()}
    indexes = text("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    return found | {tuple(row) for row in connection.execute(indexes)}


def shape_on_postgresql(connection: Connection) -> set[tuple[object, ...]]:
    """Every column with type and collation, every constraint and every index, as PostgreSQL would write them."""
    columns = """
        SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
            coalesce(l.collname::text, ''), coalesce(pg_get_expr(d.adbin, d.adrelid), '')
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r'
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0"""
    constraints = """
        SELECT c.relname::text, n.conname::text, pg_get_constraintdef(n.oid)
        FROM pg_constraint n JOIN pg_class c ON c.oid = n.conrelid
        WHERE c.relnamespace = 'public'::regnamespace"""
    indexes = "SELECT tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    statements = (columns, constraints, indexes)
    rows = (tuple(row) for statement in statements for row in connection.execute(text(statement)))
    return {row for row in rows if row[0] != migrate.VERSION_TABLE}


def test_migrations_make_what_the_tables_say_on_sqlite(tmp_path: Path) -> None:
    made, said = new_ledger(f"sqlite:///{tmp_path}/made.db"), Ledger(url_of(tmp_path / "said.db"))
    assert migrate.differences(made) == []
    with said.write() as connection:
        metadata.create_all(connection)
        wanted = shape_on_sqlite(connection)
    with made.read() as connection:
        assert shape_on_sqlite(connection) == wanted


def test_migrations_make_what_the_tables_say_on_postgresql(postgres_url: str) -> None:
    made = new_ledger(postgres_url)
    assert migrate.differences(made) == []
    with made.write() as connection:
        found = shape_on_postgresql(connection)
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
        metadata.create_all(connection)
        wanted = shape_on_postgresql(connection)
    assert found == wanted


def test_nothing_is_done_by_triggers(ledger_url: str) -> None:
    ledger = new_ledger(ledger_url)
    with ledger.read() as connection:
        on_sqlite = "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        on_server = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        assert connection.execute(text(on_sqlite if ledger.is_sqlite else on_server)).all() == []


# Broken off in the middle


@pytest.mark.parametrize("end", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_a_first_upgrade_that_breaks_off_leaves_nothing(
    ledger_url: str, add_next: Callable[[str], Path], end: str
) -> None:
    add_next(end)
    with pytest.raises(Exception, match=r"no such table|does not exist|^$"):
        migrate.upgrade(Ledger(Secret(ledger_url)))
    assert tables_of(ledger_url) == set()


@pytest.mark.parametrize("end", BROKEN_OFF.values(), ids=BROKEN_OFF.keys())
def test_an_upgrade_that_breaks_off_leaves_the_ledger_as_it_was(
    ledger_url: str, add_next: Callable[[str], Path], end: str
) -> None:
    ledger = new_ledger(ledger_url)
    add_repo(ledger, "shop")
    before = tables_of(ledger_url)
    add_next(end)
    with pytest.raises(Exception, match=r"no such table|does not exist|^$"):
        migrate.upgrade(Ledger(Secret(ledger_url)))
    assert tables_of(ledger_url) == before
    assert repos(ledger) == ["shop"]
    assert migrate.current(ledger) == BEFORE


def test_an_upgrade_whose_process_is_killed_leaves_the_ledger_as_it_was(
    ledger_url: str, add_next: Callable[[str], Path]
) -> None:
    ledger = new_ledger(ledger_url)
    add_repo(ledger, "shop")
    before = tables_of(ledger_url)
    folder = add_next("os.kill(os.getpid(), signal.SIGKILL)")
    done = subprocess.run(
        [sys.executable, "-c", UPGRADE, ledger_url, str(folder), AFTER],
        input="",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    assert tables_of(ledger_url) == before
    assert repos(ledger) == ["shop"]
    assert migrate.current(ledger) == BEFORE


def test_an_upgrade_that_would_leave_dangling_rows_is_taken_back(
    tmp_path: Path, add_next: Callable[[str], Path]
) -> None:
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    with ledger.write() as connection:
        connection.execute(text("INSERT INTO repo (repo_id, key) VALUES (1, 'shop')"))
        connection.execute(text("INSERT INTO component (repo_id, key, full_key) VALUES (1, 'cart', 'shop/cart')"))
    add_next("pass")  # it deletes the repo
    with pytest.raises(LedgerUnavailableError, match="would leave rows of component that point to nothing") as error:
        migrate.upgrade(Ledger(url_of(tmp_path / "ledger.db")))
    assert "Nothing was changed" in error.value.message
    assert repos(ledger) == ["shop"]
    assert migrate.current(ledger) == BEFORE


def test_an_upgrade_keeps_what_is_in_the_ledger(ledger_url: str, add_next: Callable[[str], Path]) -> None:
    ledger = new_ledger(ledger_url)
    add_repo(ledger, "shop")
    folder = add_next("pass")
    with (folder / "versions" / f"{AFTER}_next.py").open("a") as file:
        file.write("    op.execute(\"INSERT INTO repo (key) VALUES ('new')\")\n")
    assert migrate.upgrade(Ledger(Secret(ledger_url))) == (BEFORE, AFTER)
    assert repos(ledger) == ["new"]
    assert "half_made" in tables_of(ledger_url)


# Several at once


def test_several_upgrades_at_once_are_one(ledger_url: str) -> None:
    words = [sys.executable, "-c", UPGRADE, ledger_url, str(migrate.MIGRATIONS), migrate.HEAD]
    started = [
        subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
    said = [process.communicate() for process in started]
    assert [(process.returncode, err) for process, (_, err) in zip(started, said, strict=True)] == [(0, "")] * 3
    made = f"(None, '{migrate.HEAD}')\n"
    found = f"('{migrate.HEAD}', '{migrate.HEAD}')\n"
    assert sorted(out for out, _ in said) == sorted([found, found, made])
    assert migrate.check(Ledger(Secret(ledger_url))) == []


# What `db check` finds


def texts(ledger: Ledger, check: str) -> list[str]:
    return [found.text for found in migrate.check(ledger) if found.check == check]


def test_a_table_too_many_and_an_index_too_few_are_found(ledger_url: str) -> None:
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        connection.execute(text("CREATE TABLE scratch (number INTEGER)"))
        connection.execute(text("DROP INDEX ix_customer_key"))
        connection.execute(text("ALTER TABLE repo ADD COLUMN colour VARCHAR"))
    found = texts(ledger, "schema")
    assert len(found) == 3
    for word in ("remove_table scratch", "add_index ix_customer_key", "colour"):
        assert any(word in line for line in found), (word, found)


def test_rows_that_point_to_nothing_are_found(tmp_path: Path) -> None:
    ledger = new_ledger(f"sqlite:///{tmp_path}/ledger.db")
    by_hand = sqlite3.connect(tmp_path / "ledger.db")
    with by_hand:
        by_hand.execute("INSERT INTO component (repo_id, key, full_key) VALUES (7, 'canary', 'shop/canary')")
    by_hand.close()
    found = migrate.check(ledger)
    assert found == [migrate.Finding("foreign_keys", "rows of component that point to nothing in repo: 1")]


def test_a_constraint_that_was_never_validated_is_found(postgres_url: str) -> None:
    ledger = new_ledger(postgres_url)
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as connection:
        connection.execute("ALTER TABLE component DROP CONSTRAINT fk_component_repo_id")
        connection.execute(
            "ALTER TABLE component ADD CONSTRAINT fk_component_repo_id FOREIGN KEY (repo_id) REFERENCES repo NOT VALID"
        )
    assert texts(ledger, "foreign_keys") == ["the constraint fk_component_repo_id was never validated"]


def test_damage_is_found(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = new_ledger(f"sqlite:///{path}")
    add_repo(ledger, "canary-of-the-shop")
    content = path.read_bytes()
    assert content.count(b"canary-of-the-shop") == 2, "once in the table, once in the index"
    path.write_bytes(content.replace(b"canary-of-the-shop", b"another-of-the-sho", 1))
    found = texts(ledger, "integrity")
    assert any("missing from index uq_repo_key" in line or "sqlite_autoindex_repo_1" in line for line in found), found
    assert not any("canary" in line or "another" in line for line in found)


@pytest.mark.parametrize("said", ["0005", "0013", "0000", "no-such", None])
def test_a_schema_that_was_set_back_is_one_clear_sentence(ledger_url: str, said: str | None) -> None:
    if said in ("0013", "no-such") and not ledger_url.startswith("sqlite"):
        pytest.skip("what is said of it does not depend on the database")
    ledger = new_ledger(ledger_url)
    add_repo(ledger, "shop")
    with ledger.write() as connection:
        connection.execute(text("DELETE FROM releasewatch_schema"))
        if said is not None:
            connection.execute(text("INSERT INTO releasewatch_schema VALUES (:said)"), {"said": said})
    with pytest.raises(LedgerVersionError) as refused:
        migrate.upgrade(Ledger(Secret(ledger_url)))
    known = "is at schema no-such, newer" if said == "no-such" else f"says schema {said}" if said else "names no schema"
    assert known in refused.value.message
    assert refused.value.hint
    assert repos(ledger) == ["shop"]
    ledger.close()
