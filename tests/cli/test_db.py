"""`db`: what is said of a ledger before and after, on both databases, with the status that a pipeline goes by."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.migrate import HEAD, VERSION_TABLE
from tests.support.citus import pretend_citus
from tests.support.command import Finished, bound_by_permissions, run_command, run_here
from tests.support.ledgers import digest, new_ledger, repos

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def run(tmp_path: Path, ledger_url: str) -> Callable[..., Finished]:
    """Runs a command on a ledger that does not exist yet, or an empty database."""

    def call(*arguments: str, through: tuple[str, ...] = ()) -> Finished:
        env = {"RELEASEWATCH_DATABASE_URL": ledger_url.replace("+psycopg", "")}
        return run_command(*arguments, cwd=tmp_path, env=env, through=through)

    return call


def place_of(url: str) -> str:
    return Ledger(Secret(url)).place


def test_upgrade_says_before_and_after_and_can_be_repeated(run: Callable[..., Finished], ledger_url: str) -> None:
    place = place_of(ledger_url)
    first = run("db", "upgrade")
    assert (first.status, first.out, first.err) == (0, f"{place}: no schema -> schema {HEAD}\n", "")
    again = run("db", "upgrade")
    assert (again.status, again.out, again.err) == (0, f"{place}: already at schema {HEAD}\n", "")
    document = run("db", "upgrade", "--format", "json").document
    assert document == {"schema": 1, "ledger": place, "before": HEAD, "after": HEAD}


def test_upgrade_in_json_says_that_there_was_nothing(run: Callable[..., Finished], ledger_url: str) -> None:
    document = run("db", "upgrade", "--format", "json").document
    assert document == {"schema": 1, "ledger": place_of(ledger_url), "before": None, "after": HEAD}


def test_current_changes_nothing(run: Callable[..., Finished], tmp_path: Path, ledger_url: str) -> None:
    before = run("db", "current", "--format", "json")
    state = "missing" if ledger_url.startswith("sqlite") else "empty"
    expected = {"schema": 1, "ledger": place_of(ledger_url), "current": None, "program": HEAD, "state": state}
    assert (before.status, before.document) == (0, expected)
    assert list(tmp_path.iterdir()) == []
    new_ledger(ledger_url).close()
    after = run("db", "current")
    assert after.out == f"{place_of(ledger_url)}: schema {HEAD}, this program needs {HEAD} (current)\n"


def test_a_newer_ledger_is_told_and_never_touched(run: Callable[..., Finished], ledger_url: str) -> None:
    ledger = new_ledger(ledger_url)
    with ledger.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    assert run("db", "current", "--format", "json").document["state"] == "newer"
    assert run("db", "check", "--format", "json").document["findings"][0]["check"] == "schema"
    for arguments in (["db", "upgrade"], ["status"], ["catalog", "show", "--from", "ledger"]):
        done = run(*arguments, "--format", "json")
        assert (done.status, done.out, done.error["code"]) == (2, "", "ledger_version")
        assert done.error["message"].endswith(f"is at schema 9999, newer than this program knows ({HEAD}).")


def test_a_server_waits_for_the_command(tmp_path: Path, postgres_url: str) -> None:
    env = {"RELEASEWATCH_DATABASE_URL": postgres_url}
    done = run_command("status", cwd=tmp_path, env=env)
    assert (done.status, done.out) == (2, "")
    assert done.err.endswith("has no ledger in it yet.\n  Run: releasewatch db upgrade\n")
    assert run_command("db", "upgrade", cwd=tmp_path, env=env).status == 0
    assert run_command("status", cwd=tmp_path, env=env).status == 0


def test_two_upgrades_at_once_are_one(tmp_path: Path, ledger_url: str) -> None:
    words = [sys.executable, "-m", "releasewatch", "db", "upgrade"]
    env = os.environ | {"RELEASEWATCH_DATABASE_URL": ledger_url}
    started = [
        subprocess.Popen(words, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ends = [(*process.communicate(timeout=120), process.returncode) for process in started]
    place = place_of(ledger_url)
    made, found = f"{place}: no schema -> schema {HEAD}\n", f"{place}: already at schema {HEAD}\n"
    assert sorted(ends) == sorted([(made, "", 0), (found, "", 0)])


# check


def test_check_finds_nothing_in_a_new_ledger(run: Callable[..., Finished], ledger_url: str) -> None:
    new_ledger(ledger_url).close()
    done = run("db", "check", "--strict")
    assert (done.status, done.out) == (0, "")
    assert done.err == f"{place_of(ledger_url)}: nothing to find fault with.\n"
    document = run("db", "check", "--format", "json").document
    place = place_of(ledger_url)
    assert document == {
        "schema": 1,
        "ledger": place,
        "state": "current",
        "pruned_before": None,
        "findings": [],
        "next_cursor": None,
    }


def test_findings_are_no_failure_unless_asked_for(run: Callable[..., Finished], ledger_url: str) -> None:
    with new_ledger(ledger_url).write() as connection:
        connection.execute(text("DROP INDEX ix_customer_key"))
    done = run("db", "check", "--format", "json")
    assert (done.status, done.err) == (0, "")
    assert done.document["findings"] == [{"check": "schema", "text": "add_index ix_customer_key"}]
    strict = run("db", "check", "--strict")
    assert (strict.status, strict.out, strict.err) == (1, "schema: add_index ix_customer_key\n", "")


def test_a_ledger_that_is_not_there_is_a_finding_and_is_not_made(run: Callable[..., Finished], tmp_path: Path) -> None:
    done = run("db", "check", "--strict", "--format", "json")
    assert done.status == 1
    (finding,) = done.document["findings"]
    assert finding["check"] == "schema"
    assert list(tmp_path.iterdir()) == []


# What cannot be used


@pytest.mark.parametrize("verb", ["upgrade", "current", "check"])
def test_what_is_no_ledger_has_status_2_and_stays_as_it_is(tmp_path: Path, verb: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a ledger\n" * 100)
    before = digest(path)
    done = run_command("db", verb, "--database", str(path), "--format", "json", cwd=tmp_path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "not_a_ledger")
    assert done.error["message"] == f"{path} is not a ledger: it is no SQLite file."
    assert digest(path) == before


def test_a_folder_that_is_closed_has_status_3(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    words = ("db", "upgrade", "--database", "closed/ledger.db", "--format", "json")
    done = run_command(*words, cwd=tmp_path, through=bound_by_permissions())
    assert (done.status, done.out, done.error["code"]) == (3, "", "ledger_unavailable")
    assert list(closed.iterdir()) == []


@pytest.mark.parametrize("verb", ["upgrade", "current", "check"])
def test_a_wrong_password_has_status_3_and_is_not_told(tmp_path: Path, postgres_locked_url: str, verb: str) -> None:
    url = make_url(postgres_locked_url).set(password="canary-7f3a").render_as_string(hide_password=False)
    done = run_command("db", verb, cwd=tmp_path, env={"RELEASEWATCH_DATABASE_URL": url})
    assert (done.status, done.out) == (3, "")
    assert "refused user or password" in done.err
    assert "canary" not in done.err


def test_a_ledger_of_the_default_place_is_kept_private(tmp_path: Path) -> None:
    assert run_command("db", "upgrade", cwd=tmp_path).status == 0
    folder = tmp_path / ".releasewatch"
    assert oct(folder.stat().st_mode)[-3:] == "700"
    assert oct((folder / "ledger.db").stat().st_mode)[-3:] == "600"
    assert (folder / ".gitignore").read_text() == "*\n"
    assert repos(Ledger(Secret(f"sqlite:///{folder}/ledger.db"))) == []


def test_place_prints_its_statements_where_there_is_no_server(tmp_path: Path) -> None:
    env = {"RELEASEWATCH_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"}
    done = run_here("db", "place", "--dry-run", cwd=tmp_path, env=env)
    assert (done.status, done.err) == (0, "")
    assert "SELECT create_reference_table('repo');\n" in done.out
    document = run_here("db", "place", "--dry-run", "--format", "json", cwd=tmp_path, env=env).document
    assert [f"{one};" for one in document["statements"]] == done.out.splitlines()
    assert (document["dry_run"], document["tables"][0]["done"]) == (True, None)


def test_place_needs_citus(tmp_path: Path, ledger_url: str) -> None:
    new_ledger(ledger_url).close()
    env = {"RELEASEWATCH_DATABASE_URL": ledger_url.replace("+psycopg", "")}
    done = run_here("db", "place", "--format", "json", cwd=tmp_path, env=env)
    wanted = "one machine." if ledger_url.startswith("sqlite") else "has no extension citus."
    assert (done.status, done.out, done.error["message"].endswith(wanted)) == (2, "", True)


def test_place_says_what_it_did_with_each_table(tmp_path: Path, postgres_url: str) -> None:
    env = {"RELEASEWATCH_DATABASE_URL": postgres_url}
    unready = run_here("db", "place", cwd=tmp_path, env=env)
    assert (unready.status, "Run: releasewatch db upgrade" in " ".join(unready.err.split())) == (2, True)
    pretend_citus(postgres_url)
    new_ledger(postgres_url).close()
    first = run_here("db", "place", cwd=tmp_path, env=env)
    assert first.status == 0
    assert "customer: distributed by customer_id, placed\n" in first.out
    assert "foreign keys made anew." in first.err
    again = run_here("db", "place", "--format", "json", cwd=tmp_path, env=env).document
    assert {one["done"] for one in again["tables"]} == {"already_placed"}
    assert again["foreign_keys_added"] == 0
