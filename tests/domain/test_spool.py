"""A spooled record comes back from its line as it was, and any damage to the line is seen."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.spool import SpooledRecord, find_records, from_line, in_order, to_line, without_actor

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
RECORD = SpooledRecord(
    key="k1",
    repo="shop",
    head="a" * 40,
    opened_at=NOON,
    said_at=NOON + timedelta(seconds=1.5),
    because="ledger_unavailable",
    said={"environment": "production", "title": "Größe \udc80 \u2028 \x1b[0m", "fixes": ["D-1"], "base": None},
    catalog={"repo": "shop", "components": []},
)
LINE = to_line(RECORD)


def packed(text: bytes, version: int = 1) -> str:
    """A line with the right checksum, whatever it holds."""
    return f"releasewatch-spool:{version}:{base64.b64encode(zlib.compress(text)).decode()}:{sha(text)}"


def sha(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


@pytest.mark.parametrize("record", [RECORD, replace(RECORD, head=None)], ids=["commit", "without git"])
def test_a_record_comes_back_from_its_line(record):
    assert from_line(to_line(record)) == record


def test_a_line_is_one_line_that_any_log_can_show():
    assert LINE.isascii()
    assert LINE.isprintable()


@pytest.mark.parametrize(
    "around",
    ["{}\n", "2026-03-01T12:00:00.0000000Z {}\r\n", "\x1b[33m{}\x1b[0m", "[deploy] {} ", "\ufeff{}"],
)
def test_what_a_log_puts_around_a_line_does_not_matter(around):
    assert from_line(around.format(LINE)) == RECORD


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(LINE) - 1), st.sampled_from("0aZ/ *"))
def test_a_changed_character_is_never_taken_for_another_record(place, character):
    changed = LINE[:place] + character + LINE[place + 1 :]
    with suppress(ValueError):
        assert from_line(changed) == RECORD


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(LINE) - 1))
def test_a_line_that_is_cut_off_is_refused(length):
    with pytest.raises(ValueError, match="cut off"):
        from_line(LINE[:length])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE.replace(":1:", ":2:", 1), "form 2, and this releasewatch reads form 1"),
        ("releasewatch-spool:1:***:" + LINE[-64:], "cut off"),
        (LINE[:-64] + sha(b"another"), "checksum"),
        (packed(b"{}"), "something else"),
        (packed(b"not json"), "something else"),
        (packed(b"[" * 100_000), "something else"),
        (packed(json.dumps({"key": 1}).encode()), "something else"),
        (packed(b"0" * (65 * 1024 * 1024)), "damaged"),
    ],
    ids=["another form", "masked", "checksum", "empty", "no json", "deep", "no text", "bomb"],
)
def test_what_is_no_record_is_refused_with_the_reason(line, reason):
    with pytest.raises(ValueError, match=reason):
        from_line(line)


def test_a_value_of_the_wrong_kind_is_refused():
    facts = json.loads(zlib.decompress(base64.b64decode(LINE.split(":")[2])))
    for changed in ({"key": 1}, {"head": 1}, {"said": []}, {"opened_at": "soon"}, {"said_at": None}):
        with pytest.raises(ValueError, match="something else"):
            from_line(packed(json.dumps(facts | changed).encode()))


def test_the_lines_of_a_log_are_found_by_number():
    log = ["Run deploy\n", f"12:00 {LINE}\n", "done\n", LINE[:100], "releasewatch-spool is a word\n"]
    assert list(find_records(log)) == [(2, RECORD), (4, "it is cut off, or was never a spooled record")]


@pytest.mark.parametrize(
    "broken",
    ["{}", "2026-03-01T12:00:01.5Z {}", "[2026-03-01T12:00:01.500Z] {}", "2026-03-01T12:00:01.5Z 01O+{}", " {}\x1b[0m"],
    ids=["terminal", "github", "jenkins", "gitlab", "colour"],
)
@pytest.mark.parametrize("width", [25, 80, len(LINE) - 64, len(LINE) - 1])
def test_a_line_that_was_broken_in_several_is_put_together(broken, width):
    parts = [LINE[at : at + width] for at in range(0, len(LINE), width)]
    log = ["deploy", *(broken.format(one) + "\r\n" for one in parts), "Warning: it is not recorded yet.", LINE]
    assert list(find_records(log)) == [(2, RECORD), (len(parts) + 3, RECORD)]


def test_megabytes_that_might_go_on_with_a_record_are_gone_through_once():
    log = ["releasewatch-spool:1:AAAA", *["A" * 120] * 50_000, "done", LINE]  # gathered anew for each line: an hour
    assert list(find_records(log)) == [(1, "it is cut off, or was never a spooled record"), (50_003, RECORD)]


def test_what_follows_a_line_that_is_cut_off_is_not_lost():
    cut, why = LINE[:60], "it is cut off, or was never a spooled record"
    for log, found in (
        ([cut, LINE], [(1, why), (2, RECORD)]),
        ([cut, "all done", LINE[60:]], [(1, why)]),
        ([cut, "***", LINE], [(1, why), (3, RECORD)]),
        ([cut, "done"], [(1, why)]),
        ([cut, "abc"], [(1, why)]),
        ([cut], [(1, why)]),
        ([cut, LINE[60:70] + LINE[71:]], [(1, "it is damaged: it cannot be unpacked")]),
    ):
        assert list(find_records(log)) == found


def test_the_id_is_the_contents():
    assert from_line(LINE).id == RECORD.id
    assert replace(RECORD, key="k2").id != RECORD.id


class TestOrder:
    def test_is_that_in_which_deployments_opened(self):
        early = replace(RECORD, key="early", opened_at=NOON - timedelta(hours=1), said_at=NOON + timedelta(hours=9))
        assert in_order([RECORD, early]) == [early, RECORD]

    def test_what_was_said_of_one_deployment_stays_in_the_order_of_saying(self):
        """The job that says how it ended may know of an earlier start than the one that said it began."""
        begun = replace(RECORD, said={"status": "running"})
        ended = replace(RECORD, opened_at=NOON - timedelta(hours=1), said_at=NOON + timedelta(hours=1))
        between = replace(RECORD, key="other", opened_at=NOON - timedelta(minutes=30))
        assert in_order([between, ended, begun]) == [begun, ended, between]

    def test_the_same_record_stands_there_once(self):
        assert in_order([RECORD, from_line(LINE)]) == [RECORD]


def by(actor: str) -> SpooledRecord:
    return replace(RECORD, said={**RECORD.said, "actor": actor})


@pytest.mark.parametrize(
    ("actor", "login", "told"),
    [
        ("kim@example.org", "", ""),
        ("kim@example.org", "kim@example.org", ""),
        ("Kim Sample", "Kim Sample", ""),
        ("Kim Sample", "kim", ""),
        ("kim", "kim", "kim"),
    ],
)
def test_a_log_tells_who_deployed_by_a_login_alone(actor, login, told):
    line = to_line(without_actor(by(actor), login))
    assert from_line(line).said["actor"] == told


def test_what_a_log_holds_is_the_same_record_and_the_files_is_taken():
    whole, bare = by("kim@example.org"), without_actor(by("kim@example.org"))
    assert (whole.id, whole.checksum) == (bare.id, bare.checksum)
    assert in_order([bare, whole]) == in_order([whole, bare]) == [whole]
