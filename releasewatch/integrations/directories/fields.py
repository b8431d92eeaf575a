"""Reads single cells of a directory: each function takes trimmed text and gives a value, or says what is wrong with it.

What is wrong never repeats the cell: columns get mixed up, and a reason is printed in pipeline logs. An empty cell is
the caller's affair, except where a docstring says otherwise.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
import zoneinfo
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from typing import TYPE_CHECKING

import pycountry

from releasewatch.domain import typed_times
from releasewatch.integrations.directories.countries import find_country

if TYPE_CHECKING:
    from collections.abc import Collection

MAX_KEY_BYTES = 200
"""Six such keys still fit into one entry of a PostgreSQL index (2,704 bytes)."""
MAX_INTEGER = 2**31 - 1

_DAMAGED = re.compile(r"[+-]?\d+([.,]\d+)?E[+-]\d{2,}", re.IGNORECASE)
_AMOUNT = re.compile(r"\d{1,16}(\.\d{1,2})?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_LAST_DAY = date(9999, 12, 30)
_TRUE = {"yes", "true", "1", "x"}
_FALSE = {"no", "false", "0", ""}

# RFC 5646, section 2.1, without grandfathered tags and extensions of the language itself. All that is needed is whether
# a tag is well formed and names a language that exists, and ISO 639 is in pycountry already: no library more for that.
_LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3})"
    r"(-(?P<script>[a-z]{4}))?"
    r"(-(?P<region>[a-z]{2}|\d{3}))?"
    r"(-([a-z\d]{5,8}|\d[a-z\d]{3}))*"
    r"(-[a-wy-z\d](-[a-z\d]{2,8})+)*"
    r"(-x(-[a-z\d]{1,8})+)?",
    re.IGNORECASE,
)


class BadValueError(ValueError):
    """A cell that cannot be read; the text says why and never what it holds."""


def is_damaged(text: str) -> bool:
    """Whether a cell is a number as a spreadsheet shortens it, with digits lost: 4.9151E+11."""
    return bool(_DAMAGED.fullmatch(text))


def read_text(text: str) -> str:
    """Free text. Line ends and tabs are kept; other control characters are refused (a database takes no NUL)."""
    if not text.isprintable() and any(unicodedata.category(c) == "Cc" and c not in "\n\r\t" for c in text):
        raise BadValueError("holds a control character")
    return text


def read_line(text: str) -> str:
    """Text that stands on one line, without control characters."""
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Zl", "Zp") for c in text):
        raise BadValueError("holds a control character or a line end")
    return text


def readable(text: str) -> str:
    """The text, or nothing when it holds what no key may hold (and no database takes)."""
    try:
        return read_line(text)
    except BadValueError:
        return ""


def read_phone(text: str) -> str:
    """A phone number as given; refused where a spreadsheet has turned it into a number."""
    if is_damaged(text):
        raise BadValueError("is a number as a spreadsheet shortens it (4.9151E+11); export the column as text")
    return read_line(text)


def read_key(text: str) -> str:
    """A key: printable, not too long for an index, and not damaged by a spreadsheet."""
    if not text.isprintable() and any(unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") for c in text):
        raise BadValueError("holds a control character or one that cannot be seen")
    if is_damaged(text):
        raise BadValueError("is a number as a spreadsheet shortens it (4.9151E+11); export the column as text")
    if len(text.encode()) > MAX_KEY_BYTES:
        raise BadValueError(f"is longer than {MAX_KEY_BYTES} bytes")
    return text


TEXTS = frozenset({read_text, read_line, read_phone, read_key})
"""What these read is the text itself, or refused."""
_SHORTENED = ("E+", "E-", "e+", "e-")


def stand_as_they_are(texts: Collection[str]) -> bool:
    """Whether all of TEXTS surely take each of these trimmed texts; of one, that takes longer than to read it.

    False where one may be refused, or be a spreadsheet's error (`#N/A`).
    """
    together = " ".join(texts)
    if not together.isprintable() or "#" in together or max(map(len, texts), default=0) * 4 > MAX_KEY_BYTES:
        return False
    return not any(sign in together for sign in _SHORTENED) or not any(map(is_damaged, texts))


def read_keys(text: str) -> tuple[str, ...]:
    """Keys with `;` between them, each once, in the order written."""
    parts = (part.strip() for part in text.split(";"))
    return tuple(dict.fromkeys(read_key(part) for part in parts if part))


def read_languages(text: str) -> tuple[str, ...]:
    """Languages with `;` between them, each once, in the order written."""
    return tuple(dict.fromkeys(read_language(part) for part in map(str.strip, text.split(";")) if part))


def read_boolean(text: str) -> bool:
    """yes, true, 1, x; no, false, 0 or empty. All else is refused: a guess could call who must not be called."""
    word = text.casefold()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise BadValueError("is none of yes, no, true, false, 1, 0, x or empty")


def read_consent(text: str) -> str:
    """yes, no or empty: nothing is known."""
    return "" if not text else "yes" if read_boolean(text) else "no"


def read_integer(text: str) -> int:
    """A whole number of 0 or more."""
    if not (text.isascii() and text.isdigit()) or int(text[:12]) > MAX_INTEGER or len(text) > 10:
        raise BadValueError("is no whole number of 0 or more")
    return int(text)


def read_amount(text: str) -> Decimal:
    """An amount of 0 or more, digits with a point before at most two decimals."""
    if not _AMOUNT.fullmatch(text) or not text.isascii():
        raise BadValueError("is no amount of 0 or more; write it as 120000 or 120000.50, without other separators")
    return Decimal(text)


def read_day(text: str) -> date:
    """A date as ISO 8601 writes it: 2026-12-31."""
    if not _DAY.fullmatch(text) or not text.isascii():
        raise BadValueError("is no ISO 8601 date; write it as 2026-12-31")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadValueError("is a day that no calendar has") from None


def read_typed_day(text: str) -> date:
    """A date as people and spreadsheets write it, too: 31.12.2026. One that may be read in two ways is refused."""
    try:
        return typed_times.read_day(text)
    except ValueError as error:
        raise BadValueError(f"is no date that is understood: {error}") from None


def read_start(text: str) -> datetime:
    """The first instant of a day (UTC), or an RFC 3339 instant."""
    if _DAY.fullmatch(text):
        day = read_day(text)
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return _instant(text)


def read_end(text: str) -> datetime | None:
    """The first instant after a day, for a day in a file is included; an RFC 3339 instant is the end itself.

    None for the last day that calendars have, by which systems say "no end".
    """
    if _DAY.fullmatch(text):
        day = read_day(text)
        if day > _LAST_DAY:
            return None
        return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    return _instant(text)


def _instant(text: str) -> datetime:
    if not text[:1].isdigit() or len(text) < len("2026-12-31T00:00Z"):
        raise BadValueError("is no ISO 8601 date or RFC 3339 time; write it as 2026-12-31")
    try:
        instant = datetime.fromisoformat(text)
        in_utc = instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValueError("is no ISO 8601 date or RFC 3339 time; write it as 2026-12-31") from None
    if instant.tzinfo is None:
        raise BadValueError("is a time without a zone; write it as 2026-12-31T08:00:00Z, or only the date")
    return in_utc


def read_clock(text: str) -> str:
    """A time of day, given back as `HH:MM`."""
    found = _CLOCK.fullmatch(text)
    if not found or not text.isascii():
        raise BadValueError("is no time of day; write it as 08:30")
    return f"{int(found[1]):02d}:{found[2]}"


def read_country(text: str) -> str:
    """A country as its ISO 3166-1 alpha-2 code, from a code or a name."""
    code = find_country(text)
    if not code:
        raise BadValueError("is no country of ISO 3166-1; write its code (DE) or name")
    return code


@lru_cache(maxsize=256)
def read_currency(text: str) -> str:
    """A currency as its ISO 4217 code."""
    if pycountry.currencies.get(alpha_3=text.upper()) is None:
        raise BadValueError("is no currency of ISO 4217; write its code (EUR)")
    return text.upper()


@lru_cache(maxsize=4096)
def read_timezone(text: str) -> str:
    """A time zone by its IANA name; upper and lower case do not matter."""
    known = _zones()
    name = known.get(text.casefold())
    if name is None:
        near = difflib.get_close_matches(text.casefold(), known, n=1, cutoff=0.8)
        hint = f"did you mean {known[near[0]]}?" if near else "write it as Europe/Berlin"
        raise BadValueError(f"is no time zone of the IANA database; {hint}")
    return name


@lru_cache(maxsize=1024)
def read_language(text: str) -> str:
    """A language as a BCP 47 tag in its usual case (`pt-BR`, `zh-Hant-TW`); `pt_BR` is understood."""
    found = _LANGUAGE.fullmatch(text.replace("_", "-"))
    if not found or not text.isascii() or not _language_exists(found):
        raise BadValueError("is no BCP 47 language tag; write it as de or pt-BR")
    parts = [found["language"].lower()]
    if found["script"]:
        parts.append(found["script"].title())
    if found["region"]:
        parts.append(found["region"].upper())
    # What follows is compared without regard to case (RFC 5646, 2.1.1), and written in lower case.
    rest = found[0][len("-".join(parts)) :]
    return "-".join(parts) + rest.lower()


def _language_exists(tag: re.Match[str]) -> bool:
    language, region = tag["language"].lower(), tag["region"]
    by = "alpha_2" if len(language) == 2 else "alpha_3"
    if pycountry.languages.get(**{by: language}) is None:
        return False
    return not region or region.isdigit() or pycountry.countries.get(alpha_2=region.upper()) is not None


@cache
def _zones() -> dict[str, str]:
    names = zoneinfo.available_timezones() - {"Factory", "localtime", "posixrules"}
    return {name.casefold(): name for name in names}
