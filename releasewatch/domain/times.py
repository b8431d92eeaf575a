"""Instants as people type and read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_AGO = re.compile(r"^(\d+)\s*([smhdw])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CLOCK = re.compile(r"^(?:(yesterday|today)\s+)?(\d{1,2}:\d{2}(?::\d{2})?)$")
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$")

FORMS = "an RFC 3339 time, 20m or 90d (ago), 02:47, yesterday 17:00 or 2026-03-31"


def parse_instant(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read an instant, given on in UTC; local forms are of `zone`. `02:47` is the last time the clock showed it.

    A day means its first instant. Of two that autumn's clock showed alike, a full local time means the first one.
    Raises ValueError with a reason for people; a local time that spring's clock skipped is one.
    """
    text = text.strip()
    try:
        if ago := _AGO.match(text):
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        if text == "now":
            return now
        if clock := _CLOCK.match(text):
            wall = clock[2] if clock[2][2] == ":" else f"0{clock[2]}"
            return _at_clock(clock[1], _read(time.fromisoformat, wall), now, zone)
        found = _read(datetime.fromisoformat, text)
        if found.tzinfo is not None or _DAY.match(text):
            return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
        return _existing(found.replace(tzinfo=zone))
    except OverflowError as error:
        raise ValueError(f"that lies beyond the calendar; wanted {FORMS}") from error


def _read(reader: Callable[[str], T], text: str) -> T:
    try:
        return reader(text)
    except ValueError as error:
        raise ValueError(f"that is not a time; wanted {FORMS}") from error


def _at_clock(day: str | None, wall: time, now: datetime, zone: tzinfo) -> datetime:
    today = now.astimezone(zone).date()
    if day is not None:
        return _existing(datetime.combine(today - timedelta(days=1 if day == "yesterday" else 0), wall, zone))
    # Clocks skip an hour in spring and show one twice in autumn: the newest instant that is not ahead and was shown.
    shown = (
        datetime.combine(today - timedelta(days=ago), wall.replace(fold=fold), zone)
        for ago in range(3)
        for fold in (1, 0)
    )
    return next(at.astimezone(UTC) for at in shown if at.astimezone(UTC) <= now and _exists(at))


def instant_of(local: datetime, zone: tzinfo) -> datetime:
    """The instant, in UTC, of what a clock of a zone shows. Raises ValueError for what spring's clock skipped."""
    return _existing(local.replace(tzinfo=zone))


def _existing(local: datetime) -> datetime:
    if not _exists(local):
        raise ValueError(f"clocks skipped {local:%H:%M} on {local:%Y-%m-%d}, when they went forward")
    return local.astimezone(UTC)


def _exists(local: datetime) -> bool:
    return local.astimezone(UTC).astimezone(local.tzinfo).replace(tzinfo=None) == local.replace(tzinfo=None)


def format_utc(instant: datetime) -> str:
    """RFC 3339 in UTC, to the second where there is nothing finer."""
    instant = instant.astimezone(UTC)
    spec = "microseconds" if instant.microsecond else "seconds"
    return instant.isoformat(timespec=spec).replace("+00:00", "Z")


def format_both(instant: datetime, zone: tzinfo) -> str:
    """For people: local time with its zone, and UTC where that differs."""
    local = instant.astimezone(zone)
    utc = instant.astimezone(UTC)
    if local.utcoffset() == timedelta(0):
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    same_day = local.date() == utc.date()
    return f"{local:%Y-%m-%d %H:%M %Z} ({utc:{'%H:%M' if same_day else '%Y-%m-%d %H:%M'}} UTC)"
