"""Workbooks as LibreOffice Calc 7.4 saves them: numbers, days from 1900 and 1904 on, truths and texts of formulas."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from releasewatch.domain.customers import Stated
from releasewatch.integrations.directories.directory_file import open_file
from releasewatch.integrations.directories.records import CUSTOMERS

BOOKS = Path(__file__).parent / "books"


@pytest.mark.parametrize("book", ["calc.xlsx", "calc-1904.xlsx", "calc-1904.xlsx#kunden"])
def test_a_saved_workbook_is_read_as_its_author_sees_it(book: str) -> None:
    rows = [one.row for one in open_file(BOOKS / book, CUSTOMERS).rows() if isinstance(one, Stated)]
    assert [(one.key, one.name) for one in rows] == [
        ("K-1", "Müller & Söhne GmbH"),
        ("K-2", "Café Noël"),
        ("4915123456789", "BIG"),
    ]
    assert [one.contract_value for one in rows] == [Decimal("1234.5"), Decimal("2469"), Decimal("12")]
    assert [one.renewal_on for one in rows] == [date(2026, 12, 31), date(2027, 2, 1), date(2026, 3, 13)]
    assert [one.do_not_call for one in rows] == [True, False, False]
    assert [one.attributes["phone"] for one in rows] == ["+49 30 23125 101", "3023125102", "4930231250"]
