"""Reads one sheet of an XLSX workbook, row by row: text as it is stored, numbers with all their digits, real dates.

A workbook is a zip of XML that anybody may send: its parts are measured before any is parsed.
"""

from __future__ import annotations

import hashlib
import re
import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError

from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.sheets import Broken, Exact, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

ENCODING = "xlsx"
ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#GETTING_DATA"})
"""What a spreadsheet writes where a formula has failed."""

_MOST_ROWS = 1_048_576
_MOST_COLUMNS = 16_384
_SHEET_BYTES = 2 << 30
_TEXTS_BYTES = 256 << 20
"""Texts of all cells stand in one part, which has to be held in memory."""
_OTHER_BYTES = 32 << 20
_ROW_BYTES = 16 << 20
_CHUNK = 1 << 20
_BATCH = 500
_EXACT_FLOAT = 10**15
"""Spreadsheets keep fifteen digits; what is longer has lost some."""
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
"""The namespace of the strict variant of ISO/IEC 29500, under which openpyxl finds no sheets."""
_ZIP = b"PK\x03\x04"
_MARKS = re.compile(rb"<(?:\w+:)?(?:(row)|(f))[\s/>]")
_NO_WORKBOOK = (zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, AttributeError, IndexError, EOFError)
_UNREADABLE = (*_NO_WORKBOOK, zlib.error, struct.error, NotImplementedError, RuntimeError, OverflowError)


@dataclass(frozen=True, slots=True)
class XlsxSheet:
    """A sheet that was looked into and can be read. `sheets`: the names of all sheets of the workbook."""

    path: Path
    sheet: str
    sheets: tuple[str, ...]
    named: bool
    digest: str
    header_line: int
    headings: tuple[str, ...]
    has_formulas: bool

    encoding = ENCODING
    separator = ""
    word = ""

    @property
    def label(self) -> str:
        """The file, with the sheet where it was named."""
        return f"{self.path}#{self.sheet}" if self.named else str(self.path)

    @property
    def notes(self) -> tuple[str, ...]:
        """Which sheet is read, when nobody said so and there are others."""
        if self.named or len(self.sheets) == 1:
            return ()
        return (f"read its first sheet, {self.sheet!r}, of {len(self.sheets)}; name another as FILE.xlsx#Sheet",)

    def lines(self) -> Iterator[Line]:
        """Every row below the headings that is not blank; raises InvalidCallError when the workbook is damaged."""
        # One column more than there are headings shows that a row has cells beyond them.
        width = len(self.headings) + 1
        with _opened(self.path, formulas=False) as book:
            rows = _rows(self.path, book[self.sheet], width)
            if not self.has_formulas:
                yield from self._below(_texts(row) for row in rows)
                return
            with _opened(self.path, formulas=True) as written:
                both = zip(rows, _rows(self.path, written[self.sheet], width, types=True), strict=True)
                yield from self._below(_texts(row, types) for row, types in both)

    def _below(self, rows: Iterator[list[str]]) -> Iterator[Line]:
        for number, cells in enumerate(rows, 1):
            if number > self.header_line and any(cell.strip() for cell in cells):
                # A workbook stores no empty cells, so only what stands beyond the headings is out of shape.
                yield Line(number, cells if cells[-1].strip() else cells[:-1])


def split_sheet(path: Path) -> tuple[Path, str]:
    """`FILE.xlsx#Sheet` as file and sheet; the sheet is empty when none is named, or a file has that very name."""
    file, mark, sheet = str(path).rpartition("#")
    if not mark or not file or not sheet or path.exists():
        return path, ""
    return Path(file), sheet


def is_workbook(path: Path) -> bool:
    """Whether a file is, or calls itself, an XLSX workbook."""
    if path.suffix.lower() in (".xlsx", ".xlsm"):
        return True
    try:
        with path.open("rb") as file:
            return file.read(4) == _ZIP and path.suffix.lower() != ".ods"
    except OSError:
        return False


def sheet_names(path: Path) -> tuple[str, ...]:
    """The names of all sheets with cells; raises InvalidCallError as `open_xlsx` does."""
    _measure(path)
    with _opened(path, formulas=False) as book:
        return tuple(one.title for one in book.worksheets)


def first_rows(path: Path, sheet: str, many: int) -> list[list[str]]:
    """The first so many rows of a sheet, blank ones too; raises InvalidCallError as `open_xlsx` does."""
    _measure(path)
    with _opened(path, formulas=False) as book:
        names = _names(book)
        if not names:
            return []
        rows = _rows(path, book[_find_sheet(path, sheet, names)], _MOST_COLUMNS)
        return [_texts(row) for row in islice(rows, many)]


def open_xlsx(path: Path, sheet: str, needed: str, skip_rows: int = 0) -> XlsxSheet:
    """Look into a workbook. `sheet`: its name, or empty for the first; `needed`: what an empty one should begin with;
    `skip_rows`: so many rows stand above the headings.

    Raises InvalidCallError when it is no XLSX, too large to be one, has no such sheet or nothing in it.
    """
    digest = _digest(path)
    has_formulas = _measure(path)
    with _opened(path, formulas=False) as book:
        names = _names(book)
        if not names:
            raise InvalidCallError(f"{path} has no sheet with cells.", "Save the table as a sheet of its own.")
        chosen = _find_sheet(path, sheet, names)
        for number, row in enumerate(_rows(path, book[chosen], _MOST_COLUMNS), 1):
            cells = _texts(row)
            while cells and not cells[-1].strip():
                cells.pop()
            if cells and number > skip_rows:
                digest = hashlib.sha256(f"{digest}#{chosen}".encode()).hexdigest()
                return XlsxSheet(path, chosen, names, bool(sheet), digest, number, tuple(cells), has_formulas)
    raise InvalidCallError(f"The sheet {chosen!r} of {path} is empty.", f"Its first row names the columns: {needed}, …")


