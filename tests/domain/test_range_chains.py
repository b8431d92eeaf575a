"""Ranges put together: whatever way leads from one commit to another, the same lies between them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.head_graph import HeadGraph, Step
from releasewatch.domain.range_chains import compose, invert, newest_first
from releasewatch.domain.releases import Commit, PathChange, Range

START = datetime(2026, 1, 1, tzinfo=UTC)


class History:
    """A random history: commits with parents, and what each tree holds. The truth, worked out the plain way."""

    def __init__(self, seed: int, many: int = 9) -> None:
        chosen = random.Random(seed)
        self.parents: dict[str, tuple[str, ...]] = {}
        self.trees: dict[str, dict[str, str]] = {}
        for number in range(many):
            known = sorted(self.parents)
            ours = tuple(chosen.sample(known, k=min(len(known), chosen.choice([0, 1, 1, 1, 2]))))
            tree = dict(self.trees[ours[0]]) if ours else {}
            for path in chosen.sample("abcd", k=2):
                tree.pop(path, None) if chosen.random() < 0.3 else tree.update({path: chosen.choice("123")})
            self.parents[f"c{number}"], self.trees[f"c{number}"] = ours, tree

    def ancestors(self, sha: str) -> set[str]:
        return {sha}.union(*(self.ancestors(parent) for parent in self.parents[sha]))

    def commit(self, sha: str) -> Commit:
        at = START + timedelta(hours=int(sha[1:]))
        return Commit(sha, self.parents[sha], "", "", at, at, sha, "")

    def range(self, base: str, head: str) -> Range:
        if base == head:
            return Range("none", base, head)
        ours, theirs = self.ancestors(head), self.ancestors(base)
        added = newest_first(map(self.commit, ours - theirs))
        removed = newest_first(map(self.commit, theirs - ours))
        old, new = self.trees[base], self.trees[head]
        net = tuple(
            PathChange(p, "A" if p not in old else "D" if p not in new else "M", old.get(p), new.get(p))
            for p in sorted({*old, *new})
            if old.get(p) != new.get(p)
        )
        kind = "diverged" if added and removed else "forward" if added else "rollback"
        return Range(kind, base, head, net, added, removed)


@given(st.integers(0, 10_000), st.lists(st.integers(0, 8), min_size=2, max_size=5))
@settings(max_examples=60, deadline=None)
def test_the_way_does_not_matter(seed: int, stops: list[int]) -> None:
    history = History(seed)
    heads = [f"c{number}" for number in stops]
    stretches = [history.range(a, b) for a, b in pairwise(heads)]
    assert compose(stretches) == history.range(heads[0], heads[-1])
    assert invert(stretches[0]) == history.range(heads[1], heads[0])


def cut_off(base: str, head: str, *net: PathChange) -> Range:
    return Range("unknown", base, head, net, removed=None, history_complete=False, why_incomplete="shallow")


def test_where_a_stretch_is_cut_off_only_the_trees_are_known() -> None:
    history = History(7)
    found = compose([cut_off("x", "c1", PathChange("z", "A", None, "9")), history.range("c1", "c2")])
    assert (found.kind, found.added, found.removed, found.history_complete) == ("unknown", (), None, False)
    assert found.why_incomplete == "shallow"
    assert PathChange("z", "A", None, "9") in found.net
    back = invert(cut_off("x", "y", PathChange("z", "A", None, "9")))
    assert (back.base, back.head, back.removed) == ("y", "x", None)
    assert back.net == (PathChange("z", "D", "9", None),)


def test_a_mode_that_changed_stays_since_contents_cannot_tell() -> None:
    mode = PathChange("run.sh", "M", "1", "1")
    one, two = Range("forward", "a", "b", (mode,)), Range("forward", "b", "c", (PathChange("x", "A", None, "2"),))
    assert mode in compose([one, two]).net


def test_the_shortest_way_either_direction() -> None:
    graph = HeadGraph([("a", "b"), ("b", "c"), ("a", "c"), ("x", "y")])
    assert graph.way("c", "a") == [Step(2, "c", "a", forward=False)]
    assert graph.way("a", "a") == []
    assert graph.way("a", "y") is None
    assert (graph.connects("b", "c"), graph.connects("b", "x")) == (True, False)
    assert [step.end for step in graph.steps_from("b")] == ["a", "c"]
