"""Finds our columns among the headings of a file, and makes of a row's cells what the column map says."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from releasewatch.domain.columns import AMOUNTS, LISTS, SUBJECTS, ColumnMap, Heading, take_apart, tidy
from releasewatch.domain.customers import Problem
from releasewatch.domain.headings import look_like_headings, recognised
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.directories.fields import BadValueError
from releasewatch.integrations.directories.records import SHAPES, Cells, Shape
from releasewatch.integrations.directories.sheets import Broken, Exact
from releasewatch.integrations.directories.writings import rewrite_amount, rewrite_day
from releasewatch.integrations.directories.xlsx_sheet import ERRORS

CONSTANT = -1
"""The place of a column that has none: each row has the same value."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where our columns stand in a row: by our name, the position and what its cells mean."""

    width: int
    places: Mapping[str, tuple[int, Heading]]
    others: Mapping[str, int]
    notes: tuple[str, ...] = ()
    joined: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Where the further cells of a joined column stand."""
    elsewhere: Mapping[str, Heading] = field(default_factory=dict)
    """Our columns that another file holds."""
    looked_up: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """What it holds: for each of them the value by the key of a row."""

    @property
    def taken(self) -> frozenset[int]:
        """The positions of all that is read here."""
        return frozenset(place for place, _ in self.places.values()) | {
            at for more in self.joined.values() for at in more
        }

    @property
    def columns(self) -> frozenset[str]:
        """Which of our columns the file has; `attributes` when it has others that are kept."""
        found = {*self.places, *self.elsewhere}
        if self.others:
            found.add("attributes")
        if any(self.places[one][1].decimal for one in AMOUNTS if one in found):
            found.add("currency")
        return frozenset(found)

    def records(self, row: Sequence[str]) -> list[Cells]:
        """What a row states, by our names; several records where one cell names several subjects of entitlements.

        A row that is too short has empty cells at its end.
        """
        values: dict[str, str] = {}
        problems: list[Problem] = []
        subjects: list[tuple[str, str]] = []
        for column, (place, heading) in self.places.items():
            if heading.is_plain and place < len(row):
                # Most cells by far, of up to ten million rows.
                stripped = row[place].strip()
                if stripped[:1] != "#" and not isinstance(row[place], Broken):
                    values[column] = stripped
                    continue
            text = heading.constant if place == CONSTANT else row[place] if place < len(row) else ""
            if column in self.joined:
                text = _join([text, *(row[at] for at in self.joined[column] if at < len(row))])
            try:
                if column in SUBJECTS and heading.is_taken_apart:
                    subjects += [(column, one) for one in take_apart(_whole(text), heading)]
                elif column in AMOUNTS and heading.decimal:
                    values |= _amount(column, text, heading)
                else:
                    values[column] = _value(column, text, heading)
            except BadValueError as error:
                values[column] = ""
                problems.append(Problem(column, str(error)))
        for column, by_key in self.looked_up.items():
            values[column] = by_key.get(values.get("key", ""), "")
        currency = values.pop("beside the amount", "")
        if currency and values.setdefault("currency", currency).upper() != currency:
            if values["currency"]:
                problems.append(Problem("currency", "is another one than stands beside the amount"))
            values["currency"] = currency
        kept = ((name, row[at]) for name, at in self.others.items() if at < len(row))
        attributes = {name: text.strip() for name, text in kept if not isinstance(text, Broken)}
        if not subjects:
            return [Cells(values, attributes, problems)]
        # Beside what a cell lists stands what another column names alone.
        subjects += [(column, values[column]) for column in SUBJECTS if values.get(column)]
        records = [{**values, **dict.fromkeys(SUBJECTS, ""), column: one} for column, one in subjects]
        return [Cells(one, attributes, list(problems)) for one in records]

    def heading(self, column: str) -> str:
        """What the file calls one of our columns; our own name where it has none."""
        heading = self.elsewhere.get(column) or (self.places[column][1] if column in self.places else None)
        return (heading.name if heading else "") or column


def _join(cells: Sequence[str]) -> str:
    broken = next((cell for cell in cells if isinstance(cell, Broken) or cell.strip() in ERRORS), None)
    return broken if broken is not None else " ".join(cell.strip() for cell in cells if cell.strip())


def _whole(text: str) -> str:
    """A cell without the blanks around it; raises BadValueError when it holds a spreadsheet's failure."""
    if isinstance(text, Broken):
        raise BadValueError(str(text))
    stripped = text.strip()
    if stripped in ERRORS:
        raise BadValueError(f"holds a spreadsheet's error ({stripped})")
    return stripped


def _value(column: str, text: str, heading: Heading) -> str:
    whole = _whole(text)
    if heading.is_taken_apart:
        parts = take_apart(whole, heading)
        if len(parts) > 1 and column not in LISTS:
            raise BadValueError("holds several values where one is wanted")
        whole = ";".join(parts)
    else:
        whole = heading.values.get(whole, whole)
    if heading.format and whole and not isinstance(text, Exact):
        return rewrite_day(whole, heading.format)
    return whole


def _amount(column: str, text: str, heading: Heading) -> dict[str, str]:
    whole = heading.values.get(_whole(text), _whole(text))
    if not whole or not heading.decimal or isinstance(text, Exact):
        return {column: whole}
    amount, currency = rewrite_amount(whole, heading.decimal)
    return {column: amount, "beside the amount": currency}


