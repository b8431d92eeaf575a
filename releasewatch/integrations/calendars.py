"""Public holidays and time zones of countries, from the `holidays` library and the tz database's own list."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=4096)
def find_zone_of_country(country: str, now: datetime) -> str | None:
    """The IANA zone of a country (ISO 3166-1 alpha-2), when its clocks all show the same at `now` (UTC), else None.

    Of several the first is taken, which the tz database lists as the most populous one. The United States have no such
    zone; Germany, whose two always agree, has `Europe/Berlin`.
    """
    import pytz

    zones = [ZoneInfo(name) for name in pytz.country_timezones.get(country.upper(), ())]
    if not zones or len({now.astimezone(zone).utcoffset() for zone in zones}) > 1:
        return None
    return zones[0].key


@lru_cache(maxsize=4096)
def find_zones_of_country(country: str, now: datetime) -> tuple[ZoneInfo, ...]:
    """A zone for each time that clocks of a country show at `now` (UTC); none where the country is not known."""
    import pytz

    zones = [ZoneInfo(name) for name in pytz.country_timezones.get(country.upper(), ())]
    return tuple({now.astimezone(zone).utcoffset(): zone for zone in reversed(zones)}.values())


def find_holiday(country: str, day: date) -> str:
    """The name of a country's public holiday on a day: in English where the library has it, else in its own language.

    Empty when it is none, or when nothing is known of the country. Holidays of the whole country only: a directory does
    not say in which state or canton somebody sits.
    """
    return _holidays_of(country.upper(), day.year).get(day, "")


@lru_cache(maxsize=1024)
def _holidays_of(country: str, year: int) -> Mapping[date, str]:
    import holidays

    supported = holidays.list_supported_countries(include_aliases=False)
    if country not in supported:
        return {}
    languages = holidays.list_localized_countries(include_aliases=False).get(country, [])
    english = next((language for language in languages if language.startswith("en")), None)
    return dict(holidays.country_holidays(country, years=year, language=english))
