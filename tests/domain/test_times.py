"""Times as people type them, on the days when clocks change as on every other."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasewatch.domain.times import format_both, format_utc, parse_instant

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
SANTIAGO = ZoneInfo("America/Santiago")

NOW = datetime(2026, 7, 15, 9, 30, 15, tzinfo=UTC)
"""Half past eleven in Berlin, half past five in New York."""


def at(text: str, now: datetime = NOW, zone: ZoneInfo = BERLIN) -> str:
    return format_utc(parse_instant(text, now, zone))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("now", "2026-07-15T09:30:15Z"),
        ("20m", "2026-07-15T09:10:15Z"),
        ("45 s", "2026-07-15T09:29:30Z"),
        ("3h", "2026-07-15T06:30:15Z"),
        ("2d", "2026-07-13T09:30:15Z"),
        ("1w", "2026-07-08T09:30:15Z"),
        ("11:30", "2026-07-15T09:30:00Z"),
        ("11:31", "2026-07-14T09:31:00Z"),
        ("9:05", "2026-07-15T07:05:00Z"),
        ("02:47", "2026-07-15T00:47:00Z"),
        ("02:47:09", "2026-07-15T00:47:09Z"),
        ("yesterday 17:00", "2026-07-14T15:00:00Z"),
        ("today 17:00", "2026-07-15T15:00:00Z"),
        ("2026-03-31", "2026-03-30T22:00:00Z"),
        ("2026-01-31", "2026-01-30T23:00:00Z"),
        ("2026-07-15T08:00:00Z", "2026-07-15T08:00:00Z"),
        ("2026-07-15T08:00:00+05:45", "2026-07-15T02:15:00Z"),
        ("2026-07-15 08:00", "2026-07-15T06:00:00Z"),
        ("2026-01-15T08:00", "2026-01-15T07:00:00Z"),
        ("  20m ", "2026-07-15T09:10:15Z"),
    ],
)
def test_every_form_is_read_in_the_zone_of_the_clock(text: str, instant: str) -> None:
    assert at(text) == instant


@pytest.mark.parametrize(
    ("zone", "instant"),
    [(NEW_YORK, "2026-07-15T06:47:00Z"), (KATHMANDU, "2026-07-14T21:02:00Z")],
    ids=["behind", "ahead"],
)
def test_a_clock_time_is_of_the_zone_and_never_ahead(zone: ZoneInfo, instant: str) -> None:
    assert at("02:47", zone=zone) == instant


def test_at_midnight_the_day_before_is_the_last_that_showed_it() -> None:
    midnight = datetime(2026, 7, 14, 22, 0, tzinfo=UTC)
    assert at("23:59", midnight) == "2026-07-14T21:59:00Z"
    assert at("00:00", midnight) == "2026-07-14T22:00:00Z"
    assert at("yesterday 00:00", midnight) == "2026-07-13T22:00:00Z"


class TestSpring:
    """In the night to 29 March 2026 Berlin's clocks go from 02:00 to 03:00."""

    NOON = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)

    def test_a_time_that_was_skipped_was_last_shown_the_day_before(self) -> None:
        assert at("02:30", self.NOON) == "2026-03-28T01:30:00Z"

    def test_times_around_it_are_read_with_their_own_offset(self) -> None:
        assert at("01:59", self.NOON) == "2026-03-29T00:59:00Z"
        assert at("03:00", self.NOON) == "2026-03-29T01:00:00Z"

    @pytest.mark.parametrize("text", ["today 02:30", "2026-03-29 02:30", "2026-03-29T02:00:00"])
    def test_a_full_time_that_never_was_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"clocks skipped 02:[03]0 on 2026-03-29"):
            at(text, self.NOON)

    def test_yesterday_is_a_day_of_the_calendar_not_24_hours(self) -> None:
        assert at("yesterday 12:00", self.NOON) == "2026-03-28T11:00:00Z"
        assert at("24h", self.NOON) == "2026-03-28T10:00:00Z"

    def test_a_day_without_midnight_begins_at_its_first_instant(self) -> None:
        assert at("2026-09-06", zone=SANTIAGO) == "2026-09-06T04:00:00Z"


