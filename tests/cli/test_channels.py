"""What a pipe in CI is told, command by command: no name, number, address, contract or secret, wherever one may look.

Names are planted in the directory, in changes, incidents and calls; a secret in each place where one is given.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import click
import psycopg
import pytest
from sqlalchemy.engine import make_url

from releasewatch.cli.main import NOUNS, main
from tests.support.command import run_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.repos import RepoBuilder

SECRETS = {
    "RELEASEWATCH_CRM_TOKEN": "canary-token-51",
    "RELEASEWATCH_CRM_HEADER": "canary-header-52",
    "RELEASEWATCH_GITHUB_TOKEN": "canary-forge-53",
    "GITHUB_TOKEN": "canary-forge-54",
}
PASSWORD = "canary-password-55"

NAMES = (
    *("Acme GmbH", "Bolt and Sons", "Cask Brewing", "Dent Repairs"),
    *("Ada Example", "Ben Example", "Cy Example", "Di Example", "Olga Sample", "Piet Sample"),
    *("@acme.example", "@bolt.example", "@cask.example", "@dent.example", "@example.org"),
    *("23125 101", "23125101", "7946 0102", "79460102", "555-0117", "5550117", "120000", "9000 USD"),
    *("they asked for it in person",),
)
"""Of customers, their people, our people; numbers (whole: four digits stand in many an id), addresses, contract values;
and a note of a call."""

CRM = """
[directory.crm]
kind = "csv"
customers = "customers.csv"
contacts = "contacts.csv"
entitlements = "entitlements.csv"
[directory.far]
kind = "http"
base = "http://127.0.0.1:9"
token = "env:RELEASEWATCH_CRM_TOKEN"
headers = { X-Key = "env:RELEASEWATCH_CRM_HEADER" }
customers = "/customers"
"""

STAFF = "key,name,email,team\nolga,Olga Sample,olga@example.org,north\npiet,Piet Sample,piet@example.org,north\n"

WALK = """
db upgrade
customer import --directory crm
customer import --directory far = 3
staff import staff.csv
config show
config check
config log
config push organisation.toml = 4
doctor = 0 3
init --dry-run = 0 2 4
catalog show
catalog check
catalog import --dry-run = 0 2
release record --release v7
release list
release show v7
deployment plan --environment production
deployment record --environment production --key one
deployment record --environment production --key two --actor ada@example.org = 0 2
deployment start --environment production --key three --region eu
deployment finish --environment production --key three --region eu --status failed
deployment list
deployment show D-1
deployment import --source tags --environment production = 0 2
deployment correct D-1 --not-fixes INC-1 --why none = 0 2
exposure list --deployment D-2
exposure explain --deployment D-2 --customer acme
notes render --deployment D-2 --audience account
change show HEAD
change edit HEAD --audience account --why planned = 0 2
incident open --deployment D-2 --title MENTION --severity SEV2
incident update INC-1 --entry MENTION
incident impact INC-1 --confirm acme --why MENTION
incident link INC-1 --deployment D-2 --state confirmed --why MENTION
incident show INC-1 --customers --timeline
incident list
incident suspects INC-1
incident render INC-1
incident import incidents.csv --source csv = 2
call plan --incident INC-1
call list --incident INC-1
call claim --incident INC-1 = 0 2 4
call show C-1
call log C-1 --channel phone --disposition answered --outcome helped --note MENTION = 0 2 4
call skip C-2 --why MENTION = 0 2 4
call hand-over C-1 --to piet --why MENTION = 0 2 4
call release C-1 = 0 2 4
call approve --incident INC-1 --why MENTION = 0 2 4
call inbound --customer bolt --component shop/invoicing --note MENTION
call promises
call promise P-1 kept = 2
call voices
call import list.csv = 2
call render --incident INC-1 = 0 2 4
digest --account-manager olga = 4
report calls
report customer --account-manager olga = 0 2 4
report dora
status
customer list
customer show acme
customer brief acme = 0 2 4
customer alias acme acme-2 --add --why MENTION = 0 2
customer mark bolt --do-not-call --why MENTION = 0 2
customer merge dent --into cask --why MENTION = 0 2
customer export acme = 0 2 4
customer forget acme --why MENTION --dry-run = 0 2 4
contact mark acme ada@acme.example --wrong-number --why MENTION = 0 2
contact export acme ada@acme.example = 0 2 4
contact forget acme ada@acme.example --why MENTION --dry-run = 0 2 4
staff list = 0 4
staff leave olga --to piet --why MENTION --dry-run = 0 2
incident resolve INC-1
incident reopen INC-1 --why MENTION = 0 2
incident cancel INC-1 --why MENTION = 0 2
deployment undo D-2 --why MENTION = 0 2
backtest = 0 2
event export
freeze list = 0 2
freeze import staff.csv = 0 2 4
deployment enrich = 0 2 3
deployment approve --head HEAD --why MENTION = 0 2 4
call sendings = 0 2
call send = 2
event import staff.csv = 2 3
notify send
outbox list
outbox flush
outbox drop N-1 --why MENTION = 2
spool list
spool flush
spool drop 3f2a9c1b0d4e --why MENTION = 2
db current
db check
db place --dry-run
db prune --before 2026-01-01 --dry-run
db grant --role reader --to nobody-here --dry-run = 2
"""
"""What is run, in this order; after `=` the statuses that it may end with, where it is not 0 alone."""

LEFT_OUT = {"demo": "it has customers of its own, who are nobody"}

MENTION = "Ada Example of Acme GmbH, 020 7946 0102, told Olga Sample: they asked for it in person"


def verbs() -> Iterator[str]:
    context = click.Context(main)
    for noun in NOUNS:
        command = main.get_command(context, noun)
        if isinstance(command, click.Group):
            yield from (f"{noun} {verb}" for verb in command.commands)
        else:
            yield noun


def steps() -> list[tuple[list[str], set[int]]]:
    found = []
    for line in WALK.strip().splitlines():
        words, _, statuses = line.partition(" = ")
        found.append((words.split(), {int(one) for one in statuses.split()} or {0}))
    return found


def test_every_command_is_walked() -> None:
    walked = {" ".join(words[:2]) for words, _ in steps()} | {words[0] for words, _ in steps()}
    assert set(verbs()) - walked - LEFT_OUT.keys() == set(), "put a new command into WALK"


@pytest.fixture
def planted(shop: RepoBuilder, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment of a job with secrets; customers and staff have names, and git tells what it is asked."""
    with (shop.path / "releasewatch.toml").open("a") as config:
        config.write(CRM)
    (shop.path / "staff.csv").write_text(STAFF)
    (shop.path / "organisation.toml").write_text("[ranking]\n")
    shop.commit("feat: with settings", {"releasewatch.toml": (shop.path / "releasewatch.toml").read_text()})
    shutil.rmtree(shop.path / ".releasewatch")
    tools, git = tmp_path / "tools", shutil.which("git")
    tools.mkdir()
    (tools / "git").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{tmp_path}/asked\nexec {git} "$@"\n')
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    url = make_url(postgres_url).set(password=PASSWORD, drivername="postgresql")
    return {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_RUN_ID": "7",
        "GITHUB_REPOSITORY": "example/shop",
        "GITHUB_API_URL": "https://127.0.0.1:1",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "RELEASEWATCH_DATABASE_URL": url.render_as_string(hide_password=False),
        "RELEASEWATCH_ACTOR": "olga@example.org",
        "RELEASEWATCH_REPO": "shop",
        "RELEASEWATCH_SPOOL_DIR": str(tmp_path / "spool"),
        **SECRETS,
    }


