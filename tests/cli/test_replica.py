"""`--read-url`: what only reads is answered by a replica, by a role that may only read, and on a hot standby."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import psycopg
import pytest
from sqlalchemy.engine import make_url

from releasewatch.cli.main import main
from tests.cli.conftest import CONFIG, CONTACTS, CUSTOMERS, ENTITLEMENTS
from tests.support import postgres
from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder
from tests.support.standby import standby_of, wait_until_same
from tests.test_startup import commands

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.postgres import PostgresServer

QUESTIONS = [
    "backtest --incidents past.csv",
    "call list --incident INC-1",
    "call promises",
    "call show CALL",
    "call voices",
    "catalog show --from ledger",
    "change show HEAD",
    "config log",
    "contact export acme ada@acme.example -o out.json",
    "customer brief acme",
    "customer export acme -o out.json",
    "customer list",
    "customer show acme",
    "deployment list",
    "deployment show two",
    "digest --account-manager olga --reveal names -o out.md --format md",
    "event export --deployment two",
    "exposure explain --deployment two --customer acme",
    "exposure list --deployment two",
    "incident list",
    "incident render INC-1",
    "incident show INC-1 --customers --timeline",
    "notes render --deployment two --audience customer",
    "notes render --from HEAD~1 --to HEAD --audience customer",
    "release list",
    "release show v3",
    "report calls",
    "report customer --account-manager olga --since 2026-01-01 --reveal names -o out.html --format html",
    "report dora",
    "staff list",
    "status",
]
"""One of each command that may ask a replica. CALL stands for a call's id, which the ledger makes."""

SAME = ["exposure list --deployment two", "deployment list --format json", "customer list"]
"""Answers that hold no instant of their own."""

ON_STANDBY = (
    "call list",
    "digest",
    "exposure list",
    "incident show",
    "notes render --dep",
    "report dora",
    "release list",
)

