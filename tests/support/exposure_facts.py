"""Small random worlds as plain facts: what is deployed when and where, who uses what, and what was known when.

Time is whole hours of one day and a half, counted from 0; `OPEN` is no end, `ALWAYS` as long as anybody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

OPEN = 10**6
ALWAYS = -(10**6)
LAST = 12
"""No fact that was drawn is later than this."""

ENVIRONMENTS = {"production": "production", "live-too": "production", "staging": "staging"}
DIRECTORIES = ("crm", "desk")
COMPONENTS = ("shop/a", "shop/b", "shop/lib", "shop/sub", "web/a", "web/c")
"""`a` is a bare key that two repos use."""


@dataclass(frozen=True)
class Naming:
    """A change that names a customer, and the components that it touched."""

    ref: str
    touched: frozenset[str]


@dataclass(frozen=True)
class Deployed:
    """A deployment, `touched` what differs from its baseline, once in one region and once everywhere else."""

    repo: str
    environment: str
    components: frozenset[str]
    targets: tuple[tuple[str, str], ...]
    tried: int
    """When an attempt began that failed; the same as `opened` when there was none."""
    opened: int
    heard: int
    recorded: int
    status: str
    release: str
    special_region: str
    touched_there: frozenset[str]
    touched_elsewhere: frozenset[str]
    undoes: frozenset[int]
    namings: tuple[Naming, ...] = ()
    blank: str = "none"
    """none, warn (an unmapped path is counted) or all (it makes everybody possible)."""

    def touched(self, region: str) -> frozenset[str]:
        """What changed in a region."""
        return self.touched_there if region == self.special_region else self.touched_elsewhere

    def covers(self, region: str, ring: str) -> bool:
        """Whether it went into a region and ring; a target without one covers all."""
        return any(r in ("", region) and g in ("", ring) for r, g in self.targets)


@dataclass(frozen=True)
class Doubt:
    """From an instant on it is not decided whether what the cells carry is still there."""

    repo: str
    environment: str
    components: frozenset[str]
    targets: tuple[tuple[str, str], ...]
    at: int


@dataclass(frozen=True)
class Clocks:
    """When something is true, and when the ledger said so; half-open."""

    valid_from: int = ALWAYS
    valid_to: int = OPEN
    recorded_from: int = ALWAYS
    recorded_to: int = OPEN

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        """Short, so that a world that breaks the law can be read: only what is not the default."""
        said = ((f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default)
        printer.text(f"Clocks({', '.join(f'{name}={value}' for name, value in said)})")

    def known(self, by: int) -> bool:
        """Whether the ledger said so by an instant, and still did."""
        return self.recorded_from <= by < self.recorded_to

    def held(self, at: int, by: int) -> bool:
        """Whether it was true at an instant, as known by another."""
        return self.known(by) and self.valid_from <= at < self.valid_to


@dataclass(frozen=True)
class Meaning:
    """That a subject of an entitlement means a component."""

    subject: str
    component: str
    certain: bool
    clocks: Clocks


@dataclass(frozen=True)
class Entitled:
    customer: int
    subject: str
    environment: str
    region: str
    ring: str
    version: str
    clocks: Clocks


@dataclass(frozen=True)
class Who:
    """A customer: facts hold the account manager; aliases and merges are recorded, and have no time of their own."""

    directory: str
    key: str
    facts: tuple[tuple[str, Clocks], ...]
    aliases: tuple[tuple[str, Clocks], ...]
    merged_into: int | None = None
    merged: Clocks = Clocks()


@dataclass(frozen=True)
class World:
    types: Mapping[str, str]
    needs: frozenset[tuple[str, str]]
    regions: frozenset[str]
    rings: frozenset[str]
    deployments: tuple[Deployed, ...]
    doubts: tuple[Doubt, ...]
    products: tuple[Meaning, ...]
    not_in_full: tuple[tuple[str, Clocks], ...]
    """Products that are said to hold a component which nobody knows."""
    customers: tuple[Who, ...]
    entitlements: tuple[Entitled, ...]
    without_entitlement: Mapping[str, str] = field(default_factory=dict)
    in_order: bool = True
    """Whether deployments were recorded in the order in which they opened, so that what was known then can be asked."""

    @property
    def meanings(self) -> tuple[Meaning, ...]:
        """What every subject means: a full key, a bare key (of each component that bears it), a product."""
        bare = [component.partition("/")[2] for component in COMPONENTS]
        return (
            *(Meaning(component, component, True, Clocks()) for component in COMPONENTS),
            *(Meaning(k, c, bare.count(k) == 1, Clocks()) for k, c in zip(bare, COMPONENTS, strict=True)),
            *self.products,
        )
