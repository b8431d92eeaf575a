"""Looks at the columns of a table: how many of the cells of each read as dates, amounts, numbers, countries, …"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache, partial
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import phonenumbers
from phonenumbers import NumberParseException

from releasewatch.domain.columns import DATE_FORMATS, DateFormat, DecimalSign, tidy
from releasewatch.domain.guess_words import LANGUAGE_NAMES, NO, UNDERSTOOD, YES
from releasewatch.domain.guessing import VALUES_KEPT, Seen
from releasewatch.integrations.directories import fields
from releasewatch.integrations.directories.countries import find_country
from releasewatch.integrations.directories.fields import BadValueError
from releasewatch.integrations.directories.sheets import Broken, Exact
from releasewatch.integrations.directories.writings import rewrite_amount, rewrite_day
from releasewatch.integrations.directories.xlsx_sheet import ERRORS

if TYPE_CHECKING:
    from releasewatch.integrations.directories.sheets import Sheet

T = TypeVar("T")

ROWS_LOOKED_AT = 20_000
COLUMNS_LOOKED_AT = 500
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"\+?[\d\s()./-]{6,25}(?:\s*(?:x|ext\.?)\s*\d{1,6})?", re.ASCII)
_GROUPED = re.compile(r"[\s()/-]|\A\+")
_LABEL = re.compile(r"([^\W\d_][^:;,|\n]{0,40}):\s*(.+)", re.DOTALL)
_PARTS = re.compile(r"[;|\n]")
_LETTERS = re.compile(r"[^\W\d_]")


def look_at_columns(sheet: Sheet) -> tuple[int, list[Seen]]:
    """How many rows were looked at, and what stands in each column that has a heading."""
    headings = [tidy(heading) for heading in sheet.headings][:COLUMNS_LOOKED_AT]
    columns = [Seen(heading, at) for at, heading in enumerate(headings)]
    rows = 0
    for line in islice(sheet.lines(), ROWS_LOOKED_AT):
        rows += 1
        for column, text in zip(columns, line.cells, strict=False):
            if text.strip():
                _note(column, text)
    return rows, [column for column in columns if column.heading]


def _note(column: Seen, text: str) -> None:
    whole = text.strip()
    column.filled += 1
    if len(column.values) < VALUES_KEPT:
        column.values[whole] = column.values.get(whole, 0) + 1
    elif whole in column.values:
        column.values[whole] += 1
    else:
        column.has_more_values = True
    for test in _tests(whole, exact=isinstance(text, Exact), broken=isinstance(text, Broken)):
        column.fits[test] = column.fits.get(test, 0) + 1
    parts = [part.strip() for part in _PARTS.split(whole) if part.strip()]
    found = [_LABEL.fullmatch(part) for part in parts]
    if any(found) and "://" not in whole:
        for one in found:
            if one and len(column.labels) < VALUES_KEPT:
                column.labels.setdefault(one[1].strip(), {})[one[2].strip()] = 1
        column.fits["labelled"] = column.fits.get("labelled", 0) + all(found)
        column.label_separators |= set(_PARTS.findall(whole))


@lru_cache(maxsize=16384)
def _tests(text: str, *, exact: bool, broken: bool) -> tuple[str, ...]:
    """The names of everything that a cell can be read as."""
    if broken or text in ERRORS:
        return ("error",)
    if fields.is_damaged(text):
        return ("damaged",)
    days = _days(text, exact=exact)
    found = [*(f"date {form}" for form in days), *_amounts(text, exact=exact)]
    found += ["day or month first"] if {"DD/MM/YYYY", "MM/DD/YYYY"} <= set(days) else []
    found += ["day"] if _reads(fields.read_day, text) else []
    found += ["phone", *_phone(text)] if not days and _is_phone(text) else []
    return (*found, *(name for name, fits in _TESTS.items() if fits(text)))


def _days(text: str, *, exact: bool) -> tuple[DateFormat, ...]:
    """The orders in which a cell can be read as a day; a real date in any."""
    if exact and _reads(fields.read_day, text) is not None:
        return DATE_FORMATS
    return tuple(form for form in DATE_FORMATS if _is_day(text, form))


def _is_day(text: str, form: DateFormat) -> bool:
    try:
        date.fromisoformat(rewrite_day(text, form))
    except ValueError:
        return False
    return True


def _amounts(text: str, *, exact: bool) -> Iterator[str]:
    if _reads(fields.read_amount, text) is not None:
        yield from ("amount", "amount .", "amount ,") if exact else ("amount",)
        if exact:
            return
    read = {sign: _reads(partial(rewrite_amount, decimal=sign), text) for sign in _SIGNS}
    yield from (f"amount {sign}" for sign, amount in read.items() if amount)
    if any(read.values()) and re.search("[$£¥]", text):
        yield "sign"


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and sum(one.isdigit() for one in text) >= 6


def _phone(text: str) -> Iterator[str]:
    if _is_valid(text) if text.startswith("+") else _GROUPED.search(text):
        yield "phone as written"


def _is_valid(text: str) -> bool:
    try:
        return bool(phonenumbers.is_valid_number(phonenumbers.parse(text, None)))
    except NumberParseException:
        return False


def _is_language(text: str) -> bool:
    return text.casefold() in LANGUAGE_NAMES or (len(text) <= 12 and bool(_reads(fields.read_language, text)))


_SIGNS: tuple[DecimalSign, ...] = (".", ",")
_TESTS: dict[str, Callable[[str], object]] = {
    "email": _EMAIL.fullmatch,
    "country": lambda text: _LETTERS.search(text) and find_country(text),
    "yes or no": lambda text: text.casefold() in UNDERSTOOD | YES | NO,
    "timezone": lambda text: "/" in text and _reads(fields.read_timezone, text),
    "language": _is_language,
    "number": lambda text: _reads(fields.read_integer, text) is not None,
    "clock": lambda text: _reads(fields.read_clock, text),
    "currency": lambda text: len(text) == 3 and _reads(fields.read_currency, text),
}


def _reads(how: Callable[[str], T], text: str) -> T | None:
    try:
        return how(text)
    except BadValueError:
        return None
