"""Blame and its end: which deployments an incident is linked with, and which ones fix it."""

from __future__ import annotations

from typing import Any

from releasewatch.domain.deployments import Place, expand_targets
from releasewatch.storage import catalogs, coverages, deployments, incidents, windows
from releasewatch.storage.deployments import DeploymentRow
from releasewatch.storage.incidents import Fix, IncidentRef, Link
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.windows import CellSet, Ending
from releasewatch.usecases.incidents import LOCK, Telling


def link_deployment(
    ledger: Ledger, ref: str, deployment_id: int, state: str, telling: Telling, score: int | None = None
) -> tuple[IncidentRef, bool]:
    """Make a deployment suspect, confirmed or cleared; returns the incident, and whether it was said before.

    What is known to fix the incident ends the carrying of a newly blamed deployment too.
    """
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.resolve_incident(connection, ref)
        held = incidents.newest_links(connection, incident.incident_id).get(deployment_id)
        if held is not None and held.state == state and telling.why in ("", held.why):
            return incident, True
        link = Link(deployment_id, state, score, telling.why, telling.by, telling.now)
        incidents.add_link(connection, incident.incident_id, link)
        if state in incidents.BLAMED:
            for fix in incidents.read_fixes(connection, incident.incident_id):
                end_blamed(connection, incident, deployments.get_deployment(connection, fix.deployment_id), telling)
    return incident, False


def fix_incident(ledger: Ledger, ref: str, deployment_id: int, telling: Telling) -> tuple[IncidentRef, int]:
    """Keep that a deployment fixes an incident: blamed changes are carried no more where it went.

    Returns the incident, and how many windows were ended.
    """
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.resolve_incident(connection, ref)
        fixing = deployments.get_deployment(connection, deployment_id)
        ended = note_fix(connection, incident, fixing, telling)
    return incident, ended


def note_fix(connection: Any, incident: IncidentRef, fixing: DeploymentRow, telling: Telling) -> int:
    """The same inside a transaction."""
    number = fixing.row.deployment_id
    incidents.add_fix(connection, incident.incident_id, Fix(number, telling.why, telling.by, telling.now))
    deployments.add_fix(connection, number, incident.id)
    return end_blamed(connection, incident, fixing, telling)


def end_blamed(connection: Any, incident: IncidentRef, fixing: DeploymentRow, telling: Telling) -> int:
    """End the carrying of an incident's blamed deployments in the cells of one that fixes it; how many windows."""
    row = fixing.row
    blamed = [one for one in incidents.blamed_deployments(connection, incident.incident_id) if one != row.deployment_id]
    if not row.succeeded or not blamed:
        return 0
    members = coverages.scope_members(connection, [row.scope_id])[row.scope_id]
    cells = CellSet(
        row.repo_id,
        row.environment_id,
        frozenset(catalogs.component_ids(connection, sorted(members)).values()),
        expand_targets(
            deployments.targets_of(connection, row.deployment_id), catalogs.known_axes(connection, row.environment_id)
        ),
    )
    rows = windows.open_origins(connection, cells, row.opened_at, row.deployment_id, blamed)
    reason = windows.FIXED_FOR.format(fixing.id, incident.id)
    endings = [Ending(one.deployment_id, one.origin_no, Place(one.region, one.ring), reason) for one in rows]
    windows.end_carrying(connection, endings, row.deployment_id, row.opened_at, telling.now)
    return len(endings)
