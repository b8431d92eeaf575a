"""A year of deployments, made up from a seed and written straight into the tables of a ledger.

One repo of many components, and many of a few; a hot core that half of them depend on. Of a hundred deployments one
failed, two are redeploys, two are rollbacks, and one is to blame for an incident (tests/benchmarks/year_incidents.py).
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, select, text

from releasewatch.domain.catalog import Catalog, Component
from releasewatch.domain.deployments import Axes
from releasewatch.storage import catalogs, products
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import next_number, path_digest
from releasewatch.storage.types import OPEN_END
from tests.benchmarks.bulk import write_rows
from tests.benchmarks.year_incidents import Aftermath

BEGAN = datetime(2025, 4, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
ENDED = BEGAN + YEAR

MONOREPO = "shop"
IN_MONOREPO = 200
REPOS = 19
IN_EACH = 16
REGIONS = ("eu", "us")
CORE = 20
"""So many components of the monorepo are what half of the others depend on."""

_TYPES = ("feat", "fix", "chore", "refactor")
_PATHS = ("src/main.py", "src/api/handlers.py", "src/models.py", "package.json", "migrations/0007.sql", "docs/use.md")


@dataclass(frozen=True, slots=True)
class Made:
    """One deployment: of a component, with so many commits, which touch it and perhaps a second one beside it."""

    number: int
    component: int
    touched: tuple[int, ...]
    kind: str
    succeeded: bool
    opened_at: datetime
    commits: int
    before: Made | None
    """The one of the same component that it was compared with."""

    @property
    def sha(self) -> str:
        return hashlib.sha1(str(self.number).encode(), usedforsecurity=False).hexdigest()

    @property
    def finished_at(self) -> datetime:
        return self.opened_at + timedelta(minutes=6)

    @property
    def recorded_at(self) -> datetime:
        return self.opened_at + timedelta(minutes=7)

    @property
    def moves(self) -> bool:
        """Whether it brought or took back anything."""
        return self.kind in ("deploy", "rollback")


@dataclass(frozen=True, slots=True)
class Ground:
    """What is the same for the whole year: numbers of components, their repos, scopes, catalogs and dependents."""

    environment_id: int
    components: Sequence[int]
    repos: Mapping[int, int]
    catalogs: Mapping[int, int]
    scopes: Mapping[int, int]
    dependents: Mapping[int, Sequence[int]]
    keys: Mapping[int, str]


def write_year(ledger: Ledger, many: int, *, seed: int = 1, customers: Sequence[UUID] = ()) -> None:
    """So many deployments between `BEGAN` and `ENDED`. `customers`: of whom some were hurt and called."""
    with ledger.write() as connection:
        ground = _lay_ground(connection)
        year = Year(ground, many, seed, customers)
        for table, rows in year.tables():
            write_rows(connection, table, rows)
        for name in ("deployment", "incident", "call", "attempt", "incident_statement", "deployment_event", "fix"):
            next_number(connection, name, many * 10)
    with ledger.connect() as connection:
        # What autovacuum does on a server that is used: index-only scans look at no row that all may see.
        told = "VACUUM (ANALYZE)" if connection.dialect.name == "postgresql" else "ANALYZE"
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(told))


def _lay_ground(connection: Connection) -> Ground:
    """Repos, catalogs in force, one environment of two regions, and a scope for each component."""
    known: dict[str, Catalog] = {}
    for name, many in [(MONOREPO, IN_MONOREPO), *((f"team-{n:02}", IN_EACH) for n in range(REPOS))]:
        parts = tuple(_component(name, number) for number in range(many))
        known[name] = Catalog(name, tuple(sorted(parts, key=lambda one: one.key)), ("docs/**",))
    environment_id, _ = catalogs.ensure_environment(
        connection, "production", "production", Axes(frozenset(REGIONS), frozenset()), BEGAN
    )
    ids: list[int] = []
    repos, catalog_ids, scopes = {}, {}, {}
    for name, catalog in known.items():
        repo_id = catalogs.ensure_repo(connection, name)
        catalog_id, _ = catalogs.register_catalog(connection, catalog, BEGAN)
        catalogs.put_in_force(connection, repo_id, catalog_id, BEGAN, OPEN_END, BEGAN)
        mine = catalogs.ensure_components(connection, catalog.full_keys)
        for component in mine.values():
            repos[component], catalog_ids[component] = repo_id, catalog_id
            scopes[component] = catalogs.ensure_scope(connection, repo_id, [component])
        ids += [mine[key] for key in sorted(catalog.full_keys, key=_number_in)]
    products.refresh_subjects(connection, BEGAN)
    names = catalogs.component_keys(connection)
    numbers = {key: number for number, key in names.items()}
    dependents: dict[int, list[int]] = {component: [] for component in ids}
    d = t.dependency.c
    for row in connection.execute(select(d.component_id, d.depends_on).order_by(d.component_id)):
        repo = names[row.component_id].split("/")[0]
        on = row.depends_on if "/" in row.depends_on else f"{repo}/{row.depends_on}"
        dependents[numbers[on]].append(row.component_id)
    return Ground(environment_id, ids, repos, catalog_ids, scopes, dependents, names)


def _component(repo: str, number: int) -> Component:
    """Every other one depends on one of the core."""
    on = f"{MONOREPO}/c{number * 7 % CORE}" if number % 2 and (repo != MONOREPO or number >= CORE) else None
    name = f"c{number}"
    team = f"team-{number % 12}"
    return Component(name, f"Part {number}", (f"{name}/**",), (on,) if on else (), owner=team)


def _number_in(full_key: str) -> int:
    return int(full_key.rpartition("/c")[2])


class Year:
    """The rows of every table, made from the same deployments each time they are asked for."""

    def __init__(self, ground: Ground, many: int, seed: int, customers: Sequence[UUID]) -> None:
        self._ground, self._customers = ground, customers
        self._made = list(_make(ground, many, seed))
        self._after: dict[int, Made] = {}
        self._undone: dict[int, Made] = {}
        for one in self._made:
            if one.before is not None and one.succeeded:
                self._after[one.before.number] = one
                if one.kind == "rollback":
                    self._undone[one.before.number] = one
        self._blamed = [one for one in self._made if one.number % 100 == 50 and one.kind == "deploy" and one.succeeded]

    def tables(self) -> Iterator[tuple[Any, Iterator[Mapping[str, Any]]]]:
        """Each table with its rows, in an order that foreign keys allow."""
        yield t.deployment, self._deployments()
        yield t.deployment_event, self._events()
        yield t.target, ({"deployment_id": m.number, "region": r, "ring": ""} for m in self._made for r in REGIONS)
        yield t.baseline, self._baselines()
        yield t.origin, self._origins()
        yield t.window, self._windows()
        yield t.reach, self._reached()
        yield t.change, self._changes()
        yield t.change_component, self._touches()
        yield t.changed_path, self._paths()
        yield from Aftermath(self._ground.keys, self._blamed, self._after, self._customers).tables()

    def _deployments(self) -> Iterator[Mapping[str, Any]]:
        ground = self._ground
        for m in self._made:
            base = None if m.before is None else m.before.sha
            yield {
                "deployment_id": m.number,
                "key": f"key-{m.number:012}",
                "repo_id": ground.repos[m.component],
                "environment_id": ground.environment_id,
                "catalog_id": ground.catalogs[m.component],
                "scope_id": ground.scopes[m.component],
                "kind": m.kind if m.before is not None else "initial",
                "status": "succeeded" if m.succeeded else "failed",
                "release": "",
                "base": base,
                "head": m.sha,
                "range": {"rollback": "rollback", "redeploy": "none"}.get(m.kind, "forward"),
                "history_complete": True,
                "why_incomplete": None,
                "title": "",
                "url": f"https://ci.example.com/runs/{m.number}",
                "ci_provider": "github_actions",
                "ci_run": str(m.number),
                "attempt": 1,
                "succeeded": m.succeeded,
                "opened_at": m.opened_at,
                "started_at": m.opened_at,
                "finished_at": m.finished_at,
                "recorded_at": m.recorded_at,
                "added": m.commits if m.kind == "deploy" else 0,
                "removed": m.commits if m.kind == "rollback" else 0,
                "reverted_in_range": 0,
                "unmapped_paths": 0,
                "unmapped_sample": [],
                "no_effect_paths": 0,
                "counts_everyone": False,
                "has_blank": False,
            }

    def _events(self) -> Iterator[Mapping[str, Any]]:
        for m in self._made:
            yield {
                "event_id": m.number,
                "deployment_id": m.number,
                "attempt": 1,
                "status": "succeeded" if m.succeeded else "failed",
                "started_at": m.opened_at,
                "finished_at": m.finished_at,
                "recorded_at": m.recorded_at,
            }

    def _baselines(self) -> Iterator[Mapping[str, Any]]:
        for m in self._made:
            yield {
                "deployment_id": m.number,
                "baseline_no": 0,
                "base": None if m.before is None else m.before.sha,
                "base_deployment_id": None if m.before is None else m.before.number,
                "source": "none" if m.before is None else "deployment",
                "source_text": "",
                "range": {"rollback": "rollback", "redeploy": "none"}.get(m.kind, "forward"),
                "kind": m.kind if m.before is not None else "initial",
                "history_complete": True,
                "wider": False,
                "components": None,
                "targets": [[region, ""] for region in REGIONS],
            }

    def _origins(self) -> Iterator[Mapping[str, Any]]:
        for m in self._moving():
            for number, component in enumerate(m.touched):
                yield {
                    "deployment_id": m.number,
                    "origin_no": number,
                    "baseline_no": 0,
                    "carrier_id": component,
                    "touched_id": component,
                    "paths": 2,
                }

    def _windows(self) -> Iterator[Mapping[str, Any]]:
        for m in self._moving():
            after, undone = self._after.get(m.number), self._undone.get(m.number)
            ends = OPEN_END if after is None else after.opened_at
            for number, _ in enumerate(m.touched):
                for region in REGIONS:
                    yield {
                        "deployment_id": m.number,
                        "origin_no": number,
                        "region": region,
                        "ring": "",
                        "live_from": m.opened_at,
                        "certain": m.succeeded,
                        "live_until": ends,
                        "live_ended_by": None if after is None else after.number,
                        "live_ended_recorded_at": OPEN_END if after is None else after.recorded_at,
                        "carrying_until": OPEN_END if undone is None else undone.opened_at,
                        "carrying_ended_by": None if undone is None else undone.number,
                        "carrying_reason": "" if undone is None else "rolled back",
                        "carrying_doubt_from": OPEN_END,
                        "carrying_ended_recorded_at": OPEN_END if undone is None else undone.recorded_at,
                        "recorded_at": m.recorded_at,
                    }

    def _reached(self) -> Iterator[Mapping[str, Any]]:
        for m in self._moving():
            for number, component in enumerate(m.touched):
                same = {"deployment_id": m.number, "origin_no": number}
                yield same | {"component_id": component, "distance": 0, "via_id": None}
                for dependent in self._ground.dependents[component]:
                    yield same | {"component_id": dependent, "distance": 1, "via_id": component}

    def _changes(self) -> Iterator[Mapping[str, Any]]:
        for m in self._moving():
            for number in range(m.commits):
                kind = _TYPES[(m.number + number) % len(_TYPES)]
                committed_at = m.opened_at - timedelta(hours=2 + (m.number * 7 + number * 13) % 70)
                yield {
                    "deployment_id": m.number,
                    "change_no": number,
                    "sha": hashlib.sha1(f"{m.number}-{number}".encode(), usedforsecurity=False).hexdigest(),
                    "side": "removed" if m.kind == "rollback" else "added",
                    "subject": f"{kind}: part {number} of what D-{m.number} brings, said in a sentence",
                    "body": "",
                    "type": kind,
                    "scope": "",
                    "description": f"part {number} of what D-{m.number} brings, said in a sentence",
                    "breaking": False,
                    "pull_request": m.number * 10 + number,
                    "pull_request_title": None,
                    "merged_by": None,
                    "is_merge": False,
                    "authored_at": committed_at,
                    "committed_at": committed_at,
                    "reverts": [],
                    "reverts_subjects": [],
                    "reverted_by": None,
                    "repeated": False,
                }

    def _touches(self) -> Iterator[Mapping[str, Any]]:
        for m in self._moving():
            for number in range(m.commits):
                yield {
                    "deployment_id": m.number,
                    "change_no": number,
                    "baseline_no": 0,
                    "component_id": m.touched[number % len(m.touched)],
                    "paths": 1,
                    "sample_path": self._path(m, number),
                }

    def _paths(self) -> Iterator[Mapping[str, Any]]:
        for m in self._moving():
            for number in range(2 * len(m.touched)):
                path = self._path(m, number)
                yield {
                    "deployment_id": m.number,
                    "baseline_no": 0,
                    "component_id": m.touched[number % len(m.touched)],
                    "path_digest": path_digest(path),
                    "path": path,
                    "status": "M",
                    "old_blob": m.sha[:20] + f"{number:020}",
                    "new_blob": m.sha[20:] + f"{number:020}",
                }

    def _path(self, m: Made, number: int) -> str:
        folder = self._ground.keys[m.touched[number % len(m.touched)]].rpartition("/")[2]
        return f"{folder}/{_PATHS[(m.number + number) % len(_PATHS)]}"

    def _moving(self) -> Iterator[Made]:
        return (m for m in self._made if m.moves and m.before is not None)


def _make(ground: Ground, many: int, seed: int) -> Iterator[Made]:
    """Deployments in the order in which they opened; a few components are deployed far more often than the rest."""
    drawn = random.Random(seed)
    step = YEAR / (many + 1)
    newest: dict[int, Made] = {}
    for number in range(1, many + 1):
        component = ground.components[int(len(ground.components) * drawn.random() ** 2)]
        before = newest.get(component)
        kind = drawn.choices(("deploy", "redeploy", "rollback"), (96, 2, 2))[0]
        beside = ground.components[int(len(ground.components) * drawn.random())]
        touched = (component,)
        if drawn.random() < 0.15 and beside != component and ground.repos[beside] == ground.repos[component]:
            touched = (component, beside)
        made = Made(
            number,
            component,
            touched,
            kind if before is not None else "deploy",
            drawn.random() >= 0.01,
            BEGAN + step * number,
            1 + int(drawn.expovariate(0.5)),
            before,
        )
        if made.succeeded:
            newest[component] = made
        yield made
