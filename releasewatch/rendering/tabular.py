"""Writes tables as CSV that opens in any spreadsheet and cannot run there as a formula."""

from __future__ import annotations

import csv
import re
from itertools import islice
from typing import TYPE_CHECKING, TextIO

from releasewatch.domain.formula_guard import put_guard
from releasewatch.rendering.escape import clean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Cell = str | int | bool | None

_HARMLESS = re.compile(r"(?:[A-Za-z0-9][ -:<-~]*)?")
"""Most cells: ASCII that begins with a letter or digit and holds no `;`. One look at them is enough."""


def guard(text: str) -> str:
    """Text for one cell, on one line; where it could run as a formula an apostrophe before it makes it text."""
    if _HARMLESS.fullmatch(text) is not None:
        return text
    return put_guard(clean(text))


_PLAIN_CELL = r"(?:[A-Za-z0-9\xc0-\xff][ !#-+\--:<-~\xc0-\xff]*)?"
_PLAIN_CELLS = re.compile(rf"{_PLAIN_CELL}(?:\0{_PLAIN_CELL})*")
"""The same of many cells, with a character between them that none of them may hold; without what CSV quotes, and also
with letters of western Europe, of which white space would be collapsed."""

TOGETHER = 100
"""So many rows are looked at, and written, at once."""


def write_csv(stream: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, bom: bool = False) -> None:
    """Write a table as RFC 4180, row by row. Numbers stay numbers, None is empty, all text is guarded.

    `bom` puts a byte order mark in front, by which Excel knows that the text is UTF-8.
    """
    write_columns(stream, columns, _turned(rows), bom=bom)


def write_columns(
    stream: TextIO, columns: Sequence[str], blocks: Iterable[Sequence[Sequence[Cell]]], *, bom: bool = False
) -> None:
    """The same of some rows at a time, each time all cells of the first column, of the second, and so on.

    It says what the csv module would (a test holds that), in half the time: one look at a column tells that there is
    nothing in it to guard or to quote.
    """
    stream.write("\ufeff" if bom else "")
    csv.writer(stream).writerow(columns)
    for block in blocks:
        fields = map(_fields, block) if len(block) > 1 else [[field or '""' for field in _fields(block[0])]]
        stream.write("\r\n".join(map(",".join, zip(*fields, strict=True))) + "\r\n")


def _turned(rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Sequence[Cell]]]:
    """Rows of one length, some at a time, as columns."""
    rest = iter(rows)
    while some := list(islice(rest, TOGETHER)):
        yield list(zip(*some, strict=True))


def _fields(cells: Sequence[Cell]) -> Sequence[str]:
    """The cells of a column as they are written; what is said several times is looked at once."""
    try:
        together = "\0".join(cells)  # type: ignore[arg-type] # most columns are text alone
    except TypeError:
        return [_field(cell) if isinstance(cell, str) else "" if cell is None else str(cell) for cell in cells]
    if (
        _PLAIN_CELLS.fullmatch(together) is not None
        and together.count("\0") == len(cells) - 1
        and ("  " not in together or together.isascii())
    ):
        return cells  # type: ignore[return-value]
    written = {text: _field(text) for text in set(cells) if isinstance(text, str)}
    return list(map(written.__getitem__, cells))  # type: ignore[arg-type]


def _field(text: str) -> str:
    """Text guarded, in quotation marks where CSV needs them: it stands on one line, so that is for two characters."""
    safe = guard(text)
    return '"{}"'.format(safe.replace('"', '""')) if "," in safe or '"' in safe else safe
