"""Jenkins: https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables"""

from __future__ import annotations

from collections.abc import Mapping

SIGN = "JENKINS_URL"
VARIABLES: dict[str, tuple[str, ...]] = {
    "run": ("BUILD_TAG",),
    "sha": ("GIT_COMMIT",),
    "ref": ("GIT_BRANCH",),
    "actor": ("BUILD_USER_ID", "CHANGE_AUTHOR"),
    "url": ("RUN_DISPLAY_URL", "BUILD_URL"),
    "persistent": ("JENKINS_HOME",),
}


def is_public(_environ: Mapping[str, str]) -> bool:
    """Jenkins has no such word."""
    return False
