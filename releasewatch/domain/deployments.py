"""Cells and baselines: what a deployment is compared with, region by region and ring by ring."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from releasewatch.domain.releases import RangeKind

Kind = Literal["deploy", "redeploy", "rollback", "initial", "change", "mixed"]
Status = Literal["running", "succeeded", "failed", "cancelled"]
BaselineSource = Literal["deployment", "given", "neighbour", "tag", "none"]

REST = ""
"""On an axis of a cell: every region (ring) that is not known by name. On an axis of a target: all of them."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """One region and ring."""

    region: str = REST
    ring: str = REST

    def covers(self, place: Place) -> bool:
        """Whether a target like this one includes a place: one without a region (ring) includes all of them."""
        return self.region in (REST, place.region) and self.ring in (REST, place.ring)

    def meets(self, target: Place) -> bool:
        """Whether two targets have a place in common."""
        return (self.region == target.region or REST in (self.region, target.region)) and (
            self.ring == target.ring or REST in (self.ring, target.ring)
        )


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """One component (by full key) in one region and ring of an environment: the grain of baselines and windows."""

    component: str
    region: str
    ring: str

    @property
    def place(self) -> Place:
        """The cell without its component."""
        return Place(self.region, self.ring)


@dataclass(frozen=True, slots=True)
class Coverage:
    """That a succeeded deployment put `components` at `head` into the cells of one target."""

    deployment_id: int
    opened_at: datetime
    head: str
    components: frozenset[str]
    target: Place
    catalog_id: int = 0

    def covers(self, cell: Cell) -> bool:
        """Whether the cell is one of those it put its head into."""
        return cell.component in self.components and self.target.covers(cell.place)


class Coverages:
    """What covers which cell, newest first: ordered by when a deployment opened, then by its number."""

    def __init__(self, coverages: Iterable[Coverage]) -> None:
        """Kept by component too, so that a cell looks at its own only: a repo may have hundreds, each on its own."""
        self._newest_first = sorted(coverages, key=lambda c: (c.opened_at, c.deployment_id), reverse=True)
        self._by_component: dict[str, list[Coverage]] = {}
        for coverage in self._newest_first:
            for component in coverage.components:
                self._by_component.setdefault(component, []).append(coverage)

    @property
    def components(self) -> frozenset[str]:
        """Every component that was ever put anywhere here."""
        return frozenset(self._by_component)

    def newest(self, cell: Cell) -> Coverage | None:
        """The newest succeeded deployment that covers a cell."""
        here = self._by_component.get(cell.component, ())
        return next((coverage for coverage in here if coverage.target.covers(cell.place)), None)

    def newest_at(self, place: Place) -> Coverage | None:
        """The newest succeeded deployment of anything in a place."""
        return next((coverage for coverage in self._newest_first if coverage.target.covers(place)), None)


@dataclass(frozen=True, slots=True)
class Later:
    """A deployment that opened after the one at hand: what its cells got next."""

    deployment_id: int
    opened_at: datetime
    head: str
    components: frozenset[str]
    targets: tuple[Place, ...]

    def covers(self, cell: Cell) -> bool:
        """Whether the cell is one of its own."""
        return cell.component in self.components and any(target.covers(cell.place) for target in self.targets)


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a cell is compared with, and where that was taken from. `base` None: the start of history, no changes."""

    base: str | None
    source: BaselineSource
    text: str
    deployment_id: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Cells that share a baseline and a kind: every one of `components` in every one of `places`."""

    baseline: Baseline
    components: tuple[str, ...]
    places: tuple[Place, ...]
    range: RangeKind = "none"
    kind: Kind = "deploy"
    history_complete: bool = True

    def cells(self) -> Iterable[Cell]:
        """Its cells, in order."""
        return (Cell(c, p.region, p.ring) for c in self.components for p in self.places)


@dataclass(frozen=True, slots=True)
class Axes:
    """The regions and rings that an environment is known to have."""

    regions: frozenset[str] = frozenset()
    rings: frozenset[str] = frozenset()

    def __or__(self, other: Axes) -> Axes:
        return Axes(self.regions | other.regions, self.rings | other.rings)

    @staticmethod
    def of(targets: Iterable[Place]) -> Axes:
        """The regions and rings that targets name."""
        places = tuple(targets)
        return Axes(
            frozenset(p.region for p in places if p.region != REST), frozenset(p.ring for p in places if p.ring != REST)
        )


def expand_targets(targets: Sequence[Place], axes: Axes) -> tuple[Place, ...]:
    """The places that targets cover: one without a region (ring) covers all known ones, and the remainder."""
    known = axes | Axes.of(targets)
    found: set[Place] = set()
    for target in targets:
        for region in {REST, *known.regions} if target.region == REST else {target.region}:
            for ring in {REST, *known.rings} if target.ring == REST else {target.ring}:
                found.add(Place(region, ring))
    return tuple(sorted(found))


def standing_in(place: Place, places: Iterable[Place]) -> Place:
    """The place of a grid that speaks for another one: by name where the grid has it, else by its remainder."""
    axes = Axes.of(places)
    return Place(
        place.region if place.region in axes.regions else REST, place.ring if place.ring in axes.rings else REST
    )


def possible_stand_ins(places: Iterable[Place]) -> tuple[Place, ...]:
    """The places themselves and the remainders that may speak for them."""
    return tuple(sorted({Place(r, g) for p in places for r in (p.region, REST) for g in (p.ring, REST)}))


def group_blocks(cells: Mapping[Cell, tuple[Baseline, Kind]]) -> list[Block]:
    """Group cells by baseline and kind into blocks of components times places; the one with most components first."""
    by_base: dict[tuple[Baseline, Kind], dict[str, list[Place]]] = {}
    for cell in sorted(cells):
        by_base.setdefault(cells[cell], {}).setdefault(cell.component, []).append(cell.place)
    blocks: list[Block] = []
    for (baseline, kind), places_of in by_base.items():
        by_places: dict[tuple[Place, ...], list[str]] = {}
        for component, places in places_of.items():
            by_places.setdefault(tuple(places), []).append(component)
        blocks += [Block(baseline, tuple(found), places, kind=kind) for places, found in by_places.items()]
    return sorted(blocks, key=lambda b: (-len(b.components), b.components, b.places))


def kind_of_cell(*, source: BaselineSource, range_kind: RangeKind, stated: Kind | None, was_live_there: bool) -> Kind:
    """Deploy, redeploy, rollback or initial, as the rules say it for one cell.

    A rollback: the head is a strict ancestor of the live head, or has diverged from it and was once live in that cell,
    or it was stated; what a person states comes first, since the ledger may not know all that went live. The same head
    again is a redeploy. Promoting to the next ring is a deployment.
    """
    if stated == "rollback":
        return "rollback"
    if source in ("none", "tag", "given"):
        return "initial"
    if range_kind == "none":
        return "redeploy"
    if range_kind == "rollback" or (range_kind == "diverged" and was_live_there):
        return "rollback"
    return "deploy"


def summarise(values: Iterable[str]) -> str:
    """The one value that all share, or `mixed`."""
    distinct = set(values)
    return distinct.pop() if len(distinct) == 1 else "mixed"


@dataclass(frozen=True, slots=True)
class Statement:
    """What was said of a deployment once: an attempt of a CI run has begun, or how it ended.

    `opened_at`: when that attempt began to reach customers, as far as it is known.
    """

    attempt: int
    status: Status
    opened_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What all statements come to.

    `status`, `attempt` and times are the newest attempt's. `succeeded`: an attempt did, and a later one that failed
    does not take its success away, since it put the same head there. `opened_at` is then the first success's.
    `first_opened_at` is when any attempt began: from then on customers are possibly exposed.
    """

    status: Status
    attempt: int
    started_at: datetime | None
    finished_at: datetime | None
    succeeded: bool
    opened_at: datetime
    first_opened_at: datetime


