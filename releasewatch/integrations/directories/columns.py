"""Finds our columns among the headings of a file, through the map that the configuration gives."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.records import Cells, Shape


@dataclass(frozen=True, slots=True)
class Heading:
    """How a file calls one of our columns, and what its values mean (a value not listed stays as it is).

    `more`: further columns, whose texts are joined to the first with a space. `instead`: what to look for in a file
    that has no such column; `optional`: whether it may have none of them.
    """

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    more: tuple[str, ...] = ()
    instead: tuple[Heading, ...] = ()
    optional: bool = False


ColumnMap = Mapping[str, Heading]
"""Our name for a column to the file's own heading."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where our columns stand in a row: by our name, the position, the values' meaning and the heading as written."""

    width: int
    places: Mapping[str, tuple[int, Heading]]
    others: Mapping[str, int]
    notes: tuple[str, ...] = ()
    joined: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    def cells(self, row: Sequence[str]) -> Cells:
        """The row by our names, trimmed and translated; a row that is too short has empty cells at its end."""
        values = {}
        for column, (place, heading) in self.places.items():
            parts = (row[at].strip() for at in (place, *self.joined.get(column, ())) if at < len(row))
            text = " ".join(part for part in parts if part)
            values[column] = heading.values.get(text, text)
        attributes = {name: row[at].strip() for name, at in self.others.items() if at < len(row)}
        return Cells(values, attributes)

    def heading(self, column: str) -> str:
        """What the file calls one of our columns; our own name where it has none."""
        return self.places[column][1].name if column in self.places else column


def lay_out(shape: Shape[Any], headings: Sequence[str], given: ColumnMap, file: str) -> Layout:
    """Find the columns; raises InvalidCallError, naming file and headings, when one is missing or there twice."""
    names = [heading.strip() for heading in headings]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise InvalidCallError(f"{file} has the column {twice[0]!r} twice.", "Name each column once.")
    places: dict[str, tuple[int, Heading]] = {}
    joined: dict[str, tuple[int, ...]] = {}
    for column, wanted in given.items():
        heading = _choose(wanted, names)
        if heading is not None:
            places[column] = (_find_mapped(column, heading, names, file), heading)
            more = (Heading(name) for name in heading.more)
            joined[column] = tuple(_find_mapped(column, one, names, file) for one in more)
    used = {place for place, _ in places.values()}.union(*joined.values())
    folded = {name.casefold(): at for at, name in enumerate(names) if at not in used}
    for column in shape.columns:
        at = folded.get(column)
        if column not in places and at is not None:
            places[column] = (at, Heading(names[at]))
            used.add(at)
    others = {name: at for at, name in enumerate(names) if name and at not in used}
    _require(shape, places, names, file)
    notes = tuple(_notes(shape, places, others))
    return Layout(len(names), places, others if shape.keeps_attributes else {}, notes, joined)


def _choose(wanted: Heading, names: Sequence[str]) -> Heading | None:
    """Of a heading and what may stand instead, the first that the file has; None when it may go without."""
    folded = {name.casefold() for name in names}
    for heading in (wanted, *wanted.instead):
        if all(name.casefold() in folded for name in (heading.name, *heading.more)):
            return heading
    return None if wanted.optional else wanted


def _find_mapped(column: str, heading: Heading, names: Sequence[str], file: str) -> int:
    if heading.name in names:
        return names.index(heading.name)
    folded = [name.casefold() for name in names]
    if heading.name.casefold() in folded:
        return folded.index(heading.name.casefold())
    raise InvalidCallError(
        f"{file} has no column {heading.name!r}, which the configuration names for {column}. It has: {_listed(names)}.",
        _meant(heading.name, names) or "Correct the column map under [directory.*.columns].",
    )


def _require(shape: Shape[Any], places: Mapping[str, object], names: Sequence[str], file: str) -> None:
    missing = [column for column in shape.required if column not in places]
    if shape.kind == "entitlements" and "component" not in places and "product" not in places:
        missing.append("component (or product)")
    if not missing:
        return
    word = missing[0].split(" ")[0]
    raise InvalidCallError(
        f"{file} lacks the column {', '.join(missing)}, which a file of {shape.kind} must have. "
        f"It has: {_listed(names)}.",
        _meant(word, names) or f'Name the heading that means it: [directory.*.columns.{shape.kind}] {word} = "…"',
    )


def _meant(word: str, names: Sequence[str]) -> str:
    by_folded = {name.casefold(): name for name in names if name}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return f"Did you mean {by_folded[near[0]]!r}?" if near else ""


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(repr(name) for name in names[:most] if name)
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "nothing"


def _notes(shape: Shape[Any], places: Mapping[str, object], others: Mapping[str, int]) -> Iterator[str]:
    absent = [column for column in shape.columns if column not in places]
    for name in others:
        folded = name.casefold().replace(" ", "_").replace("-", "_")
        near = difflib.get_close_matches(folded, absent, n=1, cutoff=0.8)
        if near:
            yield f"column {name!r} is not known; did you mean {near[0]}?"
    if others and not shape.keeps_attributes:
        yield f"columns not used: {_listed(sorted(others))}"
