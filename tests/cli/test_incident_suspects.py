"""`incident suspects` on the command line: the contract of its document, its table, and what it refuses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from tests.support.command import run_here
from tests.support.repos import RepoBuilder


def suspects(repo: RepoBuilder, *words: str) -> dict[str, Any]:
    done = run_here("incident", "suspects", "--format", "json", *words, cwd=repo.path)
    assert done.status == 0, done.err
    return done.document


class TestDocument:
    def test_the_contract(self, shop):
        document = suspects(shop, "--component", "invoicing", "--since", "now")
        assert set(document) == {
            "schema", "incident", "strategy", "began_at", "components", "none_plausible", "plausible_from",
            "attainable", "candidates", "suspects",
        }  # fmt: skip
        assert (document["schema"], document["incident"], document["none_plausible"]) == (1, None, False)
        assert (document["components"], document["candidates"]) == (["shop/invoicing"], 2)
        best = document["suspects"][0]
        assert set(best) == {
            "deployment", "repo", "environment", "kind", "head", "live_from", "score", "plausible", "reasons",
        }  # fmt: skip
        assert (best["deployment"], best["head"], best["plausible"]) == ("D-2", shop.head, True)
        assert best["score"] == sum(reason["points"] for reason in best["reasons"])
        assert {"component", "focus", "newest", "time"} <= {reason["kind"] for reason in best["reasons"]}
        assert all(set(reason) == {"kind", "points", "text"} for reason in best["reasons"])

    def test_the_clock_alone(self, shop):
        document = suspects(shop, "--since", "now", "--strategy", "latest", "--limit", "1")
        (one,) = document["suspects"]
        assert (one["deployment"], one["score"]) == ("D-2", 100)
        assert [reason["kind"] for reason in one["reasons"]] == ["latest"]

    def test_none_of_these(self, shop):
        begun = (shop.now - timedelta(days=4000)).isoformat()
        document = suspects(shop, "--since", begun)
        assert (document["none_plausible"], document["suspects"]) == (True, [])

    def test_the_points_are_settings(self, shop):
        config = shop.path / "releasewatch.toml"
        config.write_text(config.read_text() + "\n[suspects]\ncomponent = 7\n")
        best = suspects(shop, "--component", "shop/invoicing", "--since", "now")["suspects"][0]
        assert [r["points"] for r in best["reasons"] if r["kind"] == "component"] == [7]

    def test_more_than_a_hundred_points_are_refused(self, shop):
        config = shop.path / "releasewatch.toml"
        config.write_text(config.read_text() + "\n[suspects]\ncomponent = 90\n")
        done = run_here("incident", "suspects", "--since", "1h", cwd=shop.path)
        assert done.status == 2
        assert "the points of all reasons are 160 in all; wanted at most 100" in done.err


class TestTable:
    def test_reasons_with_their_points(self, shop):
        done = run_here("incident", "suspects", "--component", "invoicing", "--since", "now", cwd=shop.path)
        assert done.status == 0, done.err
        lines = done.out.splitlines()
        assert lines[lines.index("1  D-2:") + 1] == "   30  changed shop/invoicing"

    def test_none_is_plausible(self, shop):
        config = shop.path / "releasewatch.toml"
        config.write_text(config.read_text() + "\n[suspects]\nplausible = 100\n")
        done = run_here("incident", "suspects", "--since", "now", cwd=shop.path)
        assert "None of these is plausible: from 33 of 33 points on one would be." in done.out

    def test_a_doubt_and_that_there_are_more(self, shop):
        done = run_here(
            "incident", "suspects", "--component", "settings", "--since", "now", "--limit", "1", cwd=shop.path
        )
        assert done.status == 0, done.err
        assert "deployed shop/settings, and not all of what changed is known" in done.out
        assert "--limit shows more" in done.out

    def test_nothing_went_live_before(self, shop):
        done = run_here("incident", "suspects", "--since", "1990-01-01", cwd=shop.path)
        assert done.out.startswith("No deployment went live in the 90 days before the impact ([suspects] ")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("--component", "invoicin", "--since", "1h"), 2, "Did you mean invoicing?"),
        (("--environment", "prod", "--since", "1h"), 2, "Nothing was ever deployed to 'prod'"),
        (("--since", "2999-01-01"), 2, "lies ahead"),
        (("--since", "1h", "--until", "2h"), 2, "ends"),
        (("--since", "1h", "--until", "2999-01-01"), 2, "Leave --until out"),
        (("--since", "soon"), 2, "that is not a time"),
        ((), 2, "--since"),
    ],
)
def test_what_is_refused(shop, words, status, said):
    done = run_here("incident", "suspects", *words, cwd=shop.path)
    assert done.status == status, done.err
    assert said in done.err
    as_json = run_here("incident", "suspects", "--format", "json", *words, cwd=shop.path)
    assert json.loads(as_json.err)["error"]["message"]
    assert as_json.out == ""
