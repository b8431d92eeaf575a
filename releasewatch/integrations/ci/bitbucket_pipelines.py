"""Bitbucket Pipelines (Cloud). Each rerun of a step counts up its run number; the pipeline stays the same one."""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

SYSTEM = System(
    sign="BITBUCKET_BUILD_NUMBER",
    title="Bitbucket Pipelines",
    page="https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/",
    table={
        "run": ("BITBUCKET_PIPELINE_UUID", "BITBUCKET_BUILD_NUMBER"),
        "attempt": ("BITBUCKET_STEP_RUN_NUMBER",),
        "sha": ("BITBUCKET_COMMIT",),
        "ref": ("refs/tags/{BITBUCKET_TAG}", "BITBUCKET_BRANCH"),
        "repo": ("BITBUCKET_REPO_FULL_NAME",),
        "actor": ("BITBUCKET_STEP_TRIGGERER_UUID",),
        "url": ("https://bitbucket.org/{BITBUCKET_REPO_FULL_NAME}/pipelines/results/{BITBUCKET_BUILD_NUMBER}",),
        "environment": ("BITBUCKET_DEPLOYMENT_ENVIRONMENT",),
        "pull_request": ("BITBUCKET_PR_ID",),
        "base": ("BITBUCKET_PR_DESTINATION_COMMIT",),
        "base_branch": ("BITBUCKET_PR_DESTINATION_BRANCH",),
        "public": ("BITBUCKET_REPO_IS_PRIVATE=false",),
    },
)
