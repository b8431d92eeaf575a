"""Deployments recorded in another order than they happened: they find their place, and later ones learn of them."""

from __future__ import annotations

import pytest

from releasewatch.storage import tables as t
from tests.support.worlds import Done, World, hour


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


def wider(world: World, done: Done) -> list[bool]:
    return [block["wider"] for block in world.show(done).baselines]


class TestTheirPlace:
    def test_baseline_and_windows_are_those_of_their_time(self, world):
        first = world.commit("a")
        world.record(1)
        second = world.commit("a")
        third = world.commit("a")
        later = world.record(3, head=third)
        late = world.record(2, head=second)
        assert (late.base, late.kind) == (first, "deploy")
        assert (world.window(late, "a").live, world.window(late, "a").carried_until) == ((2, 3), None)
        assert world.window(later, "a").live == (3, None)

    def test_the_one_before_was_live_until_then(self, world):
        world.commit("a")
        world.record(1)
        second, third, fourth = world.commit("a"), world.commit("a"), world.commit("a")
        before = world.record(2, head=second)
        world.record(4, head=fourth)
        assert world.window(before, "a").live == (2, 4)
        world.record(3, head=third)
        assert world.window(before, "a").live == (2, 3)

    def test_at_one_instant_the_order_of_recording_counts(self, world):
        world.commit("a")
        world.record(1)
        second = world.commit("a")
        one = world.record(2)
        world.commit("a")
        two = world.record(2)
        assert two.base == second
        assert (world.window(one, "a").live, world.window(two, "a").live) == ((2, 2), (2, None))

    def test_finishing_the_first_of_two_that_began_together_leaves_that_order(self, world):
        first = world.commit("a")
        world.record(1)
        head = world.commit("a")
        one = world.record(2, run="R", status="running")
        world.commit("a")
        world.record(2)
        done = world.record(3, head=head, run="R", now=hour(3))
        assert (done.number, done.base) == (one.number, first)

    def test_a_failed_one_ends_with_the_success_that_is_there_already(self, world):
        world.commit("a")
        world.record(1)
        head = world.commit("a")
        world.commit("a")
        world.record(3)
        failed = world.record(2, head=head, status="failed")
        window = world.window(failed, "a")
        assert (window.certain, window.live, window.carried_until) == (False, (2, 3), 3)

    def test_so_does_the_live_window_of_a_change_without_git(self, world):
        world.commit("a")
        world.record(1)
        world.record(3)
        flag = world.record(2, stated_kind="change", components=("a",), title="Flag")
        assert (world.window(flag, "a").live, world.window(flag, "a").carried_until) == ((2, 3), None)

    def test_a_new_region_of_a_late_one_is_covered_by_what_went_everywhere_later(self, world):
        world.commit("a")
        world.record(1)
        second = world.commit("a")
        world.commit("a")
        world.record(3)
        late = world.record(2, head=second, regions=("ap",))
        assert world.window(late, "a", "ap").live == (2, 3)

    def test_a_late_one_takes_its_region_out_of_a_remainder_that_has_ended(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        done = world.record(2)
        world.record(4, head=first)
        assert world.window(done, "a").carried_until == 4
        world.record(3, head=first, regions=("ap",))
        assert world.carried(done) == {("", ""): 4, ("ap", ""): 3}
        assert world.window(done, "a", "ap").live == (2, 3)

    def test_also_when_the_region_was_known_by_then(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        done = world.record(2)
        world.record(4, head=first)
        world.record(5, regions=("ap",))
        assert world.carried(done) == {("", ""): 4}
        world.record(3, head=first, regions=("ap",))
        assert world.carried(done) == {("", ""): 4, ("ap", ""): 3}


class TestWider:
    def test_the_next_one_in_the_cell_compared_too_much(self, world):
        world.commit("a")
        world.record(1)
        second, third, fourth = world.commit("a"), world.commit("a"), world.commit("a")
        neighbour = world.record(3, head=third)
        after = world.record(4, head=fourth)
        world.record(2, head=second)
        assert (wider(world, neighbour), wider(world, after)) == ([True], [False])

    def test_only_where_they_have_a_cell_in_common(self, world):
        world.commit("a", "b")
        world.record(1, regions=("eu", "us"))
        second = world.commit("a")
        world.commit("a")
        here = world.record(3, regions=("eu",))
        there = world.record(3, regions=("us",))
        world.record(2, head=second, regions=("eu",))
        assert (wider(world, here), wider(world, there)) == ([True], [False])
        other = world.record(5, components=("b",), regions=("us",))
        world.record(4, components=("a",), regions=("us",))
        assert wider(world, other) == [False]

    def test_of_several_blocks_those_alone(self, world):
        first = world.commit("a")
        world.record(1, regions=("eu",))
        world.record(1.5, head=first, regions=("us",))
        second = world.commit("a")
        world.commit("a")
        both = world.record(3, regions=("eu", "us"))
        world.record(2, head=second, regions=("us",))
        shown = {b["targets"][0]["region"]: b["wider"] for b in world.show(both).baselines}
        assert shown == {"eu": False, "us": True}

    def test_a_region_that_was_not_known_then_stood_under_the_remainder(self, world):
        world.commit("a")
        world.record(1)
        second = world.commit("a")
        world.commit("a")
        everywhere = world.record(3)
        world.record(2, head=second, regions=("ap",))
        assert wider(world, everywhere) == [True]

    def test_a_first_one_that_was_compared_with_a_tag(self, world):
        world.commit("a")
        world.repo.tag("v1")
        middle = world.commit("a")
        world.commit("a")
        first = world.record(3)
        assert first.baselines[0]["source"] == "tag"
        world.record(2, head=middle)
        assert wider(world, first) == [True]

    def test_a_failed_one_in_between_changes_nothing(self, world):
        world.commit("a")
        world.record(1)
        second = world.commit("a")
        world.commit("a")
        later = world.record(3)
        world.record(2, head=second, status="failed")
        assert wider(world, later) == [False]


class TestTakenBack:
    def test_a_later_one_that_lacks_it_took_it_back(self, world):
        first = world.commit("a")
        world.record(1)
        second = world.commit("a")
        later = world.record(3, head=first)
        late = world.record(2, head=second)
        window = world.window(late, "a")
        assert (window.live, window.carried_until) == ((2, 3), 3)
        assert world.show(later).undoes == [late.id]

    def test_not_the_next_one_but_the_one_that_did(self, world):
        first = world.commit("a", "b")
        world.record(1)
        second = world.commit("a")
        third = world.commit("b")
        world.record(3, head=third)
        back = world.record(4, head=first)
        late = world.record(2, head=second)
        assert (world.window(late, "a").live, world.window(late, "a").carried_until) == ((2, 3), 4)
        assert late.id in world.show(back).undoes

    def test_by_a_revert_that_a_later_one_holds(self, world):
        world.commit("a", "b")
        world.record(1)
        second = world.commit("a", subject="Try it")
        world.commit("a", subject='Revert "Try it"', body=f"This reverts commit {second}.")
        later = world.record(3)
        late = world.record(2, head=second)
        assert world.window(late, "a").carried_until == 3
        assert world.show(later).undoes == [late.id]

    def test_region_by_region(self, world):
        first = world.commit("a")
        world.record(1, regions=("eu", "us"))
        second = world.commit("a")
        world.record(3, head=first, regions=("us",))
        late = world.record(2, head=second, regions=("eu", "us"))
        assert world.carried(late) == {("eu", ""): None, ("us", ""): 3}

    def test_a_late_rollback_ends_what_nobody_brought_again(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        bad = world.record(2)
        world.repo.branch("fixed", first)
        world.commit("b")
        world.record(5)
        assert world.window(bad, "a").carried_until == 5
        late = world.record(4, head=first)
        assert late.undoes == [bad.id]
        assert world.window(bad, "a").carried_until == 4

    def test_but_not_what_the_next_one_holds_again(self, world):
        """The next one was compared with the bad one, and so says nothing of what it brought back."""
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        bad = world.record(2)
        world.commit("b")
        next_one = world.record(5)
        assert set(next_one.reached()) == {"shop/b"}
        late = world.record(4, head=first)
        assert (late.kind, late.undoes) == ("rollback", [])
        assert world.window(bad, "a").carried_until is None, "nobody else says who has been reached since hour 5"
        assert wider(world, next_one) == [True]

    def test_nor_where_that_cannot_be_told(self, tmp_path, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        bad = world.record(2)
        world.repo.clone(tmp_path / "clone" / "shop")
        old = World(tmp_path / "clone", world.ledger)
        world.commit("b")
        world.record(5)
        assert old.record(4, head=first).undoes == []
        window = world.window(bad, "a")
        assert (window.carried_until, window.doubt_from) == (None, 4)

    def test_a_fix_that_a_person_names_holds_at_its_time(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        bad = world.record(2)
        third = world.commit("a")
        world.commit("a")
        world.record(4)
        late = world.record(3, head=third, fixes=(bad.id,))
        assert (late.undoes, world.window(bad, "a").carried_until) == ([bad.id], 3)


def test_every_deployment_is_numbered_and_told_once(world):
    heads = [world.commit("a") for _ in range(4)]
    for at in (3, 1, 2, 0):
        world.record(at, head=heads[at], run=f"run at {at}")
    assert sorted(row["deployment_id"] for row in world.rows(t.deployment)) == [1, 2, 3, 4]
    assert len(world.rows(t.deployment_event)) == 4
