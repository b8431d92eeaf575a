"""What a configuration file may say, and how each mistake in it is reported."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import time

import msgspec
import pytest

from releasewatch.config import parse_config
from releasewatch.config.schema import COLUMNS, Calling, Ranking, Tables
from releasewatch.domain.call_scores import RankingWeights
from releasewatch.domain.calling_hours import CallingHours
from releasewatch.errors import ConfigError
from releasewatch.integrations.directories.records import SHAPES

WHERE = "releasewatch.toml"

WHOLE = """
[releasewatch]
repo = "shop"
database = "env:RELEASEWATCH_DATABASE_URL"

[catalog]
no_effect = ["docs/**", "*.md", "!docs/legal.md"]
unmapped = "all"

[components.invoicing]
title = "Invoices"
paths = ["services/invoicing/*", "!services/invoicing/tests/"]
depends_on = ["money", "shop/auth", "other-repo/ledger"]
owner = "team-billing"
visibility = "internal"

[components.money]
type = "library"
depends_on = ["invoicing"]

[components.auth]

[environments.production]
tier = "production"
regions = ["eu-west", "us-east"]
rings = ["early", "stable"]

[products.business]
components = ["shop/invoicing", "auth", "elsewhere/*"]

[directory.crm]
kind = "csv"
customers = "customers.csv"
without_entitlement = "possible"
[directory.crm.columns.customers]
name = "Account Name"
customer_tier = { from = "Segment", values = { "Enterprise" = "platinum" } }

[privacy]
ci = "names"
keys = "opaque"

[notes]
subjects = "customer"

[ranking]
breaking = 30
customer_tier = { whale = 50 }

