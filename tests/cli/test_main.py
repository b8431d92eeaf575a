"""The boundary: every way to end has its status and its words, and none of them leaks or half-writes anything."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from releasewatch import errors
from releasewatch.cli.exit_codes import MEANINGS
from tests.support.command import bound_by_permissions, run_command, run_python
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator

BOOM = '''
import os
import sys
import time
import types

import click

from releasewatch import errors
from releasewatch.cli import main


def fall_over(secret):
    raise ValueError("the customer is " + secret)


@click.command()
@click.argument("what")
@click.option("--format", "form")
def command(what, form):
    """Go wrong, in the way that is asked for."""
    if what == "sleep":
        print("ready", flush=True)
        time.sleep(60)
    elif what == "bug":
        secret = os.environ["CANARY"]
        try:
            fall_over(secret)
        except ValueError as error:
            raise KeyError(secret) from error
    elif what == "write":
        sys.stdout.write("x" * 1_000_000)
    raise getattr(errors, what)("What was wanted, and \\x1b[31mwhat happened.", "What to do.")


sys.modules["releasewatch.cli.boom"] = types.SimpleNamespace(command=command)
main.NOUNS["boom"] = ("boom", "Goes wrong.")
main.run()
'''
"""The program, with a noun that goes wrong."""

STATUSES = {"InvalidCallError": 2, "OutsideFailedError": 3, "RefusedError": 4}


def error_classes(root: type[errors.ReleasewatchError] = errors.ReleasewatchError) -> Iterator[tuple[str, str]]:
    """Every class of `errors` that is raised, with the branch that it belongs to."""
    for branch in root.__subclasses__():
        for one in (branch, *(inner for inner in branch.__subclasses__())):
            if one.__module__ == errors.__name__:
                yield one.__name__, branch.__name__


@pytest.fixture
def boom(tmp_path: Path) -> str:
    """A file that runs the program with a noun that goes wrong."""
    path = tmp_path / "boom.py"
    path.write_text(BOOM)
    return str(path)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repo with a configuration."""
    repo = RepoBuilder(tmp_path / "shop")
    (repo.path / "releasewatch.toml").write_text(
        '[releasewatch]\nrepo = "shop"\n[components.cart]\ntitle = "Körbchen für Žižka"\npaths = ["cart/**"]\n'
    )
    return repo.path


# Statuses


@pytest.mark.parametrize(("name", "branch"), list(error_classes()))
def test_each_error_has_the_status_of_its_branch(tmp_path: Path, boom: str, name: str, branch: str) -> None:
    done = run_python(boom, "boom", name, cwd=tmp_path)
    assert (done.status, done.out) == (STATUSES[branch], "")
    assert done.err == "Error: What was wanted, and ?[31mwhat happened.\n  What to do.\n"