class TestAutumn:
    """In the night to 25 October 2026 Berlin's clocks show 02:00 to 03:00 twice, in summer time first."""

    @pytest.mark.parametrize(
        ("now", "instant"),
        [
            ("2026-10-25T00:10:00Z", "2026-10-24T00:30:00Z"),  # 02:10 summer time: half past two of the day before
            ("2026-10-25T00:40:00Z", "2026-10-25T00:30:00Z"),  # 02:40 summer time
            ("2026-10-25T01:10:00Z", "2026-10-25T00:30:00Z"),  # 02:10 again: half past two was 40 minutes ago
            ("2026-10-25T01:40:00Z", "2026-10-25T01:30:00Z"),  # 02:40 again: ten minutes ago
            ("2026-10-25T10:00:00Z", "2026-10-25T01:30:00Z"),
        ],
    )
    def test_of_two_alike_the_last_that_has_been_is_meant(self, now: str, instant: str) -> None:
        assert at("02:30", datetime.fromisoformat(now)) == instant

    def test_of_two_alike_a_full_time_means_the_first(self) -> None:
        assert at("2026-10-25 02:30") == "2026-10-25T00:30:00Z"


@pytest.mark.parametrize(
    "text",
    ["", "soon", "25:00", "12:60", "02:47 yesterday", "tomorrow 10:00", "-20m", "2026-02-30", "20", "20m ago", "1:2"],
)
def test_what_is_no_time_is_refused_with_what_is_wanted(text: str) -> None:
    with pytest.raises(ValueError, match=r"that is not a time; wanted an RFC 3339 time, 20m or 90d \(ago\)"):
        at(text)


@pytest.mark.parametrize("text", ["99999999999w", "999999d", "9999-12-31T23:59:59-12:00", "0001-01-01"])
def test_what_lies_beyond_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="beyond the calendar"):
        at(text)


@given(
    st.timedeltas(timedelta(0), timedelta(days=45 * 365)).map(lambda span: datetime(1990, 1, 1, tzinfo=UTC) + span),
    st.sampled_from([BERLIN, NEW_YORK, KATHMANDU, SANTIAGO, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")]),
    st.times(),
)
def test_a_clock_time_is_the_newest_that_was_shown(now: datetime, zone: ZoneInfo, wall: object) -> None:
    """The law: not ahead; the clock shows it then; and it does not show it again on the way to now."""
    text = f"{wall:%H:%M:%S}"
    found = parse_instant(text, now, zone)
    assert found <= now
    assert f"{found.astimezone(zone):%H:%M:%S}" == text
    later = (found + timedelta(minutes=30 * step) for step in range(1, 52))
    assert not any(f"{one.astimezone(zone):%H:%M:%S}" == text for one in later if one <= now)


def test_instants_are_given_out_in_utc() -> None:
    assert format_utc(datetime(2026, 7, 15, 11, 30, tzinfo=BERLIN)) == "2026-07-15T09:30:00Z"
    assert format_utc(datetime(2026, 7, 15, 9, 30, 0, 120, tzinfo=UTC)) == "2026-07-15T09:30:00.000120Z"


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (UTC, "2026-07-15 22:30 UTC"),
        (timezone(timedelta(0), "GMT"), "2026-07-15 22:30 UTC"),
        (NEW_YORK, "2026-07-15 18:30 EDT (22:30 UTC)"),
        (BERLIN, "2026-07-16 00:30 CEST (2026-07-15 22:30 UTC)"),
    ],
    ids=["UTC", "GMT", "same day", "another day"],
)
def test_people_read_local_time_and_utc(zone: ZoneInfo, text: str) -> None:
    assert format_both(datetime(2026, 7, 15, 22, 30, tzinfo=UTC), zone) == text