[calling]
hours_from = "08:30"
"""


def error_of(text: str, *, pyproject: bool = False) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        parse_config(text.encode(), WHERE, pyproject=pyproject)
    return caught.value


def test_every_table_is_read_into_its_type() -> None:
    tables = parse_config(WHOLE.encode(), WHERE).tables

    assert tables.releasewatch.repo == "shop"
    assert tables.catalog.unmapped == "all"
    assert tables.components["invoicing"].depends_on == ("money", "shop/auth", "other-repo/ledger")
    assert tables.components["auth"].type == "service"
    assert tables.environments["production"].rings == ("early", "stable")
    assert tables.products["business"].components == ("shop/invoicing", "auth", "elsewhere/*")
    crm = tables.directory["crm"]
    assert (crm.customers, crm.contacts, crm.without_entitlement) == ("customers.csv", None, "possible")
    assert crm.columns.customers["name"] == "Account Name"
    assert msgspec.to_builtins(crm.columns.customers["customer_tier"]) == {
        "from": "Segment",
        "values": {"Enterprise": "platinum"},
    }
    assert (tables.privacy.terminal, tables.privacy.ci, tables.privacy.keys) == ("contacts", "names", "opaque")
    assert tables.notes.subjects == "customer"
    assert (tables.ranking.breaking, tables.ranking.reach_named) == (30, 40)
    assert tables.ranking.customer_tier == {"whale": 50}
    assert (tables.calling.hours_from, tables.calling.hours_to) == ("08:30", "17:00")


def test_an_empty_file_is_all_defaults() -> None:
    assert parse_config(b"", WHERE).tables == Tables()


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm() -> None:
    text = b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode()
    assert parse_config(text, WHERE).tables == parse_config(WHOLE.encode(), WHERE).tables


def test_pyproject_holds_the_same_under_tool_releasewatch() -> None:
    text = WHOLE.replace("\n[", "\n[tool.releasewatch.").replace(
        "[tool.releasewatch.releasewatch]", "[tool.releasewatch]"
    )
    own = parse_config(WHOLE.encode(), WHERE)
    other = parse_config(f"[project]\nname = 'x'\n{text}".encode(), "pyproject.toml", pyproject=True)

    assert other.tables == own.tables
    assert other.written == own.written


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[components.a]\ntype = "servce"',
         'components.a.type = "servce": wanted "service" or "library"; did you mean "service"?'),
        ("[components.a]\ntitle = 3", "components.a.title = 3: wanted one line of text"),
        ('[components.a]\npaths = "a/**"', 'components.a.paths = "a/**": wanted a list of texts'),
        ('[components.a]\npaths = ["a", true]', "components.a.paths[1] = true: wanted a text in quotes"),
        ("components = 1", "components = 1: wanted a table"),
        ("[components]\na = []", "components.a = []: wanted a table"),
        ('[components.a]\ndepnds_on = ["b"]',
         'components.a.depnds_on = ["b"]: there is no such setting; did you mean "depends_on"?'),
        ("[component.a]", 'component = { … }: there is no such table; did you mean "components"?'),
        ('repo = "shop"', 'repo = "shop": there is no such table; did you mean releasewatch.repo?'),
        ('[catalog]\nunmapped = "wrn"',
         'catalog.unmapped = "wrn": wanted "warn", "all" or "fail"; did you mean "warn"?'),
        ('[environments."a b"]\ntier = "prod"', 'environments."a b".tier = "prod": wanted "production",'),
        ('[environments.x]\nregions = ["a;b"]', 'environments.x.regions[0] = "a;b": wanted a name of one line'),
        ('[environments.x]\nrings = ["?"]', 'environments.x.rings[0] = "?": wanted a name of one line'),
        ('[environments.x]\nrings = ["a", "a"]', 'environments.x.rings[1] = "a": it stands in this list twice'),
        ('[environments."x\\ty"]', 'environments."x\\ty" = { … }: a name is one line'),
        ('[environments."?"]', 'environments."?" = { … }: a name is one line'),
        ("[products.p]", "products.p.components is missing: wanted a list of texts"),
        ('[products.p]\ncomponents = ["a//b"]', 'products.p.components[0] = "a//b": wanted a component key'),
        ('[products.p]\ncomponents = ["*"]', 'products.p.components[0] = "*": wanted a component key'),
        ('[directory.d]\nkind = "ldap"\ncustomers = "x"', 'directory.d.kind = "ldap": wanted "csv" or "http"'),
        ('[directory.d]\nkind = "csv"', "directory.d = { … }: a directory needs a file"),
        ('[directory.d]\nkind = "csv"\ncustomers = "x"\ncolumns.customers.nmae = "N"',
         'directory.d.columns.customers.nmae = "N": there is no such column; did you mean "name"?'),
        ('[directory.d]\nkind = "csv"\ncustomers = "x"\ncolumns.contacts.name = { frm = "N" }',
         'directory.d.columns.contacts.name.frm = "N": there is no such setting; did you mean "from"?'),
        ('[privacy]\nci = "all"', 'privacy.ci = "all": wanted "keys", "names" or "contacts"'),
        ("[ranking]\nbreaking = -1", "ranking.breaking = -1: wanted a whole number from 0 to 1000"),
        ("[ranking]\nbreaking = 1.5", "ranking.breaking = 1.5: wanted a whole number"),
        ("[ranking]\nbreaking = true", "ranking.breaking = true: wanted a whole number"),
        ('[ranking.customer_tier]\ngold = "x"', 'ranking.customer_tier.gold = "x": wanted a whole number'),
        ("[calling]\nhours_from = 09:00:00", 'calling.hours_from = 09:00:00: wanted a time of day as "HH:MM"'),
        ('[ranking]\ncurrency = "eur"', 'ranking.currency = "eur": wanted a currency as EUR or USD'),
        ("[ranking]\nrates = { USD = 0.9 }", "ranking.rates.USD = 0.9: say in which currency values are compared"),
        ('[ranking]\ncurrency = "EUR"\nrates = { usd = 0.9 }', "ranking.rates.usd = 0.9: wanted a currency as EUR"),
        ('[ranking]\ncurrency = "EUR"\nrates = { EUR = 2 }', "ranking.rates.EUR = 2.0: EUR is what values"),
        ('[ranking]\ncurrency = "EUR"\nrates = { USD = 0 }', "ranking.rates.USD = 0: wanted a number above 0"),
        ("[calling]\ncapacity = 0", "calling.capacity = 0: wanted a number of calls from 1 to 1000"),
        ('[calling]\noverride_hours = ["SEV9"]', 'calling.override_hours[0] = "SEV9": wanted'),
        ('[calling]\nhours_from = "24:00"', 'calling.hours_from = "24:00": wanted a time of day'),
        ('[calling]\nhours_from = "18:00"',
         'calling.hours_to = "17:00": wanted a time after hours_from, which is 18:00'),
        ("[releasewatch]\nrepo = 'a b'", 'releasewatch.repo = "a b": wanted a name such as shop'),
        ("[releasewatch]\nrepo = '/a'", 'releasewatch.repo = "/a": wanted a name such as shop'),
        ("[releasewatch]\ndatabase = 'env:HOME'",
         'releasewatch.database = "env:HOME": wanted env: and the name of a variable'),
        ("[releasewatch]\ndatabase = 'mysql://h/d'",
         'releasewatch.database = "mysql://h/d": wanted an address that begins'),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_reported_with_its_key_its_value_and_what_was_wanted(text: str, message: str) -> None:
    assert error_of(text).message.startswith(f"{WHERE}: {message}")


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "an empty pattern matches nothing"),
        ("   ", "an empty pattern matches nothing"),
        ("!", "an empty pattern matches nothing"),
        ("/", "an empty pattern matches nothing"),
        ("#docs", "comment"),
        ("a\\\\", "cannot end in a backslash"),
        ("a\\u0000b", "control character"),
        ("a\\nb", "control character"),
        ("a//b", "two slashes"),
        ("./a", "begins at the root of the repo"),
        ("../a", "begins at the root of the repo"),
        ("a[b", "needs its ]"),
        ("[[:letter:]]", "no class of characters"),
        ("[/]", "matches no character"),
        ("a/b**/c", "glued"),
        ("!a", "takes something away from those before it"),
    ],
)
@pytest.mark.parametrize("setting", ["catalog.no_effect", "components.a.paths"])
def test_a_pattern_that_does_nothing_is_refused(setting: str, pattern: str, reason: str) -> None:
    error = error_of(f'{setting} = ["{pattern}"]')

    assert error.message.startswith(f'{WHERE}: {setting}[0] = "{pattern}": ')
    assert reason in error.message


@pytest.mark.parametrize(
    ("needs", "problem"),
    [
        ("a", "a component cannot depend on itself"),
        ("shop/a", "a component cannot depend on itself"),
        ("mony", 'this repo has no such component; did you mean "money"?'),
        ("shop/mony", 'this repo has no such component; did you mean "money"?'),
        ("quite-different", "this repo has no such component"),
        ("", "wanted the key of a component"),
        ("x//y", "wanted the key of a component"),
        ("x/", "wanted the key of a component"),
        ("a b", "wanted the key of a component"),
    ],
)
def test_a_dependency_that_cannot_be_is_refused(needs: str, problem: str) -> None:
    error = error_of(f'[releasewatch]\nrepo = "shop"\n[components.a]\ndepends_on = ["{needs}"]\n[components.money]')

    assert error.message.startswith(f'{WHERE}: components.a.depends_on[0] = "{needs}": {problem}')


def test_cycles_and_dependencies_on_other_repos_are_allowed() -> None:
    text = '[components.a]\ndepends_on = ["b", "far/away/c"]\n[components.b]\ndepends_on = ["a"]'
    assert set(parse_config(text.encode(), WHERE).tables.components) == {"a", "b"}


@pytest.mark.parametrize("key", ["", "a b", "a/b", "ä", "x" * 101])
def test_a_component_key_that_could_not_stand_in_a_full_key_is_refused(key: str) -> None:
    assert "a component key has 1 to 100 letters" in error_of(f'[components."{key}"]').message


def test_component_keys_of_every_allowed_sign_are_taken() -> None:
    keys = ["Invoicing", "a.b_c-1", "x" * 100]
    text = "".join(f'[components."{key}"]\n' for key in keys)
    assert list(parse_config(text.encode(), WHERE).tables.components) == keys


def test_several_mistakes_are_counted() -> None:
    error = error_of('[components.a]\ntype = "x"\nowner = 1\nvisible = true')
    assert error.message.startswith(f"{WHERE}: components.a.type")
    assert error.message.endswith("(and 2 more)")


def test_the_hint_names_what_there_is() -> None:
    assert error_of("[notes]\nsubject = 1").hint == "There are subjects."
    assert "This repo has a, money" in error_of('[components.money]\n[components.a]\ndepends_on = ["x"]').hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[a\nb = 1", "is not valid TOML: "),
        (b"a = 1\nb = = 2", "(at line 2, column 5)"),
        (b'a = "\xff"', "byte 5 is not UTF-8"),
        (b"a = " + b"[" * 5000, "is not valid TOML"),
    ],
)
def test_a_file_that_is_not_toml_is_one_error_with_its_place(text: bytes, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, WHERE)
    assert WHERE in caught.value.message
    assert message in caught.value.message


def test_in_pyproject_a_mistake_is_named_as_that_file_writes_it() -> None:
    def message(text: str) -> str:
        return error_of(text, pyproject=True).message

    assert f"{WHERE}: tool.releasewatch.catalog.unmapped = 1" in message("[tool.releasewatch.catalog]\nunmapped = 1")
    assert f"{WHERE}: tool.releasewatch.repo = 1" in message("[tool.releasewatch]\nrepo = 1")
    assert 'did you mean "repo"?' in message("[tool.releasewatch]\nrpo = 1")
    assert "wanted its settings in [tool.releasewatch] itself" in message("[tool.releasewatch.releasewatch]")
    assert "tool.releasewatch = 1: wanted a table" in message("[tool]\nreleasewatch = 1")
    assert "has no table [tool.releasewatch]" in message("[tool.other]")


@pytest.mark.parametrize(
    "text",
    [
        '[releasewatch]\ndatabase = "postgresql://me:s3cret@db/x"',
        '[releasewatch]\ndatabase = "postgresql://me:s3@cr3t/s3cret@db/x"',
        '[releasewatch]\ndatabase = "postgresql://db/x?password=s3cret"',
        '[releasewatch]\ndatbase = "postgresql://me:s3cret@db/x"',
        '[releasewatch]\nrepo = "x"\npassword = "s3cret"',
        '[releasewatch]\ndatabase = "postgresql://me:s3cret/x"',
        '[nofity]\npassword = "s3cret"',
        'repo = { token = "s3cret" }',
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(text: str) -> None:
    error = error_of(text)
    assert "s3cret" not in error.message + error.hint


def test_columns_weights_and_hours_are_those_that_the_program_works_with() -> None:
    calling, hours = Calling(), CallingHours()

    assert {file: shape.columns for file, shape in SHAPES.items()} == COLUMNS
    weights = RankingWeights()
    assert msgspec.to_builtins(Ranking()) == {
        one.name: dict(value) if isinstance(value := getattr(whose, one.name), Mapping) else value
        for whose in (weights, weights.incident)
        for one in dataclasses.fields(whose)
        if one.name != "incident"
    }
    assert (time.fromisoformat(calling.hours_from), time.fromisoformat(calling.hours_to)) == (hours.opens, hours.closes)


@pytest.mark.parametrize(("file", "column"), [(file, column) for file in COLUMNS for column in COLUMNS[file]])
def test_every_documented_column_may_be_mapped(file: str, column: str) -> None:
    text = f'[directory.d]\nkind = "csv"\n{file} = "x.csv"\ncolumns.{file}.{column} = "Theirs"'
    columns = parse_config(text.encode(), WHERE).tables.directory["d"].columns
    assert getattr(columns, file) == {column: "Theirs"}
