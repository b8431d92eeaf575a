"""Writes XLSX workbooks of text: no cell is ever a number, a date or a formula, whatever stands in it."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from releasewatch.rendering.escape import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

LONGEST_CELL = 32_767
"""Characters that a cell can hold."""

_TEXT = "@"
"""The number format of text: what somebody types into such a cell stays as it was typed."""

_LINE, _HIGHEST = 15, 400
"""Points: a line, and the highest row."""
_FILLED = 0.95
"""How much of a column's width a line fills before its next word goes below."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a sheet. `width` in characters; `to_fill`: people write into it; `words`: which ones it takes.

    `hint`: what is shown beside a cell when it is chosen.
    """

    heading: str
    width: int
    to_fill: bool = False
    words: Sequence[str] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet. `above`: lines over the headings; `printed`: how many columns go to paper (0: all), from the left;
    `kept`: how many stay in view when it is scrolled sideways; `head` and `foot`: what stands on each printed page."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[str]]
    above: Sequence[str] = ()
    printed: int = 0
    kept: int = 0
    head: str = ""
    foot: str = ""


def write_workbook(pages: Sequence[Page], *, title: str, made_at: datetime) -> bytes:
    """The pages as a workbook. The same content at the same instant is the same bytes."""
    import xlsxwriter

    stream = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(stream, options) as book:
        book.set_properties({"title": clean(title), "created": made_at.replace(tzinfo=None)})
        styles = _Styles(book)
        for page in pages:
            _write_page(book.add_worksheet(page.name), page, styles)
    return stream.getvalue()


class _Styles:
    def __init__(self, book: Any) -> None:
        cell = {"num_format": _TEXT, "text_wrap": True, "valign": "top", "border": 1, "border_color": "#9aa3af"}
        self.cell = book.add_format(cell)
        self.fill = book.add_format({**cell, "bg_color": "#fff8e1"})
        self.heading = book.add_format({**cell, "bold": True, "bg_color": "#e5e9ef"})
        self.fill_heading = book.add_format({**cell, "bold": True, "bg_color": "#f7e3a1"})
        self.below = book.add_format({"num_format": _TEXT, "text_wrap": True, "valign": "top"})
        self.above = book.add_format({"num_format": _TEXT, "valign": "top"})
        self.title = book.add_format({"num_format": _TEXT, "bold": True, "font_size": 13})


def _write_page(sheet: Any, page: Page, styles: _Styles) -> None:
    for number, line in enumerate(page.above):
        sheet.write_string(number, 0, _cell(line), styles.title if number == 0 else styles.above)
    top = len(page.above)
    for place, column in enumerate(page.columns):
        sheet.set_column(place, place, column.width, styles.below)
        sheet.write_string(top, place, column.heading, styles.fill_heading if column.to_fill else styles.heading)
    last = top
    for row in page.rows:
        last += 1
        sheet.set_row(last, _height(page.columns, row))
        for place, (column, text) in enumerate(zip(page.columns, row, strict=True)):
            sheet.write_string(last, place, _cell(text), styles.fill if column.to_fill else styles.cell)
    for place, column in enumerate(page.columns):
        _help(sheet, column, (top + 1, place, max(last, top + 1), place))
    sheet.freeze_panes(top + 1, page.kept)
    _set_paper(sheet, page, top, last)


def _height(columns: Sequence[Column], row: Sequence[str]) -> float:
    """In points, for as many lines as the longest cell takes: not every program measures wrapped text by itself."""
    lines = max(
        sum(max(1, math.ceil(len(line) / (column.width * _FILLED))) for line in text.split("\n"))
        for column, text in zip(columns, row, strict=True)
    )
    return min(lines * _LINE + 3, _HIGHEST)


def _help(sheet: Any, column: Column, place: tuple[int, int, int, int]) -> None:
    """A drop-down of the words that a column takes, and what to know of it."""
    if not (column.words or column.hint):
        return
    rule: dict[str, Any] = {"validate": "any", "input_title": column.heading, "input_message": column.hint}
    if column.words:
        rule |= {
            "validate": "list",
            "source": list(column.words),
            "error_title": column.heading,
            "error_message": f"Choose one of: {', '.join(column.words)}.",
        }
    sheet.data_validation(*place, rule)


def _set_paper(sheet: Any, page: Page, top: int, last: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(top)
    sheet.print_area(0, 0, last, (page.printed or len(page.columns)) - 1)
    if page.head:
        sheet.set_header(f"&L{_on_paper(page.head)}")
    sheet.set_footer(f"&L{_on_paper(page.foot)}&R&P / &N")


def _on_paper(text: str) -> str:
    """Text of a page's head, in which `&` would begin a command; more than 255 characters are refused."""
    return clean(text)[:110].replace("&", "&&")


def _cell(text: str) -> str:
    """Lines are kept; nothing steers, hides or is longer than a cell can hold."""
    found = "\n".join(clean(line) for line in text.split("\n"))
    return found if len(found) <= LONGEST_CELL else f"{found[: LONGEST_CELL - 1]}…"
