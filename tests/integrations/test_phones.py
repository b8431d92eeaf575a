"""Looking at phone numbers as people type them."""

from __future__ import annotations

import pytest

from releasewatch.domain.customers import Phone
from releasewatch.integrations.directories.phones import look_at_phone


@pytest.mark.parametrize(
    ("given", "country", "phone"),
    [
        ("030 901820", "DE", Phone("+4930901820", "valid")),
        ("+49 30 901820", "", Phone("+4930901820", "valid")),
        ("(206) 555-9857 x 5467", "US", Phone("+12065559857;ext=5467", "valid")),
        ("020 7946 0100", "GB", Phone("+442079460100", "valid")),
        ("020 7946 0100 ext. 12", "GB", Phone("+442079460100;ext=12", "valid")),
        # In Italy the zero belongs to the number, and is asked for.
        ("06 698 12345", "IT", Phone("+390669812345", "valid")),
        ("698 12345", "IT", Phone("+3969812345", "possible")),
        # The length fits; nobody has such a number.
        ("(5) 555-4729", "MX", Phone("", "possible")),
        # Dialable inside a town only.
        ("555-1234", "US", Phone("", "possible")),
        ("030 901820", "", Phone("", "unparsable")),
        ("ask Ann", "DE", Phone("", "unparsable")),
        ("1" * 300, "DE", Phone("", "unparsable")),
        ("", "DE", Phone()),
        ("  ", "DE", Phone()),
    ],
)
def test_a_number_is_normalised_where_that_is_certain(given: str, country: str, phone: Phone) -> None:
    assert look_at_phone(given, country) == phone
