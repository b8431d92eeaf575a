"""Reading single cells: what is taken, what it becomes, and what is refused without being repeated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from releasewatch.integrations.directories import fields
from releasewatch.integrations.directories.fields import BadValueError


def _utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (fields.read_country, "DE", "DE"),
        (fields.read_country, "deu", "DE"),
        (fields.read_country, "Germany", "DE"),
        (fields.read_country, "USA", "US"),
        (fields.read_country, "UK", "GB"),
        (fields.read_country, "Great Britain", "GB"),
        (fields.read_country, "Russia", "RU"),
        (fields.read_country, "Türkiye", "TR"),
        (fields.read_country, "Turkey", "TR"),
        (fields.read_country, "Viet Nam", "VN"),
        (fields.read_currency, "eur", "EUR"),
        (fields.read_timezone, "Europe/Berlin", "Europe/Berlin"),
        (fields.read_timezone, "america/argentina/buenos_aires", "America/Argentina/Buenos_Aires"),
        (fields.read_timezone, "UTC", "UTC"),
        (fields.read_language, "de", "de"),
        (fields.read_language, "PT-br", "pt-BR"),
        (fields.read_language, "pt_BR", "pt-BR"),
        (fields.read_language, "zh-hant-tw", "zh-Hant-TW"),
        (fields.read_language, "de-CH-1996", "de-CH-1996"),
        (fields.read_language, "es-419", "es-419"),
        (fields.read_language, "gsw", "gsw"),
        (fields.read_language, "en-x-Plain", "en-x-plain"),
        (fields.read_boolean, "YES", True),
        (fields.read_boolean, "x", True),
        (fields.read_boolean, "1", True),
        (fields.read_boolean, "true", True),
        (fields.read_boolean, "", False),
        (fields.read_boolean, "No", False),
        (fields.read_boolean, "0", False),
        (fields.read_consent, "", ""),
        (fields.read_consent, "no", "no"),
        (fields.read_consent, "x", "yes"),
        (fields.read_integer, "0", 0),
        (fields.read_integer, "2147483647", 2**31 - 1),
        (fields.read_amount, "120000", Decimal(120000)),
        (fields.read_amount, "0.5", Decimal("0.5")),
        (fields.read_amount, "9999999999999999.99", Decimal("9999999999999999.99")),
        (fields.read_day, "2026-02-28", date(2026, 2, 28)),
        (fields.read_start, "2026-03-01", _utc(2026, 3, 1)),
        (fields.read_start, "2026-03-01T02:00:00+02:00", _utc(2026, 3, 1)),
        (fields.read_end, "2026-02-28", _utc(2026, 3, 1)),
        (fields.read_end, "9999-12-30", _utc(9999, 12, 31)),
        (fields.read_end, "9999-12-31", None),
        (fields.read_end, "2026-03-01T08:00:00Z", _utc(2026, 3, 1, 8)),
        (fields.read_clock, "8:30", "08:30"),
        (fields.read_keys, " a ; b;;a ", ("a", "b")),
        (fields.read_key, "1E5", "1E5"),
        (fields.read_key, "Straße 5", "Straße 5"),
        (fields.read_phone, "+49 30 1234", "+49 30 1234"),
        (fields.read_text, "two\nlines", "two\nlines"),
    ],
)
def test_what_is_taken(read: Callable[[str], Any], text: str, value: Any) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "why"),
    [
        (fields.read_country, "Absurdistan", "ISO 3166-1"),
        (fields.read_currency, "Euro", "ISO 4217"),
        (fields.read_timezone, "Europe/Berln", "did you mean Europe/Berlin"),
        (fields.read_timezone, "../../etc/passwd", "IANA"),
        (fields.read_timezone, "CEST", "IANA"),
        (fields.read_language, "German", "BCP 47"),
        (fields.read_language, "xq", "BCP 47"),
        (fields.read_language, "de-XX", "BCP 47"),
        (fields.read_boolean, "ja", "none of"),
        (fields.read_boolean, "y", "none of"),
        (fields.read_consent, "maybe", "none of"),
        (fields.read_integer, "-1", "whole number"),
        (fields.read_integer, "2147483648", "whole number"),
        (fields.read_integer, "²", "whole number"),
        (fields.read_integer, "9" * 5000, "whole number"),
        (fields.read_amount, "-1", "amount"),
        (fields.read_amount, "120.000", "amount"),
        (fields.read_amount, "1,200.00", "amount"),
        (fields.read_amount, "1e9", "amount"),
        (fields.read_amount, "NaN", "amount"),
        (fields.read_day, "31.12.2026", "ISO 8601"),
        (fields.read_day, "2026-02-30", "calendar"),
        (fields.read_day, "20260228", "ISO 8601"),
        (fields.read_start, "2026-03-01 08:00:00", "zone"),
        (fields.read_start, "0001-01-01T00:00:00+14:00", "ISO 8601"),
        (fields.read_end, "soon", "ISO 8601"),
        (fields.read_clock, "24:00", "time of day"),
        (fields.read_clock, "8", "time of day"),
        (fields.read_key, "4.9151E+11", "spreadsheet"),
        (fields.read_key, "4,9151e+11", "spreadsheet"),
        (fields.read_phone, "4.9151E+11", "spreadsheet"),
        (fields.read_keys, "a;4.9151E+11", "spreadsheet"),
        (fields.read_key, "a\x1b[2J", "control"),
        (fields.read_key, "a\u200bb", "cannot be seen"),
        (fields.read_key, "ü" * 101, "200 bytes"),
        (fields.read_text, "a\0b", "control"),
        (fields.read_line, "a@example.org\nBcc: b@example.org", "line end"),
    ],
)
def test_what_is_refused(read: Callable[[str], Any], text: str, why: str) -> None:
    with pytest.raises(BadValueError, match=why) as refused:
        read(text)
    assert len(text) < 4 or text in ("4.9151E+11", "a;4.9151E+11") or text not in str(refused.value)


_TEXTS = (
    ["ACME", "Bee & Söhne", "", "shop/service-010", "+49 30 901820", "Anne-Marie", "12e", "+55"],
    ["nb\u00a0sp"],
    ["two\nlines"],
    ["zero\u200bwidth"],
    ["nul\0"],
    ["x" * 50],
    ["x" * 201],
    ["ä" * 101],
    ["\U0001f600" * 51],
    ["4.9151E+11"],
    ["4.9151e-11"],
    ["#N/A"],
    ["\ud800"],
)


@pytest.mark.parametrize("texts", _TEXTS)
def test_texts_that_stand_as_they_are_are_read_as_themselves(texts: list[str]) -> None:
    assert fields.stand_as_they_are(texts) == (texts in (_TEXTS[0], _TEXTS[5]))
    if fields.stand_as_they_are(texts):
        assert all(read(text) == text for read in fields.TEXTS for text in texts)
