"""Reads a CSV file in one streamed pass: how it is written, its headings, and each row as it stands there."""

from __future__ import annotations

import csv
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice
from typing import IO, TYPE_CHECKING

from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.encodings import (
    SEPARATORS,
    Writing,
    find_encoding,
    find_separator,
    split,
)
from releasewatch.integrations.directories.sheets import Line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

_DAMAGE = "has a quoted cell that goes on after its closing quote"


@dataclass(frozen=True, slots=True)
class CsvSheet:
    """A CSV file that was looked into and can be read."""

    path: Path
    writing: Writing
    separator: str
    header_line: int
    headings: tuple[str, ...]

    @property
    def label(self) -> str:
        """The file."""
        return str(self.path)

    @property
    def encoding(self) -> str:
        """The encoding by its usual name."""
        return self.writing.encoding

    @property
    def word(self) -> str:
        """One by which people see whether a guessed encoding is right, else empty."""
        return self.writing.word

    @property
    def digest(self) -> str:
        """SHA-256 of the file."""
        return self.writing.digest

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised."""
        return tuple(_notes(self.writing, self.separator))

    def lines(self) -> Iterator[Line]:
        """Every row below the headings that is not blank. Raises InvalidCallError when the file itself is damaged."""
        first = self.header_line + 1
        with _opened(self.path, self.writing.encoding) as file:
            deque(islice(file, self.header_line), 0)
            reader = csv.reader(file, delimiter=self.separator, strict=True)
            try:
                for row in reader:
                    if row and (row[0].strip() or any(cell.strip() for cell in row)):
                        yield Line(first, row)
                    first = self.header_line + 1 + reader.line_num
            except csv.Error:
                pass
            else:
                return
        yield from self._lines_kept(first - 1)

    def _lines_kept(self, skipped: int) -> Iterator[Line]:
        """The rows from a damaged one on, with the lines of each at hand while it is read: that takes twice as long."""
        with _opened(self.path, self.writing.encoding) as file:
            lines = _Lines(file)
            lines.skip(skipped)
            reader = csv.reader(lines, delimiter=self.separator, strict=True)
            while True:
                lines.begin()
                try:
                    row = next(reader, None)
                except csv.Error as error:
                    yield self._damaged(lines, error)
                    continue
                if row is None:
                    return
                if row and (row[0].strip() or any(cell.strip() for cell in row)):
                    yield Line(lines.first, row)

    def _damaged(self, lines: _Lines, error: csv.Error) -> Line:
        """A record that is no RFC 4180, read leniently, unless a quote that is never closed took others with it."""
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
        return Line(lines.first, split(lines.record, self.separator), _DAMAGE)


def first_lines(path: Path) -> Iterator[str]:
    """The lines of a file from its beginning, without their ends."""
    with _opened(path, find_encoding(path).encoding) as file:
        yield from (line.rstrip("\r\n") for line in file)


def open_csv(path: Path, known: Collection[str], needed: str, skip_rows: int = 0) -> CsvSheet:
    """Look into a file. `known`: headings to be expected, casefolded; `needed`: what an empty file should begin with;
    `skip_rows`: so many lines stand above the headings.

    Raises InvalidCallError when it cannot be read, is empty or a workbook.
    """
    writing = find_encoding(path)
    with _opened(path, writing.encoding) as file:
        lines = _Lines(file)
        lines.skip(skip_rows)
        line = lines.next_with_text()
        separator = _declared_separator(line)
        if separator:
            line = lines.next_with_text()
        if not line:
            raise InvalidCallError(f"{path} is empty.", f"Its first line names the columns: {needed}, …")
        separator = separator or find_separator(line, lambda name: name.casefold() in known)
        try:
            headings = next(csv.reader(chain([line], lines), delimiter=separator, strict=True))
        except csv.Error as error:
            raise InvalidCallError(
                f"The column names of {path} cannot be read: a quote is out of place.", "Correct its first line."
            ) from error
    return CsvSheet(path, writing, separator, lines.number, tuple(headings))


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

    def skip(self, many: int) -> None:
        """Pass over so many lines, or to the end of the file."""
        for _ in islice(self, many):
            pass

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
