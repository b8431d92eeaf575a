"""Blame: which deployments an incident is linked with."""

from __future__ import annotations

from releasewatch.domain.suspect_words import own_score, reasons_text
from releasewatch.storage import deployments, fixes, incidents
from releasewatch.storage.calls import ListOf
from releasewatch.storage.incidents import IncidentRef, Link
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.incident_checks import check_blame
from releasewatch.usecases.incident_fixes import end_blamed, release_cleared
from releasewatch.usecases.incident_ranking import rank_for
from releasewatch.usecases.incidents import LOCK, Telling
from releasewatch.usecases.outbox import tell_of_blamed, tell_of_incident, tell_of_list
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
        if state in incidents.BLAMED:
            check_blame(connection, incident, deployment_id)
        found = rank_for(connection, incident, telling.now, how, deployment_id).find(deployment_id) if how else None
        reasons = reasons_text(found) if found is not None and with_reasons else ""
        why = "; ".join(filter(None, (telling.why, reasons)))
        score = own_score(found) if found is not None else None
        incidents.add_link(
            connection, incident.incident_id, Link(deployment_id, state, score, why, telling.by, telling.now)
        )
        occasion = f"D-{deployment_id} {state} {telling.now.isoformat()}"
        tell_of_incident(connection, incident, "incident_updated", telling.rules, telling.now, occasion)
        if state in incidents.BLAMED:
            for fix in fixes.read_fixes(connection, incident.id):
                end_blamed(connection, incident, deployments.get_deployment(connection, fix.deployment_id), telling.now)
            tell_of_blamed(connection, deployment_id, telling.rules, telling.now)
        elif held is not None and held.state in incidents.BLAMED:
            release_cleared(connection, incident, deployment_id, telling.now)
            whose = ListOf(incident_id=incident.incident_id)
            tell_of_list(connection, "list_withdrawn", whose, telling.rules, telling.now)
    return incident, False


def _is_said(held: str, why: str) -> bool:
    """Whether a reason is among what was said before; the reasons of a score may stand behind it."""
    return why in ("", held) or held.startswith(f"{why}; ")
