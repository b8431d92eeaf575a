"""Which source a setting is taken from, what is shown of it, and where the ledger is."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import make_url

from releasewatch.config import (
    DATABASE,
    READ_URL,
    REPO,
    Config,
    LedgerAddress,
    Sources,
    list_settings,
    load_config,
    parse_config,
    resolve_ledger,
    resolve_replica,
    resolve_repo,
    resolve_spool,
)
from releasewatch.config.ledger_address import read_address
from releasewatch.errors import ConfigError, InvalidCallError
from releasewatch.secret import Secret

CWD = Path("/somewhere")
ROOT = Path("/repo")
SERVER = "postgresql://me:s3cret@db.example.org:5432/ledger"


def config(text: str = "") -> Config:
    read = parse_config(text.encode(), "releasewatch.toml")
    return Config(ROOT, read.tables, ROOT / "releasewatch.toml", read.where, read.written)


def with_database(value: str) -> Config:
    return config(f'[releasewatch]\ndatabase = "{value}"')


def shown(config: Config, sources: Sources) -> dict[str, tuple[object, str]]:
    return {one.key: (one.value, one.source) for one in list_settings(config, sources)}


def test_the_name_of_the_repo_comes_from_the_first_source_that_has_one() -> None:
    flags, environ, ci = {REPO: "flag"}, {"RELEASEWATCH_REPO": "variable"}, {REPO: "ci"}
    written, silent = config('[releasewatch]\nrepo = "file"'), config()

    def asked() -> str:
        raise AssertionError("git is started, and something else has named the repo")

    def name(config: Config, sources: Sources) -> tuple[object, str]:
        setting = resolve_repo(config, sources)
        return setting.value, setting.source

    assert name(written, Sources(environ, CWD, flags, ci, asked)) == ("flag", "flag")
    assert name(written, Sources(environ, CWD, {}, ci, asked)) == ("variable", "environment RELEASEWATCH_REPO")
    assert name(written, Sources({"RELEASEWATCH_REPO": ""}, CWD, {}, ci, asked)) == ("file", "releasewatch.toml")
    assert name(silent, Sources({}, CWD, {}, ci, asked)) == ("ci", "ci")
    assert name(silent, Sources({}, CWD, {}, {}, lambda: "group/remote")) == ("group/remote", "default")


def test_a_repo_without_a_usable_name_is_an_error() -> None:
    with pytest.raises(InvalidCallError, match="this repo has no name"):
        resolve_repo(config(), Sources({}, CWD))
    with pytest.raises(InvalidCallError, match=r"a b.*environment RELEASEWATCH_REPO"):
        resolve_repo(config(), Sources({"RELEASEWATCH_REPO": "a b"}, CWD))


def test_the_default_ledger_is_a_file_beside_the_configuration() -> None:
    address = resolve_ledger(config(), Sources({}, CWD))
    assert address.file == ROOT / ".releasewatch" / "ledger.db"
    assert address.url == Secret("sqlite:////repo/.releasewatch/ledger.db")
    assert (address.printable, address.source) == ("sqlite:////repo/.releasewatch/ledger.db", "default")


@pytest.mark.parametrize("text", ["data/l.db", "sqlite:///data/l.db"])
def test_a_file_is_relative_to_where_it_was_written(text: str) -> None:
    assert resolve_ledger(with_database(text), Sources({}, CWD)).file == ROOT / "data" / "l.db"
    assert resolve_ledger(config(), Sources({}, CWD, {DATABASE: text})).file == CWD / "data" / "l.db"
    environ = {"RELEASEWATCH_DATABASE_URL": text}
    assert resolve_ledger(with_database("other.db"), Sources(environ, CWD)).file == CWD / "data" / "l.db"


def test_records_wait_beside_the_configuration_unless_another_folder_is_named() -> None:
    written = config('[releasewatch]\nspool = "kept"')
    environ = {"RELEASEWATCH_SPOOL_DIR": "volume"}
    assert resolve_spool(config(), Sources({}, CWD)) == (ROOT / ".releasewatch" / "spool", "default")
    assert resolve_spool(written, Sources({}, CWD)) == (ROOT / "kept", "releasewatch.toml")
    assert resolve_spool(written, Sources(environ, CWD)) == (CWD / "volume", "environment RELEASEWATCH_SPOOL_DIR")
    assert shown(written, Sources({}, CWD))["releasewatch.spool"] == (str(ROOT / "kept"), "releasewatch.toml")


def test_an_absolute_file_stays_where_it_is() -> None:
    for text in ("/var/l.db", "sqlite:////var/l.db"):
        assert resolve_ledger(with_database(text), Sources({}, CWD)).file == Path("/var/l.db")


def test_signs_that_mean_something_in_a_url_may_stand_in_the_name_of_a_file() -> None:
    name = "a b?c#d%20é.db"
    for text in (name, "sqlite:///a%20b%3Fc%23d%2520é.db"):
        address = resolve_ledger(with_database(text), Sources({}, CWD))
        assert address.file == ROOT / name
        assert make_url(address.url.reveal()).database == f"{ROOT}/{name}"


def test_a_password_may_come_from_a_variable_and_is_never_shown() -> None:
    printable = "postgresql://me:***@db.example.org:5432/ledger"
    by_variable = resolve_ledger(config(), Sources({"RELEASEWATCH_DATABASE_URL": SERVER}, CWD))
    by_reference = resolve_ledger(with_database("env:RELEASEWATCH_L"), Sources({"RELEASEWATCH_L": SERVER}, CWD))
    by_flag = resolve_ledger(config(), Sources({"RELEASEWATCH_L": SERVER}, CWD, {DATABASE: "env:RELEASEWATCH_L"}))

    for address, source in (
        (by_variable, "environment RELEASEWATCH_DATABASE_URL"),
        (by_reference, "releasewatch.toml"),
        (by_flag, "--database"),
    ):
        assert address == LedgerAddress(Secret(SERVER), printable, source)
        assert "s3cret" not in repr(address)


@pytest.mark.parametrize(
    ("url", "printable"),
    [
        ("postgresql://u:s3@cr3t@h/d", "postgresql://u:***@h/d"),
        ("postgresql://u:s3%2Fcr3t@h/d?sslmode=require", "postgresql://u:***@h/d?sslmode=require"),
        ("postgresql://u@h/d?password=s3&x=1", "postgresql://…"),
        ("postgresql://u@h/d?sslpassword=a@s3", "postgresql://…"),
        ("postgresql://h:5432/d", "postgresql://h:5432/d"),
        ("postgres://u@h/d", "postgresql://u@h/d"),
        ("postgresql+psycopg://u@[::1]/d", "postgresql+psycopg://u@[::1]/d"),
    ],
)
def test_what_is_printed_of_a_url_holds_no_password(url: str, printable: str) -> None:
    address = resolve_ledger(config(), Sources({"RELEASEWATCH_DATABASE_URL": url}, CWD))
    assert address.printable == printable
    assert address.url.reveal().endswith(url.partition("://")[2])


@pytest.mark.parametrize("text", ["postgres//u:s3@h/d", "postgresql:/u@h/d", "u:s3@h/d", "sqlite:ledger.db"])
def test_a_url_with_a_slip_of_the_pen_is_no_file(text: str) -> None:
    with pytest.raises(InvalidCallError, match="or the name of an SQLite file") as caught:
        read_address(text, "environment", Path("/srv"), password_allowed=True)
    assert "s3" not in f"{caught.value.message}{caught.value.hint}"


@pytest.mark.parametrize(
    "text", ["$(RELEASEWATCH_DATABASE_URL)", "${{ secrets.DB }}", "${DB}", "$DB", "%DB%", " $(a.b) "]
)
def test_a_variable_that_was_not_filled_in_is_no_file(text: str) -> None:
    with pytest.raises(InvalidCallError, match="the name of a variable that was not filled in"):
        read_address(text, "environment", Path("/srv"), password_allowed=True)


@pytest.mark.parametrize("name", ["postgres/ledger.db", "ledger.db", "a b:c.db", "$(HOME)/ledger.db", "a$b"])
def test_what_is_no_url_is_a_file(name: str) -> None:
    assert read_address(name, "flag", Path("/srv"), password_allowed=False).file == Path("/srv", name)


def test_a_password_on_the_command_line_is_refused() -> None:
    with pytest.raises(InvalidCallError, match="from --database: a password must not stand here") as caught:
        resolve_ledger(config(), Sources({}, CWD, {DATABASE: SERVER}))
    assert not isinstance(caught.value, ConfigError)
    assert "RELEASEWATCH_DATABASE_URL" in caught.value.hint
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:s3cret@h/d",
        "postgresql://u:s3cret@h:port/d",
        "postgresql://u:s3cret@[h/d",
        "postgresql://u:s3cret/d",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///l.db?s3cret=1",
        ":memory:",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_being_repeated(url: str) -> None:
    sources = Sources({"RELEASEWATCH_DATABASE_URL": url}, CWD)
    with pytest.raises(InvalidCallError, match="environment RELEASEWATCH_DATABASE_URL: ") as caught:
        resolve_ledger(config(), sources)
    assert "s3cret" not in caught.value.message + caught.value.hint


def test_a_reference_to_a_variable_that_is_not_set_is_an_error_when_the_ledger_is_wanted() -> None:
    with pytest.raises(ConfigError, match=r"from releasewatch\.toml: the variable RELEASEWATCH_L is not set"):
        resolve_ledger(with_database("env:RELEASEWATCH_L"), Sources({"RELEASEWATCH_L": ""}, CWD))


def test_every_setting_is_shown_once_with_its_source() -> None:
    text = """
    [releasewatch]
    repo = "file"
    [catalog]
    unmapped = "fail"
    [components.a]
    paths = ["a/**"]
    [environments.live]
    regions = ["eu"]
    [directory.crm]
    kind = "csv"
    customers = "c.csv"
    columns.customers.name = { from = "Account", values = { x = "y" } }
    [ranking.customer_tier]
    gold = 1
    """
    settings = list_settings(config(text), Sources({"RELEASEWATCH_REPO": "variable"}, CWD))
    found = {one.key: (one.value, one.source) for one in settings}

    assert len(found) == len(settings)
    assert found["config"] == ("/repo/releasewatch.toml", "default")
    assert found["releasewatch.repo"] == ("variable", "environment RELEASEWATCH_REPO")
    assert found["catalog.unmapped"] == ("fail", "releasewatch.toml")
    assert found["catalog.no_effect"] == ([], "default")
    assert found["components.a.paths"] == (["a/**"], "releasewatch.toml")
    assert found["components.a.title"] == ("a", "default")
    assert found["components.a.owner"] == (None, "default")
    assert found["environments.live.tier"] == ("production", "default")
    assert found["environments.live.regions"] == (["eu"], "releasewatch.toml")
    assert found["directory.crm.columns.customers.name.from"] == ("Account", "releasewatch.toml")
    assert found["directory.crm.columns.customers.name.values.x"] == ("y", "releasewatch.toml")
    assert found["ranking.customer_tier.gold"] == (1, "releasewatch.toml")
    assert "ranking.customer_tier.platinum" not in found
    assert found["ranking.breaking"] == (20, "default")
    assert found["calling.hours_from"] == ("09:00", "default")


def test_of_a_ledger_only_the_variable_is_shown_and_whether_it_is_set() -> None:
    reference = with_database("env:RELEASEWATCH_L")
    key = "releasewatch.database"

    assert shown(reference, Sources({}, CWD))[key] == ("env:RELEASEWATCH_L (not set)", "releasewatch.toml")
    assert shown(reference, Sources({"RELEASEWATCH_L": SERVER}, CWD))[key] == (
        "env:RELEASEWATCH_L (set)",
        "releasewatch.toml",
    )
    assert shown(reference, Sources({"RELEASEWATCH_DATABASE_URL": SERVER}, CWD))[key] == (
        "env:RELEASEWATCH_DATABASE_URL (set)",
        "environment RELEASEWATCH_DATABASE_URL",
    )
    assert shown(config(), Sources({}, CWD))[key] == ("sqlite:////repo/.releasewatch/ledger.db", "default")
    assert shown(with_database("postgresql://u@h/d"), Sources({}, CWD))[key][0] == "postgresql://u@h/d"


def test_the_file_of_the_configuration_is_shown_with_who_named_it(tmp_path: Path) -> None:
    (tmp_path / "x.toml").write_text("")
    environ = {"RELEASEWATCH_CONFIG": "x.toml"}
    loaded = load_config(tmp_path, None, environ)

    assert shown(loaded, Sources(environ, tmp_path))["config"] == (
        str(tmp_path / "x.toml"),
        "environment RELEASEWATCH_CONFIG",
    )
    assert shown(Config(tmp_path), Sources({}, tmp_path))["config"] == (None, "default")


def test_a_replica_is_asked_unless_the_ledger_is_named_more_plainly() -> None:
    written = config('[releasewatch]\nread_url = "postgresql://r@file/d"')
    by_variable = {"RELEASEWATCH_READ_URL": "postgresql://r:s3cret@variable/d"}
    database = {"RELEASEWATCH_DATABASE_URL": SERVER}

    def asked(config: Config, environ: dict[str, str], **flags: str) -> str | None:
        keys = {"database": DATABASE, "read_url": READ_URL}
        found = resolve_replica(config, Sources(environ, CWD, {keys[name]: value for name, value in flags.items()}))
        return found and found.printable

    assert asked(config(), {}) is None
    assert asked(written, {}) == "postgresql://r@file/d"
    assert asked(written, by_variable) == "postgresql://r:***@variable/d"
    assert asked(written, by_variable | database) == "postgresql://r:***@variable/d"
    assert asked(written, database) is None
    assert asked(written, by_variable, database="postgresql://u@flag/d") is None
    flag = "postgresql://r@flag/d"
    assert asked(written, by_variable | database, database=SERVER, read_url=flag) == flag
    with pytest.raises(ConfigError, match=r"address of the replica, from releasewatch.toml: a password") as refused:
        asked(config('[releasewatch]\nread_url = "postgresql://r:s3cret@h/d"'), {})
    assert "RELEASEWATCH_READ_URL" in str(refused.value.hint)


def test_what_is_shown_of_a_replica_holds_no_secret() -> None:
    assert shown(config(), Sources({}, CWD))["releasewatch.read_url"] == (None, "default")
    environ = {"RELEASEWATCH_READ_URL": SERVER}
    value, source = shown(config(), Sources(environ, CWD))["releasewatch.read_url"]
    assert (value, source) == ("env:RELEASEWATCH_READ_URL (set)", "environment RELEASEWATCH_READ_URL")
