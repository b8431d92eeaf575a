"""In which band a call belongs: now, today or this week; people read these before any number."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from releasewatch.domain.calling_hours import Availability

Band = Literal["now", "today", "this week", ""]

BANDS: tuple[Band, ...] = ("now", "today", "this week", "")
"""In the order in which they are worked on; the empty one is that of who is left."""

DAY = timedelta(hours=24)
"""How far ahead today goes: a night in between is no reason to wait longer."""


def band_of(
    verdict: str, availability: Availability, now: datetime, *, urgent: bool, tries_from: datetime | None = None
) -> Band:
    """What is urgent is now, as soon as it can be; a mail is never later than today then. The rest has a week.

    Nobody's time zone is known: it is as if they could be called. `tries_from`: of what was tried, when it is to be
    tried again: a try takes nobody out of today but who asked to be called later.
    """
    if verdict == "leave":
        return ""
    if not urgent:
        return "this week"
    if verdict == "write":
        return "today"
    window = availability.window
    if availability.callable == "later" and window is not None:
        waits_until = window.from_at if tries_from is None else min(tries_from, window.from_at)
        return "today" if waits_until - now <= DAY else "this week"
    return "now"
