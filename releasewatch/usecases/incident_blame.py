"""Blame and its end: which deployments an incident is linked with, and which ones fix it."""

from __future__ import annotations

from typing import Any

from releasewatch.domain.deployments import Place, expand_targets
from releasewatch.domain.suspect_words import own_score, reasons_text
from releasewatch.storage import catalogs, coverages, deployments, incidents, windows
from releasewatch.storage.deployments import DeploymentRow
from releasewatch.storage.incidents import Fix, IncidentRef, Link
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.windows import CellSet, Ending
from releasewatch.usecases.incident_ranking import rank_incident
from releasewatch.usecases.incidents import LOCK, Telling
from releasewatch.usecases.suspects import Ranking


def link_deployment(
    ledger: Ledger,
    ref: str,
    deployment_id: int,
    state: str,
    telling: Telling,
    how: Ranking | None = None,
    *,
    with_reasons: bool = False,
) -> tuple[IncidentRef, bool]:
    """Make a deployment suspect, confirmed or cleared; returns the incident, and whether it was said before.

    The score that it has as a suspect by then is kept (`how`: without one, none); `with_reasons`: its reasons as well,
    behind what the person says. What is known to fix the incident ends the carrying of a newly blamed one too.
    """
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.resolve_incident(connection, ref)
        held = incidents.newest_links(connection, incident.incident_id).get(deployment_id)
        if held is not None and held.state == state and _is_said(held.why, telling.why):
            return incident, True
        found = rank_incident(connection, incident, telling.now, how).find(deployment_id) if how else None
        reasons = reasons_text(found) if found is not None and with_reasons else ""
        why = "; ".join(filter(None, (telling.why, reasons)))
        score = own_score(found) if found is not None else None
        incidents.add_link(
            connection, incident.incident_id, Link(deployment_id, state, score, why, telling.by, telling.now)
        )
        if state in incidents.BLAMED:
            for fix in incidents.read_fixes(connection, incident.incident_id):
                end_blamed(connection, incident, deployments.get_deployment(connection, fix.deployment_id), telling)
    return incident, False


def _is_said(held: str, why: str) -> bool:
    """Whether a reason is among what was said before; the reasons of a score may stand behind it."""
    return why in ("", held) or held.startswith(f"{why}; ")


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


def has_taken_back(ledger: Ledger, ref: str, deployment_id: int) -> bool:
    """Whether a deployment had taken back somewhere, by itself, what an incident is blamed on."""
    with ledger.read() as connection:
        incident = incidents.resolve_incident(connection, ref)
        blamed = incidents.blamed_deployments(connection, incident.incident_id)
        return not set(windows.undone_by(connection, deployment_id)).isdisjoint(blamed)


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
