"""Writes tables as CSV that opens in any spreadsheet and cannot run there as a formula."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, TextIO

from releasewatch.domain.formula_guard import put_guard
from releasewatch.rendering.escape import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Cell = str | int | bool | None

_HARMLESS = re.compile(r"(?:[A-Za-z0-9][ -:<-~]*)?")
"""Most cells: ASCII that begins with a letter or digit and holds no `;`. One look at them is enough."""


def guard(text: str) -> str:
    """Text for one cell, on one line; where it could run as a formula an apostrophe before it makes it text."""
    if _HARMLESS.fullmatch(text) is not None:
        return text
    return put_guard(clean(text))


_HARMLESS_ROW = re.compile(r"(?:[A-Za-z0-9][ -:<-~]*)?(?:\0(?:[A-Za-z0-9][ -:<-~]*)?)*")
"""The same of a whole row, with a character between its cells that none of them may hold."""


def _guarded(row: Sequence[Cell]) -> Sequence[Cell]:
    """The cells of a row with text guarded. In most rows there is nothing to guard: one look says so."""
    together = "\0".join(map(str, row))
    if _HARMLESS_ROW.fullmatch(together) is not None and together.count("\0") == len(row) - 1:
        return row
    return [guard(cell) if isinstance(cell, str) else cell for cell in row]


def write_csv(stream: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> None:
    """Write a table as RFC 4180, row by row. Numbers stay numbers, None is empty, all text is guarded.

    `bom` puts a byte order mark in front, by which Excel knows that the text is UTF-8.
    """
    if bom:
        stream.write("\ufeff")
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows(map(_guarded, rows))
