"""Any other CI system that sets `CI`, and what people set by hand; that goes before what a known system says."""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

SYSTEM = System(
    sign="CI",
    title="Any other",
    page="",  # no standard, but nearly every system sets it
    table={
        "run": ("RELEASEWATCH_CI_RUN",),
        "attempt": ("RELEASEWATCH_CI_ATTEMPT",),
        "sha": ("RELEASEWATCH_CI_SHA",),
        "ref": ("RELEASEWATCH_CI_REF",),
        "url": ("RELEASEWATCH_CI_URL",),
        "environment": ("RELEASEWATCH_CI_ENVIRONMENT",),
        "job_started_at": ("RELEASEWATCH_CI_STARTED_AT",),
        "pull_request": ("RELEASEWATCH_CI_PULL_REQUEST",),
        "base": ("RELEASEWATCH_CI_BASE",),
        "public": ("RELEASEWATCH_CI_PUBLIC=true",),
    },
)
