"""GitLab CI. A retried job is a new job of the same pipeline, with a higher id: the newest attempt in time."""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

SYSTEM = System(
    sign="GITLAB_CI",
    title="GitLab CI",
    page="https://docs.gitlab.com/ci/variables/predefined_variables/",
    table={
        "run": ("CI_PIPELINE_ID",),
        "attempt": ("CI_JOB_ID",),
        "sha": ("CI_COMMIT_SHA",),
        "ref": ("refs/tags/{CI_COMMIT_TAG}", "CI_COMMIT_REF_NAME"),
        "repo": ("CI_PROJECT_PATH",),
        "actor": ("GITLAB_USER_LOGIN",),
        "url": ("CI_JOB_URL", "CI_PIPELINE_URL"),
        "environment": ("CI_ENVIRONMENT_NAME",),
        "job_started_at": ("CI_JOB_STARTED_AT",),
        "pull_request": ("CI_MERGE_REQUEST_IID",),
        # Both branches' commits are told in pipelines for merged results alone; in others CI_COMMIT_SHA is the head.
        "head": ("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA",),
        "base": ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "CI_MERGE_REQUEST_DIFF_BASE_SHA"),
        "base_branch": ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME",),
        "fork": ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID!=CI_MERGE_REQUEST_PROJECT_ID",),
        "public": ("CI_PROJECT_VISIBILITY=public",),
    },
)
