"""Finds the rows that a report's export has above its headings: a title, filters, a blank line."""

from __future__ import annotations

import csv
from itertools import islice
from typing import TYPE_CHECKING

from releasewatch.integrations.directories.csv_sheet import first_lines
from releasewatch.integrations.directories.encodings import find_separator
from releasewatch.integrations.directories.xlsx_sheet import first_rows, is_workbook, split_sheet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOOKED_AT = 20


def count_title_rows(path: Path, is_heading: Callable[[str], bool]) -> int:
    """How many rows stand above the headings, 0 when the first row holds them.

    Headings are the first row, wider than all above it, with two that are known; else the first of several cells.
    Raises InvalidCallError when the file cannot be read.
    """
    file, sheet = split_sheet(path)
    rows = first_rows(file, sheet, _LOOKED_AT) if is_workbook(file) else _first_of_csv(path, is_heading)
    widest = 0
    wider: list[tuple[int, bool]] = []
    for number, cells in enumerate(rows):
        filled = [cell for cell in cells if cell.strip()]
        if len(filled) > max(widest, 1):
            wider.append((number, sum(map(is_heading, filled)) > 1))
        widest = max(widest, len(filled))
    known = [number for number, is_known in wider if is_known]
    found = known or [number for number, _ in wider]
    return found[0] if found and any(cell.strip() for cells in rows[: found[0]] for cell in cells) else 0


def _first_of_csv(path: Path, is_heading: Callable[[str], bool]) -> list[list[str]]:
    lines = list(islice(first_lines(path), _LOOKED_AT))
    if lines and lines[0].startswith("sep="):
        return []  # it says itself how it is written, as no report does
    return [next(csv.reader([line], delimiter=find_separator(line, is_heading)), []) for line in lines]
