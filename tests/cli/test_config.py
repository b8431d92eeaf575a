"""`config show`: every setting, its value and where it came from; secrets nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import run_here, run_on_terminal
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[catalog]
unmapped = "fail"
[components.cart]
title = "Cart \u202e& more"
paths = ["cart/**", "!cart/docs/**"]
[environments.production]
regions = ["eu", "us"]
"""


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    """A repo with a configuration."""
    repo = RepoBuilder(tmp_path / "shop")
    (repo.path / "releasewatch.toml").write_text(CONFIG, encoding="utf-8")
    return repo


def settings(repo: RepoBuilder, *arguments: str, env: dict[str, str] | None = None) -> dict[str, tuple[Any, str]]:
    done = run_here("config", "show", "--format", "json", *arguments, cwd=repo.path, env=env)
    assert (done.status, done.err) == (0, "")
    assert done.document["settings_version"] is None
    assert set(done.document) == {"schema", "settings", "settings_version", "next_cursor"}
    return {one["key"]: (one["value"], one["source"]) for one in done.document["settings"]}


def test_each_setting_has_its_value_and_source(shop: RepoBuilder) -> None:
    found = settings(shop)
    assert found["catalog.unmapped"] == ("fail", "releasewatch.toml")
    assert found["catalog.no_effect"] == ([], "default")
    assert found["components.cart.paths"] == (["cart/**", "!cart/docs/**"], "releasewatch.toml")
    assert found["components.cart.type"] == ("service", "default")
    assert found["environments.production.tier"] == ("production", "default")
    assert found["releasewatch.repo"] == ("shop", "default")
    assert found["releasewatch.database"] == (f"sqlite:///{shop.path}/.releasewatch/ledger.db", "default")


def test_the_nearest_source_counts(shop: RepoBuilder) -> None:
    github = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop"}
    assert settings(shop, env=github)["releasewatch.repo"] == ("acme/shop", "ci")
    named = github | {"RELEASEWATCH_REPO": "our/shop"}
    assert settings(shop, env=named)["releasewatch.repo"] == ("our/shop", "environment RELEASEWATCH_REPO")
    url = {"RELEASEWATCH_DATABASE_URL": "postgresql://127.0.0.1:1/ledger"}
    given = settings(shop, "--database", "mine.db", env=url)
    assert given["releasewatch.database"] == (f"sqlite:///{shop.path}/mine.db", "flag")


def test_a_ledger_of_the_environment_is_shown_without_its_address(shop: RepoBuilder) -> None:
    env = {"RELEASEWATCH_DATABASE_URL": "postgresql://ada:canary-7f3a@127.0.0.1:1/ledger"}
    for form in ("table", "json"):
        done = run_here("config", "show", "--format", form, cwd=shop.path, env=env)
        assert done.status == 0
        assert "env:RELEASEWATCH_DATABASE_URL (set)" in done.out
        assert "canary" not in done.out + done.err


def test_a_password_in_the_file_is_refused_and_not_repeated(shop: RepoBuilder) -> None:
    (shop.path / "releasewatch.toml").write_text(
        '[releasewatch]\ndatabase = "postgresql://ada:canary-7f3a@db.example.org/ledger"\n'
    )
    done = run_here("config", "show", cwd=shop.path)
    assert (done.status, done.out) == (2, "")
    assert "password" in done.err
    assert "canary" not in done.err


def test_a_table_is_harmless_on_a_terminal(shop: RepoBuilder) -> None:
    shown = run_on_terminal("config", "show", cwd=shop.path)
    assert "Cart ?& more" in shown
    assert "\u202e" not in shown


def test_a_wrong_setting_is_named(shop: RepoBuilder) -> None:
    (shop.path / "releasewatch.toml").write_text('[catalog]\nunmaped = "all"\n')
    done = run_here("config", "show", "--format", "json", cwd=shop.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "invalid_config")
    assert 'did you mean "unmapped"' in done.error["message"]
