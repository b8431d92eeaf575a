"""When a deployment is a rollback, a redeploy or a deployment, cell by cell; and what a person names as fixed."""

from __future__ import annotations

import pytest

from releasewatch.errors import UnknownNameError
from releasewatch.storage import tables as t
from tests.support.worlds import World


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


class TestKinds:
    def test_a_strict_ancestor_of_the_live_head_is_a_rollback(self, world):
        never_live = world.commit("a")
        world.commit("a")
        world.record(1)
        done = world.record(2, head=never_live)
        assert (done.kind, done.document["deployment"]["range"]) == ("rollback", "rollback")

    def test_the_same_head_again_is_a_redeploy(self, world):
        world.commit("a")
        world.record(1)
        done = world.record(2)
        assert (done.kind, done.document["deployment"]["range"], done.reached()) == ("redeploy", "none", {})
        assert world.windows(done) == []

    def test_a_diverged_head_that_was_live_there_is_a_rollback(self, world):
        fork = world.commit("a")
        one = world.commit("a")
        world.record(1, head=one)
        world.repo.branch("other", fork)
        world.commit("b")
        world.record(2)
        done = world.record(3, head=one)
        assert (done.kind, done.document["deployment"]["range"]) == ("rollback", "diverged")

    def test_a_diverged_head_that_was_never_live_is_a_deployment(self, world):
        fork = world.commit("a")
        world.commit("a")
        world.record(1)
        world.repo.branch("other", fork)
        world.commit("b")
        done = world.record(2)
        assert (done.kind, done.document["deployment"]["range"]) == ("deploy", "diverged")

    def test_where_it_was_live_is_decided_by_cell(self, world):
        fork = world.commit("a")
        one = world.commit("a")
        world.record(1, head=one, regions=("eu",))
        world.record(1, head=fork, regions=("us",))
        world.repo.branch("other", fork)
        world.commit("b")
        world.record(2, regions=("eu", "us"))
        done = world.record(3, head=one, regions=("eu", "us"))
        assert (done.kind_of("shop/a", "eu"), done.kind_of("shop/a", "us")) == ("rollback", "deploy")
        assert (done.kind, done.document["deployment"]["range"]) == ("mixed", "diverged")

    @pytest.mark.parametrize("status", ["failed", "running"])
    def test_a_head_that_only_failed_there_was_never_live(self, world, status):
        fork = world.commit("a")
        one = world.commit("a")
        world.record(1, head=one, status=status)
        world.repo.branch("other", fork)
        world.commit("b")
        world.record(2)
        assert world.record(3, head=one).kind == "deploy"

    def test_a_rollback_can_be_stated(self, world):
        fork = world.commit("a")
        world.commit("a")
        world.record(1)
        world.repo.branch("other", fork)
        last = world.commit("b")
        assert world.record(2, stated_kind="rollback").kind == "rollback"
        assert world.record(3, head=last, stated_kind="rollback").kind == "rollback", "even of the same head"

    def test_rolling_back_after_a_failure_ends_what_was_possibly_exposed(self, world):
        good = world.commit("a")
        world.record(1)
        world.commit("a")
        failed = world.record(2, status="failed")
        assert world.window(failed, "a").certain is False
        back = world.record(3, head=good)
        assert back.kind == "redeploy"
        window = world.window(failed, "a")
        assert (window.live, window.carried_until, window.reason) == ((2, 3), 3, "a later deployment succeeded here")
        assert back.undoes == [], "it is not known that the failed one ever brought anything"


