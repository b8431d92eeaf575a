"""Takes values out of JSON: by dotted path, as the text that a cell of a file would hold."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from releasewatch.integrations.directories.fields import BadValueError

if TYPE_CHECKING:
    from collections.abc import Mapping

Path = tuple[str, ...]

ABSENT = object()
"""What stands where a path leads nowhere; null is something that is there, and empty."""

_NUMBERS = frozenset({"contract_value", "sla_minutes", "credit_after_minutes"})
"""Columns in which 3.5E8 is a way to write a number. Elsewhere it is a key or number of a phone that was damaged."""
_WHOLE = re.compile(r"-?\d+\.0+")
_LONGEST_NUMBER = 30


@dataclass(frozen=True, slots=True)
class Field:
    """Where one of our columns stands in an item. Several paths are joined with a space. `values`: what texts mean."""

    paths: tuple[Path, ...]
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return " + ".join(".".join(path) for path in self.paths)


def read_path(text: str) -> Path:
    """A dotted path as its steps; the empty text is the document itself."""
    return tuple(text.split(".")) if text else ()


def load_document(body: bytes) -> Any:
    """The JSON of an answer, with numbers as they are written; raises ValueError."""
    return json.loads(body, parse_int=_Number, parse_float=_Number, parse_constant=_refuse)


class _Number(str):
    """A number, by its digits."""

    __slots__ = ()


def _refuse(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def find(document: Any, path: Path, *, into_lists: bool = True) -> Any:
    """What stands at a path, or ABSENT. A number steps into a list; a name, if it may, into each of its entries."""
    here = document
    for number, step in enumerate(path):
        if isinstance(here, dict):
            if step not in here:
                return ABSENT
            here = here[step]
        elif isinstance(here, list) and step.isascii() and step.isdigit():
            if int(step[:9]) >= len(here):
                return ABSENT
            here = here[int(step[:9])]
        elif isinstance(here, list) and into_lists:
            found = [one for entry in here if (one := find(entry, path[number:])) is not ABSENT]
            return found if found or not here else ABSENT
        else:
            # Below an empty value nothing can stand, and yet the item has its place.
            return None if here is None else ABSENT
    return here


def read_cell(column: str, item: Any, place: Field) -> tuple[str, bool]:
    """The text of a column, and whether the item has such a place at all; raises BadValueError."""
    found = [find(item, path) for path in place.paths]
    texts = [_text(column, value) for value in found if value is not ABSENT]
    text = " ".join(one for one in texts if one)
    return place.values.get(text, text), any(value is not ABSENT for value in found)


def _text(column: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, _Number):
        return _digits(column, value)
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise BadValueError("holds half a character, which no database takes")
        return value.strip()
    if isinstance(value, list):
        return ";".join(one for one in (_text(column, entry) for entry in value) if one)
    raise BadValueError("is an object where a plain value is wanted; name a path into it")


def _digits(column: str, number: str) -> str:
    """A number as a file would hold it: 60.0 is 60, and where numbers are wanted 3.5E8 is 350000000."""
    if _WHOLE.fullmatch(number):
        return number.partition(".")[0]
    if column in _NUMBERS and "e" in number.lower() and len(number) <= _LONGEST_NUMBER:
        value = Decimal(number)
        if abs(value.adjusted()) <= _LONGEST_NUMBER:
            return _digits(column, format(value, "f"))
    return str(number)
