"""In the pipeline of a pull request the proposal decides its catalog and components, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.command import Finished, run_here

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import RepoBuilder

CANARY = "canary-7f3a"
LIST = ("exposure", "list", "--deployment", "two", "--format", "json", "--reveal", "contacts")


@pytest.fixture
def proposed(shop: RepoBuilder) -> RepoBuilder:
    """A pull request that opens every door: it shows names in CI, names a secret, and moves a component's paths."""
    base = shop.head
    shop.git("switch", "-q", "-c", "proposal")
    settings = (shop.path / "releasewatch.toml").read_text("utf-8")
    assert 'paths = ["services/checkout/**"]' in settings
    settings = settings.replace('paths = ["services/checkout/**"]', 'paths = ["services/till/**"]')
    settings += '\n[privacy]\nci = "contacts"\nkeys = "opaque"\n'
    settings = settings.replace("[releasewatch]\n", '[releasewatch]\ndatabase = "env:RELEASEWATCH_OTHER"\n')
    shop.commit("Open every door", {"releasewatch.toml": settings, "services/till/a.py": "1"})
    shop.git("update-ref", "refs/remotes/origin/main", base)
    return shop


def event(shop: RepoBuilder, **more: object) -> dict[str, str]:
    """The variables of a job of GitHub Actions for it; its event lies outside of the checkout, as the runner's does."""
    change = {"number": 17, "merged": False, "head": {"sha": shop.head}, "base": {"sha": shop.sha("main")}} | more
    file = shop.path.parent / "event.json"
    file.write_text(json.dumps({"pull_request": change}))
    return {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(file), "GITHUB_BASE_REF": "main", "GITHUB_RUN_ID": "1"}


def run(shop: RepoBuilder, *words: str, cwd: Path | None = None, **env: str) -> Finished:
    return run_here(*words, cwd=cwd or shop.path, env=env)


def names_in(done: Finished) -> list[object]:
    return [one["name"] for one in done.document["customers"]]


def settings_of(done: Finished) -> dict[str, object]:
    return {one["key"]: one["value"] for one in done.document["settings"]}


def test_once_merged_its_settings_count(proposed):
    """Without this the tests below would pass for a reason of their own."""
    done = run(proposed, *LIST, CI="true", RELEASEWATCH_OTHER=f"sqlite:///{proposed.path}/.releasewatch/ledger.db")
    assert done.status == 0, done.err
    assert all(names_in(done))


def test_a_proposal_cannot_widen_what_is_shown(proposed):
    done = run(proposed, *LIST, **event(proposed))
    assert done.status == 0, done.err
    assert [one["key"] for one in done.document["customers"]] == ["acme", "bolt", "cask", "dent"]
    assert set(names_in(done)) == {None}


@pytest.mark.parametrize(
    "words", [(), ("--config", "releasewatch.toml"), ("--config", "./services/../releasewatch.toml")]
)
def test_naming_its_own_file_does_not_help(proposed, words):
    done = run(proposed, *LIST, *words, **event(proposed))
    assert done.status == 0, done.err
    assert set(names_in(done)) == {None}


def test_from_a_subfolder_it_is_the_same(proposed):
    (proposed.path / "services" / "releasewatch.toml").write_text('[privacy]\nci = "contacts"\n')
    done = run(proposed, *LIST, cwd=proposed.path / "services", **event(proposed))
    assert done.status == 0, done.err
    assert set(names_in(done)) == {None}


def test_a_proposal_names_no_secret_and_no_ledger(proposed):
    done = run(
        proposed, "config", "show", "--format", "json", RELEASEWATCH_OTHER=f"sqlite:////{CANARY}.db", **event(proposed)
    )
    assert done.status == 0, done.err
    assert "RELEASEWATCH_OTHER" not in done.out + done.err
    assert CANARY not in done.out + done.err
    assert settings_of(done)["privacy.ci"] == "keys"


def test_its_components_are_the_proposals_own(proposed):
    done = run(proposed, "deployment", "plan", "--environment", "production", "--format", "json", **event(proposed))
    assert done.status == 0, done.err
    assert done.document["deployment"]["head"] == proposed.head
    (checkout,) = (one for one in done.document["components"] if one["key"] == "shop/checkout")
    assert (checkout["reach"], checkout["paths"]) == ("direct", 1)


def test_it_is_said_where_its_settings_come_from(proposed):
    done = run(proposed, *LIST[:-3], "json", "-v", **event(proposed))
    assert f"releasewatch.toml at {proposed.sha('main')[:12]}, which the pull request goes into" in done.err


