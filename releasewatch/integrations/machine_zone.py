"""The zone of the machine's clock, as `TZ` and the system's files say it, for any day of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo


class MachineZone(tzinfo):
    """Local time by the C library: it knows every form of `TZ`, and when clocks went forward and back.

    Not the fixed offset that `datetime.now().astimezone()` gives: in summer that is an hour off for a day in winter.
    """

    def utcoffset(self, instant: datetime | None) -> timedelta | None:
        return self._known(instant).utcoffset() if instant else None

    def dst(self, _instant: datetime | None) -> timedelta | None:
        """Not told apart: the offset holds it."""
        return None

    def tzname(self, instant: datetime | None) -> str | None:
        return self._known(instant).tzname() if instant else None

    def fromutc(self, instant: datetime) -> datetime:
        there = instant.replace(tzinfo=UTC).astimezone()
        local = there.replace(tzinfo=self, fold=0)
        return local if local.utcoffset() == there.utcoffset() else local.replace(fold=1)

    def _known(self, instant: datetime) -> datetime:
        return instant.replace(tzinfo=None).astimezone()
