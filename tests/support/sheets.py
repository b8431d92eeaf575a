"""Workbooks as people meet them: what stands in each cell, and words typed into some."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openpyxl import load_workbook

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

TEXT = "s"


def show_workbook(path: Path, *sheets: str) -> str:
    """Sheets (without a name: all) row by row, cells between bars; a cell that is no text says what it is."""
    lines: list[str] = []
    book = load_workbook(path)
    for sheet in [book[name] for name in sheets or book.sheetnames]:
        lines += [f"== {sheet.title} ==", ""]
        for row in sheet.iter_rows():
            cells = [_show(cell) for cell in row]
            while cells and not cells[-1]:
                cells.pop()
            lines.append(f"{row[0].row}: {' | '.join(cells)}")
        rules = sorted(sheet.data_validations.dataValidation, key=lambda rule: str(rule.sqref))
        lines += [f"{rule.sqref} takes {rule.formula1}" for rule in rules if rule.type == "list"]
        lines.append("")
    return "\n".join(lines)


def _show(cell: Any) -> str:
    if cell.value is None:
        return ""
    text = str(cell.value).replace("\n", " / ")
    return text if cell.data_type == TEXT else f"{text} (no text: {cell.data_type})"


def fill_in(path: Path, rows: Iterable[Mapping[str, Any]], by: str = "call") -> None:
    """Type words into a list of calls: each row names, by a heading, whose it is, and what is typed under others."""
    book = load_workbook(path)
    sheet = book["Calls"]
    top = next(row for row in sheet.iter_rows() if any(cell.value == "disposition" for cell in row))
    column = {cell.value: cell.column for cell in top}
    numbers = range(top[0].row + 1, sheet.max_row + 1)
    place = {sheet.cell(number, column[by]).value: number for number in numbers}
    for words in rows:
        for heading, typed in words.items():
            if heading != by:
                cell = sheet.cell(place[words[by]], column[heading])
                cell.value = typed
                if isinstance(typed, str) and cell.number_format == "@":
                    cell.data_type = TEXT  # as a spreadsheet takes it there, whatever it begins with
    book.save(path)
