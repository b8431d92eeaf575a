"""`report dora`: the five measures as a table and as JSON, and what is refused."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.support.command import run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
[releasewatch]
repo = "shop"
[components.cart]
paths = ["cart/**"]
"""

PERIOD = ("--since", "2026-03-01", "--until", "2026-03-05")


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> RepoBuilder:
    """Three deployments, a day apart: the second brings a change of six hours before, the third rolls it back."""
    repo = RepoBuilder(tmp_path_factory.mktemp("dora") / "shop")
    heads = [
        repo.commit("Begin", {"releasewatch.toml": CONFIG, "cart/a": "1"}, at=at(1)),
        repo.commit("Go on", {"cart/a": "2"}, at=at(1, 18)),
    ]
    for key, head, day in (("one", heads[0], 1), ("two", heads[1], 2), ("three", heads[0], 3)):
        words = ("--environment", "production", "--key", key, "--head", head, "--finished-at", f"{at(day):%FT%TZ}")
        done = run_here("deployment", "record", *words, "--quiet", cwd=repo.path)
        assert done.status == 0, done.err
    return repo


def test_the_document(shop: RepoBuilder) -> None:
    done = run_here("report", "dora", *PERIOD, "--format", "json", cwd=shop.path, env={"TZ": "UTC"})
    assert (done.status, done.err) == (0, "")
    assert done.document == {
        "schema": 1,
        "since": "2026-03-01T00:00:00Z",
        "until": "2026-03-05T00:00:00Z",
        "by": None,
        "environments": ["production"],
        "repo": None,
        "component": None,
        "failures_from": "deployments and incidents",
        "without_changes": None,
        "first_deployment_at": "2026-03-01T00:00:00Z",
        "rows": [
            {
                "group": None,
                "since": "2026-03-01T00:00:00Z",
                "until": "2026-03-05T00:00:00Z",
                "deployments": 3,
                "failed_attempts": 0,
                "deployment_frequency": {"per_day": 0.75, "deployments": 3, "days": 4.0, "because": None},
                "change_lead_time": {
                    "median_seconds": 21600.0, "p90_seconds": 21600.0, "changes": 1, "because": None, "left_out": 0,
                },
                "change_fail_rate": {
                    "rate": 0.3333, "failed": 1, "deployments": 3, "because": None, "by_incident": 0, "possible": 0,
                },
                "failed_deployment_recovery_time": {
                    "median_seconds": 86400.0, "p90_seconds": 86400.0, "recovered": 1, "because": None,
                },
                "deployment_rework_rate": {"rate": 0.3333, "rework": 1, "deployments": 3, "because": None},
            }
        ],
    }  # fmt: skip


def test_the_table(shop: RepoBuilder) -> None:
    done = run_here("report", "dora", *PERIOD, "--by", "component", cwd=shop.path, env={"TZ": "UTC"})
    assert done.status == 0, done.err
    title, headings, _, line = done.out.splitlines()[:4]
    assert title == "DORA, 2026-03-01 00:00 UTC to 2026-03-05 00:00 UTC, production"
    assert headings.split() == [
        "component", "deployments", "a", "day", "lead", "time", "of", "changes", "failed", "recovery", "rework",
    ]  # fmt: skip
    assert " ".join(line.split()) == "shop/cart 2 0.50 6h 00m 1 50% (1) 1d 0h 50% (1)"
    assert "Failed: confirmed as the cause of an incident, taken back" in done.err


