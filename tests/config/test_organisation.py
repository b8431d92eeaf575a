"""The organisation's settings as a file and as a version in the ledger, and what a repo's own file may hold beside."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from releasewatch.config import (
    Sources,
    find_organisation_file,
    list_settings,
    load_organisation,
    organisation_sections,
    parse_config,
    parse_organisation,
    pushed_settings,
    with_organisation,
)
from releasewatch.errors import ConfigError
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.config import Config, OrganisationSettings

WHEN = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)

DOCUMENT = {"environments": {"qa": {"tier": "staging"}}, "ranking": {"breaking": 30}}


SERVER = '[directory.crm]\nkind = "http"\ncustomers = "https://crm.example.org/customers"\n'


def organisation(text: str) -> OrganisationSettings:
    return parse_organisation(text.encode(), "organisation.toml")


def repo(text: str, *, pyproject: bool = False) -> Config:
    where = "pyproject.toml" if pyproject else "releasewatch.toml"
    return parse_config(text.encode(), where, pyproject=pyproject)


def test_the_document_is_what_was_written_and_nothing_else() -> None:
    found = organisation('[environments.qa]\ntier = "staging"\n[ranking]\nbreaking = 30\n')
    assert found.document == DOCUMENT
    assert found.tables.ranking.breaking == 30
    assert found.tables.ranking.reach_named == 40
    assert found.version is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[rankin]\nbreaking = 1",
            'organisation.toml: rankin = { … }: there is no such table; did you mean "ranking"?',
        ),
        ("[ranking]\nbraking = 1", 'ranking.braking = 1: there is no such setting; did you mean "breaking"?'),
        ('[ranking]\nbreaking = "1"', 'ranking.breaking = "1": wanted a whole number from 0 to 1000'),
        ("[components.a]\npaths = []", "components = { … }: this table is a repo's own"),
        ('[releasewatch]\nrepo = "a"', "releasewatch = { … }: this table is a repo's own"),
        ("[catalog]\n", "catalog = { … }: this table is a repo's own"),
        ('[products.p]\ncomponents = ["a b"]', "products.p.components[0]"),
        ("ranking = [", "organisation.toml is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_key_and_value(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        organisation(text)
    assert said in caught.value.message


def test_a_repos_own_tables_are_not_offered() -> None:
    with pytest.raises(ConfigError) as caught:
        organisation("[component]\n")
    assert "did you mean" not in caught.value.message
    assert "components" not in caught.value.hint
    assert "products" in caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        '[directory.crm]\nkind = "csv"\ncustomers = "https://me:canary-7f3a@crm.example.org/c.csv"',
        '[directory.crm]\nkind = "csv"\ncustomers = "https://crm.example.org/c.csv?x=1&api_key=canary-7f3a"',
        '[directory.crm]\nkind = "csv"\ncustomers = "c.csv"\npassword = "canary-7f3a"',
        '[directory.crm]\nkind = "csv"\ncustomers = "c.csv"\napi_token = "canary-7f3a"',
        SERVER + 'token = "canary-7f3a"',
        SERVER + 'headers = { X-Api-Key = "canary-7f3a" }',
        '[notes]\nsubjects = "postgresql://me:canary-7f3a@db.example.org/x"',
    ],
)
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(ConfigError, match="a password or token must not stand here") as caught:
        organisation(text)
    assert "canary" not in caught.value.message + caught.value.hint
    assert "env:RELEASEWATCH_" in caught.value.hint


def test_a_heading_of_somebody_elses_file_is_no_password() -> None:
    columns = 'columns.customers.segment = { from = "Token", values = { password = "none" } }'
    found = organisation(f'[directory.crm]\nkind = "csv"\ncustomers = "c.csv"\n{columns}')
    assert found.document["directory"]["crm"]["columns"]["customers"]["segment"]["from"] == "Token"


def test_a_reference_may_stand_where_a_secret_would() -> None:
    found = organisation(SERVER + 'token = "env:RELEASEWATCH_CRM"')
    assert found.document["directory"]["crm"]["token"] == "env:RELEASEWATCH_CRM"


def test_the_organisations_tables_take_the_place_of_the_files() -> None:
    own = repo('[releasewatch]\nrepo = "shop"\n[components.cart]\npaths = ["cart/**"]\n')
    both = with_organisation(own, pushed_settings(DOCUMENT, 3, WHEN, "ada"))
    assert both.settings_version == 3
    assert both.tables.components == own.tables.components
    assert both.tables.ranking.breaking == 30
    assert both.tier("qa") == "staging"
    sources = {one.key: one.source for one in list_settings(both, Sources({}, own.root))}
    assert sources["components.cart.paths"] == "releasewatch.toml"
    assert sources["releasewatch.repo"] == "releasewatch.toml"
    assert sources["ranking.breaking"] == "organisation settings, version 3"
    assert sources["ranking.reach_named"] == "default"


@pytest.mark.parametrize("table", ["[environments.production]", "[ranking]", '[notes]\nsubjects = "customer"'])
def test_a_repos_file_that_holds_such_a_table_too_is_refused(table: str) -> None:
    own = repo(f'[releasewatch]\nrepo = "shop"\n{table}\n')
    (section,) = organisation_sections(own)
    with pytest.raises(ConfigError) as caught:
        with_organisation(own, pushed_settings(DOCUMENT, 3, WHEN, "ada"))
    assert f"releasewatch.toml: [{section}] stands in the organisation's settings (version 3" in caught.value.message
    assert "organisation.toml" in caught.value.hint


def test_in_pyproject_the_table_is_named_as_it_stands_there() -> None:
    own = repo('[tool.releasewatch]\nrepo = "shop"\n[tool.releasewatch.calling]\n', pyproject=True)
    with pytest.raises(ConfigError, match=r"pyproject\.toml: \[tool\.releasewatch\.calling\] stands"):
        with_organisation(own, pushed_settings({}, 1, WHEN, "ada"))


def test_what_a_newer_program_pushed_is_an_error_that_says_so() -> None:
    with pytest.raises(ConfigError, match="organisation settings, version 4: voices") as caught:
        pushed_settings({"voices": {"a": 1}}, 4, WHEN, "ada")
    assert "another version of releasewatch" in caught.value.hint


def test_the_nearest_file_up_to_the_git_root_counts(tmp_path: Path) -> None:
    (tmp_path / "organisation.toml").write_text("")
    root = RepoBuilder(tmp_path / "shop").path
    (root / "a").mkdir()
    assert find_organisation_file(root / "a") is None
    (root / "organisation.toml").write_text("[ranking]\nbreaking = 7\n")
    found = find_organisation_file(root / "a")
    assert found == root / "organisation.toml"
    assert load_organisation(found, "../organisation.toml").tables.ranking.breaking == 7
    with pytest.raises(ConfigError, match="there is no file"):
        load_organisation(root / "x.toml", "x.toml")
