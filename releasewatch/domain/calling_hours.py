"""When a person may be called: local time now, and the window of working hours that is open or comes next."""

from __future__ import annotations

import re
from collections import abc
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Callable = Literal["now", "later", "never", "unknown"]

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.h]?([0-5]\d)?")
_AHEAD = 30
"""Days to look ahead for a window: more than any weekdays and holidays in a row need."""


@dataclass(frozen=True, slots=True)
class Countries:
    """What is known of countries (ISO 3166-1 alpha-2), asked where it is needed.

    `zone_of(country, at)`: the IANA zone of one where all clocks show the same, else None. `holiday_of(country, day)`:
    the name of its public holiday, empty when there is none. `zones_of(country, at)`: all its clocks that differ.
    """

    zone_of: abc.Callable[[str, datetime], str | None]
    holiday_of: abc.Callable[[str, date], str]
    zones_of: abc.Callable[[str, datetime], abc.Sequence[ZoneInfo]] = lambda _country, _at: ()


NOTHING_KNOWN = Countries(lambda _country, _at: None, lambda _country, _day: "")


@dataclass(frozen=True, slots=True)
class CallingHours:
    """`[calling]`: the hours in the customer's own time, and the weekdays (Monday is 0) on which people are called.

    On public holidays of `country` nobody is; empty: it is not known.
    """

    opens: time = time(9)
    closes: time = time(17)
    weekdays: frozenset[int] = frozenset(range(5))
    country: str = ""
    countries: Countries = field(default=NOTHING_KNOWN, repr=False)

    def of(self, country: str) -> CallingHours:
        """The same in a country."""
        return replace(self, country=country)

    def zone(self, at: datetime, *names: str) -> ZoneInfo | None:
        """The first of several IANA names that exists, else the country's, where all its clocks show the same."""
        return find_zone(*names) or find_zone(self.countries.zone_of(self.country, at) or "")

    def holiday_on(self, day: date) -> str:
        """The name of the public holiday that keeps people from work on a day; empty when none does."""
        return self.countries.holiday_of(self.country, day) if day.weekday() in self.weekdays else ""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open span of time in UTC in which somebody may be called."""

    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether somebody can be called now. `local_now` and `window` are None when the time zone is unknown.

    `window` is the open one when `callable` is now, the next one when it is later (of an unknown zone from when it may
    be, by the clocks of their country or of the world), None when it is never. `holiday`:
    what is celebrated there today, when that is why it is later. `by_rule`: the severity of which people are told at
    any hour, where it is now for that alone; `window` is then their own next one.
    """

    callable: Callable
    local_now: datetime | None = None
    window: Window | None = None
    holiday: str = ""
    by_rule: str = ""


def read_clock(text: str) -> time | None:
    """A time of day as directories write it (`9`, `09:00`, `17.30`); None when empty or unreadable."""
    match = _CLOCK.fullmatch(text.strip())
    return time(int(match[1]), int(match[2] or 0)) if match else None


def find_zone(*names: str) -> ZoneInfo | None:
    """The first of several IANA names that exists; None when none does."""
    for name in filter(None, names):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # a path outside the database, or a folder of it
            continue
    return None


@lru_cache(maxsize=4096)
def find_availability(zone: ZoneInfo | None, hours: CallingHours, now: datetime) -> Availability:
    """Whether it is within hours in a zone at `now` (UTC). Hours that end before they begin run past midnight."""
    if zone is None:
        return Availability("unknown")
    local = now.astimezone(zone)
    # A window that began yesterday may run past midnight.
    for offset in range(-1, _AHEAD):
        window = _window_of(local.date() + timedelta(days=offset), zone, hours)
        if window is not None and window.until_at > now:
            if window.from_at <= now:
                return Availability("now", local, window)
            return Availability("later", local, window, hours.holiday_on(local.date()))
    return Availability("never", local)


@lru_cache(maxsize=4096)
def find_somewhere(hours: CallingHours, now: datetime, later: datetime | None = None) -> Availability:
    """The same where nobody knows which of their country's clocks is theirs, or in which country they are.

    `later`: they are not to be tried before. As long as it is within hours by any of these clocks nobody knows; by none
    of them it is later.
    """
    waits = later is not None and later > now
    at = later if waits and later is not None else now
    zones = hours.countries.zones_of(hours.country, now) or (_everywhere() if waits else ())
    found = [find_availability(zone, hours, at) for zone in zones]
    if not waits and (not found or any(one.callable == "now" for one in found)):
        return Availability("unknown")
    windows = [one.window for one in found if one.window is not None]
    if not windows:
        return Availability("unknown")
    holidays = set() if waits else {one.holiday for one in found}
    begin = max(at, min(window.from_at for window in windows))
    until = max(window.until_at for window in windows if window.from_at <= begin or begin > at)
    return Availability("later", None, Window(begin, until), holidays.pop() if len(holidays) == 1 else "")


@lru_cache(maxsize=1)
def _everywhere() -> tuple[ZoneInfo, ...]:
    """A zone for each whole hour that clocks of the world show."""
    return tuple(filter(None, (find_zone(f"Etc/GMT{hours:+}") for hours in range(-14, 13))))


def seconds_within(zone: ZoneInfo, hours: CallingHours, begin: datetime, end: datetime) -> float:
    """How much of a span (UTC) lies within hours in a zone, in seconds."""
    first, last = begin.astimezone(zone).date(), end.astimezone(zone).date()
    total = 0.0
    # A window that began the day before may run past midnight.
    for offset in range(-1, (last - first).days + 1):
        window = _window_of(first + timedelta(days=offset), zone, hours)
        if window is not None:
            total += max(0.0, (min(window.until_at, end) - max(window.from_at, begin)).total_seconds())
    return total


def _window_of(day: date, zone: ZoneInfo, hours: CallingHours) -> Window | None:
    if day.weekday() not in hours.weekdays or hours.holiday_on(day):
        return None
    end_day = day if hours.closes > hours.opens else day + timedelta(days=1)
    begin = datetime.combine(day, hours.opens, zone).astimezone(UTC)
    end = datetime.combine(end_day, hours.closes, zone).astimezone(UTC)
    return Window(begin, end) if end > begin else None
