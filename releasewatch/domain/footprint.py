"""What a deployment touches: components, changes and paths, against each of its baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from releasewatch.domain.catalog import Graph, PathOwners
from releasewatch.domain.deployments import Block
from releasewatch.domain.exposure import Origin, Step, find_origins, spread
from releasewatch.domain.merges import brought_by
from releasewatch.domain.releases import Commit, PathChange, Range, Side

SAMPLE = 20
"""How many unmapped paths are kept by name; all are counted."""


class ChangeFact(NamedTuple):
    """One commit of a deployment. A commit may be added against one baseline and removed against another."""

    number: int
    commit: Commit
    side: Side


class ChangeTouch(NamedTuple):
    """That a change touches a component (full key), against one block's baseline; with one of the paths."""

    change: int
    block: int
    component: str
    paths: int
    sample_path: str


@dataclass(frozen=True, slots=True)
class OriginFact:
    """An origin within one block: how many paths of it changed, and everything it reaches."""

    number: int
    block: int
    origin: Origin
    paths: int
    reached: Mapping[str, Step]


@dataclass(slots=True)
class Footprint:
    """Everything that git and catalog say of one deployment, ready to be written."""

    blocks: list[Block] = field(default_factory=list)
    origins: list[OriginFact] = field(default_factory=list)
    changes: list[ChangeFact] = field(default_factory=list)
    touches: list[ChangeTouch] = field(default_factory=list)
    changed_paths: list[tuple[int, str, PathChange]] = field(default_factory=list)
    not_deployed: set[str] = field(default_factory=set)
    unmapped: list[str] = field(default_factory=list)
    no_effect: int = 0
    removed_known: bool = True
    why_incomplete: str | None = None

    def count(self, side: Side) -> int:
        """How many changes stand on a side."""
        return sum(1 for change in self.changes if change.side == side)

    def naming_changes(self) -> set[int]:
        """The numbers of the changes that may name a customer: those that reach somebody, or touch nothing known.

        One that was reverted in its range does not, and neither does one that touched only what was not deployed. What
        a merge says counts when something that it brought does.
        """
        carried = {(fact.block, fact.origin.touched) for fact in self.origins}
        touching = {touch.change for touch in self.touches}
        reaching = {touch.change for touch in self.touches if (touch.block, touch.component) in carried}
        found: set[int] = set()
        for side in ("added", "removed"):
            facts = {fact.commit.sha: fact for fact in self.changes if fact.side == side}
            head = next(iter(facts), "")
            merges = brought_by([(sha, fact.commit.parents) for sha, fact in facts.items()], head)
            touch_something, reach_somebody = (
                _with_merges({sha for sha, fact in facts.items() if fact.number in numbers}, merges)
                for numbers in (touching, reaching)
            )
            found |= {
                fact.number
                for sha, fact in facts.items()
                if not fact.commit.reverted_by and (sha in reach_somebody or sha not in touch_something)
            }
        return found

    @property
    def reverted_in_range(self) -> int:
        """How many added changes a later commit of the same range undid."""
        return sum(1 for c in self.changes if c.side == "added" and c.commit.reverted_by)

    @property
    def history_complete(self) -> bool:
        """Whether every walk reached its base."""
        return all(block.history_complete for block in self.blocks)


def _with_merges(shas: set[str], merges: Mapping[str, str]) -> set[str]:
    """Commits, with every merge that brought one of them, however deep."""
    found = set(shas)
    waiting = list(shas)
    while waiting:
        merge = merges.get(waiting.pop())
        if merge is not None and merge not in found:
            found.add(merge)
            waiting.append(merge)
    return found


OwnersOf = Callable[[str | None, PathChange], PathOwners]
"""Which components a path belongs to, given the base it is compared with (a deleted path may need its catalog)."""


class Touched(dict[tuple[str, ...], list[tuple[str, int, str]]]):
    """The components (full keys) that some paths of a net difference are of, each with how many of them and the first.

    A history repeats its paths: what some of them touch together is worked out once.
    """

    def __init__(
        self, net: Iterable[PathChange], owners_of: Callable[[PathChange], PathOwners], full_key: Callable[[str], str]
    ) -> None:
        super().__init__()
        self.unmapped: set[str] = set()
        self.no_effect: set[str] = set()
        self.components: dict[str, list[str]] = {}
        keys: dict[frozenset[str], list[str]] = {}
        for change in net:
            owners = owners_of(change)
            if owners.components:
                found = keys.get(owners.components)
                if found is None:
                    found = keys[owners.components] = [full_key(key) for key in sorted(owners.components)]
                self.components[change.path] = found
            if owners.no_effect:
                self.no_effect.add(change.path)
            if owners.unmapped:
                self.unmapped.add(change.path)

    def __missing__(self, paths: tuple[str, ...]) -> list[tuple[str, int, str]]:
        counted: dict[str, list[str]] = {}
        for path in paths:
            for component in self.components.get(path, ()):
                counted.setdefault(component, []).append(path)
        found = self[paths] = [(component, len(of_it), of_it[0]) for component, of_it in counted.items()]
        return found


