"""Replaying past incidents through today's map: with git at hand today's paths, else as it was recorded."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from releasewatch.domain.backtest import Missed, PastIncident, Replay
from releasewatch.domain.catalog import Catalog, Graph
from releasewatch.domain.exposure import find_origins, spread
from releasewatch.domain.releases import printable_path
from releasewatch.errors import ReleasewatchError, UnknownNameError
from releasewatch.storage import backtest as storage
from releasewatch.storage import catalogs, deployments, footprints
from releasewatch.storage.backtest import Scene
from releasewatch.storage.customers import resolve_customer
from releasewatch.storage.ledger import Ledger

if TYPE_CHECKING:
    from releasewatch.ports import History
    from releasewatch.usecases.surroundings import Surroundings


@dataclass(frozen=True, slots=True)
class Backtest:
    """What to replay with: the repo we stand in, its settings, and the instant.

    `environments`: names; empty means all of tier production. `products` as the settings have them.
    """

    around: Surroundings
    now: datetime
    environments: Sequence[str] = ()
    products: Mapping[str, Sequence[str]] = field(default_factory=dict)


def replay_all(ledger: Ledger, incidents: Iterable[tuple[int, PastIncident]], how: Backtest) -> Iterator[Replay]:
    """Replay incidents one by one; each comes with its line. Raises UnknownNameError for an unknown environment."""
    with ledger.read() as connection:
        today = _Today(connection, how)
        for line, incident in incidents:
            yield today.replay(line, incident)


class _Today:
    """Today's map: catalogs, paths and what an entitlement may say to mean a component."""

    def __init__(self, connection: Any, how: Backtest) -> None:
        self._connection = connection
        self._repo = how.around.repo
        self._history: History | None = how.around.history
        own: Catalog = how.around.catalog_at(None)
        self._mapper = how.around.mapper_of(own)
        self._own = own
        nodes, edges = catalogs.load_dependencies(connection, own, how.now)
        self._graph = Graph.build(nodes, edges)
        self._meanings = _meanings(sorted(self._graph.nodes), {**storage.products_known(connection), **how.products})
        rows = {row.key: row for row in catalogs.environments(connection)}
        for name in how.environments:
            if name not in rows:
                raise UnknownNameError(
                    f"Nothing was ever deployed to {name!r}.", f"There are: {', '.join(sorted(rows)) or 'none'}."
                )
        chosen = how.environments or [key for key, row in rows.items() if row.tier == "production"]
        self._environments = {rows[key].environment_id: rows[key] for key in chosen}

    def replay(self, line: int, incident: PastIncident) -> Replay:
        places_asked = list(self._environments)
        before = storage.deployment_before(self._connection, incident.started_at, places_asked, incident.head)
        if before is None and incident.head:
            before = storage.deployment_before(
                self._connection, incident.started_at, places_asked, self._commit_of(incident.head)
            )
        if before is None:
            why = "no deployment of that head" if incident.head else "no deployment before it"
            everybody = tuple(Missed(ref, f"{why} is known") for ref in incident.customers)
            return Replay(line, incident, missed=everybody, notes=(f"{why} is known",))
        row, position = before
        changed, unmapped, notes = self._changed(row)
        environment = self._environments[row.environment_id]
        places = deployments.targets_of(self._connection, row.deployment_id)
        scene = Scene(
            environment.key,
            environment.tier == "production",
            frozenset(place.region for place in places) if all(place.region for place in places) else (),
            frozenset(place.ring for place in places) if all(place.ring for place in places) else (),
            incident.started_at,
        )
        subjects = self._subjects(self._reached(changed, row))
        refs, missed = self._resolve(incident.customers)
        found = storage.found_among(self._connection, scene, subjects, set(refs))
        missed += [
            Missed(key, *self._why_missed(scene, customer_id))
            for customer_id, key in refs.items()
            if customer_id not in found
        ]
        return Replay(
            line=line,
            incident=incident,
            deployment=f"D-{row.deployment_id}",
            rank=position if incident.head else None,
            changed=frozenset(changed),
            unmapped=unmapped,
            listed=storage.listed_by_distance(self._connection, scene, subjects),
            found={refs[customer_id]: distance for customer_id, distance in found.items()},
            missed=tuple(sorted(missed, key=lambda one: one.customer)),
            notes=notes,
        )

    def _commit_of(self, name: str) -> str:
        """The commit that a tag or branch of this clone means; what it does not know stays as it is."""
        with suppress(UnknownNameError):
            return self._history.resolve(name) if self._history is not None else name
        return name

    def _changed(self, row: Any) -> tuple[set[str], tuple[str, ...], tuple[str, ...]]:
        """What the deployment changed: by today's paths where git can say, else as it was recorded."""
        blocks = [b for b in footprints.read_blocks(self._connection, row.deployment_id) if b.base]
        if self._history is not None and row.repo_key == self._repo and row.head and blocks:
            try:
                net = [
                    change
                    for base in dict.fromkeys(block.base for block in blocks)
                    for change in self._history.read_range(base, row.head).net
                ]
            except ReleasewatchError:
                net = []  # a commit that this clone does not have: what was recorded speaks
            if net:
                owners = {change.path: self._mapper.owners(change.path) for change in net}
                changed = {self._own.full_key(key) for who in owners.values() for key in who.components}
                unmapped = sorted(printable_path(path) for path, who in owners.items() if who.unmapped)
                return changed, tuple(unmapped), ()
        changed = storage.changed_as_recorded(self._connection, row.deployment_id)
        return changed, tuple(row.unmapped_sample), ("its paths are as they were recorded",)

    def _reached(self, changed: set[str], row: Any) -> dict[str, int]:
        """Every component that the changed ones reach by today's dependencies, at its nearest."""
        known = changed & self._graph.nodes.keys()
        deployed = frozenset(key for key in self._graph.nodes if key.startswith(f"{row.repo_key}/"))
        nearest: dict[str, int] = {}
        for origin, start in find_origins(sorted(known), deployed, self._graph).items():
            for component, step in spread(origin, start, self._graph).items():
                nearest[component] = min(step.distance, nearest.get(component, step.distance))
        return nearest

    def _subjects(self, reached: Mapping[str, int]) -> dict[str, int]:
        """What entitlements may say to mean what is reached, at the nearest."""
        found: dict[str, int] = {}
        for subject, components in self._meanings.items():
            near = [reached[component] for component in components if component in reached]
            if near:
                found[subject] = min(near)
        return found

    def _resolve(self, names: Sequence[str]) -> tuple[dict[UUID, str], list[Missed]]:
        refs: dict[UUID, str] = {}
        missed: list[Missed] = []
        for name in names:
            try:
                found = resolve_customer(self._connection, name)
            except ReleasewatchError:
                missed.append(Missed(name, "the directory does not know them"))
            else:
                refs[found.customer_id] = found.key
        return refs, missed

    def _why_missed(self, scene: Scene, customer_id: UUID) -> tuple[str, frozenset[str]]:
        anywhere = Scene(scene.environment, scene.is_production, (), (), scene.at)
        said = storage.subjects_used(self._connection, anywhere, customer_id)
        if not said:
            return "they had no entitlement here then", frozenset()
        uses = frozenset(component for subject in said for component in self._meanings.get(subject, ()))
        if not uses:
            return "what they were entitled to is no component of today's map", frozenset()
        return "nothing that they used was reached", uses


def _meanings(full_keys: Sequence[str], products: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """What an entitlement may say, to the components that it may mean: full key, bare key, product."""
    found: dict[str, list[str]] = {}
    for key in full_keys:
        found.setdefault(key, []).append(key)
        found.setdefault(key.rpartition("/")[2], []).append(key)
    for product, patterns in products.items():
        found[f"product:{product}"] = [
            key
            for key in full_keys
            if any(fnmatch.fnmatchcase(key, p) or key.rpartition("/")[2] == p for p in patterns)
        ]
    return {subject: tuple(components) for subject, components in found.items()}
