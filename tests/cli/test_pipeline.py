"""What a recorded deployment leaves behind in a pipeline, and what a log may not be made to do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from releasewatch.cli.output import printable
from tests.support.command import Finished, run_here

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.repos import RepoBuilder

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_RUN_ID": "1"}
AZURE = {"TF_BUILD": "True", "BUILD_BUILDID": "1"}
RECORD = ("deployment", "record", "--environment", "production")
NAMES = ("Acme", "Bolt and", "Cask", "Dent", "olga", "piet", "Ada Example", "Exports are CSV")


def run(shop: RepoBuilder, *words: str, **env: str) -> Finished:
    return run_here(*words, cwd=shop.path, env={"RELEASEWATCH_CI_SHA": shop.head, **env})


@pytest.fixture
def changed(shop: RepoBuilder) -> RepoBuilder:
    shop.commit("feat(invoicing): what Acme GmbH asked Ada Example for", {"services/invoicing/a.py": "3"})
    return shop


def outputs(file: Path) -> dict[str, str]:
    lines = iter(file.read_text().splitlines())
    return {name.partition("<<")[0]: value for name, value, _ in zip(lines, lines, lines, strict=True)}


def test_github_gets_outputs_and_a_summary(changed, tmp_path):
    output, summary = tmp_path / "output", tmp_path / "summary"
    done = run(changed, *RECORD, "-q", **GITHUB, GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(summary))
    assert done.status == 0, done.err
    assert outputs(output) == {
        "recorded": "true", "deployment": "D-3", "kind": "deploy", "status": "succeeded", "head": changed.head,
        "base": changed.sha("HEAD~1"), "customers": "4", "named": "0", "direct": "3", "dependent": "1", "possible": "1",
        "not_ruled_out": "0",
    }  # fmt: skip
    text = summary.read_text()
    assert "## D-3 reaches 4 customers" in text
    assert "shop/invoicing" in text
    assert not [name for name in NAMES if name in text]


def test_gitlab_gets_a_dotenv_report(changed):
    gitlab = {"GITLAB_CI": "true", "CI_PIPELINE_ID": "1"}
    done = run(changed, *RECORD, "--dotenv", "deploy.env", "--format", "json", **gitlab)
    assert done.status == 0, done.err
    assert done.document["deployment"]["id"] == "D-3"
    lines = (changed.path / "deploy.env").read_text().splitlines()
    assert lines[:2] == ["RELEASEWATCH_RECORDED=true", "RELEASEWATCH_DEPLOYMENT=D-3"]
    again = run(changed, *RECORD, "-q", RELEASEWATCH_DOTENV="again.env", **gitlab)
    assert again.status == 0, again.err
    assert (changed.path / "again.env").read_text().splitlines() == lines


def test_azure_gets_variables_and_a_summary(changed, tmp_path):
    done = run(changed, *RECORD, **AZURE, AGENT_TEMPDIRECTORY=str(tmp_path / "agent"))
    assert done.status == 0, done.err
    assert "##vso[task.setvariable variable=RELEASEWATCH_DEPLOYMENT;isOutput=true]D-3\n" in done.out
    assert "##vso[task.logissue type=warning]The summary was not written: No such file" in done.err
    (tmp_path / "agent").mkdir()
    again = run(changed, *RECORD, "--format", "json", **AZURE, AGENT_TEMPDIRECTORY=str(tmp_path / "agent"))
    assert again.document["deployment"]["already_recorded"]
    (file,) = (tmp_path / "agent").iterdir()
    assert f"##vso[task.uploadsummary]{file}\n" in again.err
    assert "recorded before" in file.read_text()


def test_what_cannot_be_left_behind_does_not_fail_the_step(changed, tmp_path):
    (tmp_path / "mine" / "summary").mkdir(parents=True)
    (tmp_path / "mine" / "summary" / "deployment.md").write_text("{{ summary.customer_names }}")
    done = run(
        changed, *RECORD, "--dotenv", "no/such/folder.env", "--templates", str(tmp_path / "mine"),
        **GITHUB, GITHUB_OUTPUT="/no/such/output", GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "::warning title=releasewatch::The dotenv report was not written." in done.err
    assert "::warning title=releasewatch::Template summary/deployment.md, line 1" in done.err
    assert "The built-in summary is used instead." in done.err
    assert "Traceback" not in done.err
    assert "reaches" in (tmp_path / "summary").read_text()


def test_an_own_summary_that_is_too_long_gives_way_to_the_built_in_one(changed, tmp_path):
    (tmp_path / "mine" / "summary").mkdir(parents=True)
    long = "{% for one in range(99999) %}{% for two in range(99999) %}0123456789{% endfor %}{% endfor %}"
    (tmp_path / "mine" / "summary" / "deployment.md").write_text(long)
    done = run(
        changed, *RECORD, "--templates", str(tmp_path / "mine"),
        **GITHUB, GITHUB_STEP_SUMMARY=str(tmp_path / "summary"),
    )  # fmt: skip
    assert done.status == 0, done.err
    assert "makes more than 1 MiB, and a summary holds no more. The built-in summary is used instead." in done.err
    assert 0 < (tmp_path / "summary").stat().st_size < 10_000


def test_a_rehearsal_leaves_nothing_behind(changed, tmp_path):
    files = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    assert run(changed, *RECORD, "--dry-run", "--dotenv", "a.env", **GITHUB, **files).status == 0
    assert not list(tmp_path.glob("output"))
    assert not list(tmp_path.glob("summary"))
    assert not (changed.path / "a.env").exists()


def test_a_plan_is_summed_up(changed, tmp_path):
    words = ("deployment", "plan", "--environment", "production")
    done = run(changed, *words, **GITHUB, GITHUB_STEP_SUMMARY=str(tmp_path / "summary"))
    assert done.status == 0, done.err
    assert "to production would reach 4 customers" in (tmp_path / "summary").read_text()


def test_the_environment_is_taken_from_ci(changed):
    done = run(changed, *RECORD[:2], "--format", "json", GITLAB_CI="true", CI_ENVIRONMENT_NAME="staging")
    assert done.status == 0, done.err
    assert done.document["deployment"]["environment"] == "staging"


@pytest.mark.parametrize("env", [{}, {"GITLAB_CI": "true"}, {"GITLAB_CI": "true", "CI_ENVIRONMENT_NAME": "?"}])
def test_without_an_environment_nothing_is_recorded(changed, env):
    done = run(changed, *RECORD[:2], **env)
    assert (done.status, done.out) == (2, "")
    assert "Error: " in done.err


@pytest.mark.parametrize(
    ("env", "begin"),
    [(GITHUB, "::error title=releasewatch::"), (AZURE, "##vso[task.logissue type=error]")],
    ids=["github", "azure"],
)
def test_an_error_is_shown_at_the_top_of_the_run(changed, env, begin):
    done = run(changed, *RECORD, "--head", "no-such", **env)
    assert done.status == 2
    (line,) = (line for line in done.err.splitlines() if line.startswith(begin))
    assert "no-such" in line


def test_an_error_under_json_is_one_document(changed):
    done = run(changed, *RECORD, "--head", "no-such", "--format", "json", **GITHUB)
    assert json.loads(done.err)["error"]["code"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fix ##vso[task.setvariable variable=PATH]x", "fix ?vso[task.setvariable variable=PATH]x"),
        ("##[error]x", "?[error]x"),
        ("::add-mask::e", "?::add-mask::e"),
        ("one\n  ::set-output name=a::b", "one\n?  ::set-output name=a::b"),
        ("std::string, ## heading, a::b", "std::string, ## heading, a::b"),
    ],
)
def test_what_is_shown_is_no_command(text, shown):
    assert printable(text) == shown


def test_a_title_gives_no_command_to_the_log(changed):
    title = "##vso[task.setvariable variable=PATH]x"
    change = (*RECORD, "--kind", "change", "--component", "shop/invoicing", "--title", title)
    assert "##vso[task.setvariable variable=PATH]" not in run(changed, *change, "--key", "x", **AZURE).out
    done = run(changed, *change, "--key", "y", "--format", "json", **AZURE)
    assert "##vso[task.setvariable variable=PATH]" not in done.out
    assert done.document["deployment"]["title"] == title


def test_outputs_that_cannot_be_written_are_said(changed, tmp_path):
    done = run(changed, *RECORD, **GITHUB, GITHUB_OUTPUT=str(tmp_path))
    assert done.status == 0, done.err
    assert (
        "Warning: The outputs of this step were not written: the file that GITHUB_OUTPUT names cannot be." in done.err
    )


def test_who_is_called_in_no_utf8_deploys_all_the_same(changed):
    """A runner hands on the bytes it was given; one byte of a name is no reason to record nothing."""
    done = run(
        changed, *RECORD, "--format", "json", **GITHUB, GITHUB_ACTOR="K\udcf6nig", GITHUB_REF="refs/heads/\udcff"
    )
    assert (done.status, done.document["deployment"]["id"]) == (0, "D-3"), done.err


def test_a_variable_of_ours_that_is_no_utf8_is_named(changed):
    done = run(changed, *RECORD, "--format", "json", **GITHUB, RELEASEWATCH_RECORD_RELEASE="v\udcff")
    assert (done.status, done.error["message"]) == (2, "What RELEASEWATCH_RECORD_RELEASE holds is no text in UTF-8.")
