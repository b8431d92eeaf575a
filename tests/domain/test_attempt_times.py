"""When an attempt can have been, and for when something is promised with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from releasewatch.domain.attempt_times import FAR, why_not_at, why_not_due, why_not_next

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TODAY = date(2026, 3, 2)
DAY = timedelta(days=1)


def test_an_attempt_is_neither_ahead_nor_before_there_was_anything_to_call_about():
    assert why_not_at(NOON, NOON, NOON) == why_not_at(NOON - FAR, None, NOON) == ""
    assert why_not_at(NOON + SECOND, None, NOON) == "lies in the future"
    assert why_not_at(NOON - SECOND, NOON, NOON) == "is too early"


def test_what_is_promised_is_for_a_day_from_the_call_on():
    assert why_not_due(TODAY, TODAY, TODAY) == why_not_due(TODAY + FAR, TODAY, TODAY) == ""
    assert why_not_due(TODAY - DAY, TODAY - 2 * DAY, TODAY) == "", "it was due in between, and is told late"
    assert why_not_due(TODAY - DAY, TODAY, TODAY) == "is before the call itself"
    assert why_not_due(TODAY + FAR + DAY, TODAY, TODAY) == "is years ahead"


def test_the_next_try_is_after_this_one():
    assert why_not_next(NOON + SECOND, NOON, NOON) == ""
    assert why_not_next(NOON, NOON, NOON) == "is before the attempt itself"
    assert why_not_next(NOON + FAR + SECOND, NOON, NOON) == "is years ahead"
