"""Verdict, score, contact and hours of a call; the order of the list."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasewatch.domain.call_purposes import Standing
from releasewatch.domain.call_scores import RankingWeights, Worth, parts_for_ci, score_parts
from releasewatch.domain.calling_hours import CallingHours, Window, find_availability, find_zone, read_clock
from releasewatch.domain.calls import CallCandidate, CallComponent, CallContact, PlannedCall, plan_call, rank_calls

if TYPE_CHECKING:
    from releasewatch.domain.exposure import ReachKind

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)  # a Tuesday
TODAY = NOW.date()
CALLABLE = CallContact(
    "c1", "Ada", phone="+49 30 901820", phone_e164="+4930901820", email="ada@example.org", primary=True
)
SECOND = CallContact("c2", "Bo", phone="555-0100", email="bo@example.org")
REACHES: tuple[ReachKind, ...] = ("named", "direct", "dependent")


def candidate(reach: ReachKind = "direct", **more: object) -> CallCandidate:
    fields: dict[str, object] = {"contacts": (CALLABLE, SECOND), "timezone": "Europe/Berlin"} | more
    return CallCandidate("acme", "Acme", reach, **fields)  # type: ignore[arg-type]


def plan(who: CallCandidate, **more: object) -> PlannedCall:
    return plan_call(who, RankingWeights(), replace(CallingHours(), **more), NOW)  # type: ignore[arg-type]


def test_every_combination_gets_the_verdict_that_the_rules_say() -> None:
    for reach, breaking, stopped, numbered, possible in product(REACHES, *[(False, True)] * 4):
        row = plan(
            candidate(
                reach,
                breaking=breaking,
                do_not_call=stopped,
                contacts=(CALLABLE,) if numbered else (replace(CALLABLE, phone="", phone_e164=""),),
                possible=possible,
                possible_because=("the region is unknown",),
            )
        )
        wants_call = reach == "named" or (reach == "direct" and breaking)
        if wants_call:
            wanted = "write" if stopped or not numbered else "call"
        else:
            wanted = "write" if reach == "direct" else "leave"
        assert row.verdict == wanted, (reach, breaking, stopped, numbered)
        assert ("region is unknown" in row.verdict_because) == possible
        assert row.may_dial == (numbered and not stopped)
        assert (row.availability.callable == "never") == (not row.may_dial)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"do_not_call": True, "do_not_call_because": "one of us marked them"}, "one of us marked them"),
        ({"do_not_call": True}, "not to be called"),
        ({"contacts": ()}, "no contact is known"),
        ({"contacts": (replace(CALLABLE, phone="", phone_e164=""),)}, "no number is known"),
        ({"contacts": (replace(CALLABLE, do_not_call=True),)}, "the contact is not to be called"),
        ({"contacts": (replace(CALLABLE, consent="no"),)}, "did not consent"),
        ({"contacts": (replace(CALLABLE, wrong_number=True),)}, "marked as wrong"),
        (
            {"contacts": (replace(CALLABLE, consent="No"), replace(SECOND, phone=" "))},
            "the contact did not consent, no number is known",
        ),
    ],
)
def test_a_call_that_cannot_be_made_becomes_a_letter_and_says_why(change: dict[str, object], because: str) -> None:
    row = plan(candidate("named", **change))
    assert row.verdict == "write"
    assert because in row.verdict_because


def test_the_first_contact_who_may_be_called_is_taken_the_primary_one_first() -> None:
    assert plan(candidate("named", contacts=(SECOND, CALLABLE))).contact == CALLABLE
    for hindrance in (
        {"phone": "", "phone_e164": ""},
        {"do_not_call": True},
        {"consent": "no"},
        {"wrong_number": True},
    ):
        contacts = (replace(CALLABLE, **hindrance), SECOND)  # type: ignore[arg-type]
        row = plan(candidate("named", contacts=contacts))
        assert (row.verdict, row.contact) == ("call", SECOND)


def test_a_letter_goes_to_who_has_an_address_and_a_refusal_is_kept() -> None:
    without = replace(CALLABLE, email="")
    assert plan(candidate("direct", contacts=(without, SECOND))).contact == SECOND
    assert plan(candidate("direct", contacts=(without, replace(SECOND, consent="no")))).contact == without
    assert plan(candidate("direct", contacts=(replace(CALLABLE, consent="no"),))).contact is None
    to_write = plan(candidate("direct", contacts=(without, SECOND)))
    assert not to_write.may_dial


def test_why_they_are_here_is_said_for_each_component_nearest_first() -> None:
    components = (
        CallComponent("Reports", "dependent", "Checkout", 2),
        CallComponent("Invoicing", "direct"),
        CallComponent("Checkout", "dependent", "Invoicing", 1),
    )
    assert plan(candidate("named", components=components)).because == (
        "a change names them",
        "Invoicing changed (direct)",
        "Checkout depends on Invoicing",
        "Reports depends on Checkout",
    )


# The score.


def test_the_published_parts_of_a_score() -> None:
    weights = RankingWeights()
    worth = Worth("Platinum", Decimal(250_000), date(2026, 6, 8), escalated=True)
    assert score_parts("named", 0, True, worth, weights, TODAY) == {
        "reach": 40,
        "breaking": 20,
        "tier": 20,
        "contract": 9,
        "renewal": 10,
        "escalated": 15,
    }
    assert score_parts("direct", 0, False, Worth("bronze"), weights, TODAY) == {"reach": 25}


@pytest.mark.parametrize(("distance", "left"), [(1, 10), (2, 7), (4, 1), (5, 0), (60, 0)])
def test_distance_lowers_what_reach_gave_and_no_more(distance: int, left: int) -> None:
    parts = score_parts("dependent", distance, False, Worth(), RankingWeights(), TODAY)
    assert sum(parts.values()) == left
    assert sum(score_parts("direct", distance, False, Worth(), RankingWeights(), TODAY).values()) == 25


@pytest.mark.parametrize(
    ("value", "points"),
    [("-5", 0), ("999.99", 0), ("1000", 3), ("9999", 3), ("10000", 6), ("1e6", 12), ("1e7", 15), ("1e12", 15)],
)
def test_contract_values_count_in_bands(value: str, points: int) -> None:
    parts = score_parts("direct", 0, False, Worth(contract_value=Decimal(value)), RankingWeights(), TODAY)
    assert parts.get("contract", 0) == points


@pytest.mark.parametrize(
    ("renewal", "near"),
    [(date(2026, 3, 9), False), (TODAY, True), (date(2026, 6, 8), True), (date(2026, 6, 9), False)],
)
def test_a_renewal_counts_from_today_on(renewal: date, near: bool) -> None:
    parts = score_parts("direct", 0, False, Worth(renewal_on=renewal), RankingWeights(), TODAY)
    assert ("renewal" in parts) == near


worths = st.builds(
    Worth,
    st.sampled_from(["", "gold", "SILVER", "platinum", "other"]),
    st.none() | st.decimals(min_value=0, max_value=10**10, places=2),
    st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    st.booleans(),
)


@given(st.sampled_from(REACHES), st.integers(0, 9), st.booleans(), worths)
def test_parts_in_ci_tell_the_same_sum_and_nothing_of_the_relationship(
    reach: ReachKind, distance: int, breaking: bool, worth: Worth
) -> None:
    parts = score_parts(reach, distance, breaking, worth, RankingWeights(), TODAY)
    shown = parts_for_ci(parts)
    assert sum(shown.values()) == sum(parts.values())
    assert not {"tier", "contract", "renewal"} & shown.keys()
    assert 0 not in parts.values()


def test_the_list_is_in_the_order_of_the_score_and_then_of_the_key() -> None:
    everyone = [
        replace(candidate("dependent", tier="platinum"), key="p"),
        replace(candidate("direct"), key="b"),
        replace(candidate("named"), key="z"),
        replace(candidate("direct"), key="B"),
    ]
    for order in (everyone, everyone[::-1]):
        rows = rank_calls(order, RankingWeights(), CallingHours(), NOW)
        assert [(row.rank, row.candidate.key, row.score) for row in rows] == [
            (1, "z", 40),
            (2, "p", 30),
            (3, "B", 25),
            (4, "b", 25),
        ]
    assert all(row.score == sum(row.parts.values()) for row in rows)


# Hours.


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "now", "callable_", "window"),
    [
        ("Europe/Berlin", "2026-03-10 08:00", "now", ("2026-03-10 08:00", "2026-03-10 16:00")),
        ("Europe/Berlin", "2026-03-10 07:59", "later", ("2026-03-10 08:00", "2026-03-10 16:00")),
        ("Europe/Berlin", "2026-03-10 16:00", "later", ("2026-03-11 08:00", "2026-03-11 16:00")),
        ("Europe/Berlin", "2026-03-13 17:00", "later", ("2026-03-16 08:00", "2026-03-16 16:00")),
        ("Europe/Berlin", "2026-03-28 12:00", "later", ("2026-03-30 07:00", "2026-03-30 15:00")),  # summer time began
        ("Pacific/Auckland", "2026-03-08 22:00", "now", ("2026-03-08 20:00", "2026-03-09 04:00")),  # Monday there
        ("America/Los_Angeles", "2026-03-14 00:30", "now", ("2026-03-13 16:00", "2026-03-14 01:00")),  # Friday there
    ],
)
def test_hours_are_the_customers_own(zone: str, now: str, callable_: str, window: tuple[str, str]) -> None:
    hours = CallingHours(time(9), time(18)) if zone.startswith("America") else CallingHours()
    found = find_availability(find_zone(zone), hours, at(now))
    assert (found.callable, found.window) == (callable_, Window(at(window[0]), at(window[1])))
    assert found.local_now is not None
    assert found.local_now == at(now)


def test_hours_past_midnight_are_still_open_the_next_morning() -> None:
    night = CallingHours(time(22), time(6), frozenset({4}))
    zone = find_zone("UTC")
    assert find_availability(zone, night, at("2026-03-14 05:00")).callable == "now"  # Saturday, of Friday's window
    assert find_availability(zone, night, at("2026-03-14 06:00")).window == Window(
        at("2026-03-20 22:00"), at("2026-03-21 06:00")
    )
    assert find_availability(zone, replace(night, weekdays=frozenset()), NOW).callable == "never"


def test_the_contacts_own_zone_and_hours_come_first() -> None:
    early = replace(CALLABLE, timezone="Asia/Tokyo", best_from="6", best_to="07:30")
    row = plan(candidate("named", contacts=(early,)))
    assert row.local_zone == "Asia/Tokyo"
    assert row.availability.window == Window(at("2026-03-10 21:00"), at("2026-03-10 22:30"))
    only_from = plan(candidate("named", contacts=(replace(CALLABLE, best_from="13:30"),)))
    assert only_from.availability.window == Window(at("2026-03-10 12:30"), at("2026-03-10 16:00"))


@pytest.mark.parametrize("zone", ["", "Mars/Base", "../etc/passwd", "Europe", "x\0y"])
def test_an_unknown_zone_is_said_and_not_guessed(zone: str) -> None:
    row = plan(candidate("named", timezone=zone))
    assert row.availability.callable == "unknown"
    assert (row.availability.local_now, row.availability.window, row.local_zone) == (None, None, "")


@pytest.mark.parametrize(
    ("text", "clock"),
    [("9", time(9)), ("09:30", time(9, 30)), ("17.15", time(17, 15)), ("1730", time(17, 30)), (" 8:00 ", time(8)),
     ("", None), ("25:00", None), ("noon", None), ("9:60", None)],
)  # fmt: skip
def test_times_of_day_are_read_as_directories_write_them(text: str, clock: time | None) -> None:
    assert read_clock(text) == clock


def test_what_time_it_is_there_is_told_of_now_and_not_of_the_next_try() -> None:
    at_night = NOW + timedelta(hours=12)
    row = plan(candidate(breaking=True, standing=Standing(status="open", not_before=at_night)))
    assert row.availability.callable == "later"
    assert row.availability.local_now is not None
    assert row.availability.local_now.isoformat() == "2026-03-10T13:00:00+01:00"
    assert row.availability.window is not None
    assert row.availability.window.from_at == datetime(2026, 3, 11, 8, 0, tzinfo=UTC)
