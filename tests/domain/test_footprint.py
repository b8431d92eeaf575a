"""What a deployment touches, block by block: the net difference decides, commits explain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from releasewatch.domain.catalog import Graph, Node, PathOwners
from releasewatch.domain.deployments import Baseline, Block, Place
from releasewatch.domain.footprint import Footprint, stated_footprint, trace_footprint
from releasewatch.domain.releases import Commit, PathChange, Range

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def commit(sha: str, *paths: str, parents: str = "", **more: Any) -> Commit:
    return Commit(sha, tuple(parents), "Ada", "ada@example.org", NOON, NOON, f"Change {sha}", "", paths=paths, **more)


def changed(*paths: str) -> tuple[PathChange, ...]:
    return tuple(PathChange(path, "M", f"{path} before", f"{path} after") for path in paths)


def owners_of(_base: str | None, change: PathChange) -> PathOwners:
    """`a/x` belongs to a, `ab/x` to a and b; `?/x` to nobody; `-/x` reaches nobody."""
    folder = change.path.partition("/")[0]
    return PathOwners(frozenset(folder) - {"?", "-"}, no_effect=folder == "-")


def trace(*ranges: Range, components: Sequence[str] = ("abc",), edges: Sequence[tuple[str, str]] = ()) -> Footprint:
    """The footprint of one block a range, each in a region of its own."""
    blocks = [
        Block(
            Baseline(found.base, "deployment", ""), tuple(f"s/{c}" for c in members), (Place(str(number)),), found.kind
        )
        for number, (found, members) in enumerate(zip(ranges, components, strict=True))
    ]
    graph = Graph.build([Node(f"s/{c}") for c in "abcdx"], edges)
    return trace_footprint(blocks, {r.base: r for r in ranges}, owners_of, lambda key: f"s/{key}", graph)


def touched(footprint: Footprint) -> dict[tuple[str, int], set[str]]:
    """`{(sha, block): components}`"""
    shas = {change.number: change.commit.sha for change in footprint.changes}
    found: dict[tuple[str, int], set[str]] = {}
    for touch in footprint.touches:
        found.setdefault((shas[touch.change], touch.block), set()).add(touch.component.removeprefix("s/"))
    return found


class TestNet:
    def test_only_what_differs_in_the_end_counts(self):
        found = trace(Range("forward", "0", "2", changed("a/x"), (commit("2", "a/x", "b/x"), commit("1", "b/x"))))
        assert [fact.origin.touched for fact in found.origins] == ["s/a"]
        assert touched(found) == {("2", 0): {"a"}}

    def test_a_path_of_two_components_touches_both(self):
        found = trace(Range("forward", "0", "1", changed("ab/x"), (commit("1", "ab/x"),)))
        assert [fact.origin.touched for fact in found.origins] == ["s/a", "s/b"]

    def test_what_nobody_owns_and_what_reaches_nobody_are_counted_apart(self):
        found = trace(Range("forward", "0", "1", changed("?/x", "?/y", "-/x", "a/x"), (commit("1"),)))
        assert (found.unmapped, found.no_effect) == (["?/x", "?/y"], 1)

    def test_the_same_path_in_two_blocks_is_counted_once(self):
        one = Range("forward", "0", "2", changed("?/x", "-/x"), (commit("2"),))
        two = Range("forward", "1", "2", changed("?/x", "-/x"), (commit("2"),))
        found = trace(one, two, components=("a", "b"))
        assert (found.unmapped, found.no_effect, found.count("added")) == (["?/x"], 1, 1)

    def test_the_start_of_history_has_no_changes(self):
        block = Block(Baseline(None, "none", ""), ("s/a",), (Place(),))
        found = trace_footprint([block], {}, owners_of, str, Graph({}))
        assert (found.origins, found.changes, found.removed_known) == ([], [], True)


class TestBlocks:
    OLD = Range("forward", "0", "2", changed("a/x", "b/x"), (commit("2", "b/x"), commit("1", "a/x")))
    NEW = Range("forward", "1", "2", changed("b/x"), (commit("2", "b/x"),))

    def test_each_carrier_is_read_against_its_own_baseline(self):
        found = trace(self.OLD, self.NEW, components=("ab", "ab"))
        assert [(fact.block, fact.origin.touched) for fact in found.origins] == [(0, "s/a"), (0, "s/b"), (1, "s/b")]
        assert [change.commit.sha for change in found.changes] == ["2", "1"]

    def test_what_is_deployed_is_not_called_not_deployed(self):
        found = trace(self.OLD, self.NEW, components=("b", "a"))
        assert [(fact.block, fact.origin.touched) for fact in found.origins] == [(0, "s/b")]
        assert found.not_deployed == set(), "a was deployed, and had this change already"

    def test_what_changed_and_was_not_deployed_is(self):
        assert trace(self.OLD, components=("b",)).not_deployed == {"s/a"}

    def test_a_commit_may_be_added_here_and_removed_there(self):
        back = Range("rollback", "3", "2", changed("b/x"), (), (commit("3", "b/x"),))
        found = trace(self.NEW, back, components=("ab", "ab"))
        assert [(change.commit.sha, change.side) for change in found.changes] == [("2", "added"), ("3", "removed")]

    def test_one_walk_that_was_cut_off_leaves_the_removed_unknown(self):
        cut = Range("unknown", "0", "2", changed("a/x"), (), None, history_complete=False, why_incomplete="shallow")
        found = trace(self.NEW, cut, components=("a", "b"))
        assert (found.removed_known, found.why_incomplete) == (False, "shallow")

    def test_dependents_are_reached_over_the_graph(self):
        (fact,) = trace(self.NEW, components=("b",), edges=[("s/c", "s/b"), ("s/d", "s/c")]).origins
        assert {key: (step.distance, step.via) for key, step in fact.reached.items()} == {
            "s/b": (0, None),
            "s/c": (1, "s/b"),
            "s/d": (2, "s/c"),
        }


class TestReverts:
    def test_reverted_and_reverting_touch_nothing_where_others_explain(self):
        undone = commit("1", "a/x", reverted_by="2")
        undoing = commit("2", "a/x", reverts_shas=("1",), reverts_in_range=("1",))
        found = trace(Range("forward", "0", "3", changed("a/x"), (commit("3", "a/x"), undoing, undone)))
        assert touched(found) == {("3", 0): {"a"}}
        assert found.reverted_in_range == 1

    def test_a_path_that_nobody_else_explains_stays_with_the_reverting_one(self):
        undone = commit("1", "a/x", reverted_by="2")
        undoing = commit("2", "a/x", reverts_shas=("1",), reverts_in_range=("1",))
        assert touched(trace(Range("forward", "0", "2", changed("a/x"), (undoing, undone)))) == {("2", 0): {"a"}}

    def test_one_that_also_reverts_something_older_touches(self):
        undone = commit("1", "a/x", reverted_by="2")
        undoing = commit("2", "a/x", reverts_shas=("1", "0f"), reverts_in_range=("1",))
        found = trace(Range("forward", "0", "3", changed("a/x"), (commit("3", "a/x"), undoing, undone)))
        assert touched(found) == {("3", 0): {"a"}, ("2", 0): {"a"}}

    def test_on_the_removed_side_too(self):
        undone = commit("1", "a/x", reverted_by="2")
        undoing = commit("2", "a/x", reverts_shas=("1",), reverts_in_range=("1",))
        found = trace(Range("rollback", "3", "0", changed("a/x"), (), (commit("3", "a/x"), undoing, undone)))
        assert touched(found) == {("3", 0): {"a"}}
        assert found.reverted_in_range == 0


class TestMerges:
    def test_a_path_that_no_commit_explains_belongs_to_the_merge_that_made_it(self):
        merge = commit("3", parents="12")
        found = trace(Range("forward", "0", "3", changed("a/x", "b/x"), (merge, commit("2", "a/x")), (), {"b/x": "3"}))
        assert touched(found) == {("2", 0): {"a"}, ("3", 0): {"b"}}


class TestNaming:
    def names(self, found: Footprint) -> set[str]:
        numbers = found.naming_changes()
        return {change.commit.sha for change in found.changes if change.number in numbers}

    def test_changes_that_reach_somebody_or_touch_nothing_known(self):
        commits = (
            commit("1", "a/x"),
            commit("2", "b/x"),
            commit("3", "?/x"),
            commit("4"),
            commit("5", "a/x", reverted_by="6"),
        )
        found = trace(Range("forward", "0", "1", changed("a/x", "b/x", "?/x"), commits), components=("a",))
        assert self.names(found) == {"1", "3", "4"}

    def test_a_merge_speaks_for_what_it_brought_however_deep(self):
        commits = (
            commit("8", parents="07"),
            commit("7", parents="65"),
            commit("6", parents="0"),
            commit("5", "a/x", parents="0"),
        )
        net = changed("a/x")
        assert self.names(trace(Range("forward", "0", "8", net, commits), components=("a",))) == {"8", "7", "6", "5"}
        assert self.names(trace(Range("forward", "0", "8", net, commits), components=("b",))) == {"6"}


def test_a_change_without_git_reaches_what_it_says():
    block = Block(Baseline(None, "none", ""), ("s/a", "s/b"), (Place(),), kind="change")
    graph = Graph.build([Node(f"s/{c}") for c in "abc"], [("s/c", "s/b")])
    found = stated_footprint(block, ("s/a", "s/b"), graph, commit(""))
    assert [(fact.origin.carrier, sorted(fact.reached)) for fact in found.origins] == [
        ("s/a", ["s/a"]),
        ("s/b", ["s/b", "s/c"]),
    ]
    assert found.count("added") == 1
