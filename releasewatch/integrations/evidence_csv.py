"""Reads evidence of an impact from a CSV file, row by row: what it says of a customer, or why it is refused."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import IO, Any

from releasewatch.domain.impacts import SAID, ImpactSaid
from releasewatch.domain.incidents import COMPONENT_STATUSES
from releasewatch.domain.times import format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.encodings import find_encoding, find_separator

COLUMNS = ("customer", "state", "first_at", "last_at", "count", "note", "level")


def open_evidence(path: Path) -> IO[str]:
    """A file as text, in the encoding that it is written in. Raises InvalidCallError where that does not show."""
    return path.open(encoding=find_encoding(path).encoding, newline="")


def read_evidence(file: IO[str], name: str) -> Iterator[ImpactSaid | tuple[int, str]]:
    """Every row in order, or its line with the reason why it is refused, without what it held.

    Its first line shows the separator.
    Only `customer` is needed; a row without a state is of somebody affected. Instants name their zone.
    Raises InvalidCallError for a file that is no such CSV.
    """
    reader = _reader(file, name)
    header = _header(reader, name)
    while True:
        try:
            row = next(reader, None)
        except UnicodeDecodeError as error:
            raise InvalidCallError(f"{name} is not UTF-8.", "Save it as UTF-8; nothing was taken from it.") from error
        except csv.Error:
            yield reader.line_num, "it is not readable as CSV"
            continue
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            yield reader.line_num, f"it has {counted(len(row), 'cell')} where the header has {len(header)}"
            continue
        cells = {column: cell.strip() for column, cell in zip(header, row, strict=True)}
        try:
            yield _read(cells, reader.line_num)
        except ValueError as error:
            yield reader.line_num, str(error)


def _reader(file: IO[str], name: str) -> Any:
    try:
        first = next(file, "")
    except UnicodeDecodeError as error:
        raise InvalidCallError(f"{name} is no CSV in UTF-8.", "Its first line names the columns.") from error
    separator = find_separator(first.rstrip("\r\n"), lambda column: column.removeprefix("\ufeff").lower() in COLUMNS)
    return csv.reader(chain([first] if first else [], file), delimiter=separator, strict=True)


def _header(reader: Iterator[list[str]], name: str) -> list[str]:
    try:
        header = [cell.strip().removeprefix("\ufeff").strip().lower() for cell in next(reader, [])]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InvalidCallError(f"{name} is no CSV in UTF-8.", "Its first line names the columns.") from error
    unknown = [column for column in header if column not in COLUMNS]
    if "customer" not in header or unknown or len(set(header)) < len(header):
        raise InvalidCallError(
            f"{name} does not have the columns of evidence in its first line.",
            f"Wanted: customer, and of {', '.join(COLUMNS[1:])} those you have.",
        )
    return header


def _read(cells: Mapping[str, str], line: int) -> ImpactSaid:
    customer, state = cells["customer"], cells.get("state", "").lower() or "affected"
    if not customer or "\0" in customer:
        raise ValueError("customer: it names none")
    if state not in SAID:
        raise ValueError(f"state: wanted one of {', '.join(SAID)}")
    level = cells.get("level", "").lower()
    if level not in ("", *COMPONENT_STATUSES[1:]):
        raise ValueError(f"level: wanted one of {', '.join(COMPONENT_STATUSES[1:])}")
    first, last = _instant(cells, "first_at"), _instant(cells, "last_at")
    if first is not None and last is not None and last < first:
        raise ValueError(f"last_at: before first_at, {format_utc(first)}")
    return ImpactSaid(
        customer,
        state,
        first,
        last,
        _count(cells.get("count", "")),
        cells.get("note", ""),
        level,
        line,
    )


def _instant(cells: Mapping[str, str], column: str) -> datetime | None:
    text = cells.get(column, "")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{column}: wanted an RFC 3339 time") from None
    if found.tzinfo is None:
        raise ValueError(f"{column}: it does not say in which zone")
    return found


def _count(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise ValueError("count: wanted a whole number")
    return int(text)
