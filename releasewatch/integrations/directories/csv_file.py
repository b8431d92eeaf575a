"""Reads a CSV file of a directory in one streamed pass: each row is given, or refused with the reason."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import IO, TYPE_CHECKING, Any, Generic

from releasewatch.domain.customers import Problem, Rejected, Row, Stated
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.columns import ColumnMap, Layout, lay_out
from releasewatch.integrations.directories.encodings import (
    SEPARATORS,
    Writing,
    find_encoding,
    find_separator,
    split,
)
from releasewatch.integrations.directories.fields import readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

from releasewatch.integrations.directories.records import Cells, Shape


@dataclass(frozen=True, slots=True)
class CsvFile(Generic[Row]):
    """A file that was looked into and can be read. `notes` say what was recognised or looks odd, for people."""

    path: Path
    shape: Shape[Row]
    writing: Writing
    separator: str
    header_line: int
    layout: Layout
    notes: tuple[str, ...]

    @property
    def encoding(self) -> str:
        """The encoding by its usual name."""
        return self.writing.encoding

    @property
    def name(self) -> str:
        """The file, as messages name it."""
        return str(self.path)

    @property
    def reading(self) -> Any:
        """The file's bytes, and how they were read."""
        places = self.layout.places.items()
        columns = {column: [at, heading.name, dict(heading.values)] for column, (at, heading) in places}
        joined = {column: more for column, more in self.layout.joined.items() if more}
        return [self.writing.digest, self.encoding, self.separator, columns, joined]

    @property
    def facts(self) -> Mapping[str, Any]:
        """How the file is written."""
        return {"encoding": self.encoding, "separator": self.separator}

    def heading(self, column: str) -> str:
        """What the file calls one of our columns."""
        return self.layout.heading(column)

    def place(self, line: int) -> Mapping[str, int]:
        """Where a row begins."""
        return {"line": line}

    @property
    def columns(self) -> frozenset[str]:
        """Which of our columns the file has; `attributes` when it has others that are kept."""
        return frozenset(self.layout.places) | ({"attributes"} if self.layout.others else set())

    def rows(self) -> Iterator[Stated[Row] | Rejected]:
        """Every row that is not blank, in order. Raises InvalidCallError when the file itself is damaged."""
        with _opened(self.path, self.writing.encoding) as file:
            lines = _Lines(file)
            reader = csv.reader(lines, delimiter=self.separator, strict=True)
            while True:
                lines.begin()
                try:
                    row = next(reader, None)
                except csv.Error as error:
                    yield self._unreadable(lines, error)
                    continue
                if row is None:
                    return
                if lines.first > self.header_line and any(cell.strip() for cell in row):
                    yield self._read(row, lines.first)

    def _read(self, row: list[str], line: int) -> Stated[Row] | Rejected:
        cells = self.layout.cells(row)
        extra = any(cell.strip() for cell in row[self.layout.width :])
        if extra or len(row) < self.layout.width:
            reason = f"has {len(row)} cells where the header has {self.layout.width}"
            return Rejected(line, (Problem("", reason),), self._identity(cells))
        stated = self.shape.read(cells)
        if cells.problems:
            return Rejected(line, tuple(cells.problems), self._identity(cells))
        return Stated(line, stated)

    def _identity(self, cells: Cells) -> Mapping[str, str]:
        return {column: readable(cells.values.get(column, "")) for column in self.shape.identity}

    def _unreadable(self, lines: _Lines, error: csv.Error) -> Rejected:
        """A record that is no RFC 4180: refused alone, unless a quote that is never closed took others with it."""
        if "unexpected end of data" in str(error):
            raise InvalidCallError(
                f"{self.path} ends inside a quoted cell that begins in the row of line {lines.first}: "
                "it broke off, or a quote is missing.",
                "Export it again; nothing was imported.",
            ) from error
        if "field larger than" in str(error):
            raise InvalidCallError(
                f"{self.path} has a cell of more than {csv.field_size_limit()} characters in the row of line "
                f"{lines.first}; a quote may be missing.",
                "Correct that row; nothing was imported.",
            ) from error
        cells = self.layout.cells(split(lines.record, self.separator))
        problem = Problem("", "has a quoted cell that goes on after its closing quote")
        return Rejected(lines.first, (problem,), self._identity(cells))


def open_csv(path: Path, shape: Shape[Row], columns: ColumnMap | None = None) -> CsvFile[Row]:
    """Look into a file: how it is written and where its columns stand.

    Raises InvalidCallError when it cannot be read, is empty or a workbook, or lacks a column.
    """
    writing = find_encoding(path)
    columns = columns or {}
    known = {heading.name.casefold() for heading in columns.values()} | set(shape.columns)
    with _opened(path, writing.encoding) as file:
        lines = _Lines(file)
        line = lines.next_with_text()
        separator = _declared_separator(line)
        if separator:
            line = lines.next_with_text()
        if not line:
            columns_needed = ", ".join(shape.required)
            raise InvalidCallError(f"{path} is empty.", f"Its first line names the columns: {columns_needed}, …")
        separator = separator or find_separator(line, lambda name: name.casefold() in known)
        try:
            headings = next(csv.reader(chain([line], lines), delimiter=separator, strict=True))
        except csv.Error as error:
            raise InvalidCallError(
                f"The column names of {path} cannot be read: a quote is out of place.", "Correct its first line."
            ) from error
    layout = lay_out(shape, headings, columns, str(path))
    notes = (*_notes(writing, separator), *layout.notes)
    return CsvFile(path, shape, writing, separator, lines.number, layout, notes)


def _declared_separator(line: str) -> str:
    """What a spreadsheet's own first line `sep=;` says, or empty."""
    said = line.rstrip("\r\n").removeprefix("sep=")
    return said if line.startswith("sep=") and said in SEPARATORS else ""


def _notes(writing: Writing, separator: str) -> Iterator[str]:
    if writing.guessed:
        yield f"not UTF-8: read as {writing.encoding}, which is a guess; save it as UTF-8 to be sure"
    elif writing.encoding not in ("utf-8", "utf-8-sig"):
        yield f"read as {writing.encoding}, as its byte order mark says"
    if separator != ",":
        yield f"cells are separated by {SEPARATORS[separator]}"


@contextmanager
def _opened(path: Path, encoding: str) -> Iterator[IO[str]]:
    try:
        with path.open(encoding=encoding, newline="") as file:
            yield file
    except UnicodeDecodeError as error:
        raise InvalidCallError(
            f"{path} was taken for {encoding}, and is not: it cannot be read to its end.", "Save it as UTF-8."
        ) from error
    except OSError as error:
        raise InvalidCallError(f"{path} cannot be read: {error.strerror}.", "Name a CSV file.") from error


class _Lines:
    """The lines of a file, counted, with those of the record at hand kept."""

    def __init__(self, file: IO[str]) -> None:
        self._lines = iter(file)
        self.number = 0
        self.first = 1
        self.record: list[str] = []

    def begin(self) -> None:
        """A new record begins with the next line."""
        self.first = self.number + 1
        self.record = []

    def next_with_text(self) -> str:
        """The next line that is not blank; empty at the end of the file."""
        return next((line for line in self if line.strip()), "")

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        self.record.append(line)
        return line