def settle(statements: Sequence[Statement]) -> Standing:
    """What the statements on one deployment come to; in the order in which they were recorded."""
    newest = max(enumerate(statements), key=lambda entry: (entry[1].attempt, entry[0]))[1]
    successes = [s.opened_at for s in statements if s.status == "succeeded"]
    return Standing(
        status=newest.status,
        attempt=newest.attempt,
        started_at=newest.started_at,
        finished_at=newest.finished_at,
        succeeded=bool(successes),
        opened_at=min(successes) if successes else newest.opened_at,
        first_opened_at=min(s.opened_at for s in statements),
    )


@dataclass(frozen=True, slots=True)
class KeyParts:
    """What makes two records the same record. The attempt is kept beside it, not in it."""

    repo: str
    environment: str
    components: tuple[str, ...]
    targets: tuple[Place, ...]
    head: str | None
    provider: str
    run: str
    extra: tuple[str, ...] = field(default=())

    def digest(self) -> str:
        """The idempotency key: the same parts give the same key on every machine."""
        parts = [
            self.repo,
            self.environment,
            sorted(set(self.components)),
            sorted({(t.region, t.ring) for t in self.targets}),
            self.head,
            self.provider,
            self.run,
            list(self.extra),
        ]
        return hashlib.sha256(json.dumps(parts, ensure_ascii=True).encode()).hexdigest()[:32]
