"""Labels as trailers, and the newest word of people on each point."""

from __future__ import annotations

import pytest

from releasewatch.domain.audiences import Edit
from releasewatch.domain.change_edits import ChangeEdit, edit_of_trailer, join_edits, read_embargo, read_label


@pytest.mark.parametrize(
    ("label", "trailer"),
    [
        ("audience: account", ("Audience", "account")),
        ("Audience/engineering", ("Audience", "engineering")),
        ("release_note = none", ("Release-note", "none")),
        ("Release note: Exports are CSV now.", ("Release-note", "Exports are CSV now.")),
        ("embargo: until 2026-12-31", ("Embargo", "until 2026-12-31")),
        ("customer:acme/eu", ("Customer", "acme/eu")),
        ("bug", None),
        ("type: bug", None),
        ("audience:", None),
        ("", None),
    ],
)
def test_a_label_is_read_as_a_trailer(label, trailer):
    assert read_label(label) == trailer


@pytest.mark.parametrize(
    ("trailer", "edit"),
    [
        (("Audience", "Account"), ChangeEdit(audience="account")),
        (("Release-note", "None"), ChangeEdit(is_silent=True)),
        (("Release-note", "Faster."), ChangeEdit(wording="Faster.", is_silent=False)),
        (("Embargo", "until 2026-12-31"), ChangeEdit(embargo="2026-12-31")),
        (("Embargo", "none"), ChangeEdit(embargo="none")),
        (("Customer", "acme"), ChangeEdit(customer="acme")),
    ],
)
def test_a_trailer_is_a_statement(trailer, edit):
    assert edit_of_trailer(*trailer) == edit


@pytest.mark.parametrize("trailer", [("Audience", "everybody"), ("Embargo", "soon"), ("Fixes", "INC-1")])
def test_a_value_that_cannot_be_is_refused(trailer):
    with pytest.raises(ValueError, match=r"an audience|an embargo|known are"):
        edit_of_trailer(*trailer)


@pytest.mark.parametrize("word", ["2026-02-30", "until", "tomorrow", "31.12.2026"])
def test_a_day_that_is_none_is_no_embargo(word):
    with pytest.raises(ValueError, match="2026-12-31, or none"):
        read_embargo(word)


def test_the_newest_word_on_each_point_counts():
    said = [
        ChangeEdit("engineering", "First.", is_silent=True, embargo="2026-12-31", customer="acme"),
        ChangeEdit(audience="account"),
        ChangeEdit(wording="Second.", is_silent=False),
        ChangeEdit(embargo="none", customer="bolt"),
        ChangeEdit(customer="acme"),
    ]
    assert join_edits(said) == (Edit("account", "Second."), (("Customer", "acme"), ("Customer", "bolt")))
    assert join_edits(said[:1])[1] == (
        ("Customer", "acme"),
        ("Release-note", "none"),
        ("Embargo", "until 2026-12-31"),
    )
