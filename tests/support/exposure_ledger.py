"""Writes a world of facts into a ledger: windows with the functions that recording uses, the rest as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Connection, insert

from releasewatch.domain.catalog import Graph, Node
from releasewatch.domain.customers import customer_id
from releasewatch.domain.deployments import Axes, Place, expand_targets
from releasewatch.domain.exposure import find_origins, spread
from releasewatch.domain.footprint import OriginFact
from releasewatch.storage import catalogs, coverages, windows
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import OPEN_END, OPEN_START, Instant
from releasewatch.storage.windows import CellSet, Ending, Openings
from tests.support.exposure_facts import ALWAYS, ENVIRONMENTS, OPEN, Clocks, Deployed, World

MIDNIGHT = datetime(2026, 3, 1, tzinfo=UTC)


def instant(tick: int) -> datetime:
    """The instant that a tick of a world stands for."""
    if tick >= OPEN:
        return OPEN_END
    return OPEN_START if tick <= ALWAYS else MIDNIGHT + timedelta(hours=tick)


def clocks(held: Clocks) -> dict[str, datetime]:
    """The four columns of a fact with two clocks."""
    return {name: instant(getattr(held, name)) for name in ("valid_from", "recorded_from", "valid_to", "recorded_to")}


def write_world(ledger: Ledger, world: World) -> None:
    """Write everything; the deployments get the numbers 1, 2, … in the order in which they were recorded."""
    with ledger.write() as connection:
        ids = catalogs.ensure_components(connection, sorted(world.types))
        _write_meanings(connection, world, ids)
        _write_customers(connection, world)
        writer = _Deployments(connection, world, ids)
        for number in range(len(world.deployments)):
            writer.record(number)
        writer.doubt()


def _many(connection: Connection, table: Any, rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows; what is not said, and has to be, is empty."""
    empty: dict[str, Any] = {}
    for column in table.columns:
        if not column.nullable and not column.primary_key and not isinstance(column.type, Instant):
            empty[column.name] = [] if isinstance(column.type, JSON) else column.type.python_type()
    found = [empty | row for row in rows]
    if found:
        connection.execute(insert(table), found)


def _write_meanings(connection: Connection, world: World, ids: dict[str, int]) -> None:
    _many(
        connection,
        t.component_subject,
        (
            {"subject": m.subject, "component_id": ids[m.component], "certain": m.certain, **clocks(m.clocks)}
            for m in world.meanings
        ),
    )
    _many(
        connection,
        t.product_component,
        (
            {"product": subject.removeprefix("product:"), "pattern": "shop/misspelt", **clocks(held)}
            for subject, held in world.not_in_full
        ),
    )


def _write_customers(connection: Connection, world: World) -> None:
    numbers = [customer_id(who.directory, who.key) for who in world.customers]
    people = list(zip(numbers, world.customers, strict=True))
    _many(
        connection,
        t.customer,
        ({"customer_id": n, "directory": w.directory, "key": w.key, "recorded_at": MIDNIGHT} for n, w in people),
    )
    _many(
        connection,
        t.customer_fact,
        (
            {"customer_id": n, "name": f"Name of {w.key}", "account_manager": manager, **clocks(held)}
            for n, w in people
            for manager, held in w.facts
        ),
    )
    _many(
        connection,
        t.customer_alias,
        (
            {
                "customer_id": n,
                "alias": alias,
                "source": "directory",
                "recorded_from": instant(held.recorded_from),
                "recorded_to": instant(held.recorded_to),
            }
            for n, w in people
            for alias, held in w.aliases
        ),
    )
    _many(
        connection,
        t.customer_merge,
        (
            {
                "customer_id": n,
                "survivor_id": numbers[w.merged_into],
                "why": "the same",
                "recorded_by": "kim@example.org",
                "recorded_from": instant(w.merged.recorded_from),
                "recorded_to": instant(w.merged.recorded_to),
            }
            for n, w in people
            if w.merged_into is not None
        ),
    )
    _many(
        connection,
        t.entitlement,
        (
            {
                "customer_id": numbers[e.customer],
                "subject": e.subject,
                "environment": e.environment,
                "region": e.region,
                "ring": e.ring,
                "version": e.version,
                "import_id": None,
                **clocks(e.clocks),
            }
            for e in world.entitlements
        ),
    )


