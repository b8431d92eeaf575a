"""How far a change travels through a graph of services and libraries, cycles included."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from releasewatch.domain.catalog import Graph, Node
from releasewatch.domain.exposure import Origin, Step, find_origins, nearest, spread

KEYS = list("abcdef")


def graph(edges: str, libraries: str = "", keys: str = "abcdef") -> Graph:
    """`"b>a c>b"`: b depends on a, c on b."""
    nodes = [Node(key, "library" if key in libraries else "service") for key in keys]
    return Graph.build(nodes, [(pair[0], pair[2]) for pair in edges.split()])


def reached(touched: str, deployed: str, over: Graph) -> dict[str, tuple[int, str | None]]:
    origins = find_origins(touched, frozenset(deployed), over)
    found = nearest({origin: spread(origin, start, over) for origin, start in origins.items()})
    return {key: (step.distance, step.via) for key, step in found.items()}


class TestOrigins:
    def test_what_changed_and_was_deployed_carries_itself(self):
        assert find_origins("ab", frozenset("a"), graph("")) == {Origin("a", "a"): Step(0, None)}

    def test_a_library_is_carried_by_what_it_is_part_of(self):
        over = graph("b>a c>b d>c", libraries="ab")
        assert find_origins("a", frozenset("cd"), over) == {Origin("c", "a"): Step(2, "b")}

    def test_a_service_is_part_of_nothing(self):
        assert find_origins("a", frozenset("b"), graph("b>a")) == {}

    def test_a_library_that_was_deployed_itself_is_both(self):
        over = graph("b>a", libraries="a")
        assert set(find_origins("a", frozenset("ab"), over)) == {Origin("a", "a"), Origin("b", "a")}

    def test_libraries_may_depend_on_each_other_in_a_circle(self):
        over = graph("a>b b>a c>b", libraries="ab")
        assert find_origins("a", frozenset("ac"), over) == {
            Origin("a", "a"): Step(0, None),
            Origin("c", "a"): Step(2, "b"),
        }

    def test_a_component_that_nobody_knows_carries_itself_as_a_service(self):
        assert find_origins("x", frozenset("x"), graph("")) == {Origin("x", "x"): Step(0, None)}


class TestSpread:
    def test_dependents_of_dependents(self):
        assert reached("a", "a", graph("b>a c>b d>c")) == {"a": (0, None), "b": (1, "a"), "c": (2, "b"), "d": (3, "c")}

    def test_the_nearest_way_counts(self):
        assert reached("a", "a", graph("b>a c>b c>a"))["c"] == (1, "a")

    def test_of_two_origins_the_nearer(self):
        assert reached("ad", "ad", graph("b>a c>b c>d"))["c"] == (1, "d")

    def test_from_a_library_it_goes_on_behind_the_service(self):
        assert reached("a", "b", graph("b>a c>b", libraries="a")) == {"b": (1, "a"), "c": (2, "b")}

    def test_a_library_alone_reaches_nobody(self):
        assert reached("a", "a", graph("b>a", libraries="a")) == {"a": (0, None)}

    def test_circles_end(self):
        assert reached("a", "a", graph("b>a c>b a>c")) == {"a": (0, None), "b": (1, "a"), "c": (2, "b")}


PAIRS = st.sets(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), max_size=12)
SOME = st.frozensets(st.sampled_from(KEYS))


def ways(touched: frozenset[str], deployed: frozenset[str], over: Graph, most: int = 7) -> dict[str, int]:
    """Brute force: walk every path of up to `most` hops, and keep the shortest that the rules allow."""
    found: dict[str, int] = {}
    paths = [(key,) for key in touched]
    while paths:
        for path in paths:
            if is_allowed(path, deployed, over):
                found[path[-1]] = min(found.get(path[-1], most), len(path) - 1)
        # A circle may lead back to a library that depends on a service which it is part of; no shortest way does twice.
        paths = [(*p, d) for p in paths for d in over.dependents.get(p[-1], ()) if p.count(d) < 2 and len(p) <= most]
    return found


def is_allowed(path: tuple[str, ...], deployed: frozenset[str], over: Graph) -> bool:
    """Some component of the path was deployed; all before it are libraries; from a service alone it goes on."""
    for at, carrier in enumerate(path):
        within = all(over.nodes[key].type == "library" for key in path[:at])
        goes_on = at == len(path) - 1 or over.nodes[carrier].type == "service"
        if carrier in deployed and within and goes_on:
            return True
    return False


@given(PAIRS, SOME, SOME, SOME)
def test_it_is_what_walking_every_path_finds(pairs, libraries, touched, deployed):
    over = Graph.build([Node(k, "library" if k in libraries else "service") for k in KEYS], pairs)
    found = reached("".join(sorted(touched)), "".join(deployed), over)
    assert {key: distance for key, (distance, _) in found.items()} == ways(touched, deployed, over)
    for key, (distance, via) in found.items():
        assert (distance == 0) == (via is None)
        if via is not None:
            assert key in over.dependents[via]


def test_the_example_paths_are_paths():
    """The brute force above counts hops between neighbours."""
    over = graph("b>a c>b")
    assert all(right in over.dependents[left] for left, right in pairwise("abc"))
