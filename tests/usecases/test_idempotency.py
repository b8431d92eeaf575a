"""The same run is the same record; a later attempt updates it, or is a deployment of its own."""

from __future__ import annotations

import pytest

from releasewatch.domain.deployments import Axes
from releasewatch.errors import InvalidCallError
from releasewatch.storage import tables as t
from tests.support.worlds import World, hour


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


class TestReruns:
    def test_the_same_run_is_the_same_record(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        first = world.record(2, run="R")
        again = world.record(2.5, run="R")
        assert (again.number, again.already, first.already) == (first.number, True, False)
        assert again.document["deployment"]["already_recorded"] is True
        assert {**again.document, "deployment": None} == {**first.document, "deployment": None}
        assert world.statuses(first) == [(1, "succeeded")]
        assert len(world.windows(first)) == 1

    def test_a_matrix_of_two_regions_in_one_run_leaves_two_records(self, world):
        world.commit("a")
        world.record(1, regions=("eu", "us"))
        first = world.commit("a")
        eu = world.record(2, run="R", regions=("eu",))
        us = world.record(2, run="R", regions=("us",))
        assert (eu.already, us.already) == (False, False)
        assert eu.number != us.number
        assert eu.document["deployment"]["head"] == us.document["deployment"]["head"] == first
        assert eu.base == us.base

    @pytest.mark.parametrize(
        "other",
        [
            {"components": ("a",)},
            {"environment": "staging"},
            {"rings": ("early",)},
            {"run": "S"},
            {"provider": "other"},
        ],
    )
    def test_whatever_makes_a_record_its_own_does(self, world, other):
        world.commit("a")
        first = world.record(1, run="R")
        assert world.record(1, **{"run": "R", **other}).number != first.number

    def test_the_order_in_which_things_are_named_does_not(self, world):
        world.commit("a")
        first = world.record(1, run="R", components=("a", "b"), regions=("eu", "us"))
        assert world.record(1, run="R", components=("b", "a", "a"), regions=("us", "eu", "us")).number == first.number

    def test_two_changes_without_git_in_one_run_are_told_apart_by_their_titles(self, world):
        world.commit("a")
        one, two, again = (
            world.record(1, run="R", stated_kind="change", components=("a",), title=title) for title in "xyx"
        )
        assert (one.number == again.number, one.number == two.number) == (True, False)

    def test_a_rehearsal_leaves_nothing(self, world, ledger_url):
        from releasewatch.secret import Secret
        from releasewatch.storage.ledger import Rehearsal

        world.commit("a")
        kept, world.ledger = world.ledger, Rehearsal(Secret(ledger_url))
        done = world.record(1)
        assert done.document["deployment"]["kind"] == "initial"
        world.ledger.close()
        world.ledger = kept
        assert world.rows(t.deployment) == world.rows(t.repo) == []


class TestAttempts:
    def test_failed_then_succeeded_is_one_record_with_both_facts(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        failed = world.record(2, run="R", status="failed")
        assert failed.document["deployment"]["status"] == "failed"
        done = world.record(3, run="R", attempt=2)
        deployment = done.document["deployment"]
        assert (done.number, done.already) == (failed.number, False)
        assert (deployment["status"], deployment["attempt"], done.base) == ("succeeded", 2, first)
        assert (deployment["started_at"], deployment["finished_at"]) == ("2026-03-01T03:00:00Z", "2026-03-01T03:06:00Z")
        assert world.statuses(done) == [(1, "failed"), (2, "succeeded")]

    def test_from_the_failed_attempt_on_customers_were_possibly_exposed(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        world.record(2, run="R", status="failed")
        done = world.record(3, run="R", attempt=2)
        possible, certain = world.windows(done)
        assert (possible.certain, possible.live, possible.carried_until) == (False, (2, 3), 3)
        assert (certain.certain, certain.live, certain.carried_until) == (True, (3, None), None)
        world.commit("a")
        world.record(4)
        possible, certain = world.windows(done)
        assert (possible.live, certain.live, certain.carried_until) == ((2, 3), (3, 4), None)

    def test_a_second_failure_keeps_the_first_beginning(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        world.record(2, run="R", status="failed")
        done = world.record(3, run="R", attempt=2, status="failed")
        assert [(w.certain, w.live) for w in world.windows(done)] == [(False, (2, None))]

    def test_the_live_window_of_the_one_before_ends_with_the_success(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        before = world.record(2)
        world.commit("a")
        world.record(3, run="R", status="failed")
        assert world.window(before, "a").live == (2, None)
        world.record(4, run="R", attempt=2)
        assert world.window(before, "a").live == (2, 4)

    @pytest.mark.parametrize("status", ["failed", "cancelled"])
    def test_a_failure_after_a_success_does_not_take_it_away(self, world, status):
        """The same head was put there again or not at all: it is live, and the next baseline, as before."""
        world.commit("a")
        world.record(1)
        head = world.commit("a")
        done = world.record(2, run="R")
        again = world.record(3, run="R", attempt=2, status=status)
        deployment = again.document["deployment"]
        assert (again.number, deployment["status"], deployment["attempt"]) == (done.number, status, 2)
        assert world.statuses(done) == [(1, "succeeded"), (2, status)]
        assert (world.window(done, "a").certain, world.window(done, "a").live) == (True, (2, None))
        world.commit("b")
        assert world.record(4).base == head

    def test_a_success_after_a_success_leaves_the_window_where_it_began(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        done = world.record(2, run="R")
        again = world.record(3, run="R", attempt=2)
        assert (again.number, world.window(done, "a").live) == (done.number, (2, None))
        assert again.document["deployment"]["finished_at"] == "2026-03-01T03:06:00Z"
        assert again.document["deployment"]["opened_at"] == "2026-03-01T02:00:00Z"

    def test_an_old_pipeline_run_again_is_a_rollback(self, world):
        world.commit("a")
        world.record(1)
        old = world.commit("a")
        first = world.record(2, run="R")
        world.commit("a")
        second = world.record(3)
        again = world.record(4, head=old, run="R", attempt=2)
        assert again.number not in (first.number, second.number)
        assert (again.kind, again.undoes) == ("rollback", [second.id])
        assert again.document["deployment"]["key"] == first.document["deployment"]["key"]
        assert world.statuses(first) == [(1, "succeeded")]
        third = world.record(5, head=old, run="R", attempt=3)
        assert third.number == again.number, "nothing came in between"
        assert world.statuses(again) == [(2, "succeeded"), (3, "succeeded")]
        world.record(6, head="main")
        fourth = world.record(7, head=old, run="R", attempt=4)
        assert fourth.number not in (first.number, second.number, again.number)
        for attempt, number in ((1, first), (2, again), (3, again), (4, fourth)):
            told = world.record(8, head=old, run="R", attempt=attempt)
            assert (told.number, told.already) == (number.number, True)

    @pytest.mark.parametrize("status", ["failed", "running"])
    def test_it_is_its_own_deployment_whatever_became_of_the_one_in_between(self, world, status):
        old = world.commit("a")
        first = world.record(2, run="R")
        world.commit("a")
        world.record(3, status=status)
        assert world.record(4, head=old, run="R", attempt=2).number != first.number

    def test_deployments_elsewhere_do_not_come_in_between(self, world):
        old = world.commit("a")
        first = world.record(2, run="R", regions=("eu",), components=("a",))
        world.commit("a", "b")
        world.record(3, regions=("us",))
        world.record(3, regions=("eu",), components=("b",))
        world.record(3, environment="staging")
        again = world.record(4, head=old, run="R", attempt=2, regions=("eu",), components=("a",))
        assert again.number == first.number

    def test_an_earlier_attempt_that_is_told_late_is_kept(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        done = world.record(3, run="R", attempt=2)
        late = world.record(2, run="R", attempt=1, status="failed")
        assert late.number == done.number
        assert late.document["deployment"]["status"] == "succeeded"
        assert late.document["deployment"]["attempt"] == 2
        assert world.statuses(done) == [(2, "succeeded"), (1, "failed")]
        assert [(w.certain, w.live) for w in world.windows(done)] == [(False, (2, 3)), (True, (3, None))]

    def test_a_contradiction_of_the_same_attempt_is_said_and_not_taken(self, world):
        world.commit("a")
        first = world.record(1, run="R", status="failed")
        again = world.record(2, run="R")
        assert (again.number, again.already) == (first.number, True)
        assert again.document["deployment"]["status"] == "failed"
        assert "was recorded before as failed; that it succeeded is not taken" in again.remarks[0]

    def test_the_same_word_again_is_no_contradiction_though_a_later_attempt_said_another(self, world):
        world.commit("a")
        world.record(1, run="R", status="failed")
        world.record(2, run="R", attempt=2)
        assert world.record(3, run="R", status="failed").remarks == ()


class TestStartAndFinish:
    def test_running_is_possible_and_its_finish_makes_it_certain_from_the_start(self, world):
        first = world.commit("a")
        world.record(1)
        world.commit("a")
        begun = world.record(2, run="R", status="running")
        assert begun.document["deployment"]["finished_at"] is None
        assert [(w.certain, w.live) for w in world.windows(begun)] == [(False, (2, None))]
        done = world.record(3, run="R", started_at=None, finished_at=hour(3))
        assert (done.number, done.base) == (begun.number, first)
        assert done.document["deployment"]["started_at"] == "2026-03-01T02:00:00Z"
        assert [(w.certain, w.live) for w in world.windows(done)] == [(True, (2, None))]
        assert world.statuses(done) == [(1, "running"), (1, "succeeded")]

    def test_starting_and_finishing_again_changes_nothing(self, world):
        world.commit("a")
        begun = world.record(2, run="R", status="running")
        assert world.record(2.5, run="R", status="running").already is True
        done = world.record(3, run="R", now=hour(3))
        again = [world.record(4, run="R", now=hour(4)), world.record(4, run="R", status="running")]
        assert {begun.number, done.number, *(d.number for d in again)} == {begun.number}
        assert all(d.already for d in again)
        assert world.statuses(begun) == [(1, "running"), (1, "succeeded")]

    def test_what_was_deployed_between_start_and_finish_came_later(self, world):
        first = world.commit("a")
        world.record(1)
        mine = world.commit("a")
        begun = world.record(2, run="R", status="running")
        world.commit("a")
        other = world.record(3)
        assert other.base == first
        done = world.record(4, head=mine, run="R", now=hour(4))
        assert (done.number, done.base) == (begun.number, first)
        assert world.window(done, "a").live == (2, 3)
        assert [b["wider"] for b in world.show(other).baselines] == [True]

    def test_a_finish_in_another_job_of_the_pipeline_finds_its_start(self, world):
        """GitLab numbers jobs, not attempts: the job that finishes has a number of its own."""
        world.commit("a")
        world.record(1)
        mine = world.commit("a")
        begun = world.record(2, run="R", attempt=100, status="running")
        world.commit("a")
        world.record(3)
        done = world.record(4, head=mine, run="R", attempt=101, finishes=True, now=hour(4))
        assert (done.number, done.document["deployment"]["status"]) == (begun.number, "succeeded")
        assert world.window(done, "a").live == (2, 3)
        assert world.record(5, head=mine, run="R", attempt=101, finishes=True, now=hour(5)).already is True

    def test_a_finish_without_a_start_is_a_record(self, world):
        world.commit("a")
        done = world.record(2, run="R", finishes=True, started_at=None, finished_at=hour(2))
        assert done.document["deployment"]["opened_at"] == "2026-03-01T02:00:00Z"

    def test_it_may_end_in_failure(self, world):
        world.commit("a")
        world.record(1)
        world.commit("a")
        world.record(2, run="R", status="running")
        done = world.record(3, run="R", status="failed", now=hour(3))
        assert [(w.certain, w.live) for w in world.windows(done)] == [(False, (2, None))]


class TestGivenKeys:
    def test_it_stands_for_one_deployment(self, world):
        world.commit("a")
        first = world.record(1, key="release-1")
        assert world.record(2, key="release-1").number == first.number

    def test_with_another_head_it_is_an_error(self, world):
        world.commit("a")
        world.record(1, key="release-1")
        world.commit("a")
        with pytest.raises(InvalidCallError, match="'release-1' already stands for D-1, which has another head"):
            world.record(2, key="release-1")

    @pytest.mark.parametrize(
        ("other", "word"),
        [
            ({"environment": "staging"}, "environment"),
            ({"regions": ("eu",)}, "target"),
            ({"components": ("a",)}, "set of components"),
        ],
    )
    def test_with_another_place_too_or_that_place_would_go_unrecorded(self, world, other, word):
        world.commit("a")
        world.record(1, key="release-1")
        with pytest.raises(InvalidCallError, match=f"which has another {word}"):
            world.record(2, key="release-1", **other)

    def test_in_another_repo_too(self, tmp_path, world):
        web = World(tmp_path, world.ledger, key="web")
        world.commit("a")
        web.commit("a")
        world.record(1, key="release-1")
        with pytest.raises(InvalidCallError, match="which has another repo"):
            web.record(2, key="release-1")

    def test_keys_that_begin_alike_are_different(self, world):
        world.commit("a")
        numbers = {world.record(n, key=key).number for n, key in enumerate(("K", "K:2", "K:eu", "K2"))}
        assert len(numbers) == 4

    def test_a_key_is_held_although_the_deployment_took_a_component_away(self, world):
        world.commit("a", "b", "c")
        world.record(1)
        world.commit(config=world.config.partition("[components.c]")[0], delete=["c/file"])
        first = world.record(2, key="K")
        assert world.record(2, key="K").number == first.number


class TestUntimed:
    def untimed(self, world, now: float, **more):
        return world.record(0, now=hour(now), **more)

    def test_it_opens_when_it_is_said(self, world):
        world.commit("a")
        deployment = self.untimed(world, 2).document["deployment"]
        assert (deployment["opened_at"], deployment["started_at"]) == ("2026-03-01T02:00:00Z", None)
        assert deployment["finished_at"] == "2026-03-01T02:00:00Z"

    def test_the_job_that_deploys_began_before(self, world):
        world.commit("a")
        deployment = self.untimed(world, 2, job_started_at=hour(1)).document["deployment"]
        assert (deployment["opened_at"], deployment["started_at"]) == ("2026-03-01T01:00:00Z",) * 2

    def test_it_follows_what_is_recorded_though_its_clock_was_read_before(self, world):
        first = world.commit("a")
        self.untimed(world, 2)
        world.commit("a")
        done = self.untimed(world, 1.99)
        assert (done.base, done.document["deployment"]["opened_at"]) == (first, "2026-03-01T02:00:00Z")

    def test_but_not_a_time_that_somebody_mistyped(self, world):
        world.commit("a")
        world.record(24 * 365)
        world.commit("a")
        assert self.untimed(world, 2).document["deployment"]["opened_at"] == "2026-03-01T02:00:00Z"

    def test_known_places_of_the_configuration_are_covered(self, world):
        world.commit("a")
        done = self.untimed(world, 1, known=Axes(frozenset({"eu"})))
        assert done.baselines[0]["targets"] == [{"region": None, "ring": None}, {"region": "eu", "ring": None}]

    def test_the_finish_cannot_be_before_the_start(self, world):
        world.commit("a")
        with pytest.raises(InvalidCallError, match="finished before it started"):
            world.record(1, started_at=hour(2), finished_at=hour(1))
