"""Writes tables as CSV that opens in any spreadsheet and cannot run there as a formula."""

from __future__ import annotations

import csv
import io
import re
from itertools import chain, islice
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
_HARMLESS_ROWS = re.compile(rf"{_HARMLESS_CELL}(?:\0{_HARMLESS_CELL})*")
"""The same of whole rows, with a character between their cells that none of them may hold; also with letters of western
Europe, of which white space would be collapsed."""

_TOGETHER = 100
"""So many rows are looked at, and written, at once."""


def _guarded(rows: Sequence[Sequence[Cell]]) -> Iterable[Sequence[Cell]]:
    """Rows with text guarded. In most there is nothing to guard: one look at all of them says so, or one at each."""
    if _is_harmless(chain.from_iterable(rows)):
        return rows
    return [row if _is_harmless(row) else [guard(c) if isinstance(c, str) else c for c in row] for row in rows]


def _is_harmless(cells: Iterable[Cell]) -> bool:
    parts = [cell if isinstance(cell, str) else str(cell) for cell in cells]
    together = "\0".join(parts)
    return (
        _HARMLESS_ROWS.fullmatch(together) is not None
        and together.count("\0") == len(parts) - 1
        and ("  " not in together or together.isascii())
    )


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
