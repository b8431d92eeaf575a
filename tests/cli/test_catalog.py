"""`catalog show`: who depends on whom, of the repo one stands in and of all repos in the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import run_here, run_on_terminal
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """
[releasewatch]
repo = "acme/shop"
[components.cart]
title = "Cart \u202e"
paths = ["cart/**", "!cart/docs/**"]
depends_on = ["money", "acme/bank/ledger"]
owner = "team-cart"
[components.money]
type = "library"
visibility = "internal"
paths = ["money/**"]
"""

BANK = """
[releasewatch]
repo = "acme/bank"
[components.ledger]
paths = ["ledger/**"]
depends_on = ["acme/shop/money", "acme/none/such"]
"""

CART = {
    "key": "acme/shop/cart",
    "repo": "acme/shop",
    "title": "Cart \u202e",
    "type": "service",
    "owner": "team-cart",
    "visibility": "customer",
    "paths": ["cart/**", "!cart/docs/**"],
    "depends_on": ["acme/bank/ledger", "acme/shop/money"],
    "not_in_catalog": ["acme/bank/ledger"],
    "needed_by": [],
}

MONEY = {
    "key": "acme/shop/money",
    "repo": "acme/shop",
    "title": "money",
    "type": "library",
    "owner": None,
    "visibility": "internal",
    "paths": ["money/**"],
    "depends_on": [],
    "not_in_catalog": [],
    "needed_by": ["acme/shop/cart"],
}


def repo_with(path: Path, config: str) -> RepoBuilder:
    repo = RepoBuilder(path)
    (path / "releasewatch.toml").write_text(config, encoding="utf-8")
    repo.git("add", "releasewatch.toml")
    repo.git("commit", "-q", "-m", "Add the catalog")
    return repo


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    """The repo acme/shop."""
    return repo_with(tmp_path / "shop", SHOP)


def components(repo: RepoBuilder, *arguments: str) -> list[Any]:
    done = run_here("catalog", "show", "--format", "json", *arguments, cwd=repo.path)
    assert (done.status, done.err) == (0, "")
    assert done.document["schema"] == 1
    return list(done.document["components"])


def test_the_catalog_of_this_repo(shop: RepoBuilder) -> None:
    assert components(shop) == [CART, MONEY]


def test_people_see_bare_keys_of_the_repo_they_stand_in(shop: RepoBuilder) -> None:
    done = run_here("catalog", "show", cwd=shop.path)
    lines = [line.split("  ") for line in done.out.splitlines()]
    head, _, cart, money, _ = ([cell.strip() for cell in line if cell.strip()] for line in lines)
    assert head == ["component", "title", "type", "owner", "visible to", "paths", "needs", "needed by"]
    assert cart == [
        "cart",
        "Cart ?",
        "service",
        "team-cart",
        "customer",
        "cart/** !cart/docs/**",
        "acme/bank/ledger, money",
    ]
    assert money == ["money", "money", "library", "internal", "money/**", "cart"]


def test_a_title_cannot_steer_a_terminal(shop: RepoBuilder) -> None:
    shown = run_on_terminal("catalog", "show", cwd=shop.path)
    assert "Cart ?" in shown
    assert "\u202e" not in shown


def test_a_long_catalog_is_read_page_by_page(shop: RepoBuilder) -> None:
    first = run_here("catalog", "show", "--format", "json", "--limit", "1", cwd=shop.path).document
    assert first["components"] == [CART]
    second = run_here("catalog", "show", "--format", "json", "--after", first["next_cursor"], cwd=shop.path).document
    assert (second["components"], second["next_cursor"]) == ([MONEY], None)
    told = run_here("catalog", "show", "--limit", "1", cwd=shop.path)
    assert told.err == "More: --after acme/shop/cart\n"


def test_the_ledger_knows_the_catalogs_of_all_repos(tmp_path: Path, shop: RepoBuilder) -> None:
    bank = repo_with(tmp_path / "bank", BANK)
    ledger = ["--database", str(tmp_path / "ledger.db")]
    for repo in (shop, bank):
        done = run_here("deployment", "record", "--environment", "production", "-q", *ledger, cwd=repo.path)
        assert done.status == 0, done.err
    found = {one["key"]: one for one in components(bank, "--from", "ledger", *ledger)}
    assert list(found) == ["acme/bank/ledger", "acme/shop/cart", "acme/shop/money"]
    assert found["acme/shop/cart"] == CART | {"not_in_catalog": []}
    assert found["acme/shop/money"] == MONEY | {"needed_by": ["acme/bank/ledger", "acme/shop/cart"]}
    assert found["acme/bank/ledger"]["needed_by"] == ["acme/shop/cart"]
    assert found["acme/bank/ledger"]["not_in_catalog"] == ["acme/none/such"]
    shown = run_here("catalog", "show", "--from", "ledger", *ledger, cwd=tmp_path)
    assert "acme/none/such (unknown), acme/shop/money" in shown.out


def test_a_ledger_without_deployments_says_so(shop: RepoBuilder) -> None:
    done = run_here("catalog", "show", "--from", "ledger", cwd=shop.path)
    assert (done.status, done.out) == (0, "")
    assert done.err == "The ledger knows no components yet: they come with the first deployment.\n"


@pytest.mark.parametrize(
    ("config", "said"), [(None, "there is no releasewatch.toml"), ("", "has no table [components.KEY]")]
)
def test_a_repo_without_components_says_so(tmp_path: Path, config: str | None, said: str) -> None:
    repo = RepoBuilder(tmp_path / "empty")
    if config is not None:
        (repo.path / "releasewatch.toml").write_text(config)
    done = run_here("catalog", "show", cwd=repo.path)
    assert (done.status, done.out) == (0, "")
    assert said in done.err
    assert run_here("catalog", "show", "--quiet", cwd=repo.path).err == ""


def test_a_dependency_that_nobody_has_is_wrong(shop: RepoBuilder) -> None:
    (shop.path / "releasewatch.toml").write_text('[components.cart]\npaths = ["cart/**"]\ndepends_on = ["mony"]\n')
    done = run_here("catalog", "show", "--format", "json", cwd=shop.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "invalid_config")
