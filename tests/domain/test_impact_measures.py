"""How much customers suffered: whose words count, working hours, limits, and that groups add up."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.calling_hours import CallingHours, find_availability, seconds_within
from releasewatch.domain.impact_measures import Group, Place, Span, measure, suffering_of

MONDAY = datetime(2026, 3, 2, tzinfo=UTC)
HOURS = CallingHours()


def at(hour: float) -> datetime:
    return MONDAY + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("said", "span", "expected"),
    [
        ({}, (2, 5, 9), (2, 5, False)),
        ({}, (2, None, 9), (2, 9, True)),
        ({"live_from": 3, "carrying_until": 4}, (2, 5, 9), (3, 4, False)),
        ({"live_from": 1, "carrying_until": 8}, (2, 5, 9), (2, 5, False)),
        ({"live_from": 3, "carrying_until": 40}, (2, None, 9), (3, 9, True)),
        ({"live_from": 3, "first_at": 2.5, "last_at": 6}, (2, 5, 9), (2.5, 6, False)),
        ({"last_at": 12}, (2, 5, 9), (2, 9, True)),
        ({}, (2, 5, 1), (1, 1, True)),
        ({}, (2, 2, 9), (2, 2, False)),
    ],
)
def test_what_was_said_counts_else_the_part_of_the_impact_in_which_they_were_reached(said, span, expected):
    started, until, now = span
    found = suffering_of(
        Group("affected", **{name: at(hour) for name, hour in said.items()}),
        Span(at(started), None if until is None else at(until), at(now)),
    )
    assert (found.began_at, found.until, found.goes_on) == (at(expected[0]), at(expected[1]), expected[2])


@pytest.mark.parametrize(
    ("zone", "hours", "span", "expected"),
    [
        ("UTC", HOURS, (0, 24), 8),
        ("UTC", HOURS, (10, 11.5), 1.5),
        ("UTC", HOURS, (17, 33), 0),
        ("UTC", HOURS, (-48, 0), 0),
        ("UTC", HOURS, (0, 24 * 7), 40),
        ("Asia/Kathmandu", HOURS, (0, 5), 5 - 3.25),
        ("America/New_York", HOURS, (12, 24), 8),
        ("UTC", CallingHours(time(22), time(6)), (0, 24), 2),
        ("UTC", CallingHours(time(22), time(6)), (24, 48), 8),
        # In New York clocks went forward on the Sunday after: Friday is at 14:00 UTC, Monday at 13:00.
        ("America/New_York", HOURS, (24 * 7 + 12.5, 24 * 7 + 13.5), 0.5),
    ],
)
def test_working_hours_are_those_of_the_customer(zone, hours, span, expected):
    found = seconds_within(ZoneInfo(zone), hours, at(span[0]), at(span[1]))
    assert found == expected * 3600


@given(
    st.sampled_from(["UTC", "Asia/Kathmandu", "America/New_York", "Pacific/Auckland"]),
    st.integers(0, 24 * 20),
    st.integers(0, 60),
    st.sampled_from([HOURS, CallingHours(time(22), time(6)), CallingHours(time(0), time(0))]),
)
@settings(max_examples=60, deadline=None)
def test_working_hours_add_up_and_agree_with_when_somebody_may_be_called(zone, begin, lasts, hours):
    where, middle = ZoneInfo(zone), begin + lasts // 2
    whole = seconds_within(where, hours, at(begin), at(begin + lasts))
    halves = seconds_within(where, hours, at(begin), at(middle)) + seconds_within(
        where, hours, at(middle), at(begin + lasts)
    )
    assert whole == halves
    minute = seconds_within(where, hours, at(begin), at(begin) + timedelta(minutes=1))
    assert (minute > 0) == (find_availability(where, hours, at(begin)).callable == "now")


@pytest.mark.parametrize(
    ("until", "now", "expected"), [(5, 9, "passed"), (3.9, 9, "kept"), (None, 4, "passed"), (None, 3, "running")]
)
def test_a_limit(until, now, expected):
    found = suffering_of(Group("affected"), Span(at(2), None if until is None else at(until), at(now)))
    assert (found.due(120), found.due_at(120)) == (expected, at(4))


def test_figures_stand_by_state_and_the_cleared_have_none():
    groups = [
        Group("affected", 2, place=Place("UTC"), promise=60, credit_after=300, currency="EUR", contract=Decimal(70)),
        Group("affected", 1, place=Place("nowhere"), currency="EUR", contract=Decimal("0.50")),
        Group(
            "presumed", 3, live_from=at(11), place=Place("UTC"), credit_after=120, currency="USD", contract=Decimal(9)
        ),
        Group("cleared", 5, place=Place("UTC"), promise=1, contract=Decimal(1)),
    ]
    found = measure(groups, Span(at(8), None, at(12)), HOURS)
    assert found.seconds == {"affected": 3 * 4 * 3600, "presumed": 3 * 3600}
    assert (found.working, found.without_zone) == ({"affected": 2 * 3 * 3600, "presumed": 3 * 3600}, 1)
    assert found.promise.many == {("passed", "affected"): 2}
    assert found.credit.many == {("running", "affected"): 2, ("running", "presumed"): 3}
    assert found.credit.next_at == at(13), "of several the next"
    assert found.contracts == {("EUR", "affected"): Decimal("70.50"), ("USD", "presumed"): Decimal(9)}


_group: Any = {
    "state": st.sampled_from(["affected", "presumed", "possible", "cleared"]),
    "live_from": st.none() | st.integers(0, 9).map(at),
    "place": st.builds(Place, st.sampled_from(["", "UTC", "Asia/Kathmandu"]), st.sampled_from(["", "DE"])),
    "promise": st.sampled_from([0, 30, 600]),
}


@given(st.lists(st.builds(Group, **_group), max_size=6))
@settings(max_examples=40, deadline=None)
def test_customers_who_are_alike_may_be_counted_together(ones):
    span = Span(at(2), at(11), at(40))
    together: dict[Group, int] = {}
    for one in ones:
        together[one] = together.get(one, 0) + 1
    alike = [Group(**{**{n: getattr(g, n) for n in g.__slots__}, "many": many}) for g, many in together.items()]
    assert measure(alike, span, HOURS) == measure(ones, span, HOURS)