def test_what_is_not_known_is_a_dash(shop: RepoBuilder) -> None:
    words = ("--since", "2026-03-04", "--until", "2026-03-05", "--component", "cart")
    done = run_here("report", "dora", *words, cwd=shop.path, env={"TZ": "UTC"})
    assert " ".join(done.out.splitlines()[3].split()) == "all 0 0.00 - 0 - - -"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--since", "2026-03-05", "--until", "2026-03-01"), "invalid_call", "end before it begins"),
        (("--since", "1999-01-01", "--by", "week"), "invalid_call", "more than 520 weeks"),
        (("--repo", "shpo"), "unknown_name", "no repo 'shpo'"),
        (("--component", "crt"), "unknown_name", "crt"),
        (("--environment", "prodction"), "unknown_name", "prodction"),
    ],
)
def test_what_makes_no_sense_is_refused(shop: RepoBuilder, words: tuple[str, ...], code: str, said: str) -> None:
    done = run_here("report", "dora", *words, "--format", "json", cwd=shop.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", code)
    assert said in done.error["message"]


def test_an_empty_ledger(tmp_path: Path) -> None:
    done = run_here("report", "dora", "--by", "repo", cwd=tmp_path)
    assert done.status == 0
    assert "No deployment is recorded here." in done.err


HURT = (
    CONFIG
    + """
[directory.crm]
kind = "csv"
customers = "customers.csv"
entitlements = "entitlements.csv"
"""
)


@pytest.fixture(scope="module")
def hurt(tmp_path_factory: pytest.TempPathFactory) -> RepoBuilder:
    """Two customers in an incident: one is told, the other told us before."""
    repo = RepoBuilder(tmp_path_factory.mktemp("hurt") / "shop")
    repo.commit("Begin", {"releasewatch.toml": HURT, "cart/a": "1"})
    (repo.path / "customers.csv").write_text("key,name,account_manager\nada,<b>Ada,olga\ncy,Cy,olga\n")
    (repo.path / "entitlements.csv").write_text("customer,component\nada,cart\ncy,cart\n")
    words = ("customer import", "deployment record --environment production --key one --release v1")
    for line in (*words, "incident open --title <i>slow --component cart --at 1h --by kim"):
        done = run_here(*line.split(), "--quiet", cwd=repo.path)
        assert done.status == 0, (line, done.err)
    for line in (
        "call inbound --customer cy --note slow --at 30m --by olga",
        "call plan --incident INC-1",
        "call approve --incident INC-1 --why seen --by kim",
        "call log C-2 --disposition connected --by olga",
    ):
        done = run_here(*line.split(), "--quiet", cwd=repo.path)
        assert done.status == 0, (line, done.err)
    return repo


def test_who_called_first_in_each_form(hurt: RepoBuilder) -> None:
    done = run_here("report", "calls", "--by", "incident", cwd=hurt.path)
    assert done.status == 0, done.err
    assert "50% (1 of 2)" in done.out
    assert "not known" in done.out
    # Both clocks, each with its median and the 90th percentile.
    headings = re.split(r"\s{2,}", done.out.splitlines()[1].strip())
    assert headings[3:7] == ["first call", "90th percentile", "from detection", "from detection, 90th"]
    found = run_here("report", "calls", "--incident", "INC-1", "--format", "json", cwd=hurt.path).document
    assert found["total"]["called_first"]["presumed"] == {
        "rate": 0.5,
        "we": 1,
        "they": 1,
        "neither": 0,
        "customers": 2,
        "because": None,
    }
    page = run_here("report", "calls", "--by", "incident", "--format", "html", cwd=hurt.path).out
    assert "<svg" in page
    assert "<dt>from detection, 90th</dt>" in page
    # On paper nothing that belongs together is parted by the end of a page.
    assert page.count('<section class="together">') == page.count('<dl class="facts">') == 2
    on_paper = page.split("@media print {")[1]
    assert ".row, .row > *, .together," in on_paper.split("{ break-inside: avoid; }")[-2]
    assert "INC-1, presumed: we first 1, they first 1, neither 0" in page
    assert "<i>slow" not in page


def test_a_review_needs_a_channel_that_may_show_names(hurt: RepoBuilder) -> None:
    asked = ("report", "customer", "--account-manager", "olga", "--since", "2026-01-01")
    assert run_here(*asked, cwd=hurt.path).status == 4
    done = run_here(*asked, "--format", "xlsx", "-o", "review.xlsx", cwd=hurt.path)
    assert (done.status, done.out) == (0, "")
    assert (hurt.path / "review.xlsx").stat().st_mode & 0o777 == 0o600
    page = run_here(*asked, "--format", "html", "-o", "review.html", cwd=hurt.path)
    assert page.status == 0, page.err
    assert "&lt;b&gt;Ada" in (hurt.path / "review.html").read_text(encoding="utf-8")
    assert run_here(*asked, "--format", "xlsx", cwd=hurt.path).status == 2
    nobody = run_here("report", "customer", "--account-manager", "nobody", *asked[4:], "-o", "x", cwd=hurt.path)
    assert nobody.status != 0
    assert not (hurt.path / "x").exists()


def test_a_digest_needs_a_channel_that_may_show_names(hurt: RepoBuilder) -> None:
    asked = ("digest", "--account-manager", "olga")
    assert run_here(*asked, cwd=hurt.path).status == 4
    named = run_here(*asked, "--reveal", "names", "--format", "json", cwd=hurt.path)
    assert named.status == 0, named.err
    assert named.document["calls"][0]["contact"] is None
    assert {one["list"] for one in named.document["calls"]} == {"INC-1"}
    for form in ("table", "md", "html"):
        page = run_here(*asked, "--format", form, "-o", f"day.{form}", cwd=hurt.path)
        assert (page.status, page.out) == (0, ""), page.err
        assert "releasewatch call claim C-" in (hurt.path / f"day.{form}").read_text(encoding="utf-8")
    assert (hurt.path / "day.md").stat().st_mode & 0o777 == 0o600
    for wrong in (("--account-manager", "nobody"), ("--since", "2100-01-01")):
        done = run_here(*asked, *wrong, "-o", "x", cwd=hurt.path)
        assert (done.status, done.out) == (2, "")
    assert not (hurt.path / "x").exists()


def test_notes_for_each_customer_are_all_written_or_none(hurt: RepoBuilder) -> None:
    asked = ("notes", "render", "--each-customer", "--account-manager", "olga", "--environment", "production")
    period = ("--since", "1d", "--until", datetime.now(UTC).isoformat())
    asked = (*asked, *period, "-o")
    done = run_here(*asked, "each", cwd=hurt.path)
    assert done.status == 0, done.err
    files = {one.name: one.read_text(encoding="utf-8") for one in (hurt.path / "each").iterdir()}
    one = run_here(
        *("notes", "render", "--audience", "customer", "--customer", "cy", "--environment", "production"),
        *(*period, "-o", "cy.md"),
        cwd=hurt.path,
    )
    assert one.status == 0, one.err
    assert files["cy.md"].split() == (hurt.path / "cy.md").read_text(encoding="utf-8").split()
    again = run_here(*asked, "each", cwd=hurt.path)
    assert (again.status, "is no empty folder" in again.err) == (4, True), again.err
    assert not list(hurt.path.glob(".each.*"))
    for wrong in (("--audience", "account"), ("--customer", "cy"), ("--account-manager", "nobody")):
        assert run_here(*asked, "other", *wrong, cwd=hurt.path).status == 2
    assert not (hurt.path / "other").exists()


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("--incident INC-1 --since 2026-01-01", 2),
        ("--since 2026-03-05 --until 2026-03-01", 2),
        ("--incident INC-99", 2),
        ("--by person", 4),
    ],
)
def test_what_calls_refuses(hurt: RepoBuilder, words: str, status: int) -> None:
    done = run_here("report", "calls", *words.split(), cwd=hurt.path)
    assert (done.status, done.out) == (status, "")
    assert done.err.count("\n") <= 3