def lay_out(shape: Shape[Any], headings: Sequence[str], given: ColumnMap, file: str, *, shared: bool = False) -> Layout:
    """Find the columns; raises InvalidCallError, naming file and headings, when one is missing or there twice.

    `shared`: the file feeds other kinds as well, so that what this one does not use is no news.
    """
    names = [tidy(heading) for heading in headings]
    many = Counter(name.casefold() for name in names if name)
    known = {*shape.columns, *(tidy(name) for one in given.values() for name in (one.name, *one.more))}
    places: dict[str, tuple[int, Heading]] = {}
    joined: dict[str, tuple[int, ...]] = {}
    elsewhere = {column: wanted for column, wanted in given.items() if wanted.file}
    for column, wanted in given.items():
        if wanted.file:
            continue
        heading = _choose(wanted, names)
        if heading is not None:
            at = CONSTANT if heading.constant else _find_mapped(column, heading, names, file, known)
            places[column] = (at, heading)
            if heading.more:
                more = (Heading(name) for name in heading.more)
                joined[column] = tuple(_find_mapped(column, one, names, file, known) for one in more)
    used = {place for place, _ in places.values()}.union(*joined.values())
    folded = {name.casefold(): at for at, name in enumerate(names) if at not in used}
    for column in shape.columns:
        place = folded.get(column)
        if column not in places and column not in elsewhere and place is not None:
            places[column] = (place, Heading(names[place]))
            used.add(place)
    for at in used - {CONSTANT}:
        if many[names[at].casefold()] > 1:
            raise InvalidCallError(f"{file} has the column {names[at]!r} twice.", "Name each column once.")
    twice = sorted({name for name in names if many[name.casefold()] > 1})
    others = {name: at for at, name in enumerate(names) if name and at not in used and many[name.casefold()] == 1}
    _require(shape, places, elsewhere, names, file, known)
    notes = tuple(_notes(shape, {**places, **elsewhere}, {} if shared else others, twice))
    return Layout(len(names), places, others if shape.keeps_attributes else {}, notes, joined, elsewhere)


def _choose(wanted: Heading, names: Sequence[str]) -> Heading | None:
    """Of a heading and what may stand instead, the first that the file has; None when it may go without."""
    folded = {name.casefold() for name in names}
    for heading in (wanted, *wanted.instead):
        if heading.constant or all(tidy(name).casefold() in folded for name in (heading.name, *heading.more)):
            return heading
    return None if wanted.optional else wanted


def _find_mapped(column: str, heading: Heading, names: Sequence[str], file: str, known: Collection[str]) -> int:
    wanted = tidy(heading.name)
    if wanted in names:
        return names.index(wanted)
    folded = [name.casefold() for name in names]
    if wanted.casefold() in folded:
        return folded.index(wanted.casefold())
    raise InvalidCallError(
        f"{file} has no column {heading.name!r}, which the configuration names for {column}. {_has(names, known)}",
        _meant(heading.name, names, known)
        or "The first line must name the columns; if it does, correct the column map under [directory.*.columns].",
    )


def _require(
    shape: Shape[Any],
    places: Mapping[str, object],
    elsewhere: Collection[str],
    names: Sequence[str],
    file: str,
    known: Collection[str],
) -> None:
    missing = [column for column in shape.required if column not in places and column not in elsewhere]
    if shape.kind == "entitlements" and "component" not in places and "product" not in places:
        missing.append("component (or product)")
    if not missing:
        return
    word = missing[0].split(" ")[0]
    raise InvalidCallError(
        f"{file} lacks the column {', '.join(missing)}, which a file of {shape.kind} must have. {_has(names, known)}",
        _meant(word, names, known) or _how_to_name(shape, word, file),
    )


def _how_to_name(shape: Shape[Any], word: str, file: str) -> str:
    if shape.kind not in SHAPES:  # the files of a directory alone come from systems that have their own names
        return f"Rename the column that means it. A file of {shape.kind} may have: {', '.join(shape.columns)}."
    return (
        f'Name the heading that means it: [directory.*.columns.{shape.kind}] {word} = "…"; '
        f"`customer import --guess {file}` proposes a whole map."
    )


def _meant(word: str, names: Sequence[str], known: Collection[str]) -> str:
    if not look_like_headings(names, known):
        return ""
    by_folded = {name.casefold(): name for name in names if name}
    near = difflib.get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.75)
    return f"Did you mean {by_folded[near[0]]!r}?" if near else ""


def _has(names: Sequence[str], known: Collection[str]) -> str:
    """What the first line holds, in a sentence that tells nothing but names of columns: it may be a row of data."""
    many = counted(len(names), "column")
    if not look_like_headings(names, known):
        return f"Its first line, of {many}, does not look like column names."
    return f"Of its {many} these are known: {_listed(recognised(names, known))}."


def _listed(names: Sequence[str], most: int = 20) -> str:
    shown = ", ".join(repr(name) for name in names[:most] if name)
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown or "nothing"


def _notes(
    shape: Shape[Any], places: Mapping[str, object], others: Mapping[str, int], twice: Sequence[str]
) -> Iterator[str]:
    absent = [column for column in shape.columns if column not in places]
    for name in list(others)[:_LOOKED_AT]:
        folded = name.casefold().replace(" ", "_").replace("-", "_")
        near = difflib.get_close_matches(folded, absent, n=1, cutoff=0.8)
        if near:
            yield f"column {name!r} is not known; did you mean {near[0]}?"
    if twice:
        yield f"columns that are there twice are not used: {_listed(twice)}"
    if others and not shape.keeps_attributes:
        yield f"columns not used: {_listed(sorted(others))}"


_LOOKED_AT = 500
"""So many headings are compared with ours; a file that has more was not written by hand."""
