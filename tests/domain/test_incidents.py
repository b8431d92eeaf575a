"""Laws of the fold: statements are only added, and the newest that held then, as known then, counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.impacts import ImpactCounts, standing, way_in_words
from releasewatch.domain.incidents import (
    ALWAYS,
    IncidentState,
    Statement,
    fold,
    impact_window,
    problem_of,
    refusal,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
LATER = START + timedelta(days=400)


def at(hour: float) -> datetime:
    return START + timedelta(hours=hour)


def said(kind: str, value: str, happened: float | None, recorded: float, number: int = 0, subject: str = ""):
    return Statement(kind, value, ALWAYS if happened is None else at(happened), at(recorded), subject, number=number)


_words = st.builds(
    said,
    kind=st.sampled_from(["title", "severity", "status", "commander"]),
    value=st.sampled_from(["a", "b", "c"]),
    happened=st.integers(0, 6),
    recorded=st.integers(0, 6),
    number=st.integers(0, 99),
)


@given(st.lists(_words, max_size=8, unique_by=lambda one: one.number), st.randoms(), st.integers(0, 6))
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_statements_are_read_does_not_matter(statements, random, known):
    shuffled = list(statements)
    random.shuffle(shuffled)
    assert fold(shuffled, at(3), at(known)) == fold(statements, at(3), at(known))


@given(st.lists(_words, max_size=8, unique_by=lambda one: one.number), _words)
@settings(max_examples=60, deadline=None)
def test_what_is_recorded_later_does_not_change_what_was_known(statements, later):
    later = Statement(later.kind, later.value, later.happened_at, at(9), number=100)
    assert fold([*statements, later], at(6), at(8)) == fold(statements, at(6), at(8))


def test_what_holds_of_the_whole_is_corrected_for_all_of_it():
    statements = [
        said("title", "slow", None, 3),
        said("title", "down", None, 8, 1),
        said("severity", "SEV3", 3, 3, 2),
        said("severity", "SEV1", 5, 5, 3),
        said("severity", "SEV2", 3, 9, 4),
    ]
    assert fold(statements, at(4), LATER).title == "down"
    assert fold(statements, at(4), at(7)).title == "slow"
    assert [fold(statements, at(hour), LATER).severity for hour in (2, 4, 6)] == ["", "SEV2", "SEV1"]
    assert fold(statements, at(4), at(7)).severity == "SEV3"


def test_an_end_that_is_still_to_come_is_not_told():
    ends = [said("impact_ended_at", at(5).isoformat(), None, 6), said("status", "investigating", 3, 3)]
    assert fold(ends, at(4), LATER).impact_ended_at is None
    assert fold(ends, at(5), LATER).impact_ended_at == at(5)
    taken_back = [*ends, said("impact_ended_at", "", None, 7, 1)]
    assert fold(taken_back, at(9), LATER).impact_ended_at is None


@pytest.mark.parametrize(
    ("state", "blamed", "window"),
    [
        (IncidentState(opened_at=at(3)), None, (3, None, "not said; when the incident was opened")),
        (IncidentState(opened_at=at(3)), 2, (2, None, "not said; when the first blamed deployment began")),
        (IncidentState(opened_at=at(3), impact_started_at=at(1)), 2, (1, None, "said")),
        (
            IncidentState(opened_at=at(3), status="resolved", status_at=at(9), impact_started_at=at(1)),
            2,
            (1, 9, "said"),
        ),
    ],
)
def test_the_impact_window_is_said_or_presumed(state, blamed, window):
    found = impact_window(state, None if blamed is None else at(blamed), at(4))
    started, until, because = window
    assert (found.started_at, found.until) == (at(started), None if until is None else at(until))
    assert found.started_because == because
    assert found.is_over(at(10)) == (until is not None)


def test_times_in_the_wrong_order_are_a_problem():
    assert problem_of(IncidentState(impact_started_at=at(3), impact_ended_at=at(2)), at(9)).endswith(
        "before it started."
    )
    resolved = IncidentState(impact_started_at=at(3), status="resolved", status_at=at(2))
    assert "resolved before its impact" in problem_of(resolved, at(9))
    assert "in the future" in problem_of(IncidentState(impact_started_at=at(3)), at(2))
    assert problem_of(IncidentState(impact_started_at=at(2), impact_ended_at=at(2)), at(3)) == ""


@pytest.mark.parametrize(
    ("now", "wanted", "refused"),
    [
        ("monitoring", "investigating", False),
        ("identified", "resolved", False),
        ("investigating", "cancelled", False),
        ("resolved", "monitoring", True),
        ("cancelled", "resolved", True),
        ("resolved", "cancelled", True),
    ],
)
def test_which_status_may_follow(now, wanted, refused):
    assert bool(refusal(now, wanted)) is refused


@given(st.sampled_from([None, "affected", "cleared", "added", "removed"]), st.booleans(), st.booleans())
@settings(max_examples=30, deadline=None)
def test_nothing_but_a_word_says_affected(word, is_candidate, is_presumed):
    found = standing(word, is_candidate=is_candidate, is_presumed=is_presumed)
    assert (found == "affected") is (word == "affected")
    assert (found == "cleared") is (word == "cleared")
    assert (found is None) is (word == "removed" or (word is None and not is_candidate))


def test_counts_sum():
    counts = ImpactCounts(presumed=3, possible=2, affected=4, cleared=1, still_exposed=5)
    assert (counts.exposed, counts.returned) == (10, 4)


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ((2, "entitlement", "shop/invoicing", None), "reached by D-2 through shop/invoicing"),
        ((2, "entitlement", "shop/web", "invoicing"), "reached by D-2 through shop/web, which depends on invoicing"),
        ((2, "named", None, None), "a change in D-2 names them"),
        ((None, "entitlement", "shop/invoicing", None), "uses shop/invoicing"),
    ],
)
def test_a_way_into_an_incident_is_a_sentence(way, words):
    assert way_in_words(*way) == words
