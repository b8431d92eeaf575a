"""CI systems are recognised from the variables that their documentation promises, and from nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from releasewatch.integrations.ci import SYSTEMS, describe_systems, recognise, variables_for, variables_used
from releasewatch.integrations.ci.facts import CiFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

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

AZURE = {
    # https://learn.microsoft.com/azure/devops/pipelines/build/variables
    "TF_BUILD": "True",
    "BUILD_BUILDID": "4711",
    "BUILD_REPOSITORY_NAME": "shop",
    "BUILD_REQUESTEDFOR": "Ada Example",
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_SOURCEVERSION": SHA,
    "ENVIRONMENT_NAME": "production",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.example/acme/",
    "SYSTEM_JOBATTEMPT": "2",
    "SYSTEM_TEAMPROJECTID": "79f5c12e",
    "SYSTEM_ACCESSTOKEN": "canary",
}

BITBUCKET = {
    # https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
    "CI": "true",
    "BITBUCKET_BRANCH": "main",
    "BITBUCKET_BUILD_NUMBER": "77",
    "BITBUCKET_COMMIT": SHA,
    "BITBUCKET_DEPLOYMENT_ENVIRONMENT": "production",
    "BITBUCKET_PIPELINE_UUID": "{9f1d}",
    "BITBUCKET_REPO_FULL_NAME": "acme/shop",
    "BITBUCKET_REPO_IS_PRIVATE": "true",
    "BITBUCKET_STEP_OIDC_TOKEN": "canary",
    "BITBUCKET_STEP_RUN_NUMBER": "2",
    "BITBUCKET_STEP_TRIGGERER_UUID": "{ada}",
}

CIRCLECI = {
    # https://circleci.com/docs/reference/variables/
    "CI": "true",
    "CIRCLECI": "true",
    "CIRCLE_BRANCH": "main",
    "CIRCLE_BUILD_NUM": "120",
    "CIRCLE_BUILD_URL": "https://circleci.example/gh/acme/shop/120",
    "CIRCLE_OIDC_TOKEN": "canary",
    "CIRCLE_PIPELINE_ID": "5034460f",
    "CIRCLE_PROJECT_REPONAME": "shop",
    "CIRCLE_PROJECT_USERNAME": "acme",
    "CIRCLE_SHA1": SHA,
    "CIRCLE_USERNAME": "ada",
    "CIRCLE_WORKFLOW_ID": "fe12",
}

BUILDKITE = {
    # https://buildkite.com/docs/pipelines/configure/environment-variables
    "CI": "true",
    "BUILDKITE": "true",
    "BUILDKITE_AGENT_ACCESS_TOKEN": "canary",
    "BUILDKITE_BRANCH": "main",
    "BUILDKITE_BUILD_CREATOR": "Ada Example",
    "BUILDKITE_BUILD_ID": "4735ba57",
    "BUILDKITE_BUILD_URL": "https://buildkite.example/acme/shop/builds/153",
    "BUILDKITE_COMMIT": SHA,
    "BUILDKITE_JOB_ID": "e44f9784",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "",
    "BUILDKITE_REPO": "git@github.example:acme/shop.git",
    "BUILDKITE_RETRY_COUNT": "0",
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
    (
        AZURE,
        CiFacts(
            provider="azure-pipelines",
            run="4711",
            attempt=2,
            sha=SHA,
            ref="refs/heads/main",
            repo="shop",
            actor="Ada Example",
            url="https://dev.azure.example/acme/79f5c12e/_build/results?buildId=4711",
            environment="production",
        ),
    ),
    (
        BITBUCKET,
        CiFacts(
            provider="bitbucket-pipelines",
            run="{9f1d}",
            attempt=2,
            sha=SHA,
            ref="main",
            repo="acme/shop",
            actor="{ada}",
            url="https://bitbucket.org/acme/shop/pipelines/results/77",
            environment="production",
        ),
    ),
    (
        CIRCLECI,
        CiFacts(
            provider="circleci",
            run="5034460f",
            attempt=120,
            sha=SHA,
            ref="main",
            repo="acme/shop",
            actor="ada",
            url="https://circleci.example/gh/acme/shop/120",
        ),
    ),
    (
        BUILDKITE,
        CiFacts(
            provider="buildkite",
            run="4735ba57",
            sha=SHA,
            ref="main",
            actor="Ada Example",
            url="https://buildkite.example/acme/shop/builds/153#e44f9784",
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


@pytest.mark.parametrize(
    "environ", [environ for environ, facts in EXPECTED if facts.provider not in ("generic", "bitbucket-pipelines")]
)
def test_a_variable_that_is_empty_is_not_set(environ: Mapping[str, str]) -> None:
    signs = {system.sign for system in SYSTEMS.values()}
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
    assert variables_for("sha") == [
        "GITHUB_SHA",
        "CI_COMMIT_SHA",
        "GIT_COMMIT",
        "BUILD_SOURCEVERSION",
        "BITBUCKET_COMMIT",
        "CIRCLE_SHA1",
        "BUILDKITE_COMMIT",
        "RELEASEWATCH_CI_SHA",
    ]
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
        "url": "GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID",
    }


def test_every_fact_of_a_table_is_one_that_there_is() -> None:
    facts = set(CiFacts.__dataclass_fields__) | {"persistent", "public", "head", "merged", "retries"}
    for name, system in SYSTEMS.items():
        assert set(system.table) <= facts, name


@pytest.mark.parametrize("environ", [environ for environ, _ in EXPECTED])
def test_nothing_secret_is_read(environ: Mapping[str, str]) -> None:
    assert "canary" not in repr(recognise(environ))


# Pull and merge requests

BASE = "a" * 40
HEAD = "b" * 40


def github_event(tmp_path: Path, **more: object) -> dict[str, str]:
    change = {
        "number": 17,
        "merged": False,
        "head": {"sha": HEAD, "repo": {"full_name": "mallory/Hello-World"}},
        "base": {"sha": BASE, "ref": "main", "repo": {"full_name": "octocat/Hello-World"}},
    }
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": change | more, "repository": {"private": True}}))
    return GITHUB | {"GITHUB_EVENT_PATH": str(event), "GITHUB_REF": "refs/pull/17/merge", "GITHUB_BASE_REF": "main"}


def told(environ: Mapping[str, str]) -> tuple[object, ...]:
    found = recognise(environ)
    assert found is not None
    return found.pull_request, found.sha, found.base, found.base_branch, found.fork


def test_a_pull_request_of_github_is_its_head_and_not_the_merge_made_for_the_job(tmp_path: Path) -> None:
    assert told(github_event(tmp_path)) == ("17", HEAD, BASE, "main", True)


def test_a_pull_request_from_the_same_repo_is_from_no_fork(tmp_path: Path) -> None:
    head = {"sha": HEAD, "repo": {"full_name": "octocat/Hello-World"}}
    assert told(github_event(tmp_path, head=head))[-1] is False


def test_of_a_fork_that_is_gone_it_is_not_known_whether_it_was_one(tmp_path: Path) -> None:
    assert told(github_event(tmp_path, head={"sha": HEAD, "repo": None}))[-1] is None


def test_a_pull_request_that_was_merged_is_the_commit_on_its_branch(tmp_path: Path) -> None:
    assert told(github_event(tmp_path, merged=True)) == (None, SHA, None, None, None)


def test_a_pull_request_whose_event_cannot_be_read_is_one_all_the_same() -> None:
    assert told(GITHUB | {"GITHUB_BASE_REF": "main"}) == ("main", SHA, None, "main", None)


def test_the_environment_of_a_deployment_event_is_read(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"deployment": {"environment": "production"}}))
    found = recognise(GITHUB | {"GITHUB_EVENT_PATH": str(event)})
    assert found is not None
    assert found.environment == "production"


OF_CHANGES = [
    (
        GITLAB
        | {
            "CI_MERGE_REQUEST_IID": "3",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": "c" * 40,
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": HEAD,
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "9",
            "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": BASE,
        },
        ("3", HEAD, BASE, "main", True),
    ),
    (
        GITLAB  # not for merged results: both branches' commits are empty
        | {
            "CI_MERGE_REQUEST_IID": "3",
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": BASE,
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "",
        },
        ("3", SHA, BASE, None, False),
    ),
    (JENKINS | {"CHANGE_ID": "7", "CHANGE_TARGET": "main"}, ("7", SHA, None, "main", False)),
    (JENKINS | {"CHANGE_ID": "7", "CHANGE_TARGET": "main", "CHANGE_FORK": "mallory"}, ("7", SHA, None, "main", True)),
    (
        AZURE
        | {
            "SYSTEM_PULLREQUEST_PULLREQUESTID": "8",
            "SYSTEM_PULLREQUEST_SOURCECOMMITID": HEAD,
            "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
            "SYSTEM_PULLREQUEST_ISFORK": "False",
        },
        ("8", HEAD, None, "refs/heads/main", False),
    ),
    (
        BITBUCKET
        | {
            "BITBUCKET_PR_ID": "9",
            "BITBUCKET_PR_DESTINATION_BRANCH": "main",
            "BITBUCKET_PR_DESTINATION_COMMIT": "aaaaaaaaaaaa",
        },
        ("9", SHA, "aaaaaaaaaaaa", "main", None),
    ),
    (
        CIRCLECI
        | {"CIRCLE_PULL_REQUEST": "https://github.example/acme/shop/pull/5", "RELEASEWATCH_CI_BASE": "origin/main"},
        ("https://github.example/acme/shop/pull/5", SHA, "origin/main", None, False),
    ),
    (CIRCLECI | {"CIRCLE_PR_NUMBER": "5"}, ("5", SHA, None, None, True)),
    (
        BUILDKITE
        | {
            "BUILDKITE_PULL_REQUEST": "12",
            "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "main",
            "BUILDKITE_PULL_REQUEST_REPO": "git://github.example/mallory/shop.git",
        },
        ("12", SHA, None, "main", True),
    ),
    (BY_HAND | {"RELEASEWATCH_CI_PULL_REQUEST": "1", "RELEASEWATCH_CI_BASE": BASE}, ("1", SHA, BASE, None, None)),
]


@pytest.mark.parametrize(("environ", "expected"), OF_CHANGES)
def test_a_merge_request_tells_its_head_and_what_it_goes_into(
    environ: Mapping[str, str], expected: tuple[object, ...]
) -> None:
    assert told(environ) == expected


@pytest.mark.parametrize("environ", [environ for environ, _ in EXPECTED])
def test_outside_of_a_pull_request_there_is_no_base(environ: Mapping[str, str]) -> None:
    assert told(environ | {"RELEASEWATCH_CI_BASE": BASE})[0::2] == (None, None, None)


# What people set by hand, and what systems say in other words


def test_what_is_set_by_hand_goes_before_what_the_system_says() -> None:
    found = recognise(GITHUB | {"RELEASEWATCH_CI_RUN": "mine", "RELEASEWATCH_CI_ENVIRONMENT": "production"})
    assert found is not None
    assert (found.provider, found.run, found.environment) == ("github-actions", "mine", "production")


@pytest.mark.parametrize(("retries", "attempt"), [("0", 1), ("2", 3), ("", 1), ("two", 1)])
def test_retries_are_counted_from_the_first_attempt(retries: str, attempt: int) -> None:
    found = recognise(BUILDKITE | {"BUILDKITE_RETRY_COUNT": retries})
    assert found is not None
    assert found.attempt == attempt


@pytest.mark.parametrize(
    "environ",
    [
        GITLAB | {"CI_COMMIT_TAG": "v1"},
        JENKINS | {"TAG_NAME": "v1"},
        AZURE | {"BUILD_SOURCEBRANCH": "refs/tags/v1"},
        BITBUCKET | {"BITBUCKET_TAG": "v1"},
        CIRCLECI | {"CIRCLE_TAG": "v1"},
        BUILDKITE | {"BUILDKITE_TAG": "v1"},
    ],
)
def test_a_tag_is_told_as_one(environ: Mapping[str, str]) -> None:
    found = recognise(environ)
    assert found is not None
    assert found.ref == "refs/tags/v1"


@pytest.mark.parametrize(
    ("environ", "public"),
    [
        (BITBUCKET | {"BITBUCKET_REPO_IS_PRIVATE": "false"}, True),
        (BITBUCKET, False),
        (JENKINS | {"RELEASEWATCH_CI_PUBLIC": "true"}, True),
        (AZURE | {"RELEASEWATCH_CI_PUBLIC": "false"}, False),
    ],
)
def test_other_systems_can_be_public_too(environ: Mapping[str, str], public: bool) -> None:
    found = recognise(environ)
    assert found is not None
    assert found.public_repo is public


def test_an_event_as_large_as_none_is_or_as_deep_is_not_read(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text("[" * 200_000)
    found = recognise(GITHUB | {"GITHUB_EVENT_PATH": str(event)})
    assert found is not None
    assert (found.pull_request, found.public_repo) == (None, False)


def test_bytes_that_are_no_text_are_marked() -> None:
    """As Python hands on what is not UTF-8; a ledger takes text alone."""
    found = recognise(
        GITHUB | {"GITHUB_ACTOR": "K\udcf6nig", "GITHUB_TRIGGERING_ACTOR": "", "GITHUB_REPOSITORY": "a/\udcff"}
    )
    assert found is not None
    assert (found.actor, found.repo) == ("K\ufffdnig", "a/\ufffd")
    assert found.url is not None
    assert found.url.encode()


def test_the_readme_tells_every_variable_that_is_read() -> None:
    """The table there is made of the tables here; when this fails, its right side is what belongs there."""
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    rows = [f"| {' | '.join(row)} |" for row in describe_systems()]
    assert [line for line in readme.splitlines() if line in rows] == rows
