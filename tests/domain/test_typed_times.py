"""Days and times as they stand in cells, typed by people or written by a spreadsheet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from releasewatch.domain.typed_times import read_day, read_moment

BERLIN = ZoneInfo("Europe/Berlin")
AFTER = datetime(2026, 11, 22, 8, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-31",
        "2026/12/31",
        "31.12.2026",
        "31.12.26",
        "31. 12. 2026",
        "31/12/2026",
        "12/31/2026",
        "46387",
        "46387.0",
        "2026-12-31T00:00:00",
        "2026-12-31 00:00",
    ],
)
def test_a_day_is_read_as_people_and_programs_write_it(text: str) -> None:
    assert read_day(text) == date(2026, 12, 31)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("01/02/2026", "day or month may come first"),
        ("31.02.2026", "there is no such day"),
        ("tomorrow", "write it as 2026-12-31"),
        ("2026-12-31 14:30", "write it as"),
        ("99999999", "write it as"),
        ("31.12.", "write it as"),
    ],
)
def test_what_may_be_several_days_or_none_is_refused_with_what_to_write(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_day(text)


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23 10:00", "2026-11-23T09:00"),
        ("23.11.2026 10:00", "2026-11-23T09:00"),
        ("23.11.2026, 10.00", "2026-11-23T09:00"),
        ("11/23/2026 2:30 PM", "2026-11-23T13:30"),
        ("46349.4375", "2026-11-23T09:30"),
        ("46349,4375", "2026-11-23T09:30"),
        ("2026-11-23T10:00:00", "2026-11-23T09:00"),
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00"),
        ("2026-11-23T10:00:00-05:00", "2026-11-23T15:00"),
        ("23.11.2026", "2026-11-22T23:00"),
        ("14:05", "2026-11-22T13:05"),
        ("08:00", "2026-11-23T07:00"),
    ],
)
def test_a_time_is_of_the_readers_zone_and_alone_the_next_one_after_the_list(text: str, utc: str) -> None:
    assert read_moment(text, BERLIN, AFTER).strftime("%Y-%m-%dT%H:%M") == utc


@pytest.mark.parametrize("text", ["25:00", "13:00 PM", "2026-03-29 02:30", "soon", "2026-13-01 10:00", "10"])
def test_what_is_no_time_or_was_skipped_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write it as|clocks skipped|no such day"):
        read_moment(text, BERLIN, AFTER)


def test_a_time_alone_needs_a_list_that_says_its_own() -> None:
    with pytest.raises(ValueError, match="which day"):
        read_moment("14:05", BERLIN, None)