def _names(book: Any) -> tuple[str, ...]:
    """The sheets with cells, those that are hidden last: what nobody sees is not what somebody means to give."""
    return tuple(one.title for one in sorted(book.worksheets, key=lambda one: one.sheet_state != "visible"))


def _find_sheet(path: Path, asked: str, names: Sequence[str]) -> str:
    if not asked:
        return names[0]
    for name in names:
        if name.casefold() == asked.casefold():
            return name
    listed = ", ".join(names[:20])
    raise InvalidCallError(f"{path} has no sheet {asked!r}.", f"It has: {listed}.")


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InvalidCallError(f"{path} cannot be read: {error.strerror}.", "Name an XLSX or CSV file.") from error
    return digest.hexdigest()


def _measure(path: Path) -> bool:
    """Refuse parts that are larger than a directory's can be; says whether any sheet has formulas.

    A part never unpacks to more than the zip says: what is beyond is not read.
    """
    with _no_workbook(path), zipfile.ZipFile(path) as archive:
        parts = archive.infolist()
        has_formulas = False
        for part in parts:
            is_sheet = part.filename.startswith("xl/worksheets/")
            is_texts = part.filename.endswith("sharedStrings.xml")
            if part.file_size > (_SHEET_BYTES if is_sheet else _TEXTS_BYTES if is_texts else _OTHER_BYTES):
                _refuse_size(path, f"its part {part.filename!r} unpacks to {part.file_size >> 20} MiB")
            if is_sheet and part.filename.endswith(".xml"):
                has_formulas |= _scan_sheet(path, archive, part)
        if _STRICT in archive.read("xl/workbook.xml"):
            raise InvalidCallError(
                f"{path} is saved as Strict Open XML, which is not read.",
                "In the spreadsheet program: Save as, Excel Workbook (.xlsx); or as CSV (UTF-8).",
            )
    return has_formulas


def _scan_sheet(path: Path, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Refuse a sheet with a row beyond all measure, which would be held in memory; says whether it has formulas."""
    has_formulas, since_row, tail = False, 0, b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
            text = tail + chunk
            last_row = -1
            for found in _MARKS.finditer(text):
                if found[1]:
                    last_row = found.start()
                else:
                    has_formulas = True
            since_row = len(text) - last_row if last_row >= 0 else since_row + len(chunk)
            if since_row > _ROW_BYTES:
                _refuse_size(path, f"a row of it is larger than {_ROW_BYTES >> 20} MiB")
            tail = text[-32:]
    return has_formulas


def _refuse_size(path: Path, what: str) -> None:
    raise InvalidCallError(f"{path} is larger than a directory can be: {what}.", "Save its table as CSV.")


@contextmanager
def _no_workbook(path: Path) -> Iterator[None]:
    """Say in one sentence what the many errors of a damaged workbook mean."""
    try:
        with warnings.catch_warnings():
            # About styles, pictures and checks of cells, none of which is read.
            warnings.simplefilter("ignore")
            yield
    except OSError as error:
        raise InvalidCallError(f"{path} cannot be read: {error.strerror or error}.", "Name an XLSX file.") from error
    except InvalidCallError:
        raise
    except _UNREADABLE as error:
        raise InvalidCallError(
            f"{path} is no XLSX workbook that can be read, or is damaged.", "Save it anew as XLSX or as CSV (UTF-8)."
        ) from error


@contextmanager
def _opened(path: Path, *, formulas: bool) -> Iterator[Any]:
    from openpyxl import load_workbook

    with ExitStack() as stack:
        with _no_workbook(path):
            # The library leaves a file open that it could not read.
            file = stack.enter_context(path.open("rb"))
            book = load_workbook(file, read_only=True, data_only=not formulas, keep_links=False)
        stack.callback(book.close)
        yield book


def _rows(path: Path, sheet: Any, width: int, *, types: bool = False) -> Iterator[tuple[Any, ...]]:
    """The rows of a sheet from its first: values, or whether a formula stands there."""
    # What a sheet says of its own size is often wrong.
    sheet.reset_dimensions()
    rows = sheet.iter_rows(min_row=1, min_col=1, max_col=width, values_only=not types)
    number = 0
    while True:
        with _no_workbook(path):
            batch = list(islice(rows, _BATCH))
        number += len(batch)
        if number > _MOST_ROWS:
            raise InvalidCallError(f"{path} has a row beyond {_MOST_ROWS}.", "Save it anew as XLSX or as CSV (UTF-8).")
        for row in batch:
            yield tuple(cell.data_type == "f" for cell in row) if types else row
        if len(batch) < _BATCH:
            return


def _texts(row: Sequence[Any], formulas: Sequence[bool] = ()) -> list[str]:
    cells = [_text(value) for value in row]
    for at, is_formula in enumerate(formulas):
        if is_formula and not cells[at]:
            cells[at] = Broken("holds a formula without a value; open the workbook and save it")
    return cells


def _text(value: Any) -> str:
    """A cell as our files would write it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return Exact(_written(value))


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if value.is_integer() and abs(value) < _EXACT_FLOAT:
            return str(int(value))
        return f"{value:.15g}" if abs(value) < _EXACT_FLOAT else f"{value:.14E}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat()
    if isinstance(value, date | time):
        return value.isoformat()[:5] if isinstance(value, time) else value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value)
