"""Starting up is quick because nothing is loaded that a command does not use, and every command says what it is for."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING

import click
import pytest

from releasewatch.cli.main import NOUNS, main
from releasewatch.secret import Secret
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.migrate import upgrade
from tests.support.command import run_python
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HEAVY = {
    "alembic",
    "asyncio",
    "charset_normalizer",
    "defusedxml",
    "email",
    "git",
    "git.objects",
    "git.repo",
    "gitdb",
    "holidays",
    "http",
    "jinja2",
    "msgspec",
    "openpyxl",
    "pathspec",
    "phonenumbers",
    "psycopg",
    "pycountry",
    "pytz",
    "requests",
    "rich",
    "socket",
    "sqlalchemy",
    "sqlalchemy.dialects.postgresql",
    "sqlite3",
    "ssl",
    "subprocess",
    "tenacity",
    "tomlkit",
    "urllib3",
    "wcmatch",
    "xlsxwriter",
    "xml",
    "yaml",
    # of our own: what no help needs
    "releasewatch.config",
    "releasewatch.domain.call_rules",
    "releasewatch.domain.calling_hours",
    "releasewatch.domain.notes",
    "releasewatch.domain.suspects",
    "releasewatch.integrations.git_history",
    "releasewatch.rendering",
    "releasewatch.storage",
    "releasewatch.storage.calls",
    "releasewatch.storage.exposure",
    "releasewatch.storage.named_people",
    "releasewatch.storage.products",
    "releasewatch.storage.pruning",
    "releasewatch.storage.tables.call_lists",
    "releasewatch.storage.tables.call_mails",
    "releasewatch.storage.tables.care",
    "releasewatch.storage.tables.changes",
    "releasewatch.storage.tables.customers",
    "releasewatch.storage.tables.erasure",
    "releasewatch.storage.tables.events",
    "releasewatch.usecases",
    "releasewatch.usecases.incidents",
    "releasewatch.usecases.releases",
}

WHAT_COUNTS_CUSTOMERS = {
    "releasewatch.storage.exposure",
    "releasewatch.storage.products",
    "releasewatch.storage.tables.changes",
    "releasewatch.storage.tables.customers",
}

TABLES_OF_CALLS = {f"releasewatch.storage.tables.{noun}" for noun in ("call_lists", "call_mails", "care", "erasure")}

LOADED = """
import json
import sys
from contextlib import redirect_stdout

from releasewatch.cli.main import run

heavy = set(json.loads(sys.argv[1]))
found = {}
for words in json.loads(sys.argv[2]):
    try:
        with redirect_stdout(sys.stderr):
            run(words)
    except SystemExit as end:
        assert end.code == 0, words
    # What one command loaded stays loaded: only what came new is laid at the door of the next.
    found[" ".join(words)] = sorted(heavy & set(sys.modules) - {name for names in found.values() for name in names})
print(json.dumps(found))
"""
"""Runs commands, one after the other, and prints which heavy libraries each of them loaded."""

PRESENT = [noun for noun in NOUNS if importlib.util.find_spec(f"releasewatch.cli.{NOUNS[noun][0]}")]


Words = tuple[str, ...]


def commands(group: click.Command = main, words: Words = ()) -> Iterator[tuple[Words, click.Command]]:
    """Every command of the program with its words, groups before what they hold."""
    yield words, group
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in PRESENT if group is main else group.list_commands(context):
            found = group.get_command(context, name)
            assert found is not None, name
            yield from commands(found, (*words, name))


COMMANDS = list(commands())
IDS = [" ".join(words) or "releasewatch" for words, _ in COMMANDS]


def loaded(folder: Path, *calls: list[str]) -> dict[str, list[str]]:
    done = run_python("-c", LOADED, json.dumps(sorted(HEAVY)), json.dumps(calls), cwd=folder)
    assert done.status == 0, done.err
    found: dict[str, list[str]] = json.loads(done.out)
    return found


def test_every_noun_is_there() -> None:
    assert list(NOUNS) == PRESENT


def test_help_and_version_load_nothing_heavy(tmp_path: Path) -> None:
    calls = [["--version"], *([*words, "--help"] for words, _ in COMMANDS)]
    found = loaded(tmp_path, *calls)
    assert len(found) == len(calls)
    assert {words: names for words, names in found.items() if names} == {}


OURS = """
import json
import sys
from contextlib import redirect_stdout

