"""Writes a world of facts into a ledger: windows with the functions that recording uses, the rest as rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert

from releasewatch.domain.catalog import Graph, Node
from releasewatch.domain.customers import customer_id
from releasewatch.domain.deployments import Axes, Baseline, Block, Place, expand_targets
from releasewatch.domain.exposure import find_origins, spread
from releasewatch.domain.footprint import ChangeFact, ChangeTouch, Footprint, OriginFact
from releasewatch.domain.releases import Commit
from releasewatch.storage import catalogs, deployments, footprints, windows
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import insert_row
from releasewatch.storage.types import OPEN_END, OPEN_START
from releasewatch.storage.windows import CellSet, Ending
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
    found = list(rows)
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


def _write_customers(connection: Connection, world: World) -> None:
    numbers = [customer_id(who.directory, who.key) for who in world.customers]
    people = list(zip(numbers, world.customers, strict=True))
    _many(
        connection,
        t.customer,
        ({"customer_id": n, "directory": w.directory, "key": w.key, "recorded_at": MIDNIGHT} for n, w in people),
    )
    empty = dict.fromkeys(("parent", "customer_tier", "segment", "country", "timezone", "language"), "")
    plain = {"do_not_call": False, "escalated": False, "sla_minutes": 0, "credit_after_minutes": 0, **empty}
    _many(
        connection,
        t.customer_fact,
        (
            {"customer_id": n, "name": f"Name of {w.key}", "account_manager": manager, **plain, **clocks(held)}
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
            self.catalog_of[repo] = insert_row(
                connection,
                t.catalog,
                repo_id=repo_id,
                digest="",
                no_effect=[],
                unmapped="warn",
                recorded_at=MIDNIGHT,
            )

    def record(self, number: int) -> None:
        """One deployment, with what it ends and what ends it."""
        d = self.world.deployments[number]
        environment_id, places = self._places(d.environment, d.targets)
        repo_id = catalogs.ensure_repo(self.connection, d.repo)
        footprint = self._footprint(d, places)
        values = self._values(d, number, repo_id, environment_id)
        deployment_id = deployments.insert_deployment(
            self.connection, values, [Place(*target) for target in d.targets], ""
        )
        for at, status in ((d.heard, "running"), (d.recorded, d.status)):
            deployments.add_event(
                self.connection,
                deployment_id,
                attempt=1,
                status=status,
                started_at=None,
                finished_at=None,
                now=instant(at),
            )
        footprints.write_footprint(self.connection, deployment_id, footprint, self.ids)
        opened, now = instant(d.opened), instant(d.recorded)
        windows.write_windows(
            self.connection,
            deployment_id,
            footprint.origins,
            [block.places for block in footprint.blocks],
            certain=d.status == "succeeded",
            opened_at=opened,
            now=now,
        )
        axes = catalogs.known_axes(self.connection, environment_id)
        later = [
            (
                later_id,
                at,
                CellSet(
                    repo_id,
                    environment_id,
                    frozenset(self.ids[c] for c in members),
                    expand_targets(targets, axes),
                ),
            )
            for later_id, at, _, members, targets in deployments.later_successes(
                self.connection, repo_id, environment_id, opened, deployment_id
            )
        ]
        windows.end_own_by_later(self.connection, deployment_id, later, now)
        if d.status == "succeeded":
            cells = CellSet(repo_id, environment_id, frozenset(self.ids[c] for c in d.components), places)
            windows.end_live(self.connection, cells, deployment_id, opened, now)
        self._take_back(number, now)

    def _values(self, d: Deployed, number: int, repo_id: int, environment_id: int) -> dict[str, Any]:
        return {
            "key": f"key-{number}",
            "repo_id": repo_id,
            "environment_id": environment_id,
            "catalog_id": self.catalog_of[d.repo],
            "scope_id": catalogs.ensure_scope(self.connection, repo_id, (self.ids[c] for c in d.components)),
            "kind": "deploy",
            "status": d.status,
            "release": d.release,
            "base": None,
            "head": "0" * 40,
            "range": "forward",
            "history_complete": True,
            "why_incomplete": None,
            "title": "",
            "url": "",
            "ci_provider": "",
            "ci_run": "",
            "attempt": 1,
            "opened_at": instant(d.opened),
            "started_at": instant(d.opened),
            "finished_at": None,
            "recorded_at": instant(d.recorded),
            "added": 0,
            "removed": 0,
            "reverted_in_range": 0,
            "unmapped_paths": 0 if d.blank == "none" else 1,
            "unmapped_sample": [],
            "no_effect_paths": 0,
            "counts_everyone": d.blank == "all",
            "has_blank": d.blank != "none",
        }

    def _places(self, environment: str, targets: Sequence[tuple[str, str]]) -> tuple[int, tuple[Place, ...]]:
        axes = Axes(
            self.world.regions | {region for region, _ in targets if region},
            self.world.rings | {ring for _, ring in targets if ring},
        )
        tier = ENVIRONMENTS[environment]
        environment_id, new = catalogs.ensure_environment(self.connection, environment, tier, axes, MIDNIGHT)
        windows.split_rest(self.connection, environment_id, new.regions, new.rings)
        everywhere = catalogs.known_axes(self.connection, environment_id)
        return environment_id, expand_targets([Place(*target) for target in targets], everywhere)

    def _footprint(self, d: Deployed, places: Sequence[Place]) -> Footprint:
        """One block of cells for the special region and one for all else: each with what changed there."""
        there = tuple(place for place in places if place.region == d.special_region)
        elsewhere = tuple(place for place in places if place.region != d.special_region)
        footprint = Footprint()
        for part in (there, elsewhere):
            if not part:
                continue
            block = len(footprint.blocks)
            footprint.blocks.append(Block(Baseline(None, "none", "nothing"), tuple(sorted(d.components)), part))
            touched = d.touched(part[0].region)
            for origin, start in sorted(find_origins(sorted(touched), d.components, self.graph).items()):
                reached = spread(origin, start, self.graph)
                footprint.origins.append(OriginFact(len(footprint.origins), block, origin, 1, reached))
            footprint.touches += [
                ChangeTouch(change, block, component, 1, "path")
                for change, naming in enumerate(d.namings)
                for component in sorted(naming.touched & touched)
            ]
        footprint.changes = [
            ChangeFact(change, _commit(change, naming.ref), "added") for change, naming in enumerate(d.namings)
        ]
        return footprint

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
        environment_id, places = self._places(d.environment, d.targets)
        repo_id = catalogs.ensure_repo(self.connection, d.repo)
        cells = CellSet(repo_id, environment_id, frozenset(self.ids[c] for c in d.components), places)
        at = instant(d.opened)
        rows = windows.open_origins(self.connection, [undone + 1], cells, at)
        endings = [Ending(undone + 1, row.origin_no, Place(row.region, row.ring), "taken back") for row in rows]
        windows.end_carrying(self.connection, endings, by + 1, at, now)

    def doubt(self) -> None:
        """Write the doubts, once everything is recorded."""
        for doubt in self.world.doubts:
            environment_id, places = self._places(doubt.environment, doubt.targets)
            repo_id = catalogs.ensure_repo(self.connection, doubt.repo)
            cells = CellSet(repo_id, environment_id, frozenset(self.ids[c] for c in doubt.components), places)
            windows.doubt_carrying(self.connection, cells, None, 0, instant(doubt.at), "not decided")


def _commit(number: int, ref: str) -> Commit:
    return Commit(
        sha=f"{number:040x}",
        parents=(),
        author_name="",
        author_email="",
        authored_at=MIDNIGHT,
        committed_at=MIDNIGHT,
        subject=f"change {number}",
        body="",
        trailers=(("Customer", ref),),
    )
