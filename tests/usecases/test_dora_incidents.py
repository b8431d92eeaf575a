"""DORA's measures where incidents tell of failures, on both databases: worked out by hand, nothing counted twice.

| deployment | hour | brings |
| --- | --: | --- |
| D-1 | 0 | the start of history |
| D-2 | 5 | something in a and b |
| D-3 | 10 | something in b |
| D-4 | 20 | something in c |

Each ended six minutes after it began.
"""

from __future__ import annotations

from typing import Any

import pytest

from releasewatch.storage.undoing_by_hand import Undone
from releasewatch.usecases.incident_blame import link_deployment
from releasewatch.usecases.incident_fixes import fix_incident
from releasewatch.usecases.incidents import IncidentFields, Telling, change_status, open_incident, update_incident
from releasewatch.usecases.undoing_by_hand import undo_by_hand
from tests.support.worlds import Done, World, hour
from tests.usecases.test_dora import facts, hours, rows


class Watch:
    """Four deployments, and somebody on call."""

    def __init__(self, folder: Any, ledger: Any) -> None:
        self.world = World(folder, ledger)
        self.ledger = ledger
        self.heads: list[str] = []
        self.done: list[Done] = []
        for at, folders in ((0, "abc"), (5, "ab"), (10, "b"), (20, "c")):
            self.heads.append(self.world.commit(*folders, at=hour(at - 1)))
            self.done.append(self.world.record(at))

    def incident(self, at: float, *blamed: int, state: str = "confirmed", **fields: Any) -> str:
        """Opened at an hour, and blamed on deployments by number."""
        opened = open_incident(self.ledger, IncidentFields(title="bad", **fields), self.telling(at))
        for number in blamed:
            self.blame(opened.incident.id, number, state, at)
        return opened.incident.id

    def blame(self, ref: str, number: int, state: str, at: float = 30) -> None:
        link_deployment(self.ledger, ref, number, state, self.telling(at))

    def close(self, ref: str, status: str, at: float) -> None:
        change_status(self.ledger, ref, status, self.telling(at))

    def telling(self, at: float) -> Telling:
        return Telling(hour(at), "kim", "because", repo="shop")

    def row(self, **asked: Any) -> dict[str, Any]:
        (row,) = rows(self.world, **asked).values()
        return row


@pytest.fixture
def watch(tmp_path, ledger) -> Watch:
    return Watch(tmp_path, ledger)


def failed(row: dict[str, Any]) -> tuple[int, int, int, int]:
    """Failed, of these by an incident, possible, recovered."""
    rate = row["change_fail_rate"]
    return rate["failed"], rate["by_incident"], rate["possible"], row["failed_deployment_recovery_time"]["recovered"]


def test_confirmed_blame_is_a_failure_from_the_start_of_the_impact_to_its_end(watch):
    assert failed(watch.row()) == (0, 0, 0, 0)
    ref = watch.incident(7, 2, impact_started_at=hour(6))
    row = watch.row()
    assert failed(row) == (1, 1, 0, 0)
    assert row["failed_deployment_recovery_time"]["because"] == "no deployment that failed is known to be over it"
    watch.close(ref, "resolved", 12)
    assert hours(watch.row()["failed_deployment_recovery_time"]) == (6.0, 6.0), "until it was resolved"
    update_incident(watch.ledger, ref, IncidentFields(impact_ended_at=hour(9)), watch.telling(13))
    row = watch.row()
    assert failed(row) == (1, 1, 0, 1)
    assert hours(row["failed_deployment_recovery_time"]) == (3.0, 3.0)
    assert row["change_fail_rate"]["rate"] == 0.25


def test_a_suspect_is_possible_and_a_cleared_one_nothing(watch):
    ref = watch.incident(7, 2, 3, state="suspect")
    assert failed(watch.row()) == (0, 0, 2, 0)
    watch.blame(ref, 2, "confirmed")
    watch.blame(ref, 3, "cleared")
    assert failed(watch.row()) == (1, 1, 0, 0)
    again = watch.incident(8, 2, state="suspect")
    assert failed(watch.row()) == (1, 1, 0, 0), "what failed for certain is not possible as well"
    watch.close(ref, "cancelled", 14)
    assert failed(watch.row()) == (0, 0, 1, 0)
    watch.close(again, "cancelled", 14)
    assert failed(watch.row()) == (0, 0, 0, 0), "a false alarm tells of nothing"


