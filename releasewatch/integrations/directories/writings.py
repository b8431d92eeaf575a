"""Turns dates and amounts as people and spreadsheets write them into the way our own files write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pycountry

from releasewatch.integrations.directories.fields import BadValueError

if TYPE_CHECKING:
    from releasewatch.domain.columns import DateFormat, DecimalSign

_PATTERNS: dict[DateFormat, re.Pattern[str]] = {
    "YYYY-MM-DD": re.compile(r"(?P<y>\d{4})-(?P<m>\d\d?)-(?P<d>\d\d?)", re.ASCII),
    "DD.MM.YYYY": re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d{4})", re.ASCII),
    "DD.MM.YY": re.compile(r"(?P<d>\d\d?)\.(?P<m>\d\d?)\.(?P<y>\d\d)", re.ASCII),
    "DD/MM/YYYY": re.compile(r"(?P<d>\d\d?)/(?P<m>\d\d?)/(?P<y>\d{4})", re.ASCII),
    "MM/DD/YYYY": re.compile(r"(?P<m>\d\d?)/(?P<d>\d\d?)/(?P<y>\d{4})", re.ASCII),
    "DD-MM-YYYY": re.compile(r"(?P<d>\d\d?)-(?P<m>\d\d?)-(?P<y>\d{4})", re.ASCII),
    "YYYY/MM/DD": re.compile(r"(?P<y>\d{4})/(?P<m>\d\d?)/(?P<d>\d\d?)", re.ASCII),
}
_MIDNIGHT = re.compile(r"[ T]0?0:00(:00(\.0+)?)?( AM)?\Z", re.ASCII)
"""What a program adds that knows instants only; any other time of day is not a day."""

_SPACES = re.compile("[\\s'\u2019\u00a0\u202f\u2009]+")
_SIGNS = {"€": "EUR"}
"""Signs of one currency alone: `$`, `£` and `¥` are those of several."""
_AMBIGUOUS_SIGNS = "$£¥"
_AMOUNT = {
    ".": re.compile(r"(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d{1,2}))?", re.ASCII),
    ",": re.compile(r"(\d{1,3}(?:\.\d{3})+|\d+)(?:,(\d{1,2}))?", re.ASCII),
}
_GROUPED = re.compile(r"\d{1,3}(?:[\s'\u2019\u00a0\u202f\u2009]\d{3})+(?!\d)")


def rewrite_day(text: str, form: DateFormat) -> str:
    """A day in the given order as ISO 8601 writes it; whether the calendar has it is asked by who reads it."""
    found = _PATTERNS[form].fullmatch(_MIDNIGHT.sub("", text))
    if not found:
        raise BadValueError(f"is no date written as {form}")
    year = found["y"] if len(found["y"]) == 4 else f"20{found['y']}"
    return f"{year}-{int(found['m']):02d}-{int(found['d']):02d}"


def rewrite_amount(text: str, decimal: DecimalSign) -> tuple[str, str]:
    """An amount with a point before its decimals and nothing else, and the currency it names, or empty.

    Signs and codes of currencies may stand before or after it, spaces, apostrophes and the other sign between groups
    of three digits.
    """
    rest, currency = _without_currency(text)
    if _GROUPED.match(rest):
        rest = _SPACES.sub("", rest)
    found = _AMOUNT[decimal].fullmatch(rest)
    if not found:
        example = "120000.50 or 120,000.50" if decimal == "." else "120000,50 or 120.000,50"
        raise BadValueError(f"is no amount of 0 or more written as {example}")
    whole = found[1].replace(",", "").replace(".", "")
    return (f"{whole}.{found[2]}" if found[2] else whole), currency


def _without_currency(text: str) -> tuple[str, str]:
    """The amount alone, and the currency that stands beside it; raises when that is none."""
    start = re.match(r"[^\d\s.,'+-]+", text)
    end = re.search(r"[^\d\s.,'+-]+\Z", text)
    if start and end:
        raise BadValueError("names a currency twice")
    beside = start or end
    if not beside:
        return text.strip(), ""
    rest = (text[beside.end() :] if beside is start else text[: beside.start()]).strip()
    sign = beside[0]
    if sign in _AMBIGUOUS_SIGNS:
        return rest, ""
    code = _SIGNS.get(sign, sign.upper())
    if len(code) != 3 or pycountry.currencies.get(alpha_3=code) is None:
        raise BadValueError("has something beside the number that is no currency")
    return rest, code
