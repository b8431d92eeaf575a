"""Corrections of an incident: what was said before is found again, and news are none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from releasewatch.domain.incident_corrections import corrections
from releasewatch.domain.incidents import ALWAYS, MEMBER, NO_MEMBER, Statement

START = datetime(2026, 3, 1, tzinfo=UTC)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def said(kind: str, value: str, recorded: float, happened: float | None = None, subject: str = "") -> Statement:
    at = ALWAYS if happened is None else hour(happened)
    return Statement(
        kind, value, at, hour(recorded), subject, recorded_by="kim", why="saw it", number=int(recorded * 10)
    )


def test_a_later_word_on_the_whole_incident_corrects_the_earlier_one() -> None:
    (found,) = corrections(
        [said("title", "mail down", 1), said("title", "mail slow", 2), said("title", "mail slow", 3)]
    )
    assert (found.before, found.after, found.since) == ("mail down", "mail slow", None)
    assert (found.said_at, found.corrected_at, found.by, found.why) == (hour(1), hour(2), "kim", "saw it")


def test_components_are_corrected_each_by_itself() -> None:
    found = corrections(
        [
            said("component", MEMBER, 1, subject="r/a"),
            said("component", MEMBER, 1, subject="r/b"),
            said("component", NO_MEMBER, 2, subject="r/a"),
        ]
    )
    assert [(one.subject, one.before, one.after) for one in found] == [("r/a", MEMBER, NO_MEMBER)]


def test_a_later_state_is_news_and_a_backdated_one_is_a_correction() -> None:
    news = [
        said("status", "investigating", 1, 1),
        said("status", "identified", 2, 2),
        said("status", "monitoring", 4, 4),
    ]
    assert corrections(news) == ()
    (found,) = corrections([*news, said("status", "monitoring", 5, 3)])
    assert (found.before, found.after, found.since) == ("identified", "monitoring", hour(3))
    assert corrections([*news, said("status", "identified", 5, 3)]) == (), "that is what held then"


def test_an_import_does_not_correct_what_a_person_said() -> None:
    mine = said("title", "mail slow", 1)
    theirs = replace(said("title", "Mail", 2), source="pagerduty")
    assert corrections([mine, theirs]) == ()
    assert [one.after for one in corrections([theirs, replace(mine, recorded_at=hour(3))])] == ["mail slow"]


def test_entries_and_summaries_are_no_corrections() -> None:
    told = [said(kind, text, at, 1, "customer") for kind in ("entry", "summary") for at, text in ((1, "a"), (2, "b"))]
    assert corrections(told) == ()
