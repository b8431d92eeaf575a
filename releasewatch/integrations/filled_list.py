"""Reads a call list that came back filled in, from XLSX or CSV, whichever program saved it and however it was moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from releasewatch.domain.call_sheets import AS_OF, CALL, FILLED, LIST, MORE_FILLED, TOLD, VERSION, column_name
from releasewatch.domain.formula_guard import strip_guard
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.csv_sheet import first_lines, open_csv
from releasewatch.integrations.directories.encodings import SEPARATORS, split
from releasewatch.integrations.directories.sheets import Broken, Sheet
from releasewatch.integrations.directories.xlsx_sheet import (
    ERRORS,
    first_rows,
    is_workbook,
    open_xlsx,
    sheet_names,
    split_sheet,
)

_ABOVE = 20
"""Among so many first rows the headings are looked for: a title may stand over them."""

_NEEDED = (CALL, "disposition")
_KNOWN = frozenset({*TOLD, *FILLED, *MORE_FILLED, "key", LIST, AS_OF, VERSION})
_READ = _KNOWN - (set(TOLD) - {CALL, "contact"})
"""What is read of a row; a formula that somebody has broken elsewhere is theirs."""
_HINT = "Its headings are those of: releasewatch call render --format xlsx -o FILE"


@dataclass(frozen=True, slots=True)
class GivenRow:
    """A row as it stands there, by the names of columns. `number`: its row or line; `damage`: why it is none, or empty.

    `broken`: columns that are read, in which something stands that is no value.
    """

    number: int
    cells: Mapping[str, str]
    damage: str = ""
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilledList:
    """A list that was looked into. `place` is what a row is counted by: row or line. `notes`: what was recognised."""

    place: str
    columns: tuple[str, ...]
    notes: tuple[str, ...]
    sheet: Sheet

    def rows(self) -> Iterator[GivenRow]:
        """Every row that is not blank; raises InvalidCallError when the file is damaged."""
        for line in self.sheet.lines():
            given = list(line.cells)
            damage = line.damage
            if len(given) > len(self.columns) and any(cell.strip() for cell in given[len(self.columns) :]):
                damage = (
                    damage or f"has {counted(len(given), 'cell')}, and the list {counted(len(self.columns), 'heading')}"
                )
            named = [(name, cell) for name, cell in zip(self.columns, given, strict=False) if name]
            broken = tuple(name for name, cell in named if name in _READ and _is_broken(cell))
            cells = {name: "" if _is_broken(cell) else strip_guard(cell.strip()).strip() for name, cell in named}
            yield GivenRow(line.number, cells, damage, broken)


def _is_broken(cell: str) -> bool:
    return isinstance(cell, Broken) or cell.strip() in ERRORS


def open_filled(path: Path) -> FilledList:
    """Look into a file: find its sheet and its headings. Raises InvalidCallError when it is no such list."""
    file, asked = split_sheet(path)
    sheet: Sheet
    if is_workbook(file):
        chosen, above = _find_headings(file, asked)
        sheet = open_xlsx(file, chosen, CALL, above)
        notes: tuple[str, ...] = ()
    else:
        sheet = open_csv(file, _KNOWN, CALL, _lines_above(file))
        notes = sheet.notes
    columns = tuple(column_name(heading) for heading in sheet.headings)
    _check(path, columns)
    return FilledList("row" if is_workbook(file) else "line", columns, notes, sheet)


def _find_headings(file: Path, asked: str) -> tuple[str, int]:
    """The sheet with the headings, and how many rows stand above them."""
    for name in [asked] if asked else sheet_names(file):
        for number, cells in enumerate(first_rows(file, name, _ABOVE)):
            if _is_header(cells):
                return name, number
    where = f"The sheet {asked!r} of {file}" if asked else f"{file}"
    raise InvalidCallError(f"{where} is no call list: no row names the columns call and disposition.", _HINT)


def _lines_above(file: Path) -> int:
    for number, line in enumerate(islice(first_lines(file), _ABOVE)):
        if any(_is_header(split([line], separator)) for separator in SEPARATORS):
            return number
    if next(first_lines(file), "").lstrip("\ufeff \t")[:1] in ("{", "["):
        raise InvalidCallError(
            f"{file} is JSON, which programs read and nobody fills in: a list is read back from XLSX or CSV.", _HINT
        )
    raise InvalidCallError(f"{file} is no call list: no line names the columns call and disposition.", _HINT)


def _is_header(cells: Sequence[str]) -> bool:
    names = {column_name(cell) for cell in cells}
    return all(name in names for name in _NEEDED)


def _check(path: Path, columns: Sequence[str]) -> None:
    ours = [name for name in columns if name in _KNOWN]
    twice = sorted({name for name in ours if ours.count(name) > 1})
    if twice:
        raise InvalidCallError(
            f"{path} has the column {twice[0]!r} twice.", "Remove or rename one of them; nothing was imported."
        )
