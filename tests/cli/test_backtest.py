"""A past that was made, so that its answer is known: what the map lacks is found, and adding it mends the misses."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.command import run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[releasewatch]
repo = "shop"

[components.pay]
paths = ["pay/**"]

[components.web]
paths = ["web/**"]
depends_on = [{web}]

[components.search]
paths = ["search/**"{search}]

[environments.production]
"""
CUSTOMERS = [f"web{number}" for number in range(4)] + [f"search{number}" for number in range(3)] + ["pay0", "pay1"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> RepoBuilder:
    """Six deployments. In truth web depends on pay, and libs/index is part of search; the map knows neither."""
    repo = RepoBuilder(tmp_path_factory.mktemp("past") / "shop")
    (repo.path / "customers.csv").write_text("key,name\n" + "".join(f"{key},{key.title()}\n" for key in CUSTOMERS))
    rows = "".join(f"{key},{key.rstrip('0123456789')}\n" for key in CUSTOMERS)
    (repo.path / "entitlements.csv").write_text("customer,component\n" + rows)
    repo.commit("Start", {"releasewatch.toml": CONFIG.format(web="", search=""), ".gitignore": "*.csv\n"})
    files = ("--customers", "customers.csv", "--entitlements", "entitlements.csv")
    assert run_here("customer", "import", *files, cwd=repo.path).status == 0
    incidents = ["started_at,ended_at,customers,head"]
    for number, (path, hurt) in enumerate(
        [
            ("start", ""),
            ("pay/a", "pay0;web0;web1"),
            ("web/a", "web2"),
            ("libs/index/a", "search0;search1"),
            ("pay/b", "web3"),
            ("search/a", "search2"),
        ]
    ):
        sha = repo.commit(f"Change {number}", {path: str(number)})
        done = run_here(
            "deployment", "record", "--environment", "production", "--key", f"run-{number}", "-q",
            "--finished-at", repo.now.isoformat(), cwd=repo.path,
        )  # fmt: skip
        assert done.status == 0, done.err
        begins = repo.now + timedelta(seconds=10)
        if hurt:
            # Of two the culprit is known: it was not the newest deployment then.
            head = sha[:10] if number in (1, 4) else ""
            incidents.append(f"{begins.isoformat()},,{hurt},{head}")
    (repo.path / "incidents.csv").write_text("\n".join(incidents) + "\n")
    return repo


def backtest(repo: RepoBuilder, *more: str):
    done = run_here("backtest", "--incidents", "incidents.csv", "--format", "json", *more, cwd=repo.path)
    assert done.status == 0, done.err
    return done.document


def whole(document):
    (score,) = (one for one in document["scores"] if one["within"] == "all")
    return score["complained"], score["found"], score["listed"]


def test_the_past_as_it_is_known(built):
    document = backtest(built)
    # pay: 2 listed (1 of 3 found); web: 4 (1 of 1); libs: none (0 of 2); pay: 2 (0 of 1); search: 3 (1 of 1)
    assert whole(document) == (8, 3, 11)
    assert [(one["deployment"], one["found"], one["listed"]) for one in document["incidents"]] == [
        ("D-2", 1, 2), ("D-3", 1, 4), ("D-4", 0, 0), ("D-5", 0, 2), ("D-6", 1, 3),
    ]  # fmt: skip
    assert [one["rank"] for one in document["incidents"]] == [1, None, None, 1, None]
    best = [(one["component"], one["depends_on"], one["path"], one["misses"]) for one in document["mends"]]
    assert best == [("shop/web", "shop/pay", None, 3), ("shop/search", None, "libs/index/**", 2)]


def test_the_true_head_may_be_a_tag_or_a_release(built):
    head, _, recorded = (built.path / "incidents.csv").read_text().partition("\n")
    started, _, hurt, sha = recorded.splitlines()[0].split(",")
    built.git("tag", "-f", "culprit", sha)
    try:
        for name, rank in (("culprit", 1), (sha.upper(), 1), ("never-heard-of", None)):
            (built.path / "named.csv").write_text(f"{head}\n{started},,{hurt},{name}\n")
            done = run_here("backtest", "--incidents", "named.csv", "--format", "json", cwd=built.path)
            assert (done.status, done.document["incidents"][0]["rank"]) == (0, rank), name
    finally:
        built.git("tag", "-d", "culprit")


def test_what_it_suggests_mends_the_misses(built, tmp_path: Path):
    config = tmp_path / "mended.toml"
    config.write_text(CONFIG.format(web='"pay"', search=', "libs/index/**"'))
    document = backtest(built, "--config", str(config), "--database", f"sqlite:///{built.path}/.releasewatch/ledger.db")
    assert whole(document) == (8, 8, 2 + 4 + 4 + 3 + 2 + 4 + 3)
    (near,) = (one for one in document["scores"] if one["within"] == "0")
    assert (near["found"], near["listed"]) == (5, 14)
    assert document["mends"] == []


def test_people_read_a_table(built):
    done = run_here("backtest", "--incidents", "incidents.csv", cwd=built.path)
    for words in ("38%", "27%", "shop/web depends_on shop/pay: 3 misses", "line 4, search0: nothing that they used"):
        assert words in done.out


def test_what_cannot_be_replayed_is_named(built, tmp_path: Path):
    file = tmp_path / "odd.csv"
    file.write_text(
        "started_at,customers,head\n"
        "2020-01-01,web0;stranger,\n"
        "soon,web0,\n"
        "2026-12-01T00:00:00Z,stranger;web0,\n"
        "2026-12-01T00:00:00Z,web0,zzzz\n"
        "2026-12-01T00:00:00Z,,\n"
        "2026-12-01T00:00:00Z,web0,abcdef\n"
    )
    done = run_here("backtest", "--incidents", str(file), "--format", "json", cwd=built.path)
    assert done.status == 0, done.err
    assert [(one["line"], one["column"]) for one in done.document["rejected"]] == [
        (3, "started_at"), (6, "customers"),
    ]  # fmt: skip
    missed = {(i["line"], m["customer"]): m["because"] for i in done.document["incidents"] for m in i["missed"]}
    assert missed == {
        (2, "web0"): "no deployment before it is known",
        (2, "stranger"): "no deployment before it is known",
        (4, "stranger"): "the directory does not know them",
        (4, "web0"): "nothing that they used was reached",
        (5, "web0"): "no deployment of that head is known",
        (7, "web0"): "no deployment of that head is known",
    }


def test_wrong_calls(built, tmp_path: Path):
    (tmp_path / "none.csv").write_text("started_at,customers\n")
    for words, said in (
        (("--incidents", str(tmp_path / "none.csv")), "holds no incident"),
        (("--incidents", str(tmp_path / "nowhere.csv")), "cannot be read"),
        (("--incidents", "customers.csv"), "lacks the column started_at"),
        (("--incidents", "incidents.csv", "--environment", "moon"), "Nothing was ever deployed to 'moon'"),
    ):
        done = run_here("backtest", *words, cwd=built.path)
        assert done.status == 2, words
        assert said in done.err, words
