"""Whether a deployment may be blamed for an incident, and whether an incident may be where it is said to be."""

from __future__ import annotations

from typing import Any

from releasewatch.domain.incidents import fold
from releasewatch.errors import RefusedError
from releasewatch.storage import catalogs, fixes, incidents
from releasewatch.storage.deployments import DeploymentRow, get_deployment
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.types import LATEST


def check_blame(connection: Any, incident: IncidentRef, deployment_id: int) -> None:
    """Refuse blame on a deployment of another environment than the incident's, or on one that is said to fix it."""
    found = get_deployment(connection, deployment_id)
    said = incidents.read_statements(connection, [incident.incident_id], ["environment"])[incident.incident_id]
    environment = fold(said, LATEST, LATEST).environment
    if not environment:
        _check_with_others(connection, incident, found)
    if environment and found.environment != environment:
        raise RefusedError(
            f"{found.id} went to {found.environment}, and {incident.id} is in {environment}.",
            f"If it is not: releasewatch incident update {incident.id} --environment {found.environment}",
        )
    if any(fix.deployment_id == deployment_id for fix in fixes.read_fixes(connection, incident.id)):
        raise RefusedError(
            f"{found.id} is said to have fixed {incident.id}, so it cannot be to blame.",
            f"Take that back first: releasewatch incident link {incident.id} --not-fixed-by {found.id} --why TEXT",
        )


def _check_with_others(connection: Any, incident: IncidentRef, found: DeploymentRow) -> None:
    """Of an incident that names no environment, whatever else is blamed says where it is: there, or in one of its tier.

    The same commit in another environment of the tier is proposed for blame (`incident_siblings`).
    """
    others = [get_deployment(connection, one) for one in incidents.blamed_deployments(connection, incident.incident_id)]
    tiers = {row.environment_id: row.tier for row in catalogs.environments(connection)}
    mine = tiers[found.row.environment_id]
    if not others or any(tiers[one.row.environment_id] == mine for one in others):
        return
    raise RefusedError(
        f"{found.id} went to {found.environment}, and {incident.id} is blamed on {others[0].id}, which went to "
        f"{others[0].environment}.",
        f"If that is not to blame, say so first: releasewatch incident link {incident.id} --deployment "
        f"{others[0].id} --state cleared --why TEXT",
    )


def check_environment(connection: Any, incident: IncidentRef, environment: str) -> None:
    """Refuse an environment in which nothing is that the incident is blamed on."""
    for number in incidents.blamed_deployments(connection, incident.incident_id):
        found = get_deployment(connection, number)
        if found.environment != environment:
            raise RefusedError(
                f"{incident.id} is blamed on {found.id}, which went to {found.environment}.",
                f"If that is not to blame, say so first: releasewatch incident link {incident.id} --deployment "
                f"{found.id} --state cleared --why TEXT",
            )
