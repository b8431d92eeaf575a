"""Who reached whom first, and how a ticket's reference is looked up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releasewatch.domain.customer_reports import reference_key, who_was_first

T = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("told_at", "reported_at", "first"),
    [
        (None, None, None),
        (T, None, "we"),
        (None, T, "they"),
        (T, T + HOUR, "we"),
        (T + HOUR, T, "they"),
        (T, T, "they"),
    ],
)
def test_who_was_first(told_at, reported_at, first):
    assert who_was_first(told_at, reported_at) == first


@pytest.mark.parametrize("typed", ["SUP-7", " sup-7", "#SUP-7 ", "# sup-7"])
def test_a_reference_is_the_same_however_it_is_typed(typed):
    assert reference_key(typed) == "sup-7"
