"""Decides how the cells of a column name products and components: one, a list, or a list with labels."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from releasewatch.domain.columns import LISTS, SUBJECTS, Heading
from releasewatch.domain.guess_words import HEADINGS, fold
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from releasewatch.domain.customers import Kind
    from releasewatch.domain.guessing import Seen

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Sold:
    """What is configured: by folded key or title, the keys of products and of components; the names of regions.

    `tells`: whether what a cell holds may be repeated where the proposal goes, for it may be anything.
    """

    products: Mapping[str, str] = field(default_factory=dict)
    components: Mapping[str, str] = field(default_factory=dict)
    regions: Collection[str] = ()
    tells: bool = True

    def meant(self, column: str, value: str) -> str:
        """The key that a value of one of these columns means, or empty."""
        known = self.products if column == "product" else self.components
        return known.get(fold(value), "")


def read_subjects(column: str, seen: Seen, sold: Sold) -> tuple[Heading, list[str]]:
    """How a column names products or components, and what is doubtful about it."""
    said: list[str] = []
    separator = ""
    for mark in (";", "\n", "|"):
        if any(mark in value for value in seen.values):
            separator = mark
            break
    commas = [value for value in seen.values if "," in value]
    if not separator and commas:
        if _is_list(seen.values, ",", column, sold):
            separator = ","
            said.append("its cells are taken for lists with commas; without a separator each is one name")
        else:
            said.append(f'{len(commas)} of its values hold a comma; if they are lists, add separator = ","')
    pieces = _pieces(seen.values, separator)
    values = {one: key for one in pieces if (key := _either(column, one, sold)) and key != one}
    heading = Heading(seen.heading, values, separator=separator)
    return heading, said + _unknown(column, pieces, sold, more=seen.has_more_values)


def _either(column: str, value: str, sold: Sold) -> str:
    return sold.meant(column, value) or ("" if sold.products else sold.meant("component", value))


def read_labels(
    kind: Kind, seen: Seen, have: Collection[str], sold: Sold
) -> Iterator[tuple[str, Heading, str, Sequence[str]]]:
    """What the labels of cells like `Plan: Business; Add-ons: Invoicing` say: column, heading, why and doubts."""
    separator = next((mark for mark in (";", "\n", "|") if mark in seen.label_separators), "")
    taken = set(have)
    for label, found in seen.labels.items():
        column = _column_of(kind, label, taken)
        if not column:
            continue
        taken.add(column)
        listed = "," if column in (*SUBJECTS, *LISTS) and any("," in value for value in found) else ""
        pieces = _pieces(found, listed)
        values: dict[str, str] = {}
        said: list[str] = []
        if column in SUBJECTS:
            values = {one: key for one in pieces if (key := sold.meant(column, one)) and key != one}
            said = _unknown(column, pieces, sold, more=False)
        heading = Heading(seen.heading, values, separator=separator, prefix=f"{label}:", list=listed)
        yield column, heading, f"its cells list values with the label {label!r}", said


def _column_of(kind: Kind, label: str, taken: Collection[str]) -> str:
    folded = fold(label)
    names = SUBJECTS if kind == "entitlements" else ("customer_tier", "segment") if kind == "customers" else ()
    for column in names:
        if column not in taken and any(folded in words for words in HEADINGS[kind][column]):
            return column
    return ""


def _is_list(values: Iterable[str], mark: str, column: str, sold: Sold) -> bool:
    """Whether the pieces of cells are known, or come back in other cells: then they are names of their own."""
    cells = [value for value in values if mark in value]
    pieces = [piece.strip() for value in cells for piece in value.split(mark)]
    whole = {value for value in values if mark not in value}
    known = [piece for piece in pieces if _either(column, piece, sold) or piece in whole or pieces.count(piece) > 1]
    return bool(pieces) and len(known) * 2 >= len(pieces)


def _pieces(values: Iterable[str], separator: str) -> list[str]:
    split = (value.split(separator) if separator else [value] for value in values)
    return list(dict.fromkeys(one for parts in split for piece in parts if (one := piece.strip())))


def _unknown(column: str, pieces: Sequence[str], sold: Sold, *, more: bool) -> list[str]:
    unknown = [one for one in pieces if not _either(column, one, sold)]
    if not unknown:
        return []
    known = sold.products if column == "product" else sold.components
    if not known:
        begin = f"no {column}s are known yet, so what it names waits until they are"
    else:
        begin = f"no {column} is known for these, which wait until one is, or is given in values"
    if not sold.tells:
        return [f"{begin}: {counted(len(unknown), 'name')}, withheld here (--reveal names)"]
    shown = ", ".join(repr(one) for one in unknown[:_SHOWN])
    left = len(unknown) - _SHOWN
    return [f"{begin}: {shown}" + (f" and {left} more" if left > 0 else " and more" if more else "")]
