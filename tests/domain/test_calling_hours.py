"""Working hours of countries: their zone where the directory names none, and their public holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from releasewatch.domain.calling_hours import CallingHours, Countries, find_availability, find_zone, seconds_within

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


def test_a_weekend_is_no_holiday_whatever_is_celebrated() -> None:
    saturday = {("DE", date(2026, 12, 26)): "Second Christmas Day"}
    hours = CallingHours(country="DE", countries=Countries(lambda *_: None, lambda *key: saturday.get(key, "")))
    assert find_availability(BERLIN, hours, at(26, 10)).holiday == ""


def test_holidays_are_no_working_time() -> None:
    assert BERLIN is not None
    week = at(21, 0), at(28, 0)
    assert seconds_within(BERLIN, HOURS.of("FR"), *week) == 5 * 8 * 3600
    assert seconds_within(BERLIN, HOURS.of("DE"), *week) == 3 * 8 * 3600
