"""What of a text can be looked up: numbers however they are spaced, addresses, commits, deployments."""

from __future__ import annotations

import pytest

from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.text_marks import Marks, marks_in


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("call 030 23125 101", "3023125101"),
        ("call 030/23125-101.", "3023125101"),
        ("+49 (0)30 23125101", "493023125101"),
        ("0049\u00a030 23125101", "493023125101"),
        ("on 1.3. 030 23125 101", "3023125101"),
        ("０３０ ２３１２５ １０１", "3023125101"),
    ],
)
def test_a_number_is_found_however_it_is_spaced(text, digits):
    found = {bare: written for written, bare in marks_in([text]).numbers.items()}
    assert digits in found
    assert LeakScanner({found[digits]: "a number"}).scan(text)


@pytest.mark.parametrize("text", ["", "4711", "in 2026", "order 123456", "at 10:30"])
def test_short_numbers_are_nobodys(text):
    assert not marks_in([text]).numbers


def test_addresses_deployments_and_commits():
    found = marks_in(["By <T@X.example>, D-5 (d-12), not D-day or AD-3;", "50d898c74d, facade1; not deadbee, 1234567"])
    assert found.addresses == {"t@x.example"}
    assert found.deployments == {5, 12}
    assert found.commits == {"50d898c74d", "facade1"}
    assert "fa" in found.beginnings
    assert marks_in(["request 9b2f6c1e-1111-4222-8333-123456789abc"]).commits == set()


def test_beginnings_hold_both_forms_of_an_accent():
    assert {"ze"} <= marks_in(["Zé Silva"]).beginnings
    assert marks_in(["東京"]) == Marks(words=frozenset("東京"))


def test_a_name_can_stand_where_all_of_its_words_do():
    found = marks_in(["Zé Silva rang about the east of 東京"])
    assert found.may_hold("SILVA, Ze\u0301")
    assert found.may_hold("東京")
    assert not found.may_hold("Zé Costa")


def test_a_mark_is_found_however_short_it_is():
    assert LeakScanner({}, marks={"D-5": "ours"}).scan("since D-5, that is")
    assert not LeakScanner({"D-5": "ours"}).scan("since D-5, that is")


@pytest.mark.parametrize("tail", ["", "@", " ada@x.example"])
def test_what_others_wrote_is_of_any_length(tail):
    """A commit's subject of a million letters is read once, and not once from each letter: that did not end."""
    found = marks_in(["x" * 1_000_000 + tail, "+1 " * 100_000])
    assert found.addresses == ({"ada@x.example"} if "example" in tail else set())


def test_addresses_that_stand_close_together():
    found = marks_in(["ada@x.example,bob@y.example/carl@z.example"])
    assert found.addresses == {"ada@x.example", "bob@y.example", "y.example/carl@z.example"}