def test_a_proposal_chooses_no_templates(proposed):
    folder = proposed.path / "mine" / "notes"
    folder.mkdir(parents=True)
    (folder / "engineering.md").write_text("hostile")
    words = ("notes", "render", "--deployment", "two", "--templates", "mine")
    ledger = f"sqlite:///{proposed.path}/.releasewatch/ledger.db"
    assert run(proposed, *words, RELEASEWATCH_OTHER=ledger).out == "hostile"
    done = run(proposed, *words, **event(proposed))
    assert done.status == 0, done.err
    assert "hostile" not in done.out
    assert "built-in templates" in done.err


def test_a_proposal_pushes_no_settings(proposed):
    (proposed.path / "organisation.toml").write_text('[privacy]\nci = "contacts"\n')
    push = ("config", "push", "organisation.toml", "--by", "ada", "--format", "json")
    refused = run(proposed, *push, **event(proposed))
    assert refused.status == 4
    assert "must not push" in refused.err
    assert run(proposed, *push, "--dry-run", **event(proposed)).status == 0


def test_the_catalog_of_a_proposal_can_be_checked(proposed):
    (proposed.path / "releasewatch.toml").write_text("[components.x]\npath = 1\n")
    done = run(proposed, "config", "check", **event(proposed))
    assert done.status == 2
    assert "components.x" in done.err


@pytest.mark.parametrize("branch", ["main", "refs/heads/main"])
def test_where_the_branch_alone_is_told_its_commit_is_taken(proposed, branch):
    azure = {
        "TF_BUILD": "True",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "8",
        "SYSTEM_PULLREQUEST_TARGETBRANCH": branch,
    }
    done = run(proposed, *LIST, **azure)
    assert done.status == 0, done.err
    assert set(names_in(done)) == {None}


def test_a_tag_or_branch_of_the_proposals_is_not_taken_for_the_branch(proposed):
    proposed.git("tag", "origin/main", "HEAD")
    proposed.git("branch", "origin/main", "HEAD")
    done = run(proposed, *LIST, JENKINS_URL="https://ci.example/", CHANGE_ID="7", CHANGE_TARGET="main")
    assert done.status == 0, done.err
    assert set(names_in(done)) == {None}


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"JENKINS_URL": "https://ci.example/", "CHANGE_ID": "7", "CHANGE_TARGET": "gone"}, "(gone), and that is not"),
        ({"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "3", "CI_MERGE_REQUEST_DIFF_BASE_SHA": "c" * 40}, "ccc"),
        ({"CIRCLECI": "true", "CIRCLE_PR_NUMBER": "5"}, "circleci does not tell which"),
    ],
)
def test_a_base_that_is_not_here_is_an_error_and_not_the_proposals_own_word(proposed, env, words):
    done = run(proposed, *LIST, **env)
    assert done.status == 2
    assert done.out == ""
    assert words in done.err


def test_what_it_goes_into_can_be_set_by_hand(proposed):
    done = run(proposed, *LIST, CIRCLECI="true", CIRCLE_PR_NUMBER="5", RELEASEWATCH_CI_BASE="origin/main")
    assert done.status == 0, done.err
    assert set(names_in(done)) == {None}


def test_a_base_without_settings_leaves_the_defaults(proposed):
    empty = proposed.git("commit-tree", "-m", "Nothing", proposed.git("mktree", stdin=b""))
    done = run(proposed, "config", "show", "--format", "json", **event(proposed, base={"sha": empty}))
    assert done.status == 0, done.err
    assert settings_of(done)["privacy.ci"] == "keys"
    assert settings_of(done)["privacy.keys"] != "opaque"


def test_a_file_that_the_pipeline_keeps_elsewhere_is_read_as_it_is(proposed, tmp_path):
    elsewhere = tmp_path / "elsewhere.toml"
    elsewhere.write_text('[releasewatch]\nrepo = "shop"\ndatabase = "ledger.db"\n[privacy]\nkeys = "opaque"\n')
    done = run(proposed, "config", "show", "--format", "json", "--config", str(elsewhere), **event(proposed))
    assert done.status == 0, done.err
    assert settings_of(done)["privacy.keys"] == "opaque"


def test_without_a_checkout_a_file_that_lies_about_is_not_read(shop, tmp_path):
    (tmp_path / "releasewatch.toml").write_text('[privacy]\nci = "contacts"\n')
    done = run_here("config", "show", cwd=tmp_path, env=event(shop))
    assert done.status == 2
    assert "not here" in done.err


def test_once_merged_the_commit_on_the_branch_counts(proposed):
    done = run(proposed, "config", "show", "--format", "json", **event(proposed, merged=True))
    assert done.status == 0, done.err
    assert settings_of(done)["privacy.ci"] == "contacts"
