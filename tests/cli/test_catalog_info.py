"""`catalog-info.yaml` in the place of `[components]`: when shown, and at each commit that is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.catalogs import commit_files
from tests.support.command import run_here

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import RepoBuilder

CART = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: cart, title: The cart}
spec: {type: service, lifecycle: production, owner: team-cart, dependsOn: ["component:money"]}
"""
MONEY = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: money, annotations: {releasewatch.dev/paths: "libs/money/**, libs/rates.txt"}}
spec: {type: library, lifecycle: production, owner: team-money}
"""
RECORD = ("deployment", "record", "--environment", "production", "--format", "json", "-q")


@pytest.fixture
def repo(tmp_path: Path) -> RepoBuilder:
    files = {"cart/catalog-info.yaml": CART, "libs/all.yaml": MONEY, "libs/money/a": "1", "libs/rates.txt": "1"}
    location = (
        "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec: {target: ./libs/all.yaml}\n"
    )
    config = '[releasewatch]\nrepo = "shop"\n[catalog]\nno_effect = ["drafts/**"]\n'
    drafts = {"drafts/catalog-info.yaml": "kind: Component\n"}  # invalid, and of no effect
    return commit_files(
        tmp_path / "shop", {**files, **drafts, "catalog-info.yaml": location, "releasewatch.toml": config}
    )


def record(repo: RepoBuilder, *words: str) -> dict[str, str]:
    done = run_here(*RECORD, *words, cwd=repo.path)
    assert done.status == 0, done.err
    return {one["key"]: one["reach"] for one in done.document["components"]}


def test_show(repo: RepoBuilder) -> None:
    shown = run_here("catalog", "show", "--format", "json", cwd=repo.path).document["components"]
    assert [
        (one["key"], one["title"], one["type"], one["owner"], one["paths"], one["depends_on"]) for one in shown
    ] == [
        ("shop/cart", "The cart", "service", "team-cart", ["cart/**"], ["shop/money"]),
        ("shop/money", "money", "library", "team-money", ["libs/money/**", "libs/rates.txt"], []),
    ]
    doctor = run_here("doctor", "--format", "json", cwd=repo.path).document["checks"]
    assert doctor[0]["state"] == "ok"
    assert "catalog-info.yaml" in doctor[0]["text"]


def test_each_commit_has_its_own_catalog(repo: RepoBuilder) -> None:
    record(repo, "--key", "one")
    second = repo.commit("Change rates", {"libs/rates.txt": "2"})
    repo.commit("Take the cart away", {"libs/money/a": "2"}, delete=["cart/catalog-info.yaml"])
    (repo.path / "catalog-info.yaml").write_text("not what is committed: [")
    assert record(repo, "--key", "two", "--head", second) == {"shop/money": "direct", "shop/cart": "dependent"}


def test_the_work_tree_has_no_say_in_what_is_recorded(repo: RepoBuilder) -> None:
    record(repo, "--key", "one")
    repo.commit("Change rates", {"libs/rates.txt": "2"})
    (repo.path / "catalog-info.yaml").write_text("not what is committed: [")
    (repo.path / "cart" / "catalog-info.yaml").unlink()
    assert record(repo, "--key", "two") == {"shop/money": "direct", "shop/cart": "dependent"}


def test_an_invalid_file_is_an_error_that_names_the_commit(repo: RepoBuilder) -> None:
    head = repo.commit("Break it", {"cart/catalog-info.yaml": CART.replace("lifecycle: production, ", "")})
    done = run_here(*RECORD, cwd=repo.path)
    assert (done.status, done.error["code"]) == (2, "invalid_config")
    assert done.error["message"] == f"cart/catalog-info.yaml: spec.lifecycle is missing (at {head[:12]})"


def test_a_product_may_name_what_a_catalog_file_describes(repo: RepoBuilder) -> None:
    config = '[releasewatch]\nrepo = "shop"\n[products.basic]\ncomponents = ["shop/cart"]\n'
    repo.commit("Sell the cart", {"releasewatch.toml": config}, delete=["drafts/catalog-info.yaml"])
    assert record(repo) == {}
    shown = run_here("catalog", "show", "--format", "json", cwd=repo.path).document["components"]
    assert [one["key"] for one in shown] == ["shop/cart", "shop/money"]


def test_components_in_the_config_come_first(repo: RepoBuilder) -> None:
    config = '[releasewatch]\nrepo = "shop"\n[components.own]\npaths = ["**"]\n'
    repo.commit("Say it ourselves", {"releasewatch.toml": config, "catalog-info.yaml": "broken: ["})
    shown = run_here("catalog", "show", "--format", "json", cwd=repo.path).document["components"]
    assert [one["key"] for one in shown] == ["shop/own"]


def test_a_clone_without_contents_fetches_the_catalog_files(repo: RepoBuilder, tmp_path: Path) -> None:
    second = repo.commit("Change rates", {"libs/rates.txt": "2"})
    repo.commit("Say something else", {"cart/catalog-info.yaml": CART.replace("team-cart", "team-b")})
    clone = repo.clone(tmp_path / "clone", filter="blob:none")
    assert record(clone, "--key", "one", "--head", f"{second}~1") == {}
    assert record(clone, "--key", "two", "--head", second) == {"shop/money": "direct", "shop/cart": "dependent"}