@pytest.mark.parametrize("form", [["--format", "json"], ["--format=json"], ["--format", "jsonl"]])
def test_under_json_an_error_is_one_document_on_stderr(tmp_path: Path, boom: str, form: list[str]) -> None:
    done = run_python(boom, "boom", "ConfigError", *form, cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert json.loads(done.err) == {
        "schema": 1,
        "error": {
            "code": "invalid_config",
            "message": "What was wanted, and \x1b[31mwhat happened.",
            "hint": "What to do.",
        },
    }
    assert "\x1b" not in done.err


def test_the_help_tells_every_status(tmp_path: Path) -> None:
    done = run_command("--help", cwd=tmp_path)
    assert done.status == 0
    told = " ".join(done.out.split())
    for status, meaning in MEANINGS.items():
        assert f"{status} {meaning}" in told


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deploymnet"], "Did you mean deployment?"),
        (["xyzzy"], "See: releasewatch --help"),
        (["db", "upgrad"], "Did you mean 'upgrade'?"),
        (["db", "check", "--strct"], "Did you mean '--strict'?"),
        (["db", "check", "--format", "xml"], "'table', 'json'"),
        (["status", "--limit", "none"], "'none': wanted a whole number from 1 to 1000."),
        (["status", "--limit", "1001"], "'1001': wanted a whole number from 1 to 1000."),
        (["call", "list", "INC-1", "--after", "x"], "'x': wanted a whole number from 0 on."),
        (["call", "list", "INC-1", "--after", "-1"], "'-1': wanted a whole number from 0 on."),
        (["deployment", "record", "--timeout", "soon"], "'soon': wanted a number of seconds above 0."),
        (["deployment", "record", "--timeout", "0"], "'0': wanted a number of seconds above 0."),
        (["deployment", "record", "--timeout", "nan"], "'nan': wanted a number of seconds above 0."),
    ],
)
def test_a_wrong_call_says_what_was_meant(tmp_path: Path, arguments: list[str], said: str) -> None:
    done = run_command(*arguments, cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert said in done.err
    assert "--help" in done.err


@pytest.mark.parametrize("arguments", [[], ["db"], ["deployment"]])
def test_a_call_without_a_command_shows_the_help(tmp_path: Path, arguments: list[str]) -> None:
    done = run_command(*arguments, cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("Usage: releasewatch")
    assert "Commands:" in done.err


def test_the_version_is_told(tmp_path: Path) -> None:
    done = run_command("--version", cwd=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert re.fullmatch(r"releasewatch \d+\.\d+\.\d+\S*\n", done.out)


# Bugs


def test_a_bug_leaves_a_trace_without_values(tmp_path: Path, boom: str) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    env = {"CANARY": "canary-7f3a", "TMPDIR": str(logs)}
    done = run_python(boom, "boom", "bug", cwd=tmp_path, env=env)
    (log,) = logs.iterdir()
    assert (done.status, done.out) == (70, "")
    assert done.err == f"Error: This is a bug in releasewatch (KeyError).\n  Its trace: {log}\n"
    trace = log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    for told in ("builtins.KeyError", "builtins.ValueError", "in fall_over", "in command", "releasewatch ", "Python "):
        assert told in trace
    assert "canary" not in trace


def test_a_bug_under_json_is_one_document(tmp_path: Path, boom: str) -> None:
    done = run_python(boom, "boom", "bug", "--format", "json", cwd=tmp_path, env={"CANARY": "canary-7f3a"})
    assert (done.status, done.out) == (70, "")
    assert done.error["code"] == "bug"
    log = Path(done.error["hint"].removeprefix("Its trace: "))
    assert "canary" not in done.err + log.read_text()
    log.unlink()


def test_a_bug_whose_log_cannot_be_written_is_told_all_the_same(tmp_path: Path, boom: str) -> None:
    full = ["bash", "-c", 'ulimit -f 0; exec "$@"', "full"]  # no file can grow
    done = run_python(boom, "boom", "bug", cwd=tmp_path, env={"CANARY": "canary-7f3a"}, through=full)
    assert (done.status, done.out) == (70, "")
    assert "no log file could be written" in done.err
    assert "in fall_over" in done.err
    assert "canary" not in done.err


# Interrupted, and readers that go away


def started(*arguments: str, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_an_interrupt_ends_with_130(tmp_path: Path, boom: str) -> None:
    with started(boom, "boom", "sleep", cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "Error: Interrupted; nothing was half written.\n")


def test_an_interrupt_while_a_server_is_waited_for_writes_nothing(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASEWATCH_DATABASE_URL", postgres_url)
    waiting = """
        SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as holder:
        take_the_lock_of_upgrades(holder)
        with started("-m", "releasewatch", "db", "upgrade", cwd=tmp_path) as process:
            deadline = time.monotonic() + 60
            while holder.execute(waiting).fetchone() != (1,):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.02)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=60)
        tables = holder.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert (process.returncode, err) == (130, "Error: Interrupted; nothing was half written.\n")
    assert tables == (0,)


def take_the_lock_of_upgrades(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    import hashlib

    number = int.from_bytes(hashlib.sha256(b"releasewatch:migrate").digest()[:8], "big", signed=True)
    connection.execute("SELECT pg_advisory_lock(%s)", [number])


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A configuration whose listing is larger than what a pipe holds."""
    folder = tmp_path / "large"
    folder.mkdir()
    tables = "".join(f'[components.part-{number:05}]\npaths = ["part-{number}/**"]\n' for number in range(2500))
    (folder / "releasewatch.toml").write_text(f'[releasewatch]\nrepo = "shop"\n{tables}')
    return folder


@pytest.mark.parametrize(
    "arguments",
    [["config", "show"], ["config", "show", "--format", "json"], ["catalog", "show", "--limit", "9999"]],
    ids=["table", "json", "another table"],
)
@pytest.mark.parametrize("read", [0, 10], ids=["at once", "after some"])
def test_a_reader_that_goes_away_is_no_error(large: Path, arguments: list[str], read: int) -> None:
    with started("-m", "releasewatch", *arguments, cwd=large) as process:
        assert process.stdout is not None
        if read:
            select.select([process.stdout], [], [])
            os.read(process.stdout.fileno(), read)
        process.stdout.close()
        process.stdout = None
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def test_a_disk_that_is_full_under_stdout_is_told(shop: Path) -> None:
    words = ["bash", "-c", 'exec "$@" > /dev/full', "full"]
    done = run_command("config", "show", cwd=shop, through=words)
    assert done.status == 3
    assert done.err.startswith("Error: The result could not be written: No space left on device.")


# Common options


def ledger_of(*arguments: str, cwd: Path) -> str:
    done = run_command(*arguments, "--format", "json", cwd=cwd)
    assert (done.status, done.err) == (0, "")
    return str(done.document["ledger"])


def test_options_stand_before_the_noun_and_after_the_verb_and_the_nearer_counts(shop: Path) -> None:
    assert ledger_of("db", "current", cwd=shop) == str(shop / ".releasewatch" / "ledger.db")
    assert ledger_of("--database", "a.db", "db", "current", cwd=shop) == str(shop / "a.db")
    assert ledger_of("db", "current", "--database", "b.db", cwd=shop) == str(shop / "b.db")
    assert ledger_of("--database", "a.db", "db", "current", "--database", "b.db", cwd=shop) == str(shop / "b.db")
    other = shop / "other.toml"
    other.write_text('[releasewatch]\ndatabase = "c.db"\n')
    assert ledger_of("--config", "other.toml", "db", "current", cwd=shop) == str(shop / "c.db")
    assert ledger_of("db", "current", "--config", "other.toml", cwd=shop) == str(shop / "c.db")


PASSWORD = "postgresql://ada:canary-7f3a@db.example.org/ledger"


@pytest.mark.parametrize(
    "arguments",
    [
        ["db", "current", "--database", PASSWORD],
        ["--database", PASSWORD, "db", "current"],
        ["db", "current", "--database", "postgresql://db.example.org/ledger?password=canary-7f3a"],
        ["db", "current", PASSWORD],
        ["db", "current", f"--data-base={PASSWORD}"],
        [PASSWORD],
        ["db", PASSWORD],
        ["status", "--limit", PASSWORD],
    ],
)
@pytest.mark.parametrize("form", ["table", "json"])
def test_a_password_on_the_command_line_is_refused_and_not_repeated(
    shop: Path, arguments: list[str], form: str
) -> None:
    done = run_command(*arguments, "--format", form, cwd=shop)
    assert (done.status, done.out) == (2, "")
    assert "canary" not in done.err


def test_quiet_says_nothing_and_verbose_says_what_is_used(shop: Path) -> None:
    assert run_command("catalog", "show", "--from", "ledger", "--quiet", cwd=shop).err == ""
    env = {"RELEASEWATCH_DATABASE_URL": "sqlite:///elsewhere.db", "CI": "true"}
    done = run_command("db", "current", "--verbose", cwd=shop, env=env)
    assert done.err == (
        "Settings: releasewatch.toml\n"
        f"Ledger: sqlite:///{shop}/elsewhere.db (from environment RELEASEWATCH_DATABASE_URL)\n"
        "CI: generic\n"
    )


# Locales


@pytest.mark.parametrize(
    "utf8", [{"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, {}], ids=["ASCII", "as Python likes"]
)
def test_a_locale_without_the_letters_breaks_nothing(shop: Path, utf8: dict[str, str]) -> None:
    env = {"LC_ALL": "C"} | utf8
    table = run_command("catalog", "show", cwd=shop, env=env)
    assert (table.status, table.err) == (0, "")
    assert "rbchen f" in table.out
    document = run_command("catalog", "show", "--format", "json", cwd=shop, env=env)
    assert document.document["components"][0]["title"] == "Körbchen für Žižka"
    wrong = run_command("catalog", "show", "--config", "Körbchen.toml", cwd=shop, env=env)
    assert wrong.status == 2
    assert "rbchen.toml does not exist" in wrong.err


def test_arguments_that_are_no_unicode_break_nothing(shop: Path) -> None:
    for arguments in (["--config", "a\udcff.toml", "config", "show"], ["\udcff"]):
        done = run_command(*arguments, cwd=shop)
        assert (done.status, done.out) == (2, "")
        assert done.err.startswith("Error: ")


def test_a_folder_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "releasewatch.toml").write_text("")
    (tmp_path / "releasewatch.toml").chmod(0)
    done = run_command("config", "show", cwd=tmp_path, through=bound_by_permissions())
    assert (done.status, done.out) == (2, "")
    assert "cannot read" in done.err
