"""Reads a file of a directory, whatever it is written in: each row is given, or refused with the reason."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic

from releasewatch.domain.customers import Problem, Rejected, Row, Stated
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.columns import Layout, lay_out
from releasewatch.integrations.directories.columnwise import TOGETHER, find_columnwise
from releasewatch.integrations.directories.csv_sheet import CsvSheet, open_csv
from releasewatch.integrations.directories.fields import readable
from releasewatch.integrations.directories.looked_up import LookedUp, look_up
from releasewatch.integrations.directories.records import Cells, Shape
from releasewatch.integrations.directories.totals import total_row
from releasewatch.integrations.directories.unknown_values import UnknownValues
from releasewatch.integrations.directories.xlsx_sheet import is_workbook, open_xlsx, split_sheet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from releasewatch.domain.columns import ColumnMap
    from releasewatch.domain.customers import Block
    from releasewatch.integrations.directories.sheets import Line, Sheet


@dataclass(slots=True)
class Tally:
    """Rows of a file that were read so far, and those of them that say nothing about what is read here."""

    rows: int = 0
    silent: int = 0


@dataclass(frozen=True, slots=True)
class DirectoryFile(Generic[Row]):
    """A file that was looked into and can be read as one kind.

    `shared`: it feeds other kinds as well, so that a row may say nothing about this one. `tally` counts what `rows`
    gave, and begins anew with it.
    """

    sheet: Sheet
    shape: Shape[Row]
    layout: Layout
    shared: bool = False
    tally: Tally = field(default_factory=Tally, compare=False)
    elsewhere: Mapping[str, LookedUp] = field(default_factory=dict)
    unknown: UnknownValues = field(default_factory=UnknownValues, compare=False)

    @property
    def path(self) -> Path:
        """The file."""
        return self.sheet.path

    @property
    def encoding(self) -> str:
        """How it is written."""
        return self.sheet.encoding

    @property
    def name(self) -> str:
        """The file, as messages name it."""
        return self.sheet.label

    @property
    def reading(self) -> Any:
        """The file's bytes, and how they were read."""
        columns = {column: [at, asdict(heading)] for column, (at, heading) in self.layout.places.items()}
        read = [self.sheet.digest, self.encoding, self.sheet.separator, columns, self.shared]
        return read + [[column, *one.reading] for column, one in sorted(self.elsewhere.items())]

    @property
    def facts(self) -> Mapping[str, Any]:
        """How the file is written."""
        return {"encoding": self.encoding, "separator": self.sheet.separator}

    def heading(self, column: str) -> str:
        """What the file calls one of our columns."""
        return self.layout.heading(column)

    def place(self, line: int) -> Mapping[str, int]:
        """Where a row begins."""
        return {"line": line}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised or looks odd, for people."""
        looked_up = (note for one in self.elsewhere.values() for note in one.notes)
        return (*self.sheet.notes, *self.layout.notes, *looked_up, *self.unknown.notes(self.place, self.heading))

    @property
    def columns(self) -> frozenset[str]:
        """Which of our columns the file has; `attributes` when it has others that are kept."""
        return self.layout.columns

    def rows(self) -> Iterator[Stated[Row] | Rejected]:
        """Every row that says something, in order. Raises InvalidCallError when the file itself is damaged."""
        return chain.from_iterable(self.blocks())

    def blocks(self) -> Iterator[Block[Row]]:
        """The same rows, as many at a time as were read at once."""
        self.tally.rows = self.tally.silent = 0
        self.unknown.clear()
        lines = self.sheet.lines()
        is_text = isinstance(self.sheet, CsvSheet)
        columnwise = find_columnwise(self.shape.kind, self.layout, shared=self.shared) if is_text else None
        if columnwise is not None:
            for some in _together(lines):
                self.tally.rows += len(some)
                yield from columnwise.read(some, self._read)
            return
        for line in lines:
            self.tally.rows += 1
            found = self._read(line)
            self.tally.silent += not found
            yield found

    def take_counts(self, tally: Tally, unknown: UnknownValues) -> None:
        """Take over what was counted where the file was read by somebody else."""
        self.tally.rows, self.tally.silent = tally.rows, tally.silent
        self.unknown.clear()
        self.unknown.many = unknown.many
        self.unknown.named.extend(unknown.named)

    def _read(self, line: Line) -> Sequence[Stated[Row] | Rejected]:
        """What a row states: mostly one thing, none when it is silent, several entitlements from one cell."""
        records = self.layout.records(line.cells)
        damage = line.damage or self._out_of_shape(line.cells) or total_row(line.cells)
        if damage:
            return [Rejected(line.number, (Problem("", damage),), self._identity(records))]
        if self.shared and not any(cells.states(self.shape) for cells in records):
            return []
        stated = [Stated(line.number, self.shape.read(cells)) for cells in records]
        if any(cells.problems for cells in records):
            problems = dict.fromkeys(problem for cells in records for problem in cells.problems)
            return [Rejected(line.number, tuple(problems), self._identity(records))]
        self.unknown.add(line.number, dict.fromkeys(one for cells in records for one in cells.unknown))
        return stated

    def _out_of_shape(self, row: Sequence[str]) -> str:
        width = self.layout.width
        if len(row) == width:
            return ""
        # A workbook stores no empty cells, so that its rows may be short.
        wrong = self.sheet.separator if len(row) < width else any(cell.strip() for cell in row[width:])
        return f"has {counted(len(row), 'cell')} where the header has {width}" if wrong else ""

    def _identity(self, records: Sequence[Cells]) -> Mapping[str, str]:
        """Whom a refused row is about; what differs between the records of one row is not known."""
        found = {}
        for column in self.shape.identity:
            values = {readable(cells.values.get(column, "")) for cells in records}
            found[column] = values.pop() if len(values) == 1 else ""
        return found


def _together(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lists of so many rows as are read at once; rows above a place where a file is damaged come before its error."""
    some: list[Line] = []
    try:
        for line in lines:
            some.append(line)
            if len(some) == TOGETHER:
                yield some
                some = []
    except InvalidCallError:
        yield some
        raise
    yield some


