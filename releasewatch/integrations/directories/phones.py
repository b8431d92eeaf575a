"""Looks at phone numbers through Google's libphonenumber: are they numbers, and how does the world write them."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from releasewatch.domain.customers import Phone

_REMEMBERED = 10_000
"""So many numbers are looked at once: those of switchboards stand at many people, with and without an extension."""


@lru_cache(maxsize=_REMEMBERED)
def look_at_phone(given: str, country: str) -> Phone:
    """Normalise a number as people type it, with the country (ISO 3166-1 alpha-2) where it says none itself.

    An extension is kept the way RFC 3966 writes it: `+12065559857;ext=5467`.
    """
    if not given.strip():
        return Phone()
    try:
        number = phonenumbers.parse(given, country or None)
    except NumberParseException:
        return Phone(state="unparsable")
    zeros = number.italian_leading_zero, number.number_of_leading_zeros
    if _is_valid(number.country_code, number.national_number, *zeros):
        return Phone(_normal(number), "valid")
    # A number that is too short, too long or lacks its area code must not look dialable from elsewhere.
    fits = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return Phone(_normal(number) if fits else "", "possible")


@lru_cache(maxsize=_REMEMBERED)
def _is_valid(country_code: int, national_number: int, zero: bool | None, zeros: int | None) -> bool:
    """Whether a number is one that is given out, which does not depend on its extension."""
    return bool(phonenumbers.is_valid_number(PhoneNumber(country_code, national_number, None, zero, zeros)))


def _normal(number: PhoneNumber) -> str:
    e164: str = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{e164};ext={number.extension}" if number.extension else e164
