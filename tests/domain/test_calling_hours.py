"""Working hours of countries: their zone where the directory names none, and their public holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from releasewatch.domain.calling_hours import (
    CallingHours,
    Countries,
    find_availability,
    find_somewhere,
    find_zone,
    seconds_within,
)

HOLIDAYS = {("DE", date(2026, 12, 24)): "Eve", ("DE", date(2026, 12, 25)): "Christmas Day"}
ZONES = {"DE": "Europe/Berlin"}
HOURS = CallingHours(
    countries=Countries(
        lambda country, _at: ZONES.get(country),
        lambda country, day: HOLIDAYS.get((country, day), ""),
    )
)
BERLIN = find_zone("Europe/Berlin")


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 12, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "names", "zone"),
    [
        ("DE", ("",), "Europe/Berlin"),
        ("DE", ("", "Asia/Tokyo"), "Asia/Tokyo"),
        ("DE", ("Nowhere/Else",), "Europe/Berlin"),
        ("US", ("",), None),
        ("", ("",), None),
    ],
)
def test_a_zone_that_was_said_goes_before_the_countrys(country: str, names: tuple[str, ...], zone: str | None) -> None:
    assert HOURS.of(country).zone(at(1, 0), *names) == find_zone(zone or "")


def test_nobody_is_called_on_a_holiday_and_it_is_said_which() -> None:
    found = find_availability(BERLIN, HOURS.of("DE"), at(24, 10))
    assert (found.callable, found.holiday) == ("later", "Eve")
    assert found.window is not None
    # The 25th is one too, the 26th a Saturday.
    assert found.window.from_at == at(28, 8)
    assert find_availability(BERLIN, HOURS.of("FR"), at(24, 10)).callable == "now"


PACIFIC = tuple(filter(None, map(find_zone, ("America/New_York", "America/Los_Angeles"))))
STATES = CallingHours(
    country="US",
    countries=Countries(
        lambda *_: None,
        lambda _country, day: "Thanksgiving Day" if day == date(2026, 11, 26) else "",
        lambda country, _at: PACIFIC if country == "US" else (),
    ),
)


def november(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "word", "window"),
    [
        (november(24, 13), "later", (november(24, 14), november(25, 1))),  # 08:00 and 05:00
        (november(24, 14), "unknown", None),  # 09:00 and 06:00
        (november(25, 0), "unknown", None),  # 19:00 and 16:00
        (november(25, 1), "later", (november(25, 14), november(26, 1))),  # 20:00 and 17:00
        (november(28, 18), "later", (november(30, 14), at(1, 1))),  # a Saturday
    ],
)
def test_by_none_of_their_countrys_clocks_nobody_is_called(now, word, window) -> None:
    found = find_somewhere(STATES, now)
    assert (found.callable, found.local_now) == (word, None)
    assert (found.window and (found.window.from_at, found.window.until_at)) == window


def test_a_holiday_is_one_by_whatever_clock() -> None:
    found = find_somewhere(STATES, november(26, 18))
    assert (found.callable, found.holiday) == ("later", "Thanksgiving Day")
    assert found.window is not None
    assert found.window.from_at == november(27, 14)


def test_of_whom_nothing_is_known_nothing_is_said_but_that_they_are_to_be_tried_later() -> None:
    assert find_somewhere(STATES.of(""), november(24, 3)).callable == "unknown"
    assert find_somewhere(STATES.of(""), november(24, 3), november(24, 3)).callable == "unknown"
    found = find_somewhere(STATES.of(""), november(24, 3), november(24, 9))
    assert (found.callable, found.window and found.window.from_at) == ("later", november(24, 9))


def test_who_is_to_be_tried_later_is_so_in_a_country_of_many_clocks() -> None:
    in_hours = find_somewhere(STATES, november(24, 15), november(24, 17))
    assert in_hours.callable == "later"
    assert in_hours.window is not None
    assert (in_hours.window.from_at, in_hours.window.until_at) == (november(24, 17), november(25, 1))
    at_night = find_somewhere(STATES, november(24, 15), november(25, 2))
    assert at_night.window is not None
    assert at_night.window.from_at == november(25, 14)


def test_a_weekend_is_no_holiday_whatever_is_celebrated() -> None:
    saturday = {("DE", date(2026, 12, 26)): "Second Christmas Day"}
    hours = CallingHours(country="DE", countries=Countries(lambda *_: None, lambda *key: saturday.get(key, "")))
    assert find_availability(BERLIN, hours, at(26, 10)).holiday == ""


def test_holidays_are_no_working_time() -> None:
    assert BERLIN is not None
    week = at(21, 0), at(28, 0)
    assert seconds_within(BERLIN, HOURS.of("FR"), *week) == 5 * 8 * 3600
    assert seconds_within(BERLIN, HOURS.of("DE"), *week) == 3 * 8 * 3600
