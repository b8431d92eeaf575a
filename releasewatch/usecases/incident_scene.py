"""What an incident asks of the ledger as of an instant: blamed deployments, components, places, impact window."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
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
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import LATEST
from releasewatch.usecases.deployments import question_of
from releasewatch.usecases.incident_viewing import Viewing


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
    return next(look_at_all(connection, [incident], how))


def look_at_all(connection: Any, several: Sequence[IncidentRef], how: Viewing) -> Iterator[Scene]:
    """Several incidents, in this order: what is asked of the ledger is asked for many of them at once."""
    reaching = _Reaching(connection, how.at or how.now)
    tiers = {row.key: str(row.tier) for row in catalogs.environments(connection)}
    for part in chunks(several):
        yield from _look_at_some(connection, part, how, tiers, reaching)


def _look_at_some(
    connection: Any,
    several: Sequence[IncidentRef],
    how: Viewing,
    tiers: Mapping[str, str],
    reaching: _Reaching,
) -> Iterator[Scene]:
    """`tiers`: of the environments, by key."""
    at, known_at = how.at or how.now, how.known_at or LATEST
    numbers = [one.incident_id for one in several]
    statements = incidents.read_statements(connection, numbers)
    links_of = incidents.newest_links_of_many(connection, numbers, known_at)
    blamed_by = {
        number: sorted(one for one, link in links.items() if link.state in incidents.BLAMED)
        for number, links in links_of.items()
    }
    known = deployments.get_deployments(connection, {one for blamed in blamed_by.values() for one in blamed})
    grids = windows.grids(connection, known)
    states = {number: fold(statements[number], at, known_at) for number in numbers}
    reaching.look_for({frozenset(state.components) for state in states.values() if state.components})
    for incident in several:
        said, links = statements[incident.incident_id], links_of[incident.incident_id]
        state = states[incident.incident_id]
        found = [known[number] for number in blamed_by[incident.incident_id]]
        in_place = [one for one in found if not state.environment or one.environment == state.environment]
        since = min((one.row.opened_at for one in in_place), default=None)
        window = impact_window(state, since, incident.recorded_at)
        blamed = []
        for place, one in enumerate(in_place):
            tier = tiers.get(one.environment, "other")
            exposure = question_of(one, tier, at, known_at, how.without_entitlement or {})
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
            components=reaching.reached_from(state.components) if state.components else None,
            regions=frozenset(state.regions),
            rings=frozenset(state.rings),
            environments=_environments(tiers, state.environment),
        )
        yield Scene(incident, tuple(said), state, links, window, question)


def reached_from(connection: Any, keys: Collection[str], at: datetime) -> dict[int, tuple[int, str]]:
    """Components, and what depends on them: number to distance and the neighbour it is reached over."""
    return _Reaching(connection, at).reached_from(keys)


class _Reaching:
    """Finds what depends on components, as of an instant; the graph, and what was found before, is read once."""

    def __init__(self, connection: Any, at: datetime) -> None:
        self._connection, self._at = connection, at
        self._graph: Graph | None = None
        self._ids: dict[str, int] = {}
        self._found: dict[frozenset[str], dict[int, tuple[int, str]]] = {}

    def reached_from(self, keys: Collection[str]) -> dict[int, tuple[int, str]]:
        """As the function of this name."""
        asked = frozenset(keys)
        self.look_for([asked])
        return self._found[asked]

    def look_for(self, several: Iterable[frozenset[str]]) -> None:
        """Find what is reached from each of several, with one question for all."""
        nearest = {keys: self._nearest(keys) for keys in several if keys not in self._found}
        unknown = {key for steps in nearest.values() for key in steps} - self._ids.keys()
        self._ids |= catalogs.component_ids(self._connection, sorted(unknown))
        for keys, steps in nearest.items():
            self._found[keys] = {self._ids[key]: step for key, step in steps.items() if key in self._ids}

    def _nearest(self, keys: Collection[str]) -> dict[str, tuple[int, str]]:
        graph = self._graph or Graph.build(*catalogs.load_dependencies(self._connection, None, self._at))
        self._graph = graph
        nearest: dict[str, tuple[int, str]] = dict.fromkeys(keys, (0, ""))
        for origin, step in find_origins(keys, list(graph.nodes), graph).items():
            for component, reached in spread(origin, step, graph).items():
                found = reached.distance, reached.via or ""
                if component not in nearest or found < nearest[component]:
                    nearest[component] = found
        return nearest


def _environments(tiers: Mapping[str, str], given: str) -> tuple[str, ...]:
    """What an entitlement may say to mean the incident's environment; by default all of production."""
    if given:
        return (given, UNKNOWN, *([ANY] if tiers.get(given) == "production" else []))
    return (ANY, UNKNOWN, *sorted(key for key, tier in tiers.items() if tier == "production"))