from releasewatch.cli.main import run

try:
    with redirect_stdout(sys.stderr):
        run(sys.argv[1:])
finally:
    print(json.dumps(sorted(name for name in sys.modules if name.split(".")[0] == "releasewatch")))
"""


@pytest.mark.parametrize("word", ["--version", "--help"])
def test_of_our_own_version_and_help_load_the_entry_alone(word: str, tmp_path: Path) -> None:
    done = run_python("-c", OURS, word, cwd=tmp_path)
    assert done.status == 0, done.err
    assert json.loads(done.out) == [
        "releasewatch",
        "releasewatch.cli",
        "releasewatch.cli.exit_codes",
        "releasewatch.cli.main",
        "releasewatch.cli.output",
        "releasewatch.errors",
        "releasewatch.integrations",
        "releasewatch.integrations.devices",
    ]


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    """A repo with a component and two commits, and a ledger beside it."""
    repo = RepoBuilder(tmp_path / "shop")
    (repo.path / "releasewatch.toml").write_text('[components.cart]\npaths = ["cart/**"]\n')
    repo.git("add", "releasewatch.toml")
    repo.git("commit", "-q", "-m", "Begin")
    (repo.path / "cart").mkdir()
    (repo.path / "cart" / "a").write_text("a\n")
    repo.git("add", "cart")
    repo.git("commit", "-q", "-m", "Count what is in the cart")
    upgrade(Ledger(Secret(f"sqlite:///{repo.path / 'ledger.db'}")))  # in a pipeline it is there
    return repo


SPARED = {
    # what a command must do without -> the words of the command
    "notes from git need no ledger": (
        ["notes", "render", "--from", "HEAD~1", "--to", "HEAD"],
        {
            "sqlalchemy",
            "alembic",
            "git.objects",
            "git.repo",
            "pathspec",
            "psycopg",
            "phonenumbers",
            "pycountry",
            "requests",
            "rich",
            "releasewatch.domain.call_rules",
            "releasewatch.domain.calling_hours",
            "releasewatch.domain.suspects",
        },
    ),
    "a repo finds itself without ledger and templates": (
        ["init", "--dry-run"],
        {"sqlalchemy", "alembic", "psycopg", "jinja2", "phonenumbers", "pycountry", "requests", "rich"},
    ),
    "settings need neither ledger nor templates": (
        ["config", "show"],
        {"sqlalchemy", "alembic", "psycopg", "jinja2", "phonenumbers", "pycountry", "requests", "rich", "pathspec"},
    ),
    "a catalog is shown without ledger and templates": (
        ["catalog", "show", "--format", "json"],
        {"jinja2", "phonenumbers", "pycountry", "requests", "rich", "alembic"},
    ),
    "what runs where needs neither git nor templates": (
        ["status", "--format", "json", "--database", "ledger.db"],
        {"jinja2", "phonenumbers", "pycountry", "requests", "rich", "pathspec", *WHAT_COUNTS_CUSTOMERS},
    ),
    "nor does a list of deployments, nor what counts their customers": (
        ["deployment", "list", "--format", "json", "--database", "ledger.db"],
        {"jinja2", "phonenumbers", "pycountry", "requests", "rich", "pathspec", *WHAT_COUNTS_CUSTOMERS},
    ),
    "recording needs neither templates nor phones": (
        ["deployment", "record", "--environment", "production", "--format", "json", "--database", "ledger.db"],
        {
            "jinja2",
            "sqlalchemy.dialects.postgresql",
            "phonenumbers",
            "pycountry",
            "requests",
            "rich",
            "releasewatch.domain.notes",
            "releasewatch.domain.call_rules",
            "releasewatch.domain.calling_hours",
            "releasewatch.domain.suspects",
            "git.objects",
            "git.repo",
            "pathspec",
            "releasewatch.storage.calls",
            "releasewatch.storage.named_people",
            "releasewatch.storage.pruning",
            "releasewatch.rendering",
            "releasewatch.storage.tables.call_lists",
            "releasewatch.storage.tables.call_mails",
            "releasewatch.storage.tables.care",
            "releasewatch.storage.tables.erasure",
            "releasewatch.storage.tables.events",
            "releasewatch.usecases.incidents",
            "releasewatch.usecases.releases",
        },
    ),
}


@pytest.mark.parametrize("case", SPARED, ids=str)
def test_a_command_loads_only_what_it_uses(shop: RepoBuilder, case: str) -> None:
    words, spared = SPARED[case]
    (names,) = loaded(shop.path, words).values()
    assert set(names) & spared == set()


def test_a_server_is_asked_without_the_tables_that_a_command_does_not_use(tmp_path: Path, postgres_url: str) -> None:
    upgrade(Ledger(Secret(postgres_url)))
    (names,) = loaded(tmp_path, ["status", "--format", "json", "--database", postgres_url]).values()
    assert set(names) & {"alembic", "sqlite3", "releasewatch.storage.calls", *TABLES_OF_CALLS} == set()


def test_who_is_exposed_is_listed_without_what_reads_directories(shop: RepoBuilder) -> None:
    place = ["--database", "ledger.db"]
    record = ["deployment", "record", "--environment", "production", *place]
    listing = ["exposure", "list", "--deployment", "D-1", "--format", "csv", *place]
    _, names = loaded(shop.path, record, listing).values()
    assert set(names) & {"jinja2", "phonenumbers", "pycountry", "requests", "rich"} == set()


# Help


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=IDS)
def test_every_command_says_what_it_is_for(words: Words, command: click.Command) -> None:
    assert command.help, words
    first = command.help.strip().splitlines()[0]
    assert first[0].isupper()
    assert first.endswith((".", "?", ":")) or "\n" in command.help.strip()


OPTIONS = [
    (f"{name} {option.opts[-1]}", option)
    for name, (_, command) in zip(IDS, COMMANDS, strict=True)
    for option in command.params
    if isinstance(option, click.Option)
]


@pytest.mark.parametrize("option", [option for _, option in OPTIONS], ids=[name for name, _ in OPTIONS])
def test_every_option_says_what_it_does(option: click.Option) -> None:
    assert (option.help or "").strip()


VERBS = [
    pytest.param(command, id=" ".join(words))
    for words, command in COMMANDS
    # The demo's settings and ledger are its own.
    if not isinstance(command, click.Group) and words != ("demo",)
]


WRITING = {"approve", "claim", "finish", "forget", "import", "link", "log", "open", "plan", "record", "send", "upgrade"}


def test_a_replica_is_asked_by_no_command_that_writes() -> None:
    named = [
        ("config log" if list(words[-2:]) == ["config", "log"] else words[-1], command)  # `call log` writes, this lists
        for words, command in COMMANDS
        if words
    ]
    verbs = [(verb, {name for one in command.params for name in one.opts}) for verb, command in named]
    taking = {verb for verb, options in verbs if "--read-url" in options}
    assert taking >= {"list", "show", "render", "digest", "dora", "status", "explain", "config log"}
    assert taking.isdisjoint(WRITING)
    assert {verb for verb, _ in verbs} >= WRITING


@pytest.mark.parametrize("command", VERBS)
def test_every_command_takes_the_common_options(command: click.Command) -> None:
    known = {name for option in command.params for name in option.opts}
    assert known >= {"--config", "--database", "--quiet", "--verbose"}


BEGUN = """
import json
import subprocess
import sys

