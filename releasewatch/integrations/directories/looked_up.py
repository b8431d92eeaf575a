"""Reads a column from another file: of the rows there that name a customer, what the newest says, or most of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.fields import BadValueError
from releasewatch.integrations.directories.sheets import Broken
from releasewatch.integrations.directories.writings import rewrite_day

if TYPE_CHECKING:
    from releasewatch.domain.columns import Heading
    from releasewatch.integrations.directories.sheets import Sheet

_DAY_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")


@dataclass(frozen=True, slots=True)
class LookedUp:
    """What another file says of a column: the value by key. `reading`: the file's bytes, and how it was read."""

    values: Mapping[str, str]
    notes: tuple[str, ...]
    reading: tuple[str, ...]


def look_up(sheet: Sheet, column: str, heading: Heading) -> LookedUp:
    """Read a column whose heading names another file, which is `sheet`.

    With `newest`, the row of the newest day counts, of several the last one; else what most rows say, of several that
    are as many the first in order. Raises InvalidCallError where a heading is missing, or a day is none.
    """
    at = [_place(sheet, column, name) for name in (heading.match, heading.name, heading.newest) if name]
    newest: dict[str, tuple[str, str]] = {}
    many: dict[str, Counter[str]] = {}
    undated = 0
    for number, cells in _rows(sheet, max(at)):
        key, value = cells[at[0]].strip(), cells[at[1]].strip()
        if not key or not value or isinstance(cells[at[1]], Broken):
            continue
        if heading.newest:
            day = _day(sheet, number, cells[at[2]], heading)
            undated += not day
            if not day:
                continue
            if day >= newest.get(key, ("", ""))[0]:
                newest[key] = (day, value)
        many.setdefault(key, Counter())[value] += 1
    if heading.newest:
        chosen = {key: value for key, (_, value) in newest.items()}
        rule = f"the newest by {heading.newest!r} counts"
    else:
        chosen = {key: min(counts, key=lambda one: (-counts[one], one)) for key, counts in many.items()}
        rule = "what most rows say counts"
    several = sum(len(counts) > 1 for counts in many.values())
    notes = [f"{column} is read from {sheet.label}, which has one for {counted(len(chosen), 'key')}"]
    if several:
        notes.append(f"{column}: {sheet.label} says more than one for {several} of them; {rule}")
    if undated:
        notes.append(f"{column}: {counted(undated, 'row')} of {sheet.label} without a day count for nothing")
    read = (sheet.digest, sheet.encoding, heading.match, heading.name, heading.newest)
    return LookedUp(
        {key: heading.values.get(value, value) for key, value in chosen.items()}, tuple(notes), tuple(map(str, read))
    )


def _place(sheet: Sheet, column: str, name: str) -> int:
    folded = [" ".join(heading.split()).casefold() for heading in sheet.headings]
    wanted = " ".join(name.split()).casefold()
    if folded.count(wanted) != 1:
        raise InvalidCallError(
            f"{sheet.label} has {'no' if wanted not in folded else 'more than one'} column {name!r}, which the "
            f"configuration names for {column}.",
            "Correct it under [directory.*.columns.customers].",
        )
    return folded.index(wanted)


def _rows(sheet: Sheet, last: int) -> Iterator[tuple[int, list[str]]]:
    for line in sheet.lines():
        cells = list(line.cells)
        yield line.number, cells + [""] * (last + 1 - len(cells))


def _day(sheet: Sheet, number: int, cell: str, heading: Heading) -> str:
    text = cell.strip()
    if not text:
        return ""
    try:
        day = rewrite_day(text, heading.format) if heading.format else text
    except BadValueError as error:
        raise InvalidCallError(f"{sheet.label}:{number}: {heading.newest} {error}.", _SAY_HOW) from error
    if not _DAY_FIRST.match(day) or not _is_day(day[:10]):
        raise InvalidCallError(f"{sheet.label}:{number}: {heading.newest} does not begin with a day.", _SAY_HOW)
    return day


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_SAY_HOW = 'Days are written YYYY-MM-DD; else say how, as in format = "DD.MM.YYYY".'