def found_in(text: str, words: Any) -> set[str]:
    return {word for word in words if word in text}


def test_no_command_tells_a_pipe_in_ci_a_name_or_a_secret(shop, planted, tmp_path, postgres_url):
    told: dict[str, set[str]] = {}
    ended: dict[str, tuple[int, str]] = {}
    for number, (words, statuses) in enumerate(steps()):
        if words[:2] == ["deployment", "record"]:
            shop.commit(f"fix: more {number}", {"services/invoicing/a.py": f"{number}"}, trailers={"Customer": "acme"})
        given = [MENTION if word == "MENTION" else word for word in words]
        done = run_here(*given, "-v", cwd=shop.path, env=planted)
        if done.status not in statuses:
            ended[" ".join(words)] = (done.status, done.err[-300:])
        secrets = [PASSWORD, *SECRETS.values()]
        if found := found_in(done.out + done.err, (*NAMES, *secrets)):
            told[" ".join(words)] = found
    assert (told, ended) == ({}, {})
    away = make_url(planted["RELEASEWATCH_DATABASE_URL"]).set(host="127.0.0.1", port=1)
    gone = {**planted, "RELEASEWATCH_DATABASE_URL": away.render_as_string(hide_password=False)}
    record = ("deployment", "record", "--environment", "production", "--key", "late", "--when-unreachable", "spool")
    done = run_here(*record, "-v", cwd=shop.path, env=gone)
    assert (done.status, found_in(done.out + done.err, (PASSWORD, *NAMES))) == (0, set())
    (file,) = (tmp_path / "spool").glob("*.spool")
    from releasewatch.domain.spool import from_line

    for text in (
        repr(from_line(file.read_text())),
        *((tmp_path / name).read_text() for name in ("asked", "output", "summary")),
        _dump(postgres_url),
    ):
        assert len(text) > 100
        assert found_in(text, (PASSWORD, *SECRETS.values())) == set()


def _dump(url: str) -> str:
    """Every row of every table, as text."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return "\n".join(
            str(row[0]) for (name,) in names for row in connection.execute(f'SELECT t::text FROM "{name}" t').fetchall()
        )


def test_no_process_is_started_with_a_secret_in_its_words(shop: RepoBuilder, postgres_url: str) -> None:
    """Of a command that waits for the ledger, as others on the machine would see it."""
    from tests.support.holding import started

    url = make_url(postgres_url).set(password=PASSWORD, drivername="postgresql").render_as_string(hide_password=False)
    assert run_here("db", "upgrade", cwd=shop.path, env={"RELEASEWATCH_DATABASE_URL": url}).status == 0
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as holder:
        holder.execute("LOCK TABLE deployment IN ACCESS EXCLUSIVE MODE")
        words = ("deployment", "record", "--environment", "production", "--timeout", "60", "--key", "k")
        with started(*words, cwd=shop.path, env={"RELEASEWATCH_DATABASE_URL": url}) as process:
            for _ in range(200):
                waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
                if holder.execute(waits).fetchone() != (0,):
                    break
                holder.execute("SELECT pg_sleep(0.1)")
            listed = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
            assert "deployment record" in listed
            process.kill()
    assert PASSWORD not in listed
