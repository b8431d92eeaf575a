"""A filled row of a call list: what it says, what is wrong with it, and by what it is known again."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasewatch.domain.call_sheets import column_name
from releasewatch.domain.filled_calls import FilledCall, Refused, is_filled, read_filled
from releasewatch.domain.formula_guard import put_guard, strip_guard

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TOLD = {"call": "C-17", "key": "acme", "list": "INC-1", "list_version": "3", "as_of": "2026-11-22T08:03:00Z"}


def read(**cells: str) -> FilledCall | Refused:
    return read_filled(7, TOLD | cells, ZONE, NOW)


def taken(**cells: str) -> FilledCall:
    found = read(**cells)
    assert isinstance(found, FilledCall), found
    return found


def test_a_row_says_what_call_log_would() -> None:
    row = taken(
        disposition="Connected", outcome="Not affected", note=" glad ", promise="a note", due="31.12.2026", at="12:30"
    )
    assert (row.call, row.customer, row.disposition, row.outcome, row.channel) == (
        "C-17", "acme", "connected", "not_affected", "phone",
    )  # fmt: skip
    assert (row.note, row.promise, row.due_on) == ("glad", "a note", date(2026, 12, 31))
    assert row.at == datetime(2026, 11, 22, 11, 30, tzinfo=UTC)
    assert row.as_of == datetime(2026, 11, 22, 8, 3, tzinfo=UTC)


@pytest.mark.parametrize("at", ["2026-11-22 11:40", "11:40"])
def test_a_time_is_written_to_its_minute_and_that_of_the_list_begins_with_it(at: str) -> None:
    made = "2026-11-22T10:40:33.250001Z"
    row = taken(disposition="connected", as_of=made, at=at)
    assert row.at == row.as_of == datetime(2026, 11, 22, 10, 40, 33, 250001, UTC)


def test_what_was_sent_went_by_mail_unless_it_is_said_otherwise() -> None:
    assert taken(disposition="sent").channel == "email"
    assert taken(disposition="sent", channel="chat").channel == "chat"


@pytest.mark.parametrize(
    ("cells", "column", "reason"),
    [
        ({"call": "", "disposition": "connected"}, "call", "is empty"),
        ({"call": "Acme GmbH", "disposition": "connected"}, "call", "is no call's id: write it as C-17"),
        ({"disposition": "connected", "at": "2026-11-22 08:00"}, "at", "before the list was made"),
        ({"note": "glad"}, "disposition", "is empty: write one of connected,"),
        ({"disposition": "conected"}, "disposition", "did you mean connected"),
        ({"disposition": "connected", "outcome": "fine"}, "outcome", "Write one of informed,"),
        ({"disposition": "voicemail", "channel": "email"}, "channel", "Only a phone can be voicemail"),
        ({"disposition": "connected", "promise": "x"}, "due", "is empty"),
        ({"disposition": "connected", "due": "2026-12-31"}, "promise", "is empty"),
        ({"disposition": "connected", "promise": "x", "due": "01/02/2027"}, "due", "day or month"),
        ({"disposition": "connected", "promise": "x", "due": "31.12.2016"}, "due", "check the year"),
        ({"disposition": "connected", "promise": "x", "due": "31.12.2066"}, "due", "check the year"),
        ({"disposition": "no_answer", "next_at": "31.12.9999 10:00"}, "next_at", "check the year"),
        ({"disposition": "connected", "as_of": "0001-01-01"}, "as_of", "check the year"),
        ({"disposition": "connected", "as_of": "", "at": "0001-01-01 00:00"}, "at", "no time"),
        ({"disposition": "no_answer", "next_at": "soon"}, "next_at", "is no time"),
        ({"disposition": "no_answer", "next_at": "2026-11-21 10:00"}, "next_at", "before the attempt"),
        ({"disposition": "connected", "next_at": "2026-11-23 10:00"}, "next_at", "write callback"),
        ({"disposition": "connected", "at": "2026-11-23 10:00"}, "at", "in the future"),
        ({"disposition": "connected", "as_of": "2026-11-23T10:00:00Z"}, "as_of", "in the future"),
        ({"disposition": "connected", "as_of": "x"}, "as_of", "is no time"),
    ],
)
def test_what_is_wrong_with_a_row_is_one_sentence_with_what_to_write(
    cells: dict[str, str], column: str, reason: str
) -> None:
    found = read(**cells)
    assert isinstance(found, Refused)
    assert (found.number, found.column) == (7, column)
    assert found.call in ("C-17", "")
    assert reason in found.reason


def test_an_attempt_may_be_planned_for_what_is_past_when_the_list_comes_back() -> None:
    assert taken(disposition="no_answer", next_at="11:00").next_at == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_a_row_is_known_again_however_its_cells_are_written() -> None:
    one = taken(disposition="no_answer", next_at="2026-11-23 10:00", note="x")
    same = taken(disposition="No Answer", next_at="23.11.2026 10:00", note="x ", call=" c 17", as_of="")
    assert one.source_key == same.source_key
    others = (
        taken(disposition="no_answer", next_at="2026-11-23 10:00", note="y"),
        taken(disposition="no_answer", next_at="2026-11-23 10:00", note="x", list_version="4"),
        taken(disposition="no_answer", next_at="2026-11-23 10:00", note="x", list="INC-2"),
        taken(disposition="no_answer", next_at="2026-11-23 10:00", note="x", call="C-18"),
    )
    assert len({one.source_key, *(other.source_key for other in others)}) == 5


def test_a_row_in_which_nothing_is_filled_was_not_worked_on() -> None:
    assert not is_filled(TOLD | {"say": "x", "channel": "phone", "disposition": ""})
    assert is_filled({"note": "x"})


def test_a_note_steers_nothing() -> None:
    assert taken(disposition="connected", note="a\x00b\x1b[31m\u202ec\nd").note == "ab[31mc\nd"


@pytest.mark.parametrize("heading", ["next_at", "Next at", " NEXT-AT ", "\ufeffnext  at"])
def test_headings_may_be_written_otherwise(heading: str) -> None:
    assert column_name(heading) == "next_at"


@given(st.text(st.characters(exclude_characters="'"), max_size=20))
def test_the_guard_comes_off_again(text: str) -> None:
    assert strip_guard(put_guard(text)) == text


@pytest.mark.parametrize("text", ["'tis late", "o'clock", "'", "a;'b"])
def test_an_apostrophe_that_guards_nothing_stays(text: str) -> None:
    assert strip_guard(text) == text
