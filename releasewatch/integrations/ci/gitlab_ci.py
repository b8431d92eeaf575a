"""GitLab CI: https://docs.gitlab.com/ci/variables/predefined_variables/"""

from __future__ import annotations

from collections.abc import Mapping

SIGN = "GITLAB_CI"
VARIABLES: dict[str, tuple[str, ...]] = {
    # A retried GitLab job is a new job of the same pipeline, with a higher id: the newest attempt in time.
    "run": ("CI_PIPELINE_ID",),
    "attempt": ("CI_JOB_ID",),
    "sha": ("CI_COMMIT_SHA",),
    "ref": ("CI_COMMIT_REF_NAME",),
    "repo": ("CI_PROJECT_PATH",),
    "actor": ("GITLAB_USER_LOGIN",),
    "url": ("CI_JOB_URL", "CI_PIPELINE_URL"),
    "environment": ("CI_ENVIRONMENT_NAME",),
    "job_started_at": ("CI_JOB_STARTED_AT",),
}


def is_public(environ: Mapping[str, str]) -> bool:
    """Whether the project is public."""
    return environ.get("CI_PROJECT_VISIBILITY") == "public"
