"""What fixed an incident: a deployment that is named, the end of what it is blamed on, and a name taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from releasewatch.domain.deployments import Place, expand_targets
from releasewatch.domain.incident_fixes import Fixable, NoFix, Placed, why_no_fix
from releasewatch.domain.incidents import IncidentState, fold
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.storage import catalogs, coverages, deployments, fixes, incidents, window_endings, windows
from releasewatch.storage.deployments import DeploymentRow
from releasewatch.storage.fixes import Fix
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.storage.windows import CellSet, Ending
from releasewatch.usecases.incidents import LOCK, Telling

TAKEN_BACK = "that {} fixes {} was taken back; it is not kept again"


def fix_incident(ledger: Ledger, ref: str, deployment_id: int, telling: Telling) -> tuple[IncidentRef, int]:
    """Keep that a deployment fixes an incident: blamed changes are carried no more where it went.

    Returns the incident, and how many windows were ended. Raises RefusedError for one that cannot have fixed it.
    """
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.resolve_incident(connection, ref)
        fixing = deployments.get_deployment(connection, deployment_id)
        problem = problem_of_fix(connection, incident, fixing)
        if problem is not None:
            raise RefusedError(problem.because, problem.hint)
        ended = _note(connection, incident, fixing, telling)
    return incident, ended


def unfix_incident(ledger: Ledger, ref: str, deployment_id: int, telling: Telling) -> tuple[IncidentRef, int, bool]:
    """Take back that a deployment fixed an incident; whoever carried what it is blamed on carries it again.

    Returns the incident, how many deployments are carried otherwise than before, and whether it was taken back before.
    """
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.resolve_incident(connection, ref)
        many, already = _take_back(ledger, connection, deployment_id, incident.id, telling)
    return incident, many, already


def unfix(ledger: Ledger, deployment_id: int, ref: str, telling: Telling) -> tuple[str, int, bool]:
    """The same of what a deployment was said to fix when it was recorded: an incident or a deployment, by its name.

    Returns its id.
    """
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        incident = incidents.find_fixed(connection, ref)
        found = deployments.get_deployment(connection, deployment_id)
        name = (
            incident.id
            if incident is not None
            else deployments.resolve_deployment(connection, ref, repo=found.repo, environment=found.environment).id
        )
        many, already = _take_back(ledger, connection, deployment_id, name, telling)
    return name, many, already


def has_taken_back(ledger: Ledger, ref: str, deployment_id: int) -> bool:
    """Whether a deployment had taken back somewhere, by itself, what an incident is blamed on."""
    with ledger.read() as connection:
        incident = incidents.resolve_incident(connection, ref)
        blamed = incidents.blamed_deployments(connection, incident.incident_id)
        return not set(window_endings.undone_by(connection, deployment_id)).isdisjoint(blamed)


def note_fix(connection: Any, incident: IncidentRef, fixing: DeploymentRow, telling: Telling) -> str:
    """Keep what a pipeline says: that the deployment it records fixes an incident. Returns a remark, or nothing.

    What cannot be is not kept, and does not hold up the record; nor is what a person took back.
    """
    problem = problem_of_fix(connection, incident, fixing)
    if problem is not None:
        return f"It is not kept as a fix of {incident.id}: {problem.because}"
    newest = fixes.read_newest(connection, fixing.row.deployment_id, incident.id)
    if newest is not None and not newest.holds:
        return f"{TAKEN_BACK.format(fixing.id, incident.id).capitalize()}."
    if _note(connection, incident, fixing, telling):
        return ""
    return f"What {incident.id} is blamed on is carried nowhere in what this deployment covers: nothing was ended."


def note_fix_of(connection: Any, fixed: DeploymentRow, fixing: DeploymentRow, telling: Telling) -> str:
    """The same of a deployment that another one fixes."""
    number = fixing.row.deployment_id
    newest = fixes.read_newest(connection, number, fixed.id)
    if newest is not None and not newest.holds:
        return f"{TAKEN_BACK.format(fixing.id, fixed.id).capitalize()}."
    fixes.add_fix(connection, fixed.id, Fix(number, telling.why, telling.by, telling.now))
    reason = windows.FIXED_BY.format(fixing.id)
    if end_carried(connection, [fixed.row.deployment_id], fixing, reason, telling.now):
        return ""
    return f"{fixed.id} is carried nowhere in what this deployment covers: nothing was ended."


def problem_of_fix(connection: Any, incident: IncidentRef, fixing: DeploymentRow) -> NoFix | None:
    """Why a deployment cannot have fixed an incident, as it stands."""
    said = incidents.read_statements(connection, [incident.incident_id])[incident.incident_id]
    blamed = incidents.blamed_deployments(connection, incident.incident_id)
    rows = [deployments.get_deployment(connection, number) for number in blamed]
    return why_no_fix(fixable(incident, fold(said, LATEST, LATEST), rows), placed(fixing))


def fixable(incident: IncidentRef, state: IncidentState, blamed: Iterable[DeploymentRow]) -> Fixable:
    """What of an incident decides what may have fixed it."""
    return Fixable(incident.id, tuple(placed(one) for one in blamed), state.environment, state.impact_started_at)


def placed(found: DeploymentRow) -> Placed:
    """A deployment as far as it matters for blame and fixes."""
    row = found.row
    ended_at = row.finished_at or row.opened_at
    return Placed(
        row.deployment_id,
        found.environment,
        row.status,
        row.succeeded,
        row.opened_at,
        ended_at,
        found.repo,
        row.head,
    )


def end_blamed(connection: Any, incident: IncidentRef, fixing: DeploymentRow, now: datetime) -> int:
    """End the carrying of an incident's blamed deployments in the cells of one that fixes it; how many windows."""
    number = fixing.row.deployment_id
    blamed = [one for one in incidents.blamed_deployments(connection, incident.incident_id) if one != number]
    return end_carried(connection, blamed, fixing, windows.FIXED_FOR.format(fixing.id, incident.id), now)


