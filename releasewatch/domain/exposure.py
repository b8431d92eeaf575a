"""How far a change travels: from changed components to deployed ones, to those that depend on them."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from releasewatch.domain.catalog import Graph

ReachKind = Literal["named", "direct", "dependent"]


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Where reach begins: `touched` changed inside `carrier`, which was deployed. Both by full key.

    They are the same for a deployed component that changed; the carrier is a service when the touched one is a library
    that it is built with.
    """

    carrier: str
    touched: str


@dataclass(frozen=True, slots=True)
class Step:
    """How one component is reached from one origin: how many hops, and over which neighbour."""

    distance: int
    via: str | None


def find_origins(touched: Collection[str], deployed: Collection[str], graph: Graph) -> dict[Origin, Step]:
    """The origins of one baseline's difference, with the hops from the touched component to its carrier.

    A changed and deployed component carries itself. A changed library is carried by each deployed component that it is
    part of, through libraries alone: a service that merely calls such a service is a runtime dependent, found later.
    """
    found: dict[Origin, Step] = {}
    for component in touched:
        if component in deployed:
            found[Origin(component, component)] = Step(0, None)
        if _is_library(component, graph):
            for carrier, step in _containers(component, graph).items():
                if carrier in deployed:
                    found[Origin(carrier, component)] = step
    return found


def spread(origin: Origin, start: Step, graph: Graph) -> dict[str, Step]:
    """Every component that an origin reaches, at its nearest distance: the carrier and its runtime dependents.

    A library reaches nobody by itself: what is built with it is a carrier of its own.
    """
    reached = {origin.carrier: start}
    if _is_library(origin.carrier, graph):
        return reached
    queue = deque([origin.carrier])
    while queue:
        here = queue.popleft()
        for dependent in graph.dependents.get(here, ()):
            if dependent not in reached:
                reached[dependent] = Step(reached[here].distance + 1, here)
                queue.append(dependent)
    return reached


def nearest(steps: Mapping[Origin, Mapping[str, Step]]) -> dict[str, Step]:
    """For each component the nearest step over all origins; of two at the same distance the first via by name."""
    best: dict[str, Step] = {}
    for reached in steps.values():
        for component, step in reached.items():
            held = best.get(component)
            if held is None or (step.distance, step.via or "") < (held.distance, held.via or ""):
                best[component] = step
    return best


def _containers(library: str, graph: Graph) -> dict[str, Step]:
    """Everything that a library is part of, nearest first; the walk goes on through libraries only."""
    found: dict[str, Step] = {}
    queue = deque([(library, 0)])
    while queue:
        here, distance = queue.popleft()
        for dependent in graph.dependents.get(here, ()):
            if dependent not in found and dependent != library:
                found[dependent] = Step(distance + 1, here)
                if _is_library(dependent, graph):
                    queue.append((dependent, distance + 1))
    return found


def _is_library(component: str, graph: Graph) -> bool:
    node = graph.nodes.get(component)
    return node is not None and node.type == "library"
