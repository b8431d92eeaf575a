"""Days and times as people and spreadsheets write them into a cell: 31.12.2026, a serial number, a time alone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from releasewatch.domain.times import instant_of

WANTED_DAY = "write it as 2026-12-31 or 31.12.2026"
WANTED_TIME = "write it as 2026-12-31 14:30"

_ISO_DAY = re.compile(r"(\d{4})[-/](\d\d?)[-/](\d\d?)", re.ASCII)
_DOTTED_DAY = re.compile(r"(\d\d?)\. ?(\d\d?)\. ?(\d{4}|\d\d)", re.ASCII)
_SLASHED_DAY = re.compile(r"(\d\d?)/(\d\d?)/(\d{4}|\d\d)", re.ASCII)
_CLOCK = re.compile(r"(\d\d?)[:.](\d\d)(?::(\d\d)(?:\.0+)?)?(?: ?([ap])\.?m\.?)?", re.ASCII | re.IGNORECASE)
_BEGINS_WITH_DAY = re.compile(r"(\S+?(?:\. ?\d\d?\. ?\d{2,4})?)(?:T|,? +)(.+)")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
_FIRST_DAY = date(1899, 12, 30)
"""What a spreadsheet counts days from, since it takes 1900 for a leap year."""


def read_day(text: str) -> date:
    """A day; one with a time of midnight is what some programs save. Raises ValueError with what to write."""
    text = text.strip()
    if _SERIAL.fullmatch(text):
        return _FIRST_DAY + timedelta(days=int(text[:5]))
    found = _BEGINS_WITH_DAY.fullmatch(text)
    if found is not None and _is_midnight(found[2]):
        text = found[1]
    return _day(text)


def read_moment(text: str, zone: tzinfo, after: datetime | None) -> datetime:
    """An instant, in UTC; local forms are of `zone`. A time alone is the first such one after `after`.

    A day alone is its first instant. Raises ValueError with what to write.
    """
    text = text.strip()
    if _SERIAL.fullmatch(text):
        whole, _, part = text.replace(",", ".").partition(".")
        seconds = round(float(f"0.{part or 0}") * 86400)
        local = datetime.combine(_FIRST_DAY + timedelta(days=int(whole)), time()) + timedelta(seconds=seconds)
        return instant_of(local, zone)
    if (clock := _clock(text)) is not None:
        return _next(clock, zone, after)
    found = _BEGINS_WITH_DAY.fullmatch(text)
    if found is None:
        return instant_of(datetime.combine(_day(text), time()), zone)
    clock = _clock(found[2])
    if clock is not None:
        return instant_of(datetime.combine(_day(found[1]), clock), zone)
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(WANTED_TIME) from None
    return said.astimezone(UTC) if said.tzinfo is not None else instant_of(said, zone)


def _next(clock: time, zone: tzinfo, after: datetime | None) -> datetime:
    if after is None:
        raise ValueError(f"it does not say on which day; {WANTED_TIME}")
    first = after.astimezone(zone).date()
    for days in range(3):
        try:
            found = instant_of(datetime.combine(first + timedelta(days=days), clock), zone)
        except ValueError:
            continue
        if found >= after:
            return found
    raise ValueError(WANTED_TIME)


def _is_midnight(text: str) -> bool:
    clock = _clock(text)
    return clock is not None and clock == time()


def _clock(text: str) -> time | None:
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        return None
    hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
    if found[4]:
        if not 1 <= hour <= 12:
            raise ValueError(WANTED_TIME)
        hour = hour % 12 + (12 if found[4].lower() == "p" else 0)
    try:
        return time(hour, minute, second)
    except ValueError:
        raise ValueError(WANTED_TIME) from None


def _day(text: str) -> date:
    text = text.strip()
    if (iso := _ISO_DAY.fullmatch(text)) is not None:
        return _existing(iso[1], iso[2], iso[3])
    if (dotted := _DOTTED_DAY.fullmatch(text)) is not None:
        return _existing(dotted[3], dotted[2], dotted[1])
    if (slashed := _SLASHED_DAY.fullmatch(text)) is not None:
        one, other = int(slashed[1]), int(slashed[2])
        if one <= 12 and other <= 12 and one != other:
            raise ValueError(f"day or month may come first; {WANTED_DAY}")
        day, month = (slashed[1], slashed[2]) if one > 12 or one == other else (slashed[2], slashed[1])
        return _existing(slashed[3], month, day)
    raise ValueError(WANTED_DAY)


def _existing(year: str, month: str, day: str) -> date:
    try:
        return date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        raise ValueError(f"there is no such day; {WANTED_DAY}") from None
