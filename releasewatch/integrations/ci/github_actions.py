"""GitHub Actions: its variables, and the event (a file) for what they leave out.

The merge that a pull request's job checks out exists for that job alone; its head stands in the event. Once it was
merged, the job is about the commit on the branch.
"""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

EVENT = "GITHUB_EVENT_PATH#"  # https://docs.github.com/webhooks/webhook-events-and-payloads

SYSTEM = System(
    sign="GITHUB_ACTIONS",
    title="GitHub Actions",
    page="https://docs.github.com/actions/reference/workflows-and-actions/variables",
    table={
        "run": ("GITHUB_RUN_ID",),
        "attempt": ("GITHUB_RUN_ATTEMPT",),
        "sha": ("GITHUB_SHA",),
        "ref": ("GITHUB_REF",),
        "repo": ("GITHUB_REPOSITORY",),
        "actor": ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"),
        "url": ("{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",),
        "environment": (f"{EVENT}deployment.environment",),
        "pull_request": (f"{EVENT}pull_request.number", "GITHUB_BASE_REF"),
        "merged": (f"{EVENT}pull_request.merged=true",),
        "head": (f"{EVENT}pull_request.head.sha",),
        "base": (f"{EVENT}pull_request.base.sha",),
        "base_branch": ("GITHUB_BASE_REF", f"{EVENT}pull_request.base.ref"),
        "fork": (f"{EVENT}pull_request.head.repo.full_name!={EVENT}pull_request.base.repo.full_name",),
        "public": (f"{EVENT}repository.visibility=public", f"{EVENT}repository.private=false"),
    },
)