def test_an_incidents_fix_is_rework_and_ends_it_where_nobody_said_when(watch):
    ref = watch.incident(7, 2, impact_started_at=hour(6))
    fix_incident(watch.ledger, ref, 4, watch.telling(21))
    row = watch.row()
    assert facts(row)[:3] == (4, 1, 1)
    assert hours(row["failed_deployment_recovery_time"]) == (14.1, 14.1)
    watch.close(ref, "cancelled", 22)
    assert facts(watch.row())[:3] == (4, 0, 0)


def test_what_ended_as_the_fix_of_an_incident_is_left_to_its_blame(watch):
    ref = watch.incident(7, 2, state="suspect")
    fix_incident(watch.ledger, ref, 3, watch.telling(21))
    assert failed(watch.row()) == (0, 0, 1, 0)
    watch.blame(ref, 2, "cleared")
    assert failed(watch.row()) == (0, 0, 0, 0)


def test_a_rollback_that_an_incident_tells_of_too_counts_once_and_the_incident_measures_it(watch):
    watch.world.repo.switch(watch.heads[2])
    assert watch.world.record(30).kind == "rollback"
    row = watch.row()
    assert (facts(row)[:3], failed(row)) == ((5, 1, 1), (1, 0, 0, 1))
    assert hours(row["failed_deployment_recovery_time"]) == (10.1, 10.1)
    ref = watch.incident(31, 4, impact_started_at=hour(25))
    fix_incident(watch.ledger, ref, 5, watch.telling(31))
    row = watch.row()
    assert (facts(row)[:3], failed(row)) == ((5, 1, 1), (1, 1, 0, 1))
    assert hours(row["failed_deployment_recovery_time"]) == (5.1, 5.1)
    update_incident(watch.ledger, ref, IncidentFields(impact_ended_at=hour(28)), watch.telling(32))
    assert hours(watch.row()["failed_deployment_recovery_time"]) == (3.0, 3.0)


def test_while_one_of_two_incidents_goes_on_it_has_not_recovered(watch):
    first = watch.incident(7, 2, impact_started_at=hour(6))
    second = watch.incident(9, 2, impact_started_at=hour(8))
    watch.close(first, "resolved", 10)
    assert failed(watch.row()) == (1, 1, 0, 0)
    watch.close(second, "resolved", 16)
    assert hours(watch.row()["failed_deployment_recovery_time"]) == (10.0, 10.0), "from hour 6 to 16"


def test_by_component_an_incident_is_about_its_own_or_about_all_that_changed(watch):
    watch.incident(7, 2, components=[("b", "")])
    found = rows(watch.world, by="component")
    assert {group: failed(row)[0] for group, row in found.items()} == {"shop/a": 0, "shop/b": 1, "shop/c": 0}
    watch.incident(11, 2, components=[("c", "")])
    found = rows(watch.world, by="component")
    assert {group: failed(row)[0] for group, row in found.items()} == {"shop/a": 1, "shop/b": 1, "shop/c": 0}
    assert failed(watch.row(component="a"))[0] == 1


def test_an_impact_before_the_deployment_does_not_count(watch):
    ref = watch.incident(7, 2, impact_started_at=hour(1))
    watch.close(ref, "resolved", 9)
    assert hours(watch.row()["failed_deployment_recovery_time"]) == (4.0, 4.0)


def test_another_environment_and_period_are_not_asked_about(watch):
    watch.incident(7, 2)
    assert failed(watch.row(since=hour(6)))[0] == 0
    (early,) = rows(watch.world, until=hour(6)).values()
    assert failed(early)[0] == 1


def test_what_was_undone_by_hand_failed(watch):
    undo_by_hand(watch.ledger, watch.done[3].number, (), (), Undone(hour(22), "bad", "kim", hour(23)))
    row = watch.row()
    assert (facts(row)[:3], failed(row)) == ((4, 1, 0), (1, 0, 0, 1))
    assert hours(row["failed_deployment_recovery_time"]) == (2.0, 2.0)
