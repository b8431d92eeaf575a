"""Writes tables as CSV that opens in any spreadsheet and cannot run there as a formula."""

from __future__ import annotations

import csv
import io
import re
from itertools import islice
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


_HARMLESS_CELL = r"(?:[A-Za-z0-9\xc0-\xff][ -:<-~\xc0-\xff]*)?"
_HARMLESS_CELLS = re.compile(rf"{_HARMLESS_CELL}(?:\0{_HARMLESS_CELL})*")
"""The same of many cells, with a character between them that none of them may hold; also with letters of western
Europe, of which white space would be collapsed."""

_TOGETHER = 100
"""So many rows are looked at, and written, at once."""


def _guarded(rows: Sequence[Sequence[Cell]]) -> Iterable[Sequence[Cell]]:
    """Rows of one length with text guarded, column by column: in most there is nothing to guard."""
    if not rows[0]:
        return rows
    return zip(*map(_guarded_column, zip(*rows, strict=True)), strict=True)


def _guarded_column(cells: Sequence[Cell]) -> Sequence[Cell]:
    """One look says whether there is anything to guard; what is said several times is guarded once."""
    texts = [cell for cell in cells if isinstance(cell, str)]
    together = "\0".join(texts)
    if (
        _HARMLESS_CELLS.fullmatch(together) is not None
        and together.count("\0") == max(len(texts) - 1, 0)
        and ("  " not in together or together.isascii())
    ):
        return cells
    safe = {text: guard(text) for text in set(texts)}
    return [safe[cell] if isinstance(cell, str) else cell for cell in cells]


def write_csv(stream: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> None:
    """Write a table as RFC 4180, row by row. Numbers stay numbers, None is empty, all text is guarded.

    `bom` puts a byte order mark in front, by which Excel knows that the text is UTF-8.
    """
    together = io.StringIO("\ufeff" if bom else "", newline="")  # a file takes many small pieces three times as long
    together.seek(0, io.SEEK_END)
    writer = csv.writer(together)
    writer.writerow(columns)
    rest = iter(rows)
    while some := list(islice(rest, _TOGETHER)):
        writer.writerows(_guarded(some))
        stream.write(together.getvalue())
        together.seek(0)
        together.truncate()
    stream.write(together.getvalue())
