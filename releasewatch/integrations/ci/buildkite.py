"""Buildkite. A retried job belongs to the same build; how often it was retried is counted from 0."""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

SYSTEM = System(
    sign="BUILDKITE",
    title="Buildkite",
    page="https://buildkite.com/docs/pipelines/configure/environment-variables",
    table={
        "run": ("BUILDKITE_BUILD_ID",),
        "retries": ("BUILDKITE_RETRY_COUNT",),
        "sha": ("BUILDKITE_COMMIT",),
        "ref": ("refs/tags/{BUILDKITE_TAG}", "BUILDKITE_BRANCH"),
        "actor": ("BUILDKITE_UNBLOCKER", "BUILDKITE_BUILD_CREATOR"),
        "url": ("{BUILDKITE_BUILD_URL}#{BUILDKITE_JOB_ID}", "BUILDKITE_BUILD_URL"),
        "pull_request": ("BUILDKITE_PULL_REQUEST",),
        "base_branch": ("BUILDKITE_PULL_REQUEST_BASE_BRANCH",),
        "fork": ("BUILDKITE_PULL_REQUEST_REPO!=BUILDKITE_REPO",),
    },
)