class TestFixes:
    def test_a_person_may_name_what_a_deployment_fixes(self, world):
        world.commit("a", "b")
        world.record(1)
        world.commit("a", "b")
        bad = world.record(2)
        world.commit("a")
        done = world.record(3, components=("a",), fixes=(bad.id,))
        assert done.undoes == [bad.id]
        assert world.window(bad, "a").carried_until == 3
        assert world.window(bad, "a").reason == f"named as fixed by {done.id}"
        assert world.window(bad, "b").carried_until is None, "b is not among what was deployed"
        assert [row["ref"] for row in world.rows(t.fix, done)] == [bad.id]

    def test_in_one_region(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        bad = world.record(2)
        world.commit("a")
        world.record(3, regions=("eu",), fixes=("D-2",))
        assert world.carried(bad) == {("", ""): None, ("eu", ""): 3}

    def test_of_another_environment_nothing_is_ended_and_it_says_so(self, world):
        world.commit("a")
        world.record(1, environment="staging")
        world.commit("a")
        bad = world.record(2, environment="staging")
        done = world.record(3, fixes=(bad.id,))
        assert world.window(bad, "a").carried_until is None
        assert f"{bad.id} is carried nowhere in what this deployment covers: nothing was ended." in done.remarks

    def test_a_failed_deployment_fixes_nothing(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        bad = world.record(2)
        world.commit("a")
        world.record(3, status="failed", fixes=(bad.id,))
        assert world.window(bad, "a").carried_until is None

    def test_what_does_not_exist_cannot_be_fixed_and_nothing_is_written(self, world):
        world.commit("a")
        world.record(1)
        with pytest.raises(UnknownNameError):
            world.record(2, fixes=("D-99",))
        assert len(world.rows(t.deployment)) == 1


class TestShallowClones:
    def shallow(self, tmp_path, world: World, depth: int) -> World:
        """The same repo as a pipeline sees it, which may not fetch."""
        world.repo.clone(tmp_path / "clone" / "shop", depth=depth)
        return World(tmp_path / "clone", world.ledger)

    def test_a_baseline_that_is_missing_says_so_and_nobody_is_ruled_out(self, tmp_path, world):
        first = world.commit("a", "b")
        world.record(1)
        world.commit("a")
        world.commit("b")
        done = self.shallow(tmp_path, world, 1).record(2)
        deployment = done.document["deployment"]
        assert (deployment["base"], deployment["range"], deployment["history_complete"]) == (first, "unknown", False)
        assert done.document["changes"]["removed"] is None
        assert first in deployment["why_incomplete"]
        assert f"History is not complete: {deployment['why_incomplete']}." in done.remarks
        (row,) = world.rows(t.deployment, done)
        assert row["has_blank"] is True

    def test_one_unknown_difference_among_known_ones_is_a_blank_too(self, tmp_path, world):
        world.commit("a", "b")
        world.record(1, regions=("eu", "us"))
        world.commit("a")
        world.record(2, regions=("us",))
        world.commit("b")
        done = self.shallow(tmp_path, world, 2).record(3, regions=("eu", "us"))
        assert set(done.reached()) == {"shop/b"}
        (row,) = world.rows(t.deployment, done)
        assert (row["has_blank"], row["unmapped_paths"]) == (True, 0)

    def test_what_is_carried_is_in_doubt_where_nothing_can_be_told(self, tmp_path, world):
        world.commit("a", "b")
        world.record(1)
        world.commit("a")
        done = world.record(2)
        world.commit("a")
        world.commit("b")
        later = self.shallow(tmp_path, world, 1).record(3)
        window = world.window(done, "a")
        assert (window.carried_until, window.doubt_from) == (None, 3)
        assert "history" in window.reason
        assert later.undoes == []

    def test_contents_decide_without_history(self, tmp_path, world):
        world.commit("a", "b")
        world.record(1)
        sha = world.commit("a", "b")
        done = world.record(2)
        world.commit("c")
        world.commit(files={"a/file": world.repo.git("show", f"{sha}~:a/file") + "\n"})
        assert self.shallow(tmp_path, world, 1).record(3).undoes == [done.id]
        assert world.window(done, "a").carried_until == 3
        assert (world.window(done, "b").carried_until, world.window(done, "b").doubt_from) == (None, None)

    def test_a_first_deployment_says_that_a_tag_may_be_hidden(self, tmp_path, world):
        world.commit("a")
        world.repo.tag("v1")
        world.commit("a")
        done = self.shallow(tmp_path, world, 1).record(1)
        assert "this shallow clone may lack an earlier tag" in done.remarks[0]
        told = done.document["deployment"]
        assert (told["kind"], told["range"], told["history_complete"]) == ("initial", "unknown", False)
        assert told["why_incomplete"] == "this clone is shallow, and what was deployed before cannot be seen in it"
        assert done.document["changes"] == {"added": 0, "removed": None, "reverted_in_range": 0}
        assert [row["has_blank"] for row in world.rows(t.deployment)] == [True], "nobody can be ruled out"

    def test_a_later_head_that_the_clone_lacks_leaves_it_open_and_possible(self, tmp_path, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        world.repo.clone(tmp_path / "clone" / "shop")
        old = World(tmp_path / "clone", world.ledger)
        world.commit("b")
        world.record(3)
        done = old.record(2)
        window = world.window(done, "a")
        assert (window.live, window.carried_until, window.doubt_from) == ((2, 3), None, 3)
