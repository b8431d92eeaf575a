"""What people say of a suspect, on top of its score."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from releasewatch.domain.suspect_words import own_score, reasons_text, with_words
from releasewatch.domain.suspects import Candidate, Reason, Suspect

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def suspect(number: int, points: int, plausible: bool = True) -> Suspect:
    one = Candidate(number, "shop", "production", "deploy", START - timedelta(hours=number))
    return Suspect(one, (Reason("component", points, "changed shop/a"),) if points else (), plausible)


LINEUP = (suspect(1, 71), suspect(2, 40), suspect(3, 8, plausible=False), suspect(4, 0, plausible=False))


def scores(**words: str) -> list[tuple[int, int, bool]]:
    found = with_words(LINEUP, {int(number[1:]): word for number, word in words.items()})
    return [(one.candidate.number, one.score, one.plausible) for one in found]


def test_without_a_word_nothing_changes():
    assert with_words(LINEUP, {}) == list(LINEUP)


def test_confirmed_has_all_points_suspected_half_of_what_is_missing_and_cleared_none():
    assert scores(d3="confirmed") == [(3, 100, True), (1, 71, True), (2, 40, True), (4, 0, False)]
    assert scores(d3="suspect") == [(1, 71, True), (3, 54, True), (2, 40, True), (4, 0, False)]
    assert scores(d1="cleared") == [(2, 40, True), (3, 8, False), (1, 0, False), (4, 0, False)]


def test_several_may_share_the_blame():
    assert scores(d2="confirmed", d3="confirmed")[:2] == [(2, 100, True), (3, 100, True)]


@pytest.mark.parametrize("word", ["confirmed", "suspect", "cleared"])
@pytest.mark.parametrize("points", [0, 1, 50, 99, 100])
def test_a_score_is_the_sum_of_its_reasons_and_stays_in_its_bounds(word, points):
    (one,) = with_words([suspect(1, points)], {1: word})
    assert one.reasons[0].kind == "word"
    assert 0 <= one.score <= 100
    assert (own_score(one), reasons_text(one)) == (points, f"changed shop/a ({points})" if points else "")
