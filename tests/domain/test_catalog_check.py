"""What a catalog leaves open: files without a component, patterns that do nothing, cycles, components nobody uses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.catalog import Catalog, Component, Graph, Node
from releasewatch.domain.catalog_check import (
    NO_EFFECT,
    find_cycles,
    find_idle_patterns,
    find_idle_products,
    find_unmapped,
    find_unused,
)
from releasewatch.integrations.patterns import GitignoreMapper, PatternList

PATHS = ["inv/a.py", "inv/tests/t.py", "out/b.py", "docs/index.md", "README.md", "tools/x"]


def catalog(no_effect: tuple[str, ...] = (), **components: tuple[str, ...]) -> Catalog:
    parts = (Component(key, key, paths) for key, paths in sorted(components.items()))
    return Catalog("shop", tuple(parts), no_effect)


def idle(one: Catalog, paths: list[str] = PATHS) -> list[tuple[str, str]]:
    found = find_idle_patterns(one, paths, lambda asked: GitignoreMapper(asked).owners)
    return [(place.component, place.pattern) for place in found]


def graph(*edges: tuple[str, str]) -> Graph:
    return Graph.build([Node(name) for name in sorted({name for edge in edges for name in edge})], edges)


def test_files_without_a_component_are_ranked_by_churn_then_by_path() -> None:
    owners = GitignoreMapper(catalog(("*.md",), invoicing=("inv/**",))).owners
    found = find_unmapped([*PATHS, "z"], owners, {"z": 3, "out/b.py": 1, "inv/a.py": 9})
    assert [(one.path, one.commits) for one in found] == [("z", 3), ("out/b.py", 1), ("tools/x", 0)]


def test_patterns_that_match_no_file_are_found_in_components_and_in_no_effect() -> None:
    one = catalog(("*.md", "*.rst"), invoicing=("inv/**", "billing/**"), gone=("gone/",))
    assert idle(one) == [(NO_EFFECT, "*.rst"), ("gone", "gone/"), ("invoicing", "billing/**")]


def test_a_file_that_another_component_has_too_counts_for_both() -> None:
    assert idle(catalog(first=("inv/**",), second=("inv/*.py", "inv/**"))) == []


def test_no_effect_hides_no_pattern_of_a_component() -> None:
    """The pattern matches the file, although the file reaches nobody."""
    assert idle(catalog(("*.md",), docs=("docs/*.md",))) == []


@pytest.mark.parametrize(
    ("patterns", "does_nothing"),
    [
        (("inv/*", "!inv/tests/"), []),
        (("inv/**", "!inv/tests/**"), ["!inv/tests/**"]),  # git excluded the folder first, so that nothing comes back
        (("inv/*", "!inv/nowhere/"), ["!inv/nowhere/"]),
        (("*.py", "!t.py", "!t.py"), ["!t.py", "!t.py"]),  # either would do
        (("*.py", "!t.py", "t.py"), ["!t.py"]),  # taken back by what follows
    ],
)
def test_an_exclusion_that_takes_nothing_away_is_found(patterns: tuple[str, ...], does_nothing: list[str]) -> None:
    assert [pattern for _, pattern in idle(catalog(invoicing=patterns))] == does_nothing


PATTERNS = st.sampled_from(["a/**", "a/*", "*.py", "b/", "/c", "a/b/*", "a/b/**", "*", "x"])
FILES = st.sampled_from(["a/x.py", "a/b/y.py", "a/b/z", "b/x", "c", "d/c", "x", "d/x.py"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.tuples(PATTERNS, st.booleans()), min_size=1, max_size=4), max_size=3),
    st.lists(FILES, unique=True, max_size=6),
)
def test_a_pattern_is_idle_when_without_it_nothing_would_change_or_nothing_would_match(
    lists: list[list[tuple[str, bool]]], paths: list[str]
) -> None:
    """Held against a way that asks each pattern for each file."""
    named = {
        f"c{number}": tuple(
            f"!{pattern}" if negated and place else pattern for place, (pattern, negated) in enumerate(one)
        )
        for number, one in enumerate(lists)
    }
    wanted = []
    for key, patterns in sorted(named.items()):
        whole = PatternList(patterns)
        for place, pattern in enumerate(patterns):
            if pattern.startswith("!"):
                without = PatternList(patterns[:place] + patterns[place + 1 :])
                used = any(without.matches(path) and not whole.matches(path) for path in paths)
            else:
                used = any(PatternList([pattern]).matches(path) for path in paths)
            if not used:
                wanted.append((key, pattern))
    assert idle(catalog(**named), paths) == wanted


def test_cycles_are_the_sets_that_depend_on_each_other() -> None:
    found = find_cycles(graph(("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("x", "y"), ("y", "x"), ("d", "e")))
    assert found == [("a", "b", "c"), ("x", "y")]
    assert find_cycles(graph(("a", "b"), ("b", "c"), ("a", "c"))) == []


def test_a_long_chain_is_no_trouble() -> None:
    chain = [(f"{n:05}", f"{n + 1:05}") for n in range(5000)]
    assert find_cycles(graph(*chain)) == []
    (whole,) = find_cycles(graph(*chain, ("05000", "00000")))
    assert len(whole) == 5001


NAMES = st.sampled_from("abcdefg")


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(NAMES, NAMES), max_size=14))
def test_cycles_hold_who_can_reach_each_other(edges: list[tuple[str, str]]) -> None:
    names = {name for edge in edges for name in edge}
    reach = {name: {other for one, other in edges if one == name} for name in names}
    for _ in names:
        reach = {name: others.union(*(reach[other] for other in others)) for name, others in reach.items()}
    together = {
        name: tuple(
            sorted(other for other in names if other == name or (other in reach[name] and name in reach[other]))
        )
        for name in names
    }
    assert find_cycles(graph(*edges)) == sorted({members for members in together.values() if len(members) > 1})


def test_unused_is_what_no_customer_can_be_reached_through() -> None:
    one = graph(("shop", "money"), ("money", "base"), ("back", "base"), ("loop", "loop2"), ("loop2", "loop"))
    own = sorted(one.nodes)
    assert find_unused(own, one, {"shop"}) == ["back", "loop", "loop2"]
    assert find_unused(own, one, set()) == own
    assert find_unused(["money"], one, {"base"}) == ["money"]  # what money needs does not make it used


def test_products_that_mean_nothing_are_found_pattern_by_pattern() -> None:
    products = {
        "all": ["shop/*"],
        "some": ["shop/cart", "shop/gone"],
        "bare": ["cart", "gone"],
        "none": ["bank/*"],
    }
    assert find_idle_products(products, {"shop/cart", "shop/money"}) == [
        ("bare", ("gone",)),
        ("none", ("bank/*",)),
        ("some", ("shop/gone",)),
    ]
