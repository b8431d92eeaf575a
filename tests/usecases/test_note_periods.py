"""The notes of a period hold the deployments that opened in it and succeeded, of one repo or of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from releasewatch.domain.notes import Period
from releasewatch.errors import UnknownNameError
from releasewatch.usecases.notes import PeriodQuestion, Reading, notes_of_period
from tests.support.worlds import World, hour

if TYPE_CHECKING:
    from releasewatch.domain.notes import NotesInput


@pytest.fixture
def world(tmp_path, ledger) -> World:
    return World(tmp_path, ledger)


def notes(world: World, since: float, until: float, repo: str | None = None, place: str = "production") -> NotesInput:
    asked = PeriodQuestion(place, repo, Period(hour(since), hour(until)))
    return notes_of_period(world.ledger, asked, None, Reading(hour(100)))[0]


def test_a_period_is_half_open(world):
    for at in (1, 2, 3):
        world.commit("a")
        world.record(at)
    assert notes(world, 1, 3).deployment == "D-1, D-2"
    assert notes(world, 2, 2.5).deployment == "D-2"
    assert notes(world, 4, 5).deployment is None


def test_only_what_succeeded_there_counts(world):
    world.commit("a")
    world.record(1)
    world.commit("a")
    world.record(2, status="failed")
    world.record(2, status="running")
    world.record(2, environment="staging")
    assert notes(world, 0, 9).deployment == "D-1"
    assert notes(world, 0, 9, place="staging").deployment == "D-4"


def test_of_one_repo_or_of_all(world, tmp_path, ledger):
    web = World(tmp_path, ledger, key="web")
    for at, one in enumerate((world, web, world, web)):
        one.commit("a", subject=f"Change of {one.key} at {at}")
        one.record(at)
    both, mine = notes(world, 1, 9), notes(world, 1, 9, repo="web")
    assert (both.repo, both.deployment) == ("shop, web", "D-2, D-3, D-4")
    assert [change.subject for change in both.changes] == ["Change of web at 3", "Change of shop at 2"]
    assert (mine.repo, mine.deployment) == ("web", "D-2, D-4")


def test_reverts_that_a_later_deployment_brought_are_read_back(world):
    world.commit("a")
    world.record(1)
    bad = world.commit("a", subject="Bad")
    world.record(2)
    world.commit("a", subject=f'Revert "Bad"\n\nThis reverts commit {bad}.')
    world.record(3)
    changes = notes(world, 2, 9).changes
    assert [(one.subject, one.reverted_by) for one in changes] == [('Revert "Bad"', None), ("Bad", changes[0].sha)]


@pytest.mark.parametrize("more", [{"place": "nowhere"}, {"repo": "nobody"}])
def test_what_the_ledger_does_not_know_is_no_empty_answer(world, more):
    world.commit("a")
    world.record(1)
    with pytest.raises(UnknownNameError, match="knows no"):
        notes(world, 0, 9, **more)
