"""Telling column names from a first line of data."""

from __future__ import annotations

import pytest

from releasewatch.domain.headings import look_like_headings, recognised


@pytest.mark.parametrize(
    "names",
    [
        ("key", "name"),
        ("Kunden-Nr.", "Firma", "Frei 1", "Frei 2", "Frei 3", "Umsatz 2024"),
        ("AccountId", "BillingCountry", "Region__c"),
        ("customer", "", "Whatever"),
        ("head", "finished_at", "2024-01"),
    ],
)
def test_column_names(names: tuple[str, ...]) -> None:
    assert look_like_headings(names, ("head", "finished_at"))


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("", " "),
        ("acme", "Acme Secret GmbH", "DE", "gold"),
        ("acme", "Acme Secret GmbH", "email"),
        ("key", "name", "ada@example.org"),
        ("key", "name", "030 9018 2000"),
        ("key", "name", "31.12.2026"),
    ],
)
def test_data(names: tuple[str, ...]) -> None:
    assert not look_like_headings(names)


def test_what_is_recognised_is_a_word_of_ours() -> None:
    names = ("Kunden-Nr.", "Acme Secret GmbH", "ada@example.org", "FINISHED_AT", "")
    assert recognised(names, ("finished_at",)) == ["Kunden-Nr.", "FINISHED_AT"]