class _Deployments:
    """Records deployments one after the other, as `releasewatch.usecases.writing` does once git has been read."""

    def __init__(self, connection: Connection, world: World, ids: dict[str, int]) -> None:
        self.connection, self.world, self.ids = connection, world, ids
        nodes = [Node(key, kind) for key, kind in world.types.items()]  # type: ignore[arg-type]
        self.graph = Graph.build(nodes, world.needs)
        self.catalog_of: dict[str, int] = {}
        for repo in ("shop", "web"):
            repo_id = catalogs.ensure_repo(connection, repo)
            self.catalog_of[repo] = repo_id
            catalog = {"catalog_id": repo_id, "repo_id": repo_id, "digest": "", "recorded_at": MIDNIGHT}
            _many(connection, t.catalog, [catalog])

    def record(self, number: int) -> None:
        """One deployment, with what it ends and what ends it."""
        d = self.world.deployments[number]
        environment_id, places = self._places(d.environment, d.targets, instant(d.tried), instant(d.recorded))
        repo_id = catalogs.ensure_repo(self.connection, d.repo)
        deployment_id = number + 1
        _many(self.connection, t.deployment, [self._values(d, number, repo_id, environment_id)])
        _many(
            self.connection, t.target, ({"deployment_id": deployment_id, "region": r, "ring": g} for r, g in d.targets)
        )
        _many(self.connection, t.deployment_event, _events(d, deployment_id))
        origins, blocks = self._write_footprint(d, deployment_id, places)
        opened, now = instant(d.opened), instant(d.recorded)
        windows.write_windows(
            self.connection,
            deployment_id,
            origins,
            blocks,
            Openings(instant(d.tried), opened if d.status == "succeeded" else None, now),
        )
        axes = catalogs.known_axes(self.connection, environment_id)
        later = [
            (
                one.deployment_id,
                one.opened_at,
                CellSet(
                    repo_id,
                    environment_id,
                    frozenset(self.ids[c] for c in one.components),
                    expand_targets(one.targets, axes),
                ),
            )
            for one in coverages.later_deployments(self.connection, repo_id, environment_id, opened, deployment_id)
        ]
        windows.end_own_by_later(self.connection, deployment_id, later, now)
        if d.status == "succeeded":
            cells = CellSet(repo_id, environment_id, frozenset(self.ids[c] for c in d.components), places)
            windows.end_live(self.connection, cells, deployment_id, opened, now)
        self._take_back(number, now)

    def _values(self, d: Deployed, number: int, repo_id: int, environment_id: int) -> dict[str, Any]:
        return {
            "deployment_id": number + 1,
            "key": f"key-{number}",
            "repo_id": repo_id,
            "environment_id": environment_id,
            "catalog_id": self.catalog_of[d.repo],
            "scope_id": catalogs.ensure_scope(self.connection, repo_id, (self.ids[c] for c in d.components)),
            "status": d.status,
            "succeeded": d.status == "succeeded",
            "release": d.release,
            "head": "0" * 40,
            "opened_at": instant(d.opened),
            "recorded_at": instant(d.recorded),
            "counts_everyone": d.blank == "all",
            "has_blank": d.blank != "none",
        }

    def _places(
        self, environment: str, targets: Sequence[tuple[str, str]], since: datetime, now: datetime
    ) -> tuple[int, tuple[Place, ...]]:
        axes = Axes(
            self.world.regions | {region for region, _ in targets if region},
            self.world.rings | {ring for _, ring in targets if ring},
        )
        tier = ENVIRONMENTS[environment]
        environment_id, new = catalogs.ensure_environment(self.connection, environment, tier, axes, now)
        windows.split_rest(self.connection, environment_id, new, since)
        everywhere = catalogs.known_axes(self.connection, environment_id)
        return environment_id, expand_targets([Place(*target) for target in targets], everywhere)

    def _write_footprint(
        self, d: Deployed, deployment_id: int, places: Sequence[Place]
    ) -> tuple[list[OriginFact], list[tuple[Place, ...]]]:
        """What changed and what that reaches: in one block of cells the special region, in another all else."""
        special = tuple(place for place in places if place.region == d.special_region)
        blocks = [part for part in (special, tuple(p for p in places if p not in special)) if part]
        origins: list[OriginFact] = []
        touches: list[dict[str, Any]] = []
        for block, part in enumerate(blocks):
            touched = d.touched(part[0].region)
            for origin, start in sorted(find_origins(sorted(touched), d.components, self.graph).items()):
                origins.append(OriginFact(len(origins), block, origin, 1, spread(origin, start, self.graph)))
            touches += [
                {"change_no": change, "baseline_no": block, "component_id": self.ids[component]}
                for change, naming in enumerate(d.namings)
                for component in sorted(naming.touched & touched)
            ]
        of = {"deployment_id": deployment_id}
        _many(self.connection, t.baseline, ({**of, "baseline_no": block} for block in range(len(blocks))))
        _many(self.connection, t.change, ({**of, "change_no": change} for change in range(len(d.namings))))
        _many(self.connection, t.change_component, ({**of, **touch} for touch in touches))
        names = ({**of, "change_no": change, "ref": naming.ref} for change, naming in enumerate(d.namings))
        _many(self.connection, t.change_customer, names)
        _many(
            self.connection,
            t.origin,
            (
                {
                    **of,
                    "origin_no": fact.number,
                    "baseline_no": fact.block,
                    "carrier_id": self.ids[fact.origin.carrier],
                    "touched_id": self.ids[fact.origin.touched],
                }
                for fact in origins
            ),
        )
        _many(
            self.connection,
            t.reach,
            (
                {
                    **of,
                    "component_id": self.ids[component],
                    "origin_no": fact.number,
                    "distance": step.distance,
                    "via_id": None if step.via is None else self.ids[step.via],
                }
                for fact in origins
                for component, step in fact.reached.items()
            ),
        )
        return origins, blocks

    def _take_back(self, number: int, now: datetime) -> None:
        """Let this deployment take back what it says, and those that say so take back this one."""
        for one in range(number + 1):
            for other in range(number + 1):
                if number in (one, other) and one != other:
                    self._undo(one, other, now)

    def _undo(self, by: int, undone: int, now: datetime) -> None:
        d, other = self.world.deployments[by], self.world.deployments[undone]
        follows = (other.opened, undone) < (d.opened, by)
        alike = (d.repo, d.environment) == (other.repo, other.environment)
        if undone not in d.undoes or d.status != "succeeded" or not follows or not alike:
            return
        environment_id, places = self._places(d.environment, d.targets, instant(d.tried), instant(d.recorded))
        repo_id = catalogs.ensure_repo(self.connection, d.repo)
        cells = CellSet(repo_id, environment_id, frozenset(self.ids[c] for c in d.components), places)
        at = instant(d.opened)
        rows = windows.open_origins(self.connection, cells, at, by + 1, [undone + 1])
        endings = [Ending(undone + 1, row.origin_no, Place(row.region, row.ring), "taken back") for row in rows]
        windows.end_carrying(self.connection, endings, by + 1, at, now)

    def doubt(self) -> None:
        """Write the doubts, once everything is recorded."""
        for doubt in self.world.doubts:
            environment_id, places = self._places(doubt.environment, doubt.targets, instant(doubt.at), instant(OPEN))
            repo_id = catalogs.ensure_repo(self.connection, doubt.repo)
            cells = CellSet(repo_id, environment_id, frozenset(self.ids[c] for c in doubt.components), places)
            at = instant(doubt.at)
            for row in windows.open_origins(self.connection, cells, at, None, None):
                ending = Ending(row.deployment_id, row.origin_no, Place(row.region, row.ring), "not decided", True)
                windows.end_carrying(self.connection, [ending], 0, at, at)


def _events(d: Deployed, deployment_id: int) -> list[dict[str, Any]]:
    """That it runs, and later how it ended."""
    said = [("running", d.heard), (d.status, d.recorded)]
    return [
        {
            "event_id": 2 * deployment_id + number,
            "deployment_id": deployment_id,
            "status": status,
            "started_at": instant(d.tried),
            "recorded_at": instant(at),
        }
        for number, (status, at) in enumerate(said)
    ]
