"""What a catalog leaves open: patterns that do nothing, cycles, components that no customer can be reached through."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from releasewatch.domain.catalog import Catalog, Component, Graph

if TYPE_CHECKING:
    from releasewatch.domain.catalog import PathOwners

NO_EFFECT = ""
"""Where a pattern of `no_effect` stands, in the place of a component's key."""


@dataclass(frozen=True, slots=True)
class PatternPlace:
    """A pattern with the component whose it is (`NO_EFFECT`: the catalog's), and its number in that list, from 0."""

    component: str
    number: int
    pattern: str


@dataclass(frozen=True, slots=True)
class FileWithoutComponent:
    """A file that belongs to no component and may matter, with how many commits touched it in the time looked at."""

    path: str
    commits: int


def find_unmapped(
    paths: Iterable[str], owners: Callable[[str], PathOwners], churn: Mapping[str, int]
) -> list[FileWithoutComponent]:
    """The files that no component claims, the most often changed first, then by path."""
    found = [FileWithoutComponent(path, churn.get(path, 0)) for path in paths if owners(path).unmapped]
    return sorted(found, key=lambda one: (-one.commits, one.path))


def find_idle_patterns(
    catalog: Catalog, paths: Iterable[str], owners_under: Callable[[Catalog], Callable[[str], PathOwners]]
) -> list[PatternPlace]:
    """The patterns that match none of these paths; of those with `!`, the ones that take nothing away.

    All of them are decided in one walk over the paths: each is asked for as a component of its own. What `!` takes away
    is what its list holds without it and does not hold with it. `owners_under` gives the mapper of a catalog.
    """
    probes = list(_probes(catalog))
    asked = {key: Component(key, key, patterns) for probe in probes for key, patterns in probe.lists}
    owners = owners_under(Catalog(catalog.repo, tuple(asked.values())))
    waiting = {probe.wanted: probe for probe in probes}
    for path in paths:
        claimed = owners(path).components
        for key in claimed & waiting.keys():
            if waiting[key].unwanted not in claimed:
                del waiting[key]
    return [probe.place for probe in probes if probe.wanted in waiting]


@dataclass(frozen=True, slots=True)
class _Probe:
    """A pattern is of use when some path belongs to the list `wanted` and not to the list `unwanted`."""

    place: PatternPlace
    wanted: str
    unwanted: str
    lists: tuple[tuple[str, tuple[str, ...]], ...]


def _probes(catalog: Catalog) -> Iterator[_Probe]:
    lists = [(NO_EFFECT, catalog.no_effect), *((one.key, one.paths) for one in catalog.components)]
    for component, patterns in lists:
        for number, pattern in enumerate(patterns):
            place = PatternPlace(component, number, pattern)
            wanted, whole = f"{component}:{number}", f"{component}:all"
            if pattern.startswith("!"):
                without = patterns[:number] + patterns[number + 1 :]
                yield _Probe(place, wanted, whole, ((wanted, without), (whole, patterns)))
            else:
                yield _Probe(place, wanted, "", ((wanted, (pattern,)),))


def find_cycles(graph: Graph) -> list[tuple[str, ...]]:
    """The sets of components that depend on each other, each sorted; Tarjan's algorithm, without recursion."""
    index: dict[str, int] = {}
    lowest: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found = []
    for root in sorted(graph.nodes):
        if root in index:
            continue
        work: list[tuple[str, Iterator[str]]] = []
        _enter(root, graph, index, lowest, stack, on_stack, work)
        while work:
            node, others = work[-1]
            following = next((other for other in others if other not in index or other in on_stack), None)
            if following is None:
                work.pop()
                if work:
                    lowest[work[-1][0]] = min(lowest[work[-1][0]], lowest[node])
                if lowest[node] == index[node]:
                    members = _leave(node, stack, on_stack)
                    if len(members) > 1:
                        found.append(tuple(sorted(members)))
            elif following in on_stack:
                lowest[node] = min(lowest[node], index[following])
            else:
                _enter(following, graph, index, lowest, stack, on_stack, work)
    return sorted(found)


def _enter(
    node: str,
    graph: Graph,
    index: dict[str, int],
    lowest: dict[str, int],
    stack: list[str],
    on_stack: set[str],
    work: list[tuple[str, Iterator[str]]],
) -> None:
    index[node] = lowest[node] = len(index)
    stack.append(node)
    on_stack.add(node)
    work.append((node, iter(graph.dependents.get(node, ()))))


def _leave(node: str, stack: list[str], on_stack: set[str]) -> list[str]:
    members: list[str] = []
    while not members or members[-1] != node:
        members.append(stack.pop())
        on_stack.discard(members[-1])
    return members


def find_unused(own: Sequence[str], graph: Graph, entitled: Collection[str]) -> list[str]:
    """The own components through which no customer can be reached: nobody is entitled to them, nor to anything that
    depends on them, over however many steps."""
    return [key for key in own if not any(other in entitled for other in _with_dependents(key, graph))]


def _with_dependents(key: str, graph: Graph) -> Iterator[str]:
    seen, waiting = {key}, [key]
    while waiting:
        one = waiting.pop()
        yield one
        for other in graph.dependents.get(one, ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)


def find_idle_products(
    products: Mapping[str, Sequence[str]], components: Collection[str]
) -> list[tuple[str, tuple[str, ...]]]:
    """Products with those of their patterns that mean none of these components (full keys), by the product's key."""
    known = {*components, *(key.rpartition("/")[2] for key in components)}
    found = []
    for product, patterns in sorted(products.items()):
        idle = tuple(
            pattern
            for pattern in patterns
            if pattern not in known and not any(fnmatchcase(key, pattern) for key in components)
        )
        if idle:
            found.append((product, idle))
    return found