def open_sheet(path: Path, known: Collection[str] = (), needed: str = "key, name", skip_rows: int = 0) -> Sheet:
    """Look into a CSV file or workbook (`FILE.xlsx#Sheet`); raises InvalidCallError when it is neither, or empty.

    `known`: headings to be expected, casefolded; `skip_rows`: so many rows stand above them.
    """
    file, sheet = split_sheet(path)
    if is_workbook(file):
        return open_xlsx(file, sheet, needed, skip_rows)
    if sheet and file.is_file():
        raise InvalidCallError(f"{file} has no sheets, so that {sheet!r} is none of them.", f"Name {file} alone.")
    return open_csv(path, known, needed, skip_rows)


def open_file(
    path: Path, shape: Shape[Row], columns: ColumnMap | None = None, *, shared: bool = False, skip_rows: int = 0
) -> DirectoryFile[Row]:
    """Look into a file: how it is written and where its columns stand, below so many rows that are skipped.

    Raises InvalidCallError when it cannot be read, is empty, or lacks a column.
    """
    columns = columns or {}
    known = {heading.name.casefold() for heading in columns.values()} | set(shape.columns)
    sheet = open_sheet(path, known, ", ".join(shape.required), skip_rows)
    file = lay_over(sheet, shape, columns, shared=shared)
    if not file.layout.elsewhere:
        return file
    found = {}
    for column, heading in file.layout.elsewhere.items():
        words = [word.casefold() for word in (heading.name, heading.match, heading.newest) if word]
        found[column] = look_up(open_sheet(Path(heading.file), words, ", ".join(words)), column, heading)
    by_key = {column: one.values for column, one in found.items()}
    return replace(file, layout=replace(file.layout, looked_up=by_key), elsewhere=found)


def lay_over(sheet: Sheet, shape: Shape[Any], columns: ColumnMap, *, shared: bool = False) -> DirectoryFile[Any]:
    """Read a sheet as one kind of file; raises InvalidCallError when it lacks a column."""
    return DirectoryFile(sheet, shape, lay_out(shape, sheet.headings, columns, sheet.label, shared=shared), shared)


def without_columns_of(file: DirectoryFile[Row], others: Collection[DirectoryFile[Any]]) -> DirectoryFile[Row]:
    """The file without attributes that other kinds read from it: a contact's number is none of its customer's."""
    taken = {place for other in others for place in other.layout.taken}
    kept = {name: at for name, at in file.layout.others.items() if at not in taken}
    return replace(file, layout=replace(file.layout, others=kept))
