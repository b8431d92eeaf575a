"""What an incident asks of the ledger as of an instant: blamed deployments, components, places, impact window."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from releasewatch.domain.catalog import Graph
from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.deployments import Axes
from releasewatch.domain.exposure import find_origins, spread
from releasewatch.domain.incidents import ImpactWindow, IncidentState, Statement, fold, impact_window
from releasewatch.storage import catalogs, deployments, incidents, windows
from releasewatch.storage.impact_ways import Blamed, ImpactQuestion
from releasewatch.storage.incidents import IncidentRef, Link
from releasewatch.storage.types import LATEST
from releasewatch.usecases.deployments import question_of, tier_of


@dataclass(frozen=True, slots=True)
class Viewing:
    """As of when an incident is looked at. `at` None: now. `known_at` None: all that is recorded."""

    now: datetime
    at: datetime | None = None
    known_at: datetime | None = None
    without_entitlement: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """An incident as it is seen: its state, the newest word on each deployment, and what to ask of customers."""

    incident: IncidentRef
    statements: tuple[Statement, ...]
    state: IncidentState
    links: Mapping[int, Link]
    window: ImpactWindow
    question: ImpactQuestion


def look_at(connection: Any, incident: IncidentRef, how: Viewing) -> Scene:
    """An incident as of an instant, as known at one."""
    at, known_at = how.at or how.now, how.known_at or LATEST
    said = incidents.read_statements(connection, [incident.incident_id])[incident.incident_id]
    state = fold(said, at, known_at)
    links = incidents.newest_links(connection, incident.incident_id, known_at)
    found = [
        deployments.get_deployment(connection, number)
        for number, link in sorted(links.items())
        if link.state in incidents.BLAMED
    ]
    in_place = [one for one in found if not state.environment or one.environment == state.environment]
    since = min((one.row.opened_at for one in in_place), default=None)
    window = impact_window(state, since, incident.recorded_at)
    grids = windows.grids(connection, (one.row.deployment_id for one in in_place))
    blamed = []
    for place, one in enumerate(in_place):
        exposure = question_of(one, tier_of(connection, one.environment), at, known_at, how.without_entitlement or {})
        named = Axes.of(grids.get(one.row.deployment_id, []))
        blamed.append(
            Blamed(
                # By place, not by number: then incidents with as many deployments share compiled statements.
                replace(exposure, label=f"d{place}"),
                rest_region=bool(set(state.regions) - named.regions),
                rest_ring=bool(set(state.rings) - named.rings),
            )
        )
    question = ImpactQuestion(
        incident_id=incident.incident_id,
        at=at,
        known_at=known_at,
        started_at=window.started_at,
        until=window.until,
        blamed=tuple(blamed),
        components=reached_from(connection, state.components, at) if state.components else None,
        regions=frozenset(state.regions),
        rings=frozenset(state.rings),
        environments=_environments(connection, state.environment),
    )
    return Scene(incident, tuple(said), state, links, window, question)


def reached_from(connection: Any, keys: Collection[str], at: datetime) -> dict[int, tuple[int, str]]:
    """Components, and what depends on them: number to distance and the neighbour it is reached over."""
    graph = Graph.build(*catalogs.load_dependencies(connection, None, at))
    nearest: dict[str, tuple[int, str]] = dict.fromkeys(keys, (0, ""))
    for origin, step in find_origins(keys, list(graph.nodes), graph).items():
        for component, reached in spread(origin, step, graph).items():
            found = reached.distance, reached.via or ""
            if component not in nearest or found < nearest[component]:
                nearest[component] = found
    ids = catalogs.component_ids(connection, sorted(nearest))
    return {ids[key]: step for key, step in nearest.items() if key in ids}


def _environments(connection: Any, given: str) -> tuple[str, ...]:
    """What an entitlement may say to mean the incident's environment; by default all of production."""
    rows = catalogs.environments(connection)
    if given:
        is_production = any(row.key == given and row.tier == "production" for row in rows)
        return (given, UNKNOWN, *([ANY] if is_production else []))
    return (ANY, UNKNOWN, *sorted(row.key for row in rows if row.tier == "production"))
