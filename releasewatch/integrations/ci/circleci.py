"""CircleCI. A rerun is another workflow of the same pipeline; its jobs have higher numbers: the newest attempt in time.

It does not tell what a pull request goes into; `RELEASEWATCH_CI_BASE` can.
"""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

SYSTEM = System(
    sign="CIRCLECI",
    title="CircleCI",
    page="https://circleci.com/docs/reference/variables/",
    table={
        # https://circleci.com/docs/guides/toolkit/how-to-find-ids
        "run": ("CIRCLE_PIPELINE_ID", "CIRCLE_WORKFLOW_ID"),
        "attempt": ("CIRCLE_BUILD_NUM",),
        "sha": ("CIRCLE_SHA1",),
        "ref": ("refs/tags/{CIRCLE_TAG}", "CIRCLE_BRANCH"),
        "repo": ("{CIRCLE_PROJECT_USERNAME}/{CIRCLE_PROJECT_REPONAME}",),
        "actor": ("CIRCLE_USERNAME",),
        "url": ("CIRCLE_BUILD_URL",),
        "pull_request": ("CIRCLE_PR_NUMBER", "CIRCLE_PULL_REQUEST"),
        "fork": ("CIRCLE_PR_NUMBER",),
    },
)
