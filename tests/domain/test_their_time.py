"""What is said to a customer names instants by their clock, and nothing that people agreed on is touched."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from releasewatch.domain.call_care import said_before_it_comes
from releasewatch.domain.call_incidents import Agreed, wording
from releasewatch.domain.their_time import in_their_time

AT = datetime(2026, 5, 22, 22, 10, tzinfo=UTC)
THEIRS = "Sat 23 May 2026, 00:10 your time"
SUMMARY = "Totals made since 2026-05-22 22:10 UTC are wrong."


def test_what_is_coming_is_told_as_still_to_come() -> None:
    line, note = said_before_it_comes(AT, (SUMMARY,))
    assert in_their_time(line, "Europe/Berlin") == f"This is still to come, on {THEIRS}:"
    assert (note, said_before_it_comes(AT, ())) == (SUMMARY, ())
    assert said_before_it_comes(None, (SUMMARY,))[0] == "This is still to come; we cannot say yet when:"


@pytest.mark.parametrize("purpose", ["first_notice", "after_the_fact", "update", "resolution", "correction"])
@pytest.mark.parametrize("state", ["presumed", "affected"])
@pytest.mark.parametrize("more", [{}, {"reported_at": AT}, {"corrected_at": AT, "heard": SUMMARY, "heard_at": AT}])
def test_every_instant_of_ours_is_theirs_and_agreed_words_stay(purpose, state, more) -> None:
    for line in wording(purpose, state, Agreed(SUMMARY, AT, AT, ("Invoices",), **more)):
        for before in ("", "INC-1 (Exports and Invoices): ", "Invoices: "):
            told = in_their_time(before + line, "Europe/Berlin")
            agreed = line.count(SUMMARY)
            assert told.count("UTC") == told.count(SUMMARY) == agreed
            assert told.count(THEIRS) == line.count("UTC") - agreed
            assert in_their_time(before + line, "") == in_their_time(before + line, "Mars/Olympus") == before + line
