"""Cells, baselines, blocks, kinds, attempts and keys: the pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasewatch.domain.deployments import (
    Axes,
    Baseline,
    Cell,
    Coverage,
    Coverages,
    KeyParts,
    Place,
    Statement,
    expand_targets,
    group_blocks,
    kind_of_cell,
    possible_stand_ins,
    settle,
    standing_in,
    summarise,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGIONS = st.sampled_from(["", "eu", "us"])
RINGS = st.sampled_from(["", "early"])
PLACES = st.builds(Place, REGIONS, RINGS)
AXES = st.builds(Axes, st.frozensets(st.sampled_from(["eu", "us", "ap"])), st.frozensets(st.just("early")))


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def covering(number: int, hours: float, *components: str, region: str = "", ring: str = "") -> Coverage:
    return Coverage(number, at(hours), f"head {number}", frozenset(components), Place(region, ring))


class TestTargets:
    def test_a_region_alone_covers_all_its_rings(self):
        axes = Axes(frozenset({"eu", "us"}), frozenset({"early", "stable"}))
        assert expand_targets([Place("eu", "")], axes) == (
            Place("eu", ""),
            Place("eu", "early"),
            Place("eu", "stable"),
        )

    def test_everything_covers_the_remainder_too(self):
        assert expand_targets([Place()], Axes(frozenset({"eu"}))) == (Place(), Place("eu", ""))

    def test_what_targets_name_is_known(self):
        assert expand_targets([Place("eu", ""), Place("", "early")], Axes()) == (
            Place("", "early"),
            Place("eu", ""),
            Place("eu", "early"),
        )

    @given(st.lists(PLACES, min_size=1, max_size=3), AXES)
    def test_a_place_is_covered_when_one_of_the_targets_covers_it(self, targets, axes):
        known = axes | Axes.of(targets)
        grid = [Place(r, g) for r in {"", *known.regions} for g in {"", *known.rings}]
        covered = {place for place in grid if any(target.covers(place) for target in targets)}
        assert set(expand_targets(targets, axes)) == covered

    @given(PLACES, PLACES)
    def test_targets_meet_when_they_have_a_place_in_common(self, left, right):
        grid = [Place(r, g) for r in ("", "eu", "us", "ap") for g in ("", "early", "stable")]
        common = [place for place in grid if left.covers(place) and right.covers(place)]
        assert left.meets(right) == right.meets(left) == bool(common)

    @given(PLACES, st.lists(PLACES, min_size=1, max_size=3), AXES)
    def test_a_remainder_stands_in_for_what_a_grid_does_not_name(self, place, targets, axes):
        grid = expand_targets(targets, axes)
        stand_in = standing_in(place, grid)
        assert stand_in in possible_stand_ins([place])
        assert stand_in == place or "" in (stand_in.region, stand_in.ring)
        if place in grid:
            assert stand_in == place


class TestCoverages:
    def test_the_newest_by_instant_then_by_number(self):
        covered = Coverages([covering(3, 1, "a"), covering(1, 2, "a"), covering(2, 2, "a"), covering(4, 9, "b")])
        newest = covered.newest(Cell("a", "", ""))
        assert newest is not None
        assert newest.deployment_id == 2

    def test_only_what_covers_the_cell(self):
        covered = Coverages([covering(1, 1, "a"), covering(2, 2, "a", region="eu"), covering(3, 3, "a", ring="early")])
        cells = {("", ""): 1, ("us", "stable"): 1, ("eu", "stable"): 2, ("us", "early"): 3, ("eu", "early"): 3}
        assert {place: covered.newest(Cell("a", *place)).deployment_id for place in cells} == cells  # type: ignore[union-attr]
        assert covered.newest(Cell("b", "", "")) is None

    def test_the_newest_of_anything_in_a_place(self):
        covered = Coverages([covering(1, 1, "a"), covering(2, 2, "b", region="eu")])
        assert covered.newest_at(Place("eu", "")).deployment_id == 2  # type: ignore[union-attr]
        assert covered.newest_at(Place("us", "")).deployment_id == 1  # type: ignore[union-attr]
        assert Coverages([]).newest_at(Place()) is None
        assert covered.components == {"a", "b"}


class TestBlocks:
    ONE = Baseline("1", "deployment", "D-1", 1)
    TWO = Baseline("2", "deployment", "D-2", 2)

    def test_cells_that_share_baseline_and_kind_are_one_block(self):
        cells = {Cell(c, r, ""): (self.ONE, "deploy") for c in "ab" for r in ("eu", "us")}
        (block,) = group_blocks(cells)
        assert (block.components, block.places) == (("a", "b"), (Place("eu", ""), Place("us", "")))
        assert set(block.cells()) == set(cells)

    def test_the_one_with_most_components_comes_first(self):
        cells = {Cell("a", "eu", ""): (self.TWO, "deploy")}
        cells |= {Cell(c, "us", ""): (self.ONE, "deploy") for c in "bc"}
        assert [block.components for block in group_blocks(cells)] == [("b", "c"), ("a",)]

    @given(
        st.dictionaries(
            st.builds(Cell, st.sampled_from("abc"), REGIONS, RINGS),
            st.tuples(st.sampled_from([ONE, TWO]), st.sampled_from(["deploy", "rollback"])),
            max_size=18,
        )
    )
    def test_every_cell_is_in_one_block_of_its_baseline_and_kind(self, cells):
        found = [(cell, block) for block in group_blocks(cells) for cell in block.cells()]
        assert {cell: (block.baseline, block.kind) for cell, block in found} == cells
        assert len(found) == len(cells)


class TestKinds:
    @pytest.mark.parametrize(
        ("source", "range_kind", "was_live", "stated", "kind"),
        [
            ("deployment", "forward", False, None, "deploy"),
            ("deployment", "forward", True, None, "deploy"),
            ("deployment", "none", True, None, "redeploy"),
            ("deployment", "rollback", False, None, "rollback"),
            ("deployment", "diverged", True, None, "rollback"),
            ("deployment", "diverged", False, None, "deploy"),
            ("deployment", "unknown", True, None, "deploy"),
            ("deployment", "forward", False, "rollback", "rollback"),
            ("deployment", "none", False, "rollback", "rollback"),
            ("neighbour", "forward", False, None, "deploy"),
            ("tag", "forward", False, None, "initial"),
            ("given", "rollback", False, None, "initial"),
            ("none", "none", False, None, "initial"),
            ("none", "none", False, "rollback", "rollback"),
        ],
    )
    def test_by_range_and_history_of_the_cell(self, source, range_kind, was_live, stated, kind):
        assert kind == kind_of_cell(source=source, range_kind=range_kind, stated=stated, was_live_there=was_live)

    def test_of_a_whole_deployment(self):
        assert summarise(["deploy", "deploy"]) == "deploy"
        assert summarise(["deploy", "rollback"]) == "mixed"


def said(attempt: int, status: str, hours: float) -> Statement:
    return Statement(attempt, status, at(hours), at(hours), at(hours + 0.1))  # type: ignore[arg-type]


class TestAttempts:
    def test_the_newest_attempt_gives_status_and_times(self):
        standing = settle([said(2, "failed", 2), said(1, "failed", 1)])
        assert (standing.status, standing.attempt, standing.started_at) == ("failed", 2, at(2))
        assert (standing.succeeded, standing.opened_at, standing.first_opened_at) == (False, at(2), at(1))

    def test_within_an_attempt_the_last_word_counts(self):
        standing = settle([said(1, "running", 1), said(1, "succeeded", 1)])
        assert (standing.status, standing.succeeded) == ("succeeded", True)

    def test_a_success_stays_whatever_a_later_attempt_says(self):
        standing = settle([said(1, "succeeded", 1), said(2, "failed", 2)])
        assert (standing.status, standing.succeeded, standing.opened_at) == ("failed", True, at(1))

    def test_it_opened_with_its_first_success_and_was_possible_before(self):
        standing = settle([said(1, "failed", 1), said(2, "succeeded", 2), said(3, "succeeded", 3)])
        assert (standing.opened_at, standing.first_opened_at) == (at(2), at(1))


class TestKeys:
    PARTS = KeyParts("shop", "production", ("a", "b"), (Place("eu", ""), Place("us", "")), "sha", "github", "7")

    def test_it_is_the_same_on_every_machine(self):
        assert self.PARTS.digest() == "3f6020ca1464daa9d16ab3b71ec6c95e"

    @pytest.mark.parametrize(
        "other",
        [
            {"repo": "web"},
            {"environment": "staging"},
            {"components": ("a",)},
            {"targets": (Place("eu", ""),)},
            {"head": "other"},
            {"provider": "gitlab"},
            {"run": "8"},
            {"extra": ("title",)},
        ],
    )
    def test_every_part_counts(self, other):
        assert replace(self.PARTS, **other).digest() != self.PARTS.digest()

    def test_parts_cannot_run_into_each_other(self):
        assert (
            replace(self.PARTS, repo="shopx", environment="p").digest()
            != replace(self.PARTS, repo="shop", environment="xp").digest()
        )
