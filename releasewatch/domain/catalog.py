"""Components of a repo, their paths and dependencies, and how a change in one travels to others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

ComponentType = Literal["service", "library"]
Visibility = Literal["customer", "internal"]
Unmapped = Literal["warn", "all", "fail"]


@dataclass(frozen=True, slots=True)
class Component:
    """One part of the software. `key` is bare (`invoicing`); its full key is `repo/key`.

    `depends_on` holds keys as the user wrote them: bare for this repo, `repo/key` for another one.
    `paths` are gitignore patterns, relative to the root of the repo, in the order written.
    """

    key: str
    title: str
    paths: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    type: ComponentType = "service"
    owner: str | None = None
    visibility: Visibility = "customer"


@dataclass(frozen=True, slots=True)
class Catalog:
    """All components of one repo as they stand at one commit, sorted by key."""

    repo: str
    components: tuple[Component, ...] = ()
    no_effect: tuple[str, ...] = ()
    unmapped: Unmapped = "warn"

    def full_key(self, key: str) -> str:
        """`repo/key` of a bare key; a key that names its repo already is returned as it is."""
        return key if "/" in key else f"{self.repo}/{key}"

    @property
    def full_keys(self) -> tuple[str, ...]:
        """The full keys of all components, in order."""
        return tuple(self.full_key(c.key) for c in self.components)


@dataclass(frozen=True, slots=True)
class PathOwners:
    """What one path belongs to: bare component keys, or nothing that can reach a customer, or nothing known."""

    components: frozenset[str] = frozenset()
    no_effect: bool = False

    @property
    def unmapped(self) -> bool:
        """True when the path may matter and no component claims it."""
        return not self.components and not self.no_effect


@dataclass(frozen=True, slots=True)
class Node:
    """A component in the graph of all repos, by full key."""

    key: str
    type: ComponentType = "service"


@dataclass(frozen=True, slots=True)
class Graph:
    """Who depends on whom, over all repos of the ledger; edges by full key. Cycles are allowed."""

    nodes: Mapping[str, Node]
    dependents: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @staticmethod
    def build(nodes: Iterable[Node], edges: Iterable[tuple[str, str]]) -> Graph:
        """Build from `(component, depends_on)` pairs of full keys; one that names an unknown component waits unused."""
        known = {node.key: node for node in nodes}
        backwards: dict[str, set[str]] = {}
        for component, needs in edges:
            if component in known and needs in known and component != needs:
                backwards.setdefault(needs, set()).add(component)
        return Graph(known, {key: tuple(sorted(who)) for key, who in backwards.items()})