def end_carried(connection: Any, fixed: Sequence[int], fixing: DeploymentRow, reason: str, now: datetime) -> int:
    """End the carrying of some deployments in the cells of one that is said to fix them; how many windows."""
    row = fixing.row
    if not row.succeeded or not fixed:
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
    rows = windows.open_origins(connection, cells, row.opened_at, row.deployment_id, fixed)
    endings = [Ending(one.deployment_id, one.origin_no, Place(one.region, one.ring), reason) for one in rows]
    windows.end_carrying(connection, endings, row.deployment_id, row.opened_at, now, is_word=True)
    return len(endings)


def release_cleared(connection: Any, incident: IncidentRef, deployment_id: int, now: datetime) -> None:
    """What is not to blame was not fixed either: what the incident's fixes ended of it is carried again."""
    for word in fixes.read_fixes(connection, incident.id):
        fixing = deployments.get_deployment(connection, word.deployment_id)
        reason = windows.FIXED_FOR.format(fixing.id, incident.id)
        gone = window_endings.take_back(connection, word.deployment_id, reason, now, of=deployment_id)
        _settle(connection, gone, fixing, now)


def _note(connection: Any, incident: IncidentRef, fixing: DeploymentRow, telling: Telling) -> int:
    word = Fix(fixing.row.deployment_id, telling.why, telling.by, telling.now)
    fixes.add_fix(connection, incident.id, word)
    return end_blamed(connection, incident, fixing, telling.now)


def _take_back(ledger: Ledger, connection: Any, deployment_id: int, name: str, telling: Telling) -> tuple[int, bool]:
    """Add the word, and let end what was ended by it; how many deployments are carried otherwise, and if it was so."""
    if not telling.why:
        raise InvalidCallError("That something was no fix needs a reason.", "Give it with --why TEXT.")
    fixing = deployments.get_deployment(connection, deployment_id)
    newest = fixes.read_newest(connection, deployment_id, name)
    if newest is None:
        said = ", ".join(f"D-{one.deployment_id}" for one in fixes.read_fixes(connection, name))
        raise InvalidCallError(
            f"Nobody said that {fixing.id} fixed {name}.",
            f"It is said of {said}." if said else f"Nobody said of any deployment that it fixed {name}.",
        )
    if not newest.holds:
        return 0, True
    ledger.lock(connection, f"releasewatch:record:{fixing.repo}:{fixing.environment}")
    fixes.add_fix(connection, name, Fix(deployment_id, telling.why, telling.by, telling.now, holds=False))
    is_incident = name.startswith("INC-")
    reason = windows.FIXED_FOR.format(fixing.id, name) if is_incident else windows.FIXED_BY.format(fixing.id)
    of = None if is_incident else int(name.removeprefix("D-"))
    gone = window_endings.take_back(connection, deployment_id, reason, telling.now, of=of)
    _settle(connection, gone, fixing, telling.now)
    return len(gone), False


def _settle(connection: Any, gone: set[int], fixing: DeploymentRow, now: datetime) -> None:
    """What is open again gets places that have become known since, and is ended by whatever else is said to fix it."""
    if not gone:
        return
    environment_id = fixing.row.environment_id
    axes = catalogs.known_axes(connection, environment_id)
    windows.split_rest(connection, environment_id, axes, fixing.row.opened_at)
    blaming = {number for one in gone for number in incidents.blamed_for(connection, one, also_cancelled=True)}
    names = {f"D-{one}" for one in gone} | {f"INC-{number}" for number in blaming}
    for word in fixes.read_fixes_of(connection, names):
        other = deployments.get_deployment(connection, word.deployment_id)
        if word.ref.startswith("INC-"):
            end_blamed(connection, incidents.resolve_incident(connection, word.ref), other, now)
        else:
            reason = windows.FIXED_BY.format(other.id)
            end_carried(connection, [int(word.ref.removeprefix("D-"))], other, reason, now)
