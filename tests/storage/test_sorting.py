"""Documents in order of time, by instant and then by id, through a file of their own."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest

from releasewatch.errors import OutsideFailedError
from releasewatch.storage import sorting
from releasewatch.storage.sorting import in_order

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_by_instant_wherever_its_clock_stands_and_then_by_id():
    east = timezone(timedelta(hours=5))
    given = [
        (START + timedelta(microseconds=1), {"id": "late", "text": "Grüße\n\u2028", "more": [1, None, {"a": True}]}),
        (START.astimezone(east), {"id": "b"}),
        (START, {"id": "a"}),
        (START - timedelta(seconds=1), {"id": "z"}),
    ]
    with in_order(given) as found:
        assert len(found) == 4
        assert list(found) == [given[3][1], given[2][1], given[1][1], given[0][1]]
        assert [one["id"] for one in found] == ["z", "a", "b", "late"], "as often as wanted"


def test_no_room_is_one_sentence(monkeypatch):
    connect = sqlite3.connect

    def small(*words: object, **more: object) -> sqlite3.Connection:
        database = connect(*words, **more)  # type: ignore[call-overload]
        database.execute("PRAGMA max_page_count = 3")
        return database

    monkeypatch.setattr(sorting.sqlite3, "connect", small)
    with (
        pytest.raises(OutsideFailedError, match="could not be kept for that: database or disk is full") as raised,
        in_order((START, {"id": str(number), "text": "x" * 1000}) for number in range(100)),
    ):
        pytest.fail("there was room")
    assert "temporary files" in (raised.value.hint or "")


def test_what_goes_wrong_while_documents_are_made_is_told_as_it_is():
    def made():
        yield START, {"id": "a"}
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), in_order(made()):
        pytest.fail("nothing went wrong")
