"""When somebody can be called, how often they were tried, and what a table says of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from releasewatch.domain.call_purposes import Standing
from releasewatch.domain.calling_hours import Availability, Window, find_zone
from releasewatch.rendering.call_words import callable_in_words, tried_in_words, window_in_words

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
TOMORROW = Window(NOON.replace(day=27, hour=14), NOON.replace(day=28, hour=1))


@pytest.mark.parametrize(
    ("found", "words", "window"),
    [
        (Availability("unknown"), "their time zone is not known", ""),
        (
            Availability("later", None, TOMORROW),
            "later: their time zone is not known",
            "not before 2026-11-27 14:00 UTC",
        ),
        (
            Availability("later", None, TOMORROW, "Thanksgiving Day"),
            "later: today is Thanksgiving Day; their time zone is not known",
            "not before 2026-11-27 14:00 UTC",
        ),
        (
            Availability("later", NOON.astimezone(find_zone("America/New_York")), TOMORROW),
            "later: from Fri 09:00 their time",
            "2026-11-27 14:00 to 01:00 UTC",
        ),
        (Availability("now", None, TOMORROW, by_rule="SEV1"), None, "2026-11-27 14:00 to 01:00 UTC"),
    ],
)
def test_when_they_can_be_called_says_what_is_not_known(found, words, window):
    assert window_in_words(found) == window
    assert words is None or callable_in_words(found, their_time=True) == words


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (Standing(status="open"), ()),
        (Standing(status="open", attempts=1), ("tried once",)),
        (Standing(status="claimed", attempts=2, written=1), ("tried 2 times",)),
        (Standing(status="done", attempts=2), ()),
    ],
)
def test_a_call_that_is_still_to_be_made_says_how_often_it_was_tried(standing, words):
    assert tried_in_words(standing) == words
