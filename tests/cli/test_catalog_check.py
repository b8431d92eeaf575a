"""`catalog check`: what the catalog leaves open, in words and as JSON, and which findings a pipeline may fail on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from releasewatch.wiring import clock
from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[releasewatch]
repo = "shop"
[catalog]
no_effect = ["*.toml", ".gitignore", "*.rst"]
[components.cart]
paths = ["cart/*", "!cart/none/"]
depends_on = ["money"]
[components.money]
paths = ["money/**"]
depends_on = ["cart"]
[components.idle]
paths = ["idle/**"]
"""

CLEAN = """
[releasewatch]
repo = "shop"
[components.all]
paths = ["**"]
"""


@pytest.fixture
def shop(tmp_path: Path) -> RepoBuilder:
    """A repo with files that no component claims: one was changed long ago, one twice of late, one once."""
    repo = RepoBuilder(tmp_path / "shop")
    old, late = clock() - timedelta(days=200), clock() - timedelta(days=5)
    start = {"releasewatch.toml": CONFIG, ".gitignore": "*.csv\n.releasewatch\n", "cart/a": "1", "money/a": "1"}
    repo.commit("Start", {**start, "tools/old": "1", "tools/often": "1"}, at=old)
    repo.commit("Change it", {"tools/often": "2", "tools/once": "1"}, at=late)
    repo.commit("And again", {"tools/often": "3"}, at=late)
    return repo


def run(repo: RepoBuilder, *words: str, env: dict[str, str] | None = None) -> Finished:
    return run_here("catalog", "check", *words, cwd=repo.path, env=env)


def with_customers(repo: RepoBuilder) -> None:
    assert run_here("deployment", "record", "--environment", "production", "-q", cwd=repo.path).status == 0
    (repo.path / "c.csv").write_text("key,name\nacme,Acme GmbH\nbolt,Bolt\n")
    (repo.path / "e.csv").write_text("customer,component\nacme,shop/cart\nacme,shop/later\n")
    files = ("--customers", "c.csv", "--entitlements", "e.csv")
    assert run_here("customer", "import", *files, "-q", cwd=repo.path).status == 0


def test_files_patterns_and_cycles_are_told_without_a_ledger(shop: RepoBuilder) -> None:
    shown = run(shop, "--format", "json").document
    assert shown["head"] == shop.head
    assert shown["unmapped"] == {
        "files": 3,
        "changed": 2,
        "items": [
            {"path": "tools/often", "commits": 2},
            {"path": "tools/once", "commits": 1},
            {"path": "tools/old", "commits": 0},
        ],
    }
    assert shown["dead_patterns"] == [
        {"component": None, "pattern": "*.rst", "does": "matches no file"},
        {"component": "shop/cart", "pattern": "!cart/none/", "does": "excludes nothing"},
        {"component": "shop/idle", "pattern": "idle/**", "does": "matches no file"},
    ]
    assert shown["cycles"] == [["shop/cart", "shop/money"]]
    assert shown["ledger"] == {"looked_at": False, "why_not": "There is no ledger yet."}
    assert (shown["unused"], shown["unplaced"], shown["waiting"]) == (None, None, None)
    assert shown["found"] == ["unmapped", "dead-pattern", "cycle"]
    assert not (shop.path / ".releasewatch").exists()


def test_the_span_is_chosen_with_since(shop: RepoBuilder) -> None:
    items = run(shop, "--since", "365d", "--limit", "1", "--format", "json").document["unmapped"]
    assert items["items"] == [{"path": "tools/often", "commits": 3}]
    assert (items["files"], items["changed"]) == (3, 3)


def test_customers_are_told_with_a_ledger(shop: RepoBuilder) -> None:
    with_customers(shop)
    shown = run(shop, "--format", "json").document
    assert shown["ledger"] == {"looked_at": True, "why_not": None}
    assert shown["unused"] == ["shop/idle"]
    assert shown["unplaced"] == {"customers": 1, "keys": ["bolt"], "withheld": []}
    assert shown["waiting"]["subjects"] == [{"subject": "shop/later", "entitlements": 1, "in_catalog": False}]
    assert shown["found"] == ["unmapped", "dead-pattern", "cycle", "unused", "unplaced", "waiting"]


