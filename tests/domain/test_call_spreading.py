"""Calls over a team: as many for each, whatever they are, in languages they speak and hours in which they work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from releasewatch.domain.call_spreading import NO_HOURS, NO_LANGUAGE, Loose, Member, spread
from releasewatch.domain.calling_hours import CallingHours, Window

NOW = datetime(2026, 3, 3, 8, tzinfo=UTC)
HOURS = CallingHours()


def calls(*languages: str) -> list[Loose]:
    return [Loose(f"C-{number}", number, language) for number, language in enumerate(languages, 1)]


def test_as_many_for_each_counting_what_they_have():
    team = [Member("ann", load=2), Member("bea"), Member("cid")]
    found = spread(calls(*[""] * 7), team, HOURS, NOW)
    assert found.left == {}
    assert sorted(found.given.values()) == ["ann"] + ["bea"] * 3 + ["cid"] * 3


def test_languages_are_met_by_their_first_part_and_what_nobody_speaks_stays():
    team = [Member("ann", ("de", "en")), Member("bea", ("en-GB",))]
    found = spread(calls("en", "de-AT", "en", "pt", "EN_us", "de"), team, HOURS, NOW)
    assert found.left == {"C-4": NO_LANGUAGE}
    assert (found.given["C-2"], found.given["C-6"]) == ("ann", "ann")
    assert sorted(found.given.values()) == ["ann", "ann", "ann", "bea", "bea"]


def test_both_have_to_be_at_work():
    tokyo = Window(NOW + timedelta(hours=16), NOW + timedelta(hours=24))  # 09:00 to 17:00 there, tomorrow
    team = [Member("ann", timezone="Europe/Berlin"), Member("bea", timezone="Australia/Sydney")]
    loose = [
        Loose("C-1", 1, window=tokyo),
        Loose("C-2", 2, window=Window(NOW + timedelta(hours=10), NOW + timedelta(hours=12))),
    ]
    found = spread(loose, team, HOURS, NOW)
    assert found.given == {"C-1": "bea"}
    assert found.left == {"C-2": NO_HOURS}


@settings(max_examples=60, derandomize=True, deadline=None, database=None)
@given(
    st.lists(st.sampled_from(["", "de", "en", "fr"]), max_size=12),
    st.lists(st.sampled_from([(), ("de",), ("en", "de"), ("fr",)]), min_size=1, max_size=4),
    st.randoms(use_true_random=False),
)
def test_each_call_goes_to_one_who_speaks_it_and_the_order_of_the_question_does_not_matter(wanted, spoken, random):
    team = [Member(f"m{number}", languages) for number, languages in enumerate(spoken)]
    loose = calls(*wanted)
    found = spread(loose, team, HOURS, NOW)
    assert found.given.keys() | found.left.keys() == {one.call for one in loose}
    by_key = {one.key: one for one in team}
    for one in loose:
        able = [m.key for m in team if not one.language or not m.languages or one.language in m.languages]
        assert (one.call in found.left) == (not able)
        if able:
            assert by_key[found.given[one.call]].key in able
    if not any(spoken):
        counts = [list(found.given.values()).count(one.key) for one in team]
        assert max(counts) - min(counts) <= 1
    random.shuffle(loose)
    random.shuffle(team)
    assert spread(loose, team, HOURS, NOW) == found
