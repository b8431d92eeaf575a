"""Looks at phone numbers through Google's libphonenumber: are they numbers, and how does the world write them."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from releasewatch.domain.customers import Phone


@lru_cache(maxsize=1024)
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
    if phonenumbers.is_valid_number(number):
        return Phone(_normal(number), "valid")
    # A number that is too short, too long or lacks its area code must not look dialable from elsewhere.
    fits = phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE
    return Phone(_normal(number) if fits else "", "possible")


def _normal(number: phonenumbers.PhoneNumber) -> str:
    e164: str = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return f"{e164};ext={number.extension}" if number.extension else e164