def test_people_read_it_as_words_and_tables(shop: RepoBuilder) -> None:
    with_customers(shop)
    done = run(shop)
    assert (done.status, done.err) == (0, "")
    told = done.out.splitlines()
    assert told[0] == f"shop at {shop.head[:10]}: 7 files, 3 components; 3 files belong to no component."
    assert "      2  tools/often" in told
    assert "Depend on each other, which is allowed: shop/cart, shop/money" in told
    assert "Nobody is entitled to, nor to what depends on it: shop/idle" in told
    assert "1 customer without any component: bolt" in told
    assert "           1  shop/later" in told
    assert "Acme" not in done.out
    short = run(shop, "--limit", "1").out
    assert "and 2 files more (--limit)" in short


def test_on_a_public_repo_there_are_counts_only(shop: RepoBuilder, tmp_path: Path) -> None:
    with_customers(shop)
    event = tmp_path / "event.json"
    event.write_text('{"repository": {"visibility": "public", "private": false}}')
    env = {
        "GITHUB_ACTIONS": "true",
        "CI": "true",
        "GITHUB_REPOSITORY": "acme/shop",
        "GITHUB_EVENT_PATH": str(event),
        "RELEASEWATCH_REPO": "shop",
    }
    done = run(shop, "--format", "json", env=env)
    assert done.document["unplaced"] == {"customers": 1, "keys": [], "withheld": ["keys"]}
    assert "1 customer without any component." in run(shop, env=env).out


def test_an_opaque_key_stands_for_a_customer_where_the_organisation_wants_it(shop: RepoBuilder) -> None:
    (shop.path / "releasewatch.toml").write_text(CONFIG + '[privacy]\nkeys = "opaque"\n')
    with_customers(shop)
    (key,) = run(shop, "--format", "json").document["unplaced"]["keys"]
    assert key.startswith("customer-")


# Failing on it


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ((), 0),
        (("unmapped",), 1),
        (("dead-pattern",), 1),
        (("cycle",), 1),
        (("any",), 1),
        (("waiting", "unmapped"), 2),  # one of them cannot be looked at: that is no answer
    ],
)
def test_a_finding_fails_the_step_only_where_that_was_asked(
    shop: RepoBuilder, words: tuple[str, ...], status: int
) -> None:
    assert run(shop, *(part for word in words for part in ("--fail-on", word))).status == status


def test_what_is_not_found_does_not_fail(shop: RepoBuilder) -> None:
    shop.commit("Claim everything", {"releasewatch.toml": CLEAN})
    done = run(shop, "--fail-on", "any")
    assert (done.status, done.err) == (0, "Nothing was found in what could be looked at.\n")
    with_customers(shop)
    for word, status in (("unused", 1), ("unplaced", 1), ("waiting", 1), ("unmapped", 0), ("cycle", 0)):
        assert run(shop, "--fail-on", word, "-q").status == status, word


def test_a_ledger_that_is_away_is_said_and_no_answer(shop: RepoBuilder) -> None:
    env = {"RELEASEWATCH_DATABASE_URL": "postgresql://ada:canary-7f3a@127.0.0.1:1/ledger"}
    done = run(shop, env=env)
    assert done.status == 0
    assert "Not looked at: which components customers use, and which customers use none." in done.out
    asked = run(shop, "--fail-on", "unplaced", "--format", "json", env=env)
    assert (asked.status, asked.out, asked.error["code"]) == (3, "", "ledger_unavailable")
    assert "canary" not in done.out + done.err + asked.err


def test_a_ledger_whose_variable_is_not_set_is_no_reason_to_fail(shop: RepoBuilder) -> None:
    """As in a job for somebody's pull request, which gets no secrets."""
    text = CONFIG.replace('repo = "shop"', 'repo = "shop"\ndatabase = "env:RELEASEWATCH_SHARED"')
    (shop.path / "releasewatch.toml").write_text(text)
    done = run(shop)
    assert done.status == 0
    assert "RELEASEWATCH_SHARED is not set" in done.out
    assert run(shop, "--fail-on", "unused").status == 2


def test_outside_of_git_there_is_nothing_to_check(tmp_path: Path) -> None:
    (tmp_path / "releasewatch.toml").write_text(CONFIG)
    done = run_here("catalog", "check", "--format", "json", cwd=tmp_path)
    assert (done.status, done.out) == (2, "")
    assert "not a git repo" in done.error["message"]