def trace_footprint(
    blocks: Sequence[Block],
    ranges: Mapping[str | None, Range],
    owners_of: OwnersOf,
    full_key: Callable[[str], str],
    graph: Graph,
    known: Mapping[str | None, Touched] = MappingProxyType({}),
) -> Footprint:
    """Work out what changed, what carries it and what it reaches, block by block.

    The net difference of base and head decides; commits explain. A commit touches a component when it changed a path of
    the component that is in the net difference, and was not reverted inside the range. `known`: what is known of the
    net difference with a base already.
    """
    footprint = Footprint(blocks=list(blocks))
    numbers: dict[tuple[str, Side], int] = {}
    unmapped: set[str] = set()
    no_effect: set[str] = set()
    for number, block in enumerate(blocks):
        found = ranges.get(block.baseline.base)
        if found is None:
            continue
        base = block.baseline.base
        touched = known.get(base)
        if touched is None:
            touched = Touched(found.net, partial(owners_of, base), full_key)
        unmapped |= touched.unmapped
        no_effect |= touched.no_effect
        _add_paths(footprint, number, found, touched.components)
        _add_changes(footprint, number, found, touched, numbers)
        footprint.removed_known &= found.removed is not None
        footprint.why_incomplete = footprint.why_incomplete or found.why_incomplete
    footprint.unmapped = sorted(unmapped)
    footprint.no_effect = len(no_effect)
    _add_origins(footprint, graph)
    return footprint


def _add_paths(footprint: Footprint, number: int, found: Range, components: Mapping[str, Sequence[str]]) -> None:
    for change in found.net:
        for component in components.get(change.path, ()):
            footprint.changed_paths.append((number, component, change))


def _add_changes(
    footprint: Footprint,
    block: int,
    found: Range,
    touched: Touched,
    numbers: dict[tuple[str, Side], int],
) -> None:
    sides: tuple[tuple[Side, Sequence[Commit]], ...] = (("added", found.added), ("removed", found.removed or ()))
    otherwise = _explained_otherwise(found)
    for side, commits in sides:
        for commit in commits:
            number = numbers.get((commit.sha, side))
            if number is None:
                number = numbers[commit.sha, side] = len(footprint.changes)
                footprint.changes.append(ChangeFact(number, commit, side))
            paths = otherwise.get(commit.sha, commit.paths)
            for component, many, first in touched[paths] if paths else ():
                footprint.touches.append(ChangeTouch(number, block, component, many, first))


def _explained_otherwise(found: Range) -> dict[str, tuple[str, ...]]:
    """What a commit explains, where that is not the difference of each of its paths: a merge what it made itself.

    One that was reverted in the range explains nothing, and neither does the commit that reverted it: together they do
    nothing. Only a path that nobody else explains stays with the reverting commit, which then did more than revert.
    """
    by_merge: dict[str, list[str]] = {}
    for path, merge in found.merge_paths.items():
        by_merge.setdefault(merge, []).append(path)
    otherwise: dict[str, tuple[str, ...]] = {}
    walked: list[Commit] = []
    for commits in (found.added, found.removed or ()):
        walked += commits
        for commit in commits:
            if commit.reverted_by:
                otherwise[commit.sha] = ()
            elif commit.sha in by_merge:
                otherwise[commit.sha] = (*commit.paths, *by_merge[commit.sha])
        spent = _reverting_alone(commits)
        if spent:
            gone = {commit.sha for commit in spent}
            others = {path for one in walked if one.sha not in gone for path in otherwise.get(one.sha, one.paths)}
            for commit in spent:
                paths = otherwise.get(commit.sha, commit.paths)
                otherwise[commit.sha] = tuple([path for path in paths if path not in others])
    return otherwise


def _reverting_alone(commits: Sequence[Commit]) -> list[Commit]:
    """The commits that take back others of their own range, which stay taken back, and do nothing else."""
    found = [
        commit
        for commit in commits
        if commit.reverts_in_range
        and not commit.reverted_by
        and len(commit.reverts_shas) <= len(commit.reverts_in_range)
    ]
    if not found:
        return []
    standing = {commit.sha for commit in commits if commit.reverted_by is None}
    return [commit for commit in found if standing.isdisjoint(commit.reverts_in_range)]


def _add_origins(footprint: Footprint, graph: Graph) -> None:
    """An origin is what changed against the baseline of the block that carries it."""
    paths_of: dict[int, dict[str, int]] = {}
    for number, component, _ in footprint.changed_paths:
        paths = paths_of.setdefault(number, {})
        paths[component] = paths.get(component, 0) + 1
    carried: set[str] = set()
    for number, block in enumerate(footprint.blocks):
        paths = paths_of.get(number, {})
        origins = find_origins(sorted(paths), frozenset(block.components), graph)
        for origin, start in sorted(origins.items()):
            carried |= {origin.carrier, origin.touched}
            footprint.origins.append(
                OriginFact(len(footprint.origins), number, origin, paths[origin.touched], spread(origin, start, graph))
            )
    deployed = {component for block in footprint.blocks for component in block.components}
    changed = {component for paths in paths_of.values() for component in paths}
    footprint.not_deployed = changed - carried - deployed


def stated_footprint(block: Block, components: Sequence[str], graph: Graph, change: Commit) -> Footprint:
    """The footprint of a change without git (a flag, a config, a migration by hand): its components, as stated."""
    footprint = Footprint(blocks=[block], changes=[ChangeFact(0, change, "added")])
    for component in components:
        origin = Origin(component, component)
        footprint.origins.append(OriginFact(len(footprint.origins), 0, origin, 0, spread(origin, Step(0, None), graph)))
        footprint.touches.append(ChangeTouch(0, 0, component, 0, ""))
    return footprint
