"""Jenkins; `CHANGE_…`, `TAG_NAME` come from multibranch projects, `BUILD_USER_ID` from the plugin Build User Vars.

It does not tell the head of a pull request, nor the commit that it goes into: GIT_COMMIT may be a merge.
"""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

SYSTEM = System(
    sign="JENKINS_URL",
    title="Jenkins",
    page="https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables",
    table={
        "run": ("BUILD_TAG",),
        "sha": ("GIT_COMMIT",),
        "ref": ("refs/tags/{TAG_NAME}", "GIT_BRANCH"),
        "actor": ("BUILD_USER_ID", "CHANGE_AUTHOR"),
        "url": ("RUN_DISPLAY_URL", "BUILD_URL"),
        "pull_request": ("CHANGE_ID",),
        "base_branch": ("CHANGE_TARGET",),
        "fork": ("CHANGE_FORK",),
        "persistent": ("JENKINS_HOME",),
    },
)