WORLD = [
    "customer import --customers customers.csv --contacts contacts.csv --entitlements entitlements.csv",
    "deployment record --environment production --key one --head HEAD~1",
    "deployment record --environment production --key two --release v2",
    "release record --release v3",
    "incident open --title down --deployment two --severity SEV1",
    "call plan --incident INC-1",
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> RepoBuilder:
    """A repo with two commits, and the files of its customers."""
    repo = RepoBuilder(tmp_path_factory.mktemp("replica") / "shop")
    repo.commit("Start", {"releasewatch.toml": CONFIG, "services/invoicing/a.py": "1", ".gitignore": "*.csv\n"})
    repo.commit("feat(invoicing): export", {"services/invoicing/a.py": "2"})
    files = {
        "customers": CUSTOMERS,
        "contacts": CONTACTS,
        "entitlements": ENTITLEMENTS,
        "past": "started_at,customers\n2026-11-01,acme\n",
    }
    for name, text in files.items():
        (repo.path / f"{name}.csv").write_text(text, "utf-8")
    return repo


@pytest.fixture(scope="module")
def primary(postgres_server: PostgresServer, shop: RepoBuilder) -> Iterator[str]:
    """A ledger with customers, two deployments, an incident and its calls."""
    with postgres_server.empty_database() as url:
        for words in ("db upgrade", *WORLD):
            done = run_here(*words.split(), cwd=shop.path, env={"RELEASEWATCH_DATABASE_URL": url})
            assert done.status == 0, done.err
        yield url


@pytest.fixture(scope="module")
def reader(primary: str) -> Iterator[str]:
    """The same database by a role that may only read."""
    parsed, role = make_url(primary).set(drivername="postgresql"), f"reader_{os.getpid()}"
    text = parsed.render_as_string(hide_password=False)
    with psycopg.connect(text, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        connection.execute(f"ALTER ROLE {role} SET default_transaction_read_only = on")
        connection.execute(f"REVOKE TEMPORARY ON DATABASE {parsed.database} FROM PUBLIC")
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    yield parsed.set(username=role, password=None).render_as_string(hide_password=False)
    with psycopg.connect(text, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {role}")
        connection.execute(f"DROP ROLE {role}")


@pytest.fixture(scope="module")
def questions(shop: RepoBuilder, primary: str) -> list[str]:
    """What is asked, with the id of a call."""
    listed = ask(shop, "call list --incident INC-1 --format json", DATABASE_URL=primary).document["calls"]
    return [words.replace("CALL", listed[0]["id"]) for words in QUESTIONS]


def ask(shop: RepoBuilder, words: str, **env: str) -> Finished:
    return run_here(*words.split(), cwd=shop.path, env={"RELEASEWATCH_" + name: value for name, value in env.items()})


def test_each_answer_is_that_of_the_ledger(shop: RepoBuilder, primary: str, reader: str, questions: list[str]) -> None:
    """The ledger's own address is that of a server which is not there: nothing but the replica is asked."""
    away = "postgresql://nobody@127.0.0.1:1/nowhere"
    for words in questions:
        here = ask(shop, words, DATABASE_URL=away, READ_URL=reader)
        assert here.status == 0, (words, here.err)
        assert "replica" not in here.err, "a primary cannot tell how far it is behind"
    for words in SAME:
        there, here = ask(shop, words, DATABASE_URL=primary), ask(shop, words, DATABASE_URL=away, READ_URL=reader)
        assert here == there
        assert there.out
    by_option = ask(shop, f"status --read-url {reader}", DATABASE_URL=away)
    assert by_option.out == ask(shop, "status", DATABASE_URL=primary).out


def test_a_hot_standby_answers_and_says_how_far_behind_it_is(
    postgres_server: PostgresServer, shop: RepoBuilder, primary: str, questions: list[str]
) -> None:
    if os.environ.get(postgres.VARIABLE):
        pytest.skip(f"the server that {postgres.VARIABLE} names may let nobody copy it")
    assert postgres_server.pid
    with standby_of(primary) as standby:
        assert ask(shop, "release record --release v4", DATABASE_URL=primary).status == 0
        wait_until_same(primary.replace("+psycopg", ""), standby)
        for words in questions:
            if not words.startswith(ON_STANDBY):
                continue
            done = ask(shop, words, READ_URL=standby)
            assert done.status == 0, (words, done.err)
            assert re.search(r"Read from the replica .*: its newest transaction is of 20\S+Z, \d+ s ago", done.err), (
                words
            )
        assert ask(shop, "status -q --format json", READ_URL=standby).err == ""
        plain = ask(shop, "notes render --from HEAD~1 --to HEAD", READ_URL=standby)
        assert "replica" not in plain.err, "git alone is asked"


def test_what_writes_takes_no_replica_and_ignores_the_variable(shop: RepoBuilder, primary: str, reader: str) -> None:
    refused = ask(shop, f"call plan --incident INC-1 --read-url {reader}", DATABASE_URL=primary)
    assert (refused.status, refused.out) == (2, "")
    assert "--read-url" in refused.err
    assert ask(shop, "call plan --incident INC-1", DATABASE_URL=primary, READ_URL=reader).status == 0


def test_a_ledger_named_on_the_command_line_is_asked_itself(shop: RepoBuilder, primary: str) -> None:
    away = "postgresql://nobody@127.0.0.1:1/nowhere"
    assert ask(shop, f"status --database {primary}", READ_URL=away).status == 0
    assert ask(shop, f"status --database {primary} --read-url {away}").status == 3
    assert ask(shop, "status", DATABASE_URL=primary, READ_URL=away).status == 3


def test_an_address_that_cannot_be_is_refused(shop: RepoBuilder) -> None:
    secret = ask(shop, "status --read-url postgresql://u:geheim@127.0.0.1/d")
    assert secret.status == 2
    assert "geheim" not in secret.err
    assert "the address of the replica, from --read-url: a password must not stand here" in secret.err
    assert "Put the URL into RELEASEWATCH_READ_URL" in secret.err
    file = ask(shop, "status", READ_URL="ledger.db")
    assert (file.status, "wanted a PostgreSQL server, not an SQLite file" in " ".join(file.err.split())) == (2, True)


def test_a_replica_that_is_away_is_told_as_one(shop: RepoBuilder, primary: str) -> None:
    away = ask(shop, "status --format json", DATABASE_URL=primary, READ_URL="postgresql://nobody@127.0.0.1:1/nowhere")
    assert (away.status, away.error["code"]) == (3, "ledger_unavailable")
    assert away.error["message"] == "The replica 127.0.0.1:1/nowhere cannot be reached."
    assert "without --read-url and RELEASEWATCH_READ_URL the ledger itself is asked" in away.error["hint"]
    none = primary.rpartition("/")[0] + "/nosuch"
    missing = ask(shop, "status --format json", DATABASE_URL=primary, READ_URL=none)
    assert "has no database for the replica" in missing.error["message"]
    assert "createdb" not in missing.error["hint"]


def test_a_replica_of_another_schema_is_told_and_left_alone(shop: RepoBuilder, postgres_url: str) -> None:
    empty = ask(shop, "status", READ_URL=postgres_url)
    assert (empty.status, "has no ledger in it yet." in empty.err) == (2, True)
    assert "Run releasewatch db upgrade on the ledger itself" in empty.err
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE releasewatch_schema (version_num text)")
        connection.execute("INSERT INTO releasewatch_schema VALUES ('9999')")
    newer = ask(shop, "status --format json", READ_URL=postgres_url)
    assert (newer.status, newer.error["code"]) == (2, "ledger_version")
    assert newer.error["hint"] == "Upgrade releasewatch here to the version that wrote it."


def test_a_file_may_name_it(shop: RepoBuilder, reader: str, tmp_path: Path) -> None:
    folder = shutil.copytree(shop.path, tmp_path / "shop")
    with (folder / "releasewatch.toml").open("a") as file:
        file.write("[environments.production]\n")
    text = (folder / "releasewatch.toml").read_text().replace('repo = "shop"', f'repo = "shop"\nread_url = "{reader}"')
    (folder / "releasewatch.toml").write_text(text)
    done = run_here("deployment", "list", "--format", "json", cwd=folder)
    assert [one["repo"] for one in done.document["deployments"]] == ["shop", "shop"]
    shown = run_here("config", "show", "--format", "json", cwd=folder)
    (entry,) = [one for one in shown.document["settings"] if one["key"] == "releasewatch.read_url"]
    assert entry["value"] == reader


def test_whatever_may_ask_a_replica_writes_nothing(shop: RepoBuilder, reader: str) -> None:
    """Also commands that the list above does not know yet; one that wants more than its words says so."""
    taking = {
        " ".join(words)
        for words, command in commands(main)
        if any("--read-url" in option.opts for option in command.params)
    }
    unknown = {name for name in taking if not any(f"{words} ".startswith(f"{name} ") for words in QUESTIONS)}
    assert len(taking - unknown) >= 25
    for words in sorted(unknown):
        done = ask(shop, words, READ_URL=reader)
        assert done.status in (0, 2, 4), (words, done.err)
        assert "read-only" not in done.err
        assert "only read" not in done.err
