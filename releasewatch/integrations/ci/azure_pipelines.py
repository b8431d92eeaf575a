"""Azure Pipelines; variables that are documented as `Build.BuildId` reach a script as `BUILD_BUILDID`."""

from __future__ import annotations

from releasewatch.integrations.ci.tables import System

SYSTEM = System(
    sign="TF_BUILD",
    title="Azure Pipelines",
    page="https://learn.microsoft.com/azure/devops/pipelines/build/variables",
    table={
        "run": ("BUILD_BUILDID",),
        "attempt": ("SYSTEM_JOBATTEMPT",),
        "sha": ("BUILD_SOURCEVERSION",),
        "ref": ("BUILD_SOURCEBRANCH",),
        "repo": ("BUILD_REPOSITORY_NAME",),
        "actor": ("BUILD_REQUESTEDFOR",),
        "url": ("{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECTID}/_build/results?buildId={BUILD_BUILDID}",),
        "environment": ("ENVIRONMENT_NAME",),
        # Of a repo on GitHub the id is one of Azure's own; the number is what people know.
        "pull_request": ("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "SYSTEM_PULLREQUEST_PULLREQUESTID"),
        "head": ("SYSTEM_PULLREQUEST_SOURCECOMMITID",),
        "base_branch": ("SYSTEM_PULLREQUEST_TARGETBRANCHNAME", "SYSTEM_PULLREQUEST_TARGETBRANCH"),
        "fork": ("SYSTEM_PULLREQUEST_ISFORK=true",),
    },
)
