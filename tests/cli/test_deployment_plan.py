"""`deployment plan`: what deploying a commit would reach, against what is live, and nothing written anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.cli.conftest import CONFIG
from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path

PLAN = ("deployment", "plan", "--environment", "production")


def plan(shop: RepoBuilder, *words: str) -> Any:
    done = run_here(*PLAN, "--format", "json", *words, cwd=shop.path)
    assert done.status == 0, done.err
    return done.document


def record(shop: RepoBuilder, *words: str) -> Any:
    done = run_here(
        "deployment", "record", "--environment", "production", "--format", "json", "-q", *words, cwd=shop.path
    )
    assert done.status == 0, done.err
    return done.document


def deployments(shop: RepoBuilder) -> list[str]:
    listed = run_here("deployment", "list", "--format", "json", cwd=shop.path).document
    return [one["id"] for one in listed["deployments"]]


class TestAgainstWhatIsLive:
    def test_it_is_the_document_of_the_record_that_follows(self, shop):
        shop.commit("fix: more", {"services/invoicing/c.py": "1", "tools/x": "1"}, trailers={"Customer": "bolt"})
        planned = plan(shop, "--region", "eu", "--release", "v3")
        assert deployments(shop) == ["D-2", "D-1"]
        recorded = record(shop, "--key", "three", "--region", "eu", "--release", "v3")
        for name in ("changes", "components", "not_deployed", "unmapped", "exposure"):
            assert planned[name] == recorded[name], name
        assert set(planned["deployment"]) == set(recorded["deployment"])
        for name in ("repo", "environment", "kind", "release", "base", "head", "range", "history_complete"):
            assert planned["deployment"][name] == recorded["deployment"][name], name
        assert (planned["deployment"]["id"], planned["deployment"]["key"]) == (None, None)
        assert planned["violations"] == []

    def test_each_baseline_says_what_runs_there_now(self, shop):
        record(shop, "--key", "us", "--region", "us", "--head", "HEAD~1")
        shop.commit("fix: more", {"services/invoicing/c.py": "1"})
        planned = plan(shop, "--region", "eu", "--region", "us")
        found = {
            (target["region"], block["live"]["deployment"], block["live"]["release"], block["live"]["head"])
            for block in planned["baselines"]
            for target in block["targets"]
        }
        assert found == {("eu", "D-2", "v2", shop.sha("HEAD~1")), ("us", "D-3", None, shop.sha("HEAD~2"))}

    def test_an_older_head_is_a_rollback(self, shop):
        planned = plan(shop, "--head", "HEAD~2")
        assert (planned["deployment"]["kind"], planned["changes"]["removed"]) == ("rollback", 2)
        assert planned["deployment"]["undoes"] == ["D-2"]

    def test_what_the_catalog_forbids_is_a_violation_and_not_an_error(self, shop):
        config = (shop.path / "releasewatch.toml").read_text() + '[catalog]\nunmapped = "fail"\n'
        shop.commit("fix: more", {"releasewatch.toml": config, "tools/x": "1"})
        (violation,) = plan(shop)["violations"]
        assert violation["rule"] == "unmapped"
        assert violation["text"].startswith("1 changed path belongs to no component")


class TestEmptyLedger:
    def test_there_is_no_baseline_and_no_ledger_is_made(self, tmp_path: Path):
        repo = RepoBuilder(tmp_path / "new")
        repo.commit("Start", {"releasewatch.toml": CONFIG, "services/invoicing/a.py": "1"})
        done = run_here(*PLAN, "--format", "json", cwd=repo.path)
        assert done.status == 0, done.err
        assert [(block["source"], block["live"]) for block in done.document["baselines"]] == [("none", None)]
        assert "First deployment of 3 cells" in done.err
        assert "no baseline is known" in run_here(*PLAN, "-q", cwd=repo.path).out
        assert sorted(path.name for path in repo.path.iterdir()) == [".git", "releasewatch.toml", "services"]


class TestForms:
    def words(self, shop: RepoBuilder, form: str, *more: str) -> Finished:
        done = run_here(*PLAN, "--format", form, "-q", *more, cwd=shop.path)
        assert done.status == 0, done.err
        return done

    def test_markdown_for_a_pull_request_holds_counts_and_keys_only(self, shop):
        subject = "fix: what [Acme](https://example.org) GmbH | complained about"
        shop.commit(subject, {"services/invoicing/c.py": "1", "tools/secret.py": "1"}, trailers={"Customer": "acme"})
        text = self.words(shop, "md").out
        assert text.startswith(f"## Deploying {shop.head[:10]} to production would reach 4 customers\n")
        assert "| 1 | 2 | 1 | 1 |" in text
        assert "| shop/checkout | dependent (1) | shop/invoicing |" in text
        assert "Compared with D-2, release v2, live since" in text
        assert "1 changed path belongs to no component" in text
        for inner in ("Acme", "acme", "bolt", "complained", "secret", "Ada"):
            assert inner not in text, inner

    def test_a_file_is_written_whole_and_for_its_owner(self, shop, tmp_path):
        assert self.words(shop, "md", "-o", str(tmp_path / "plan.md")).out == ""
        assert (tmp_path / "plan.md").read_text().startswith("## Deploying")
        assert (tmp_path / "plan.md").stat().st_mode & 0o777 == 0o600

    def test_a_table_says_that_it_is_a_plan(self, shop):
        out = self.words(shop, "table").out
        assert out.startswith("Plan: redeploy of shop to production (everywhere): ")
        assert "release v2, live since" in out
        assert "opened" not in out


def test_a_component_that_is_not_in_the_catalog_is_named(shop):
    done = run_here(*PLAN, "--format", "json", "--component", "invoicin", cwd=shop.path)
    assert (done.status, done.out, done.error["code"]) == (2, "", "unknown_name")
    assert done.error["hint"] == "Did you mean invoicing?"