from releasewatch.cli.main import run

begun = {}


class Listening(subprocess.Popen):
    def __init__(self, command, *args, **how):
        if "log" in command:
            begun["log"] = sorted(set(json.loads(sys.argv[1])) & set(sys.modules))
        super().__init__(command, *args, **how)


subprocess.Popen = Listening
try:
    run(sys.argv[2:])
finally:
    print(json.dumps(begun), file=sys.stderr)
"""


def test_git_is_at_work_before_notes_load_what_decides_and_renders(shop: RepoBuilder) -> None:
    later = ["jinja2", "msgspec", "releasewatch.config", "releasewatch.domain.notes", "releasewatch.rendering"]
    done = run_python("-c", BEGUN, json.dumps(later), "notes", "render", "--from", "HEAD~1", cwd=shop.path)
    assert (done.status, "Count what is in the cart" in done.out) == (0, True), done.err
    assert json.loads(done.err.splitlines()[-1]) == {"log": []}


def test_how_memory_is_kept_is_settled_before_most_is_loaded(tmp_path: Path) -> None:
    words = "import sys, releasewatch.process as it; print('click' in sys.modules, it.start.__module__)"
    done = run_python("-c", words, cwd=tmp_path)
    assert done.out.split() == ["False", "releasewatch.process"], done.err
