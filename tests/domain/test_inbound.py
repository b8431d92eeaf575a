"""What fits when a customer reaches us, by points, and when two of them are no chance."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from releasewatch.domain.inbound import Came, Heard, find_alarm, fit_of_deployment, fit_of_incident
from releasewatch.domain.promises import Promise, Word, in_order

T = datetime(2026, 3, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def score(came: Came) -> int:
    return sum(one.points for one in fit_of_deployment(came, T))


def test_each_sign_moves_a_deployment_the_way_it_should():
    plain = Came(T - 10 * HOUR, None, "direct", possible=False)
    assert score(plain) == 35
    assert score(replace(plain, live_from=T - HOUR)) > score(plain) > score(replace(plain, live_from=T - 30 * HOUR))
    named = replace(plain, asked=True, near=0)
    assert score(named) > score(replace(named, near=1)) > score(plain) > score(replace(named, near=None))
    assert score(replace(plain, reach="dependent")) < score(plain)
    assert score(replace(plain, possible=True)) < score(plain)
    assert score(replace(plain, until=T - HOUR)) < score(plain) == score(replace(plain, until=T + HOUR))
    assert score(replace(plain, blamed_for=("INC-1",))) > score(plain)


def test_incidents_that_hold_them_stand_before_those_that_could():
    scores = [
        sum(one.points for one in fit_of_incident(holds, named=False, told=False))
        for holds in ("affected", "presumed", "possible", "cleared", "could")
    ]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 5


def heard(customer: str, at: float, *deployments: int) -> Heard:
    return Heard(customer, f"R-{customer}", T + at * HOUR, frozenset(deployments))


@pytest.mark.parametrize(
    "other",
    [heard("ada", 1, 7), heard("bob", 5, 7), heard("bob", -5, 7), heard("bob", 1, 8), heard("bob", 1)],
    ids=["the same customer", "too late", "too early", "another deployment", "none"],
)
def test_what_is_no_alarm(other):
    assert find_alarm(heard("ada", 0, 7), [other], 4 * HOUR) is None


def test_an_alarm_names_the_deployment_that_most_share_first():
    others = [heard("cy", 2, 7), heard("bob", -1, 6, 7), heard("di", 9, 6)]
    alarm = find_alarm(heard("ada", 0, 5, 6, 7), others, 4 * HOUR)
    assert alarm is not None
    assert alarm.deployments == (7, 6)
    assert alarm.customers == ("bob", "ada", "cy")
    assert (alarm.first_at, alarm.last_at) == (T - HOUR, T + 2 * HOUR)


def test_a_promise_is_overdue_the_day_after_unless_somebody_said_what_became_of_it():
    open_one = Promise(1, 1, "ada", "x", date(2026, 3, 9), T, "olga")
    assert not open_one.is_overdue(date(2026, 3, 9))
    assert open_one.is_overdue(date(2026, 3, 10))
    kept = replace(open_one, attempt_id=2, words=(Word("moved", T), Word("kept", T)))
    assert (kept.state, kept.is_overdue(date(2026, 3, 10))) == ("kept", False)
    later = replace(open_one, attempt_id=3, due_on=date(2026, 3, 20))
    assert [one.attempt_id for one in in_order([kept, later, open_one], date(2026, 3, 10))] == [1, 3, 2]
