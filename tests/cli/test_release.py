"""`release record|list|show`, and a deploy job that has neither checkout nor settings, only the ledger's address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Finished, run_here
from tests.support.repos import RepoBuilder

if TYPE_CHECKING:
    from pathlib import Path


class Jobs:
    """A build in the checkout of the shop, and deploy jobs elsewhere."""

    def __init__(self, shop: RepoBuilder, empty: Path) -> None:
        self.shop = shop
        self.empty = empty
        self.ledger = {"RELEASEWATCH_DATABASE_URL": f"sqlite:///{shop.path}/.releasewatch/ledger.db"}

    def build(self, *words: str, **env: str) -> Finished:
        return run_here("release", "record", *words, cwd=self.shop.path, env=env)

    def run(self, *words: str, cwd: Path | None = None, **env: str) -> Finished:
        return run_here(*words, cwd=cwd or self.empty, env={**self.ledger, **env})

    def deploy(self, *words: str, cwd: Path | None = None, **env: str) -> Any:
        usual = ("deployment", "record", "--environment", "production", "--format", "json")
        done = self.run(*usual, *words, cwd=cwd, **env)
        assert done.status == 0, done.err
        return done.document


@pytest.fixture
def jobs(shop: RepoBuilder, tmp_path: Path) -> Jobs:
    empty = tmp_path / "deploy-job"
    empty.mkdir()
    return Jobs(shop, empty)


def test_a_deploy_job_without_a_checkout_records_what_one_with_it_would(jobs):
    jobs.shop.commit("fix: both", {"services/invoicing/c.py": "1", "tools/x": "1"}, trailers={"Customer": "bolt"})
    built = jobs.build("--release", "v3")
    assert (built.status, built.out) == (0, f"Release v3 of shop: {jobs.shop.head}\n"), built.err
    planned = jobs.run("deployment", "plan", "--environment", "production", "--release", "v3", "--format", "json")
    told = jobs.deploy("--component", "invoicing", "--release", "v3", "--key", "three")
    assert planned.document["changes"] == told["changes"] == {"added": 1, "removed": 0, "reverted_in_range": 0}
    assert (told["deployment"]["repo"], told["deployment"]["head"]) == ("shop", jobs.shop.head)
    assert [(b["base"], b["components"]) for b in told["baselines"]] == [(jobs.shop.sha("HEAD~"), ["shop/invoicing"])]
    assert [(c["key"], c["reach"]) for c in told["components"]] == [
        ("shop/invoicing", "direct"),
        ("shop/checkout", "dependent"),
    ]
    assert (told["exposure"]["customers"], told["exposure"]["named"], told["exposure"]["possible"]) == (4, 1, 1)
    assert told["unmapped"] == {"paths": 1, "sample": ["tools/x"]}
    words = ("deployment", "record", "--environment", "production", "--release", "v2", "--format", "json", "-q")
    back = jobs.run(*words)
    assert (back.status, back.error["code"]) == (2, "unknown_name"), "v2 was deployed, and no build recorded it"


def test_start_and_finish_of_a_deploy_job_are_one_record(jobs):
    jobs.build("--release", "v3")
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "7", "GITHUB_SHA": "0" * 40, "GITHUB_REPOSITORY": "us/deploy"}
    words = ("--environment", "production", "--release", "v3", "--format", "json")
    begun = jobs.run("deployment", "start", *words, **ci)
    assert begun.status == 0, begun.err
    ended = jobs.run("deployment", "finish", *words, "--status", "succeeded", **ci)
    assert begun.document["deployment"]["id"] == ended.document["deployment"]["id"] == "D-3"
    assert ended.document["deployment"]["head"] == jobs.shop.head, "and not the commit of the pipeline's own repo"


def test_the_checkout_of_another_repo_is_not_taken_for_the_components(jobs, tmp_path):
    jobs.build("--release", "v3")
    infra = RepoBuilder(tmp_path / "infra")
    infra.commit(files={"main.tf": "1"})
    done = jobs.run("deployment", "record", "--environment", "production", "--component", "shop/checkout",
                    "--release", "v3", "--format", "json", cwd=infra.path)  # fmt: skip
    assert done.status == 0, done.err
    assert f"Read from the release v3 of shop ({jobs.shop.head[:10]})" in done.err
    assert done.document["deployment"]["repo"] == "shop"


def test_a_stated_tier_is_not_replaced_by_one_that_is_guessed(jobs):
    config = (jobs.shop.path / "releasewatch.toml").read_text() + '[environments.blue]\ntier = "production"\n'
    jobs.shop.commit(files={"releasewatch.toml": config})
    recorded = run_here("deployment", "record", "--environment", "blue", "-q", cwd=jobs.shop.path)
    assert recorded.status == 0, recorded.err
    jobs.shop.commit(files={"services/invoicing/z.py": "1"})
    jobs.build("--release", "v3")
    done = jobs.run("deployment", "record", "--environment", "blue", "--release", "v3", "--format", "json")
    assert done.document["exposure"]["customers"] == 4, "an environment of tier production, as the settings said"


def test_where_git_is_missing_and_no_build_recorded_it_git_is_what_to_mend(jobs, tmp_path):
    (tmp_path / "bin").mkdir()
    words = ("deployment", "record", "--environment", "production", "--release", "v9", "--format", "json", "-q")
    done = jobs.run(*words, cwd=jobs.shop.path, PATH=str(tmp_path / "bin"))
    assert (done.status, done.error["code"]) == (3, "git_failed")
    jobs.build("--release", "v9")
    assert jobs.run(*words, cwd=jobs.shop.path, PATH=str(tmp_path / "bin")).status == 0


def test_a_ledger_made_by_accident_is_named(jobs):
    words = ("deployment", "record", "--environment", "production", "--release", "v3", "--format", "json", "-q")
    done = run_here(*words, "--component", "shop/invoicing", cwd=jobs.empty)
    assert (done.status, done.error["message"]) == (2, "The ledger has no release 'v3' of shop.")
    assert "This ledger is new and empty" in done.error["hint"]
    assert ".releasewatch/ledger.db" in done.error["hint"]
    assert "RELEASEWATCH_DATABASE_URL" in done.error["hint"]
    known = jobs.run(*words, "--component", "shop/invoicing")
    assert "new and empty" not in known.error["hint"]


class TestBuild:
    def test_twice_is_once_and_another_commit_an_error(self, jobs):
        jobs.build("--release", "v3")
        again = jobs.build("--release", "v3")
        assert (again.status, again.out.endswith("[recorded before]\n")) == (0, True)
        jobs.shop.commit()
        refused = jobs.build("--release", "v3", "--format", "json")
        assert (refused.status, refused.out, refused.error["code"]) == (2, "", "invalid_call")
        assert "give this one a name of its own" in refused.error["hint"]

    def test_without_a_name_it_is_called_by_the_tag_else_by_the_commit(self, jobs):
        assert jobs.build("--format", "json").document["release"]["release"] == jobs.shop.head
        jobs.shop.commit()
        jobs.shop.tag("v4")
        assert jobs.build("--format", "json").document["release"]["release"] == "v4"
        jobs.shop.commit()
        ci = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/tags/v5", "GITHUB_SHA": jobs.shop.head}
        assert jobs.build("--format", "json", **ci).document["release"] == {
            "repo": "shop",
            "release": "v5",
            "head": jobs.shop.head,
            "already_recorded": False,
        }

    def test_it_needs_a_clone(self, jobs):
        done = jobs.run("release", "record", "--release", "v9", "--format", "json")
        assert (done.status, done.error["code"]) == (2, "invalid_call")


class TestShow:
    def test_list_and_show(self, jobs):
        jobs.build("--release", "v3")
        jobs.deploy("--release", "v3")
        assert jobs.run("release", "list").out.splitlines()[2].startswith("v3       shop  ")
        shown = jobs.run("release", "show", "v3").out
        assert shown.startswith(f"Release v3 of shop: {jobs.shop.head}\n")
        assert "D-3 to production, succeeded" in shown
        document = jobs.run("release", "show", "v3", "--repo", "shop", "--format", "json").document
        assert (document["schema"], document["release"]["components"][0]) == (1, "shop/checkout")
        assert jobs.run("release", "list", "--repo", "nothing").status == 2

    def test_one_that_is_unknown_is_refused_with_the_near_ones(self, jobs):
        jobs.build("--release", "v3.1.0")
        done = jobs.run("release", "show", "v3.1", "--format", "json")
        assert (done.status, done.out, done.error["code"]) == (2, "", "unknown_name")
        assert done.error["hint"].startswith("Did you mean v3.1.0?")

    def test_a_cursor_that_is_none_is_refused(self, jobs):
        assert jobs.run("release", "list", "--after", "x").status == 2
