"""Tells the instants in a sentence for a customer by the clock of that customer, where it is known."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from releasewatch.domain.calling_hours import find_zone

_OURS = re.compile(
    r"(?:[^“]*: )?"
    r"(?:Did you notice |You told us of |It began at |We told you on |We spoke with you on |This is still to come, on )"
    r"[^“]*"
)
"""The sentences that are made of an instant. What people agreed on, and what is quoted, stays word by word."""
_INSTANT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d) UTC")
_ON = re.compile(r"(” On )(\d{4}-\d\d-\d\d \d\d:\d\d) UTC( we told you that)")


def in_their_time(line: str, zone: str) -> str:
    """`… since Fri 22 May 2026, 18:10 your time?` of `… since 2026-05-22 16:10 UTC?`; `zone`: IANA, may be unknown."""
    ours = _OURS.match(line)
    place = find_zone(zone) if ours is not None else None  # most lines hold no instant
    if place is None or ours is None:
        return line

    def local(text: str) -> str:
        at = datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).astimezone(place)
        return f"{_DAYS[at.weekday()]} {at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} your time"

    begin = _INSTANT.sub(lambda found: local(found[1]), ours[0])
    return begin + _ON.sub(lambda found: f"{found[1]}{local(found[2])}{found[3]}", line[ours.end() :])


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
