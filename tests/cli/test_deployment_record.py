"""`deployment record|start|finish` as a process of its own: the JSON document, keys in and outside of CI, errors."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command import Finished, run_here

if TYPE_CHECKING:
    from tests.support.repos import RepoBuilder

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "1"}


def say(shop: RepoBuilder, *words: str, verb: str = "record", **env: str) -> Finished:
    """`deployment VERB --environment production --format json` and more words."""
    return run_here(
        "deployment", verb, "--environment", "production", "--format", "json", *words, cwd=shop.path, env=env
    )


def document(shop: RepoBuilder, *words: str, verb: str = "record", **env: str) -> Any:
    done = say(shop, *words, verb=verb, **env)
    assert done.status == 0, done.err
    return done.document


class TestDocument:
    @pytest.fixture
    def told(self, shop) -> Any:
        shop.commit("fix: both", {"services/invoicing/c.py": "1", "tools/x": "1"}, trailers={"Customer": "bolt"})
        return document(shop, "--key", "three", "--region", "eu", "--release", "v3")

    def test_it_has_the_keys_of_the_contract(self, told):
        assert told["schema"] == 1
        assert set(told) >= {
            *("schema", "deployment", "baselines", "changes", "components"),
            *("not_deployed", "unmapped", "exposure"),
        }
        assert set(told["deployment"]) >= {
            *("id", "key", "repo", "environment", "kind", "status", "release", "base", "head", "range"),
            *("history_complete", "already_recorded", "started_at", "finished_at", "targets", "undoes"),
        }
        assert set(told["deployment"]["targets"][0]) == {"region", "ring", "live_from", "live_until"}
        assert set(told["baselines"][0]) >= {
            *("base", "range", "kind", "history_complete", "components", "targets"),
        }
        assert set(told["components"][0]) == {"key", "reach", "distance", "via", "changes", "paths"}
        assert set(told["exposure"]) == {
            *("customers", "named", "direct", "dependent", "possible", "unplaced", "not_ruled_out"),
            *("waiting", "waiting_for", "waiting_subjects", "pinned"),
        }

    def test_it_says_what_happened(self, told, shop):
        deployment = told["deployment"]
        assert (deployment["key"], deployment["repo"], deployment["release"]) == ("three", "shop", "v3")
        assert (deployment["kind"], deployment["status"], deployment["range"]) == ("deploy", "succeeded", "forward")
        assert (deployment["base"], deployment["head"]) == (shop.sha("HEAD~"), shop.head)
        assert [(t["region"], t["ring"], t["live_until"]) for t in deployment["targets"]] == [("eu", None, None)]
        assert told["changes"] == {"added": 1, "removed": 0, "reverted_in_range": 0}
        assert told["unmapped"] == {"paths": 1, "sample": ["tools/x"]}
        assert told["components"] == [
            {"key": "shop/invoicing", "reach": "direct", "distance": 0, "via": None, "changes": 1, "paths": 1},
            {
                "key": "shop/checkout",
                "reach": "dependent",
                "distance": 1,
                "via": "shop/invoicing",
                "changes": 0,
                "paths": 0,
            },
        ]

    def test_its_counts_add_up(self, told):
        exposure = told["exposure"]
        assert exposure["named"] + exposure["direct"] + exposure["dependent"] == exposure["customers"] == 4
        assert (exposure["named"], exposure["possible"]) == (1, 1), "bolt by name; dent says not where"

    def test_show_gives_the_same(self, told, shop):
        shown = run_here("deployment", "show", "three", "--format", "json", cwd=shop.path).document
        assert shown.pop("accepted") == []
        assert {**shown, "deployment": None} == {**told, "deployment": None}
        assert {**shown["deployment"], "already_recorded": False} == told["deployment"]

    def test_instants_are_rfc_3339_in_utc(self, shop):
        told = document(shop, "--started-at", "2026-03-01T10:00:00+02:00", "--finished-at", "2026-03-01 09:00")
        assert told["deployment"]["started_at"] == "2026-03-01T08:00:00Z"
        assert told["deployment"]["finished_at"] == "2026-03-01T09:00:00Z"

    def test_a_dry_run_leaves_no_ledger_behind(self, shop):
        shutil.rmtree(shop.path / ".releasewatch")
        told = document(shop, "--dry-run")
        assert told["deployment"]["kind"] == "initial"
        assert not (shop.path / ".releasewatch").exists()

    def test_a_dry_run_writes_nothing(self, shop):
        shop.commit("fix: more", {"services/invoicing/c.py": "1"})
        told = document(shop, "--dry-run")
        assert (told["deployment"]["id"], told["exposure"]["customers"]) == (None, 4)
        listed = run_here("deployment", "list", "--format", "json", cwd=shop.path).document
        assert [d["id"] for d in listed["deployments"]] == ["D-2", "D-1"]

    def test_a_change_without_git_needs_no_git(self, shop, tmp_path):
        (shop.path / ".git").rename(tmp_path / "away")
        words = ("--kind", "change", "--component", "invoicing", "--title", "New tax table")
        told = document(shop, *words)
        assert (told["deployment"]["kind"], told["deployment"]["head"]) == ("change", None)
        assert told["exposure"]["customers"] == 4


class TestKeys:
    def test_outside_ci_they_are_random_and_it_says_so(self, shop):
        first, second = say(shop), say(shop)
        assert first.document["deployment"]["key"] != second.document["deployment"]["key"]
        assert first.document["deployment"]["id"] != second.document["deployment"]["id"]
        assert "Outside CI: this record has a random key" in first.err

    def test_in_ci_without_a_run_it_says_so(self, shop):
        done = say(shop, CI="true", GITHUB_ACTIONS="true")
        assert "No CI run is known: this record has a random key" in done.err
        assert "Outside CI" not in done.err

    def test_a_run_of_ci_is_one_record(self, shop):
        first, second = document(shop, **GITHUB), document(shop, **GITHUB)
        assert first["deployment"]["id"] == second["deployment"]["id"]
        assert [d["deployment"]["already_recorded"] for d in (first, second)] == [False, True]

    def test_an_old_run_started_again_is_a_rollback(self, shop):
        old = shop.commit("fix: one", {"services/invoicing/c.py": "1"})
        first = document(shop, **GITHUB, GITHUB_SHA=old)
        new = shop.commit("fix: two", {"services/invoicing/c.py": "2"})
        second = document(shop, **{**GITHUB, "GITHUB_RUN_ID": "4712", "GITHUB_SHA": new})
        again = document(shop, **{**GITHUB, "GITHUB_RUN_ATTEMPT": "2", "GITHUB_SHA": old})
        assert again["deployment"]["kind"] == "rollback"
        assert again["deployment"]["undoes"] == [second["deployment"]["id"]]
        assert again["deployment"]["id"] not in (first["deployment"]["id"], second["deployment"]["id"])

    def test_start_and_finish_are_one_record(self, shop):
        shop.commit("fix: one", {"services/invoicing/c.py": "1"})
        begun = document(shop, verb="start", **GITHUB)
        assert (begun["deployment"]["status"], begun["exposure"]["possible"]) == ("running", 4)
        done = document(shop, "--status", "succeeded", verb="finish", **GITHUB)
        assert done["deployment"]["id"] == begun["deployment"]["id"]
        assert done["deployment"]["started_at"] == begun["deployment"]["started_at"]
        assert (done["deployment"]["status"], done["exposure"]["possible"]) == ("succeeded", 1)

    def test_a_job_of_its_own_may_finish_it(self, shop):
        """GitLab numbers jobs, not attempts."""
        pipeline = {"GITLAB_CI": "true", "CI_PIPELINE_ID": "4711", "CI_COMMIT_SHA": shop.head}
        begun = document(shop, verb="start", **pipeline, CI_JOB_ID="100")
        done = document(shop, "--status", "failed", verb="finish", **pipeline, CI_JOB_ID="101")
        assert done["deployment"]["id"] == begun["deployment"]["id"]
        assert (done["deployment"]["status"], done["deployment"]["attempt"]) == ("failed", 101)


class TestErrors:
    @pytest.mark.parametrize(
        ("words", "status", "code"),
        [
            (("--component", "nothing"), 2, "unknown_name"),
            (("--head", "nothing"), 2, "unknown_name"),
            (("--key", "one", "--region", "eu"), 2, "invalid_call"),
            (("--kind", "change"), 2, "invalid_call"),
            (("--fixes", "D-99"), 2, "unknown_name"),
            (("--accept", "unmapped"), 2, "invalid_call"),
        ],
    )
    def test_nothing_goes_to_stdout_and_the_error_is_json(self, shop, words, status, code):
        done = say(shop, *words, "-q")
        assert (done.status, done.out) == (status, "")
        assert done.error["code"] == code
        assert done.error["hint"]
        listed = run_here("deployment", "list", "--format", "json", cwd=shop.path).document
        assert len(listed["deployments"]) == 2

    def test_a_guard_is_passed_with_a_word_and_a_reason(self, shop):
        config = (shop.path / "releasewatch.toml").read_text() + '[catalog]\nunmapped = "fail"\n'
        shop.commit("fix: more", {"releasewatch.toml": config, "tools/x": "1"})
        refused = say(shop, "--key", "three", "-q")
        assert (refused.status, refused.error["code"]) == (4, "refused")
        told = document(shop, "--key", "three", "--accept", "unmapped", "--why", "a script of ours")
        assert told["unmapped"]["paths"] == 1


class TestSlipsOfThePen:
    @pytest.mark.parametrize(
        "words",
        [
            ("--head", ""),
            ("--from", " "),
            ("--release", ""),
            ("--key", ""),
            ("--finished-at", "2999-01-01T00:00:00Z"),
            ("--started-at", "2999-01-01T00:00:00Z"),
            ("--from", "nosuch"),
            ("--region", "eu*"),
            ("--ring", "?"),
            ("--region", "e[u]"),
        ],
    )
    def test_they_are_refused_with_one_error_and_nothing_is_recorded(self, shop, words):
        refused = say(shop, *words)
        assert (refused.status, refused.out) == (2, "")
        assert refused.error["code"] in ("invalid_call", "unknown_name"), "one document, and nothing else, on stderr"
        listed = run_here("deployment", "list", "--format", "json", cwd=shop.path).document
        assert [d["id"] for d in listed["deployments"]] == ["D-2", "D-1"]

    @pytest.mark.parametrize("verb", ["record", "plan"])
    def test_a_region_or_ring_that_the_settings_do_not_name_is_said(self, shop, verb):
        config = shop.path / "releasewatch.toml"
        regions = '[environments.production]\nregions = ["eu", "us"]\nrings = ["early", "stable"]\n'
        config.write_text(config.read_text("utf-8") + regions, "utf-8")
        done = say(shop, "--region", "eu-typo", "--region", "us", "--ring", "stabel", verb=verb)
        assert done.status == 0, done.err
        assert "eu-typo is not among the regions of production (eu, us); did you mean eu?\n" in done.err
        assert "stabel is not among the rings of production (early, stable); did you mean stable?\n" in done.err
        assert "us is not among" not in done.err

    @pytest.mark.parametrize("noun", ["deployment", "release"])
    def test_a_repo_that_nobody_knows_is_not_an_empty_list(self, shop, noun):
        refused = run_here(noun, "list", "--repo", "shopp", "--format", "json", cwd=shop.path)
        assert (refused.status, refused.out) == (2, "")
        assert refused.error["hint"] == "Did you mean shop?"
        assert run_here(noun, "list", "--repo", "shop", cwd=shop.path).status == 0


def test_a_new_environment_that_is_nearly_a_listed_one_is_refused(shop):
    config = (shop.path / "releasewatch.toml").read_text("utf-8")
    assert say(shop, "--environment", "qa", "--key", "q1").status == 0, "nothing is listed: any name will do"
    shop.commit("List", {"releasewatch.toml": config + '\n[environments.production]\ntier = "production"\n'})
    for verb, more in (("record", ()), ("start", ()), ("import", ("--source", "tags"))):
        done = say(shop, "--environment", "prodution", *more, verb=verb)
        assert (done.status, done.out) == (2, "")
        assert "'prodution' is not among the environments of the settings (production), and new to the led" in done.err
        assert "Did you mean production? If it is new, add [environments.prodution] to the settings." in done.err
    known = run_here("status", "--format", "json", cwd=shop.path).out
    assert "prodution" not in known
    done = say(shop, "--environment", "qa", "--key", "q2")
    assert done.status == 0, "what the ledger has goes on"
    assert say(shop, "--environment", "preview-7", "--key", "p1").status == 0, "nor is every new name a slip of the pen"
    assert "qa is not among the environments of the settings (production)" in done.err
