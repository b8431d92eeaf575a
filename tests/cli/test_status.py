"""`status`: what runs where, since when, and the last deployments of all repos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.command import run_here, run_on_terminal
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[releasewatch]
repo = "{repo}"
database = "../ledger.db"
[components.{component}]
paths = ["{component}/**"]
[environments.production]
regions = ["eu", "us"]
"""


def deploy(repo: RepoBuilder, environment: str, at: str, *arguments: str) -> None:
    words = ["deployment", "record", "--environment", environment, "--finished-at", at, *arguments, "--quiet"]
    done = run_here(*words, cwd=repo.path)
    assert done.status == 0, done.err


def repo_of(path: Path, component: str) -> RepoBuilder:
    repo = RepoBuilder(path)
    (path / "releasewatch.toml").write_text(CONFIG.format(repo=f"acme/{path.name}", component=component))
    repo.git("add", "releasewatch.toml")
    repo.git("commit", "-q", "-m", "Add the catalog")
    return repo


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> RepoBuilder:
    """Two repos and one ledger: eu runs an older release than us; what failed runs nowhere."""
    folder = tmp_path_factory.mktemp("status")
    shop, bank = repo_of(folder / "shop", "cart"), repo_of(folder / "bank", "ledger")
    deploy(shop, "production", "2026-03-01T10:00:00Z", "--release", "v1")
    deploy(shop, "production", "2026-03-02T10:00:00Z", "--region", "us", "--release", "v2\u202e")
    deploy(shop, "production", "2026-03-03T10:00:00Z", "--region", "eu", "--release", "v3", "--status", "failed")
    deploy(bank, "staging", "2026-03-04T10:00:00Z")
    return shop


def test_what_runs_where(shop: RepoBuilder) -> None:
    document = run_here("status", "--format", "json", cwd=shop.path).document
    assert document["schema"] == 1
    running = [
        (one["environment"], one["component"], one["region"], one["ring"], one["release"], one["since"])
        for one in document["running"]
    ]
    assert running == [
        ("production", "acme/shop/cart", "eu", None, "v1", "2026-03-01T10:00:00Z"),
        ("production", "acme/shop/cart", "us", None, "v2\u202e", "2026-03-02T10:00:00Z"),
        ("staging", "acme/bank/ledger", None, None, None, "2026-03-04T10:00:00Z"),
    ]
    assert {one["head"] for one in document["running"] if one["environment"] == "production"} == {shop.head}
    last = [(one["id"], one["repo"], one["status"]) for one in document["deployments"]]
    assert last == [
        ("D-4", "acme/bank", "succeeded"),
        ("D-3", "acme/shop", "failed"),
        ("D-2", "acme/shop", "succeeded"),
        ("D-1", "acme/shop", "succeeded"),
    ]


def test_one_environment_and_a_few_deployments(shop: RepoBuilder) -> None:
    words = ["status", "--environment", "production", "--limit", "1", "--format", "json"]
    document = run_here(*words, cwd=shop.path).document
    assert {one["environment"] for one in document["running"]} == {"production"}
    assert [one["id"] for one in document["deployments"]] == ["D-3"]


def test_people_see_local_time_and_utc(shop: RepoBuilder) -> None:
    done = run_here("status", cwd=shop.path, env={"TZ": "America/New_York"})
    assert (done.status, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    head = shop.head[:10]
    assert f"production acme/shop/cart eu D-1 v1 {head} 2026-03-01 05:00 EST (10:00 UTC)" in lines
    assert f"production acme/shop/cart us D-2 v2? {head} 2026-03-02 05:00 EST (10:00 UTC)" in lines
    assert any(line.startswith("D-3 2026-03-03 05:00 EST (10:00 UTC) acme/shop production eu") for line in lines)


def test_a_release_cannot_steer_a_terminal(shop: RepoBuilder) -> None:
    shown = run_on_terminal("status", cwd=shop.path)
    assert "v2?" in shown
    assert "\u202e" not in shown


def test_an_empty_ledger_says_so(tmp_path: Path) -> None:
    done = run_here("status", cwd=tmp_path)
    assert (done.status, done.out, done.err.splitlines()[1:]) == (0, "", ["Nothing is recorded yet."])
    document = run_here("status", "--format", "json", cwd=tmp_path).document
    assert document == {"schema": 1, "running": [], "deployments": [], "incidents": []}


@pytest.mark.parametrize("words", [("status",), ("deployment", "list")])
def test_an_environment_that_nobody_knows_is_refused(shop: RepoBuilder, words: tuple[str, ...], tmp_path: Path) -> None:
    done = run_here(*words, "--environment", "prodction", "--format", "json", cwd=shop.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "unknown_name")
    assert done.error["hint"] == "Did you mean production?"
    done = run_here(*words, "--environment", "moon", cwd=shop.path)
    assert "There are: production, staging." in done.err
    done = run_here(*words, "--environment", "moon", cwd=tmp_path)
    assert (done.status, "Nothing is recorded yet." in done.err) == (2, True)


def test_an_environment_of_the_settings_may_have_nothing_yet(shop: RepoBuilder, tmp_path: Path) -> None:
    (tmp_path / "releasewatch.toml").write_text((shop.path / "releasewatch.toml").read_text("utf-8"), "utf-8")
    done = run_here(
        "status", "--environment", "production", "--database", str(tmp_path / "other.db"), "--config",
        "releasewatch.toml", cwd=tmp_path,
    )  # fmt: skip
    assert (done.status, done.out) == (0, "")
    assert done.err.splitlines()[1:] == ["Nothing is recorded yet for production."]
    assert not (tmp_path / "other.db").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("status",),
        ("deployment", "list"),
        ("release", "list"),
        ("customer", "list"),
        ("staff", "list"),
        ("deployment", "show", "D-1"),
        ("exposure", "list", "--deployment", "D-1"),
    ],
)
def test_a_question_makes_no_ledger(tmp_path, words):
    done = run_here(*words, "--database", f"sqlite:///{tmp_path}/typo/ledger.db", cwd=tmp_path)
    assert done.status == (2 if "D-1" in words else 0), done.err
    assert f"There is no ledger {tmp_path}/typo/ledger.db yet: nothing is recorded.\n" in done.err.replace(
        "sqlite:///", ""
    )
    assert list(tmp_path.iterdir()) == []
