"""Why nobody is in an incident: the sentence that stands beside a 0, and what to type about it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from releasewatch.domain.catalog import Graph
from releasewatch.domain.words import counted
from releasewatch.storage import catalogs, deployments
from releasewatch.storage.impact_unsure import entitled_to
from releasewatch.storage.reaching import reached_components
from releasewatch.usecases.incident_scene import Scene

NAMED = 5
"""So many components are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why nobody is in it, and the commands that may mend that."""

    because: str
    commands: tuple[str, ...] = ()


def why_nobody(connection: Any, scene: Scene) -> Nobody:
    """Why an incident has nobody in it, of whom there is no word either."""
    q, key = scene.question, scene.incident.id
    by_hand = f"releasewatch incident impact {key} --add CUSTOMER --why TEXT"
    if not q.blamed and not q.components:
        return Nobody("Nothing is blamed and no component is named, so nobody can be derived.")
    names = catalogs.component_keys(connection)
    graph = Graph.build(*catalogs.load_dependencies(connection, None, q.at))
    blamed = [one.question.deployment_id for one in q.blamed]
    who = _ids(blamed)
    if blamed:
        reached = reached_components(connection, blamed)
        if not reached:
            return Nobody(
                f"Of {who} it is not known that it changed any component.",
                (*(f"releasewatch deployment show D-{number}" for number in blamed[:1]), by_hand),
            )
        among = {number for number in reached if q.components is None or number in q.components}
        if not among:
            about = _some({names[number] for number in q.components or () if number in names})
            return Nobody(
                f"{who} reaches {_some({names[one] for one in reached})}, and nothing of what {key} is about: {about}.",
                (
                    *(f"releasewatch incident update {key} --component {names[one]}" for one in sorted(reached)[:1]),
                    f"releasewatch incident suspects {key}",
                ),
            )
    else:
        among = set(q.components or ())
    keys = {names[number] for number in among}
    if entitled_to(connection, q, among):
        return _elsewhere(connection, scene, among, keys, by_hand)
    libraries = {one for one in keys if one in graph.nodes and graph.nodes[one].type == "library"}
    if libraries and libraries == keys:
        return _of_libraries(scene, libraries, graph, by_hand)
    return Nobody(
        f"Nobody is entitled to {_some(keys)}" + ("" if len(keys) > 1 else ", and nothing depends on it") + ".",
        ("releasewatch catalog check", by_hand),
    )


def _of_libraries(scene: Scene, libraries: Collection[str], graph: Graph, by_hand: str) -> Nobody:
    key = scene.incident.id
    inside = {one for library in libraries for one in graph.dependents.get(library, ())}
    is_a = f"{_some(libraries)} is a library" if len(libraries) == 1 else f"{_some(libraries)} are libraries"
    if not inside:
        return Nobody(
            f"{is_a}, and the catalog knows nothing that is built with it.", ("releasewatch catalog check", by_hand)
        )
    it = "it" if len(libraries) == 1 else "them"
    if not scene.question.blamed:
        return Nobody(
            f"{is_a}, and nobody is entitled to what is built with {it}: {_some(inside)}.",
            ("releasewatch catalog check", by_hand),
        )
    who = _ids(one.question.deployment_id for one in scene.question.blamed)
    return Nobody(
        f"{is_a}: customers carry {it} only in what is built with {it} and deployed ({_some(inside)}), and {who} "
        "deployed none of that.",
        (
            f"releasewatch incident suspects {key}",
            f"releasewatch incident link {key} --deployment ID --state suspect --why TEXT",
            by_hand,
        ),
    )


def _elsewhere(connection: Any, scene: Scene, among: Collection[int], keys: Collection[str], by_hand: str) -> Nobody:
    """Customers use it, but not there or not then."""
    q, key, state = scene.question, scene.incident.id, scene.state
    many = entitled_to(connection, q, among)
    environments = {deployments.get_deployment(connection, one.question.deployment_id).environment for one in q.blamed}
    where = ", ".join([*sorted(environments or {state.environment} - {""}), *state.regions, *state.rings])
    commands = [f"releasewatch incident update {key} --not-region {one}" for one in state.regions[:1]]
    commands += [f"releasewatch incident update {key} --not-ring {one}" for one in state.rings[:1]]
    commands += [] if state.impact_started_at is None else [f"releasewatch incident update {key} --started-at T"]
    commands += [f"releasewatch exposure list --deployment D-{one.question.deployment_id}" for one in q.blamed[:1]]
    return Nobody(
        f"{counted(many, 'customer')} {'is' if many == 1 else 'are'} entitled to {_some(keys)}, and nobody of them was "
        + (f"reached in {where}" if where else "reached")
        + " while it hurt.",
        (*commands, by_hand),
    )


def _ids(numbers: Any) -> str:
    return " and ".join(f"D-{number}" for number in sorted(numbers))


def _some(keys: Collection[str]) -> str:
    shown = sorted(keys)[:NAMED]
    return ", ".join(shown) + (f" and {len(keys) - NAMED} more" if len(keys) > NAMED else "")
