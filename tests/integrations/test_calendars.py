"""Public holidays and time zones of countries, held against days and clocks that anybody can look up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from releasewatch.integrations.calendars import find_holiday, find_zone_of_country, find_zones_of_country

JULY = datetime(2026, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("DE", "Europe/Berlin"),
        ("de", "Europe/Berlin"),
        ("GB", "Europe/London"),
        ("JP", "Asia/Tokyo"),
        ("US", None),
        ("BR", None),
        ("AU", None),
        ("XX", None),
        ("", None),
    ],
)
def test_a_country_has_a_zone_where_all_its_clocks_agree(country: str, zone: str | None) -> None:
    assert find_zone_of_country(country, JULY) == zone


@pytest.mark.parametrize(("country", "hours"), [("au", [8, 8.75, 9.5, 10, 10.5]), ("DE", [2]), ("XX", []), ("", [])])
def test_the_clocks_of_a_country_are_those_that_differ(country: str, hours: list[float]) -> None:
    offsets = (JULY.astimezone(zone).utcoffset() for zone in find_zones_of_country(country, JULY))
    assert sorted(found.total_seconds() / 3600 for found in offsets if found is not None) == hours


@pytest.mark.parametrize(
    ("country", "day", "name"),
    [
        ("US", date(2026, 11, 26), "Thanksgiving Day"),
        ("us", date(2026, 7, 3), "Independence Day (observed)"),
        ("JP", date(2026, 5, 4), "Greenery Day"),
        ("DE", date(2026, 12, 25), "Christmas Day"),
        ("DE", date(2026, 12, 24), ""),
        ("XX", date(2026, 12, 25), ""),
        ("", date(2026, 12, 25), ""),
    ],
)
def test_public_holidays_are_those_of_the_whole_country(country: str, day: date, name: str) -> None:
    assert find_holiday(country, day) == name
