"""CI systems are recognised from the variables that their documentation promises, and from nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from releasewatch.integrations.ci import SYSTEMS, recognise, variables_for, variables_used
from releasewatch.integrations.ci.facts import CiFacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHA = "ffac537e6cbbf934b08745a378932722df287a53"

GITHUB = {
    # https://docs.github.com/actions/reference/workflows-and-actions/variables, with the examples given there
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "octocat",
    "GITHUB_REF": "refs/heads/feature-branch-1",
    "GITHUB_REF_NAME": "feature-branch-1",
    "GITHUB_REPOSITORY": "octocat/Hello-World",
    "GITHUB_RUN_ATTEMPT": "3",
    "GITHUB_RUN_ID": "1658821493",
    "GITHUB_RUN_NUMBER": "3",
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_SHA": SHA,
    "GITHUB_TRIGGERING_ACTOR": "hubot",
    "RUNNER_ENVIRONMENT": "github-hosted",
}

GITLAB = {
    # https://docs.gitlab.com/ci/variables/predefined_variables/
    "CI": "true",
    "GITLAB_CI": "true",
    "CI_COMMIT_REF_NAME": "main",
    "CI_COMMIT_SHA": SHA,
    "CI_ENVIRONMENT_NAME": "production",
    "CI_JOB_ID": "50",
    "CI_JOB_STARTED_AT": "2022-01-31T16:47:55Z",
    "CI_JOB_URL": "https://gitlab.example/my-group/my-project/-/jobs/50",
    "CI_PIPELINE_ID": "1000",
    "CI_PIPELINE_URL": "https://gitlab.example/my-group/my-project/-/pipelines/1000",
    "CI_PROJECT_PATH": "my-group/my-project",
    "CI_PROJECT_VISIBILITY": "private",
    "CI_REPOSITORY_URL": "https://gitlab-ci-token:canary@gitlab.example/my-group/my-project.git",
    "GITLAB_USER_LOGIN": "ada",
}

JENKINS = {
    # https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables
    "BUILD_NUMBER": "153",
    "BUILD_TAG": "jenkins-shop-153",
    "BUILD_URL": "https://jenkins.example/job/shop/153/",
    "GIT_BRANCH": "origin/main",
    "GIT_COMMIT": SHA,
    "JENKINS_HOME": "/var/jenkins_home",
    "JENKINS_URL": "https://jenkins.example/",
}

BY_HAND = {
    "CI": "true",
    "RELEASEWATCH_CI_RUN": "run-7",
    "RELEASEWATCH_CI_ATTEMPT": "2",
    "RELEASEWATCH_CI_SHA": SHA,
    "RELEASEWATCH_CI_URL": "https://ci.example/7",
}

EXPECTED = [
    (
        GITHUB,
        CiFacts(
            provider="github-actions",
            run="1658821493",
            attempt=3,
            sha=SHA,
            ref="refs/heads/feature-branch-1",
            repo="octocat/Hello-World",
            actor="hubot",
            url="https://github.example/octocat/Hello-World/actions/runs/1658821493",
        ),
    ),
    (
        GITLAB,
        CiFacts(
            provider="gitlab-ci",
            run="1000",
            attempt=50,
            sha=SHA,
            ref="main",
            repo="my-group/my-project",
            actor="ada",
            url="https://gitlab.example/my-group/my-project/-/jobs/50",
            environment="production",
            job_started_at=datetime(2022, 1, 31, 16, 47, 55, tzinfo=UTC),
        ),
    ),
    (
        JENKINS,
        CiFacts(
            provider="jenkins",
            run="jenkins-shop-153",
            sha=SHA,
            ref="origin/main",
            url="https://jenkins.example/job/shop/153/",
            ephemeral=False,
        ),
    ),
    (BY_HAND, CiFacts(provider="generic", run="run-7", attempt=2, sha=SHA, url="https://ci.example/7")),
]


@pytest.mark.parametrize(("environ", "facts"), EXPECTED, ids=[facts.provider for _, facts in EXPECTED])
def test_a_system_is_recognised_with_all_that_it_says(environ: Mapping[str, str], facts: CiFacts) -> None:
    assert recognise(environ) == facts


def test_every_system_is_among_the_expected() -> None:
    assert {facts.provider for _, facts in EXPECTED} == set(SYSTEMS)


@pytest.mark.parametrize(
    "environ", [{}, {"CI": ""}, {"CI": "false"}, {"CI": "0"}, {"GITHUB_SHA": SHA, "GIT_COMMIT": SHA}]
)
def test_outside_of_ci_nothing_is_recognised(environ: Mapping[str, str]) -> None:
    assert recognise(environ) is None


def test_any_other_system_that_says_ci_is_one_without_facts() -> None:
    assert recognise({"CI": "1"}) == CiFacts(provider="generic")


@pytest.mark.parametrize("environ", [GITHUB, GITLAB, JENKINS], ids=["github-actions", "gitlab-ci", "jenkins"])
def test_a_variable_that_is_empty_is_not_set(environ: Mapping[str, str]) -> None:
    signs = {"GITHUB_ACTIONS", "GITLAB_CI", "JENKINS_URL"}
    found = recognise({name: value if name in signs else "" for name, value in environ.items()})
    assert found is not None
    assert found == CiFacts(provider=found.provider)


@pytest.mark.parametrize("attempt", ["", "0", "-1", "two", "²", "1.5", "9" * 40])
def test_what_is_no_number_of_an_attempt_is_the_first(attempt: str) -> None:
    found = recognise(GITHUB | {"GITHUB_RUN_ATTEMPT": attempt})
    assert found is not None
    assert found.attempt == 1


def test_a_retried_job_of_gitlab_is_the_same_run_and_a_later_attempt() -> None:
    first, again = recognise(GITLAB), recognise(GITLAB | {"CI_JOB_ID": "57"})
    assert first is not None
    assert again is not None
    assert (first.run, first.attempt) < (again.run, again.attempt)
    assert first.run == again.run


@pytest.mark.parametrize("started", ["2022-01-31 16:47", "yesterday", "2022-01-31T16:47:55"])
def test_a_start_without_a_zone_is_not_guessed(started: str) -> None:
    found = recognise(GITLAB | {"CI_JOB_STARTED_AT": started})
    assert found is not None
    assert found.job_started_at is None


def test_a_start_is_kept_in_utc() -> None:
    found = recognise(GITLAB | {"CI_JOB_STARTED_AT": "2022-01-31T18:47:55+02:00"})
    assert found is not None
    assert str(found.job_started_at) == "2022-01-31 16:47:55+00:00"


# Public or not


@pytest.mark.parametrize(
    ("repository", "public"),
    [
        ({"private": False, "visibility": "public"}, True),
        ({"private": False}, True),
        ({"private": True, "visibility": "private"}, False),
        ({"private": True, "visibility": "internal"}, False),
        ({}, False),
        (None, False),
        ("public", False),
    ],
)
def test_a_public_repo_of_github_is_known_by_its_event(tmp_path: Path, repository: object, public: bool) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"repository": repository}))
    found = recognise(GITHUB | {"GITHUB_EVENT_PATH": str(event)})
    assert found is not None
    assert found.public_repo is public


@pytest.mark.parametrize("content", [None, b"", b"[]", b"not json", b"\xff\xfe"])
def test_an_event_that_cannot_be_read_tells_nothing(tmp_path: Path, content: bytes | None) -> None:
    event = tmp_path / "event.json"
    if content is not None:
        event.write_bytes(content)
    found = recognise(GITHUB | {"GITHUB_EVENT_PATH": str(event)})
    assert found is not None
    assert not found.public_repo


@pytest.mark.parametrize(("visibility", "public"), [("public", True), ("internal", False), ("private", False)])
def test_a_public_project_of_gitlab_says_so(visibility: str, public: bool) -> None:
    found = recognise(GITLAB | {"CI_PROJECT_VISIBILITY": visibility})
    assert found is not None
    assert found.public_repo is public


# Where a value comes from


def test_the_help_of_an_option_names_the_variables_that_fill_it() -> None:
    assert variables_for("sha") == ["GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT", "RELEASEWATCH_CI_SHA"]
    assert variables_for("actor")[0] == "GITHUB_TRIGGERING_ACTOR"
    assert variables_for("no such fact") == []


def test_the_variable_that_gave_a_fact_can_be_named() -> None:
    environ = {name: value for name, value in GITHUB.items() if name != "GITHUB_TRIGGERING_ACTOR"}
    found = recognise(environ)
    assert found is not None
    assert variables_used(found, environ) == {
        "run": "GITHUB_RUN_ID",
        "attempt": "GITHUB_RUN_ATTEMPT",
        "sha": "GITHUB_SHA",
        "ref": "GITHUB_REF",
        "repo": "GITHUB_REPOSITORY",
        "actor": "GITHUB_ACTOR",
    }


def test_every_fact_of_a_table_is_one_that_there_is() -> None:
    facts = set(CiFacts.__dataclass_fields__) | {"persistent"}
    for name, system in SYSTEMS.items():
        assert set(system.VARIABLES) <= facts, name


@pytest.mark.parametrize("environ", [GITHUB, GITLAB, JENKINS, BY_HAND])
def test_nothing_secret_is_read(environ: Mapping[str, str]) -> None:
    assert "canary" not in repr(recognise(environ))
