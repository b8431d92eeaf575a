"""Tells column names from a first line of data: what no vocabulary knows may be somebody's name, number or address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.guess_words import FAX, FIRST_NAMES, HEADINGS, LAST_NAMES, fold

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

_WORDS = frozenset[str]().union(
    FAX, FIRST_NAMES, LAST_NAMES, *(words for kind in HEADINGS.values() for sets in kind.values() for words in sets)
)
_DIGITS_OF_DATA = 7
"""So many digits and no letter are a phone number, a day or an amount, and name no column."""


def recognised(names: Sequence[str], known: Collection[str] = ()) -> list[str]:
    """The headings that mean something to us: those of CRMs, ours, and `known` ones; no other may be told in an error.

    `known`: names that a file of this kind has, or that the settings name, in any case.
    """
    more = {fold(name) for name in known} | {name.casefold() for name in known}
    found = (name for name in names if name)
    return [name for name in found if fold(name) in _WORDS or fold(name) in more or name.casefold() in more]


def look_like_headings(names: Sequence[str], known: Collection[str] = ()) -> bool:
    """Whether a first line names columns: two of its cells are known as such, or half of them, and none is plain data.

    One known word proves little: `email` may be how somebody wishes to be reached.
    """
    filled = [name for name in names if name.strip()]
    many = len(recognised(filled, known))
    return (many > 1 or many * 2 >= len(filled) > 0) and not any(map(_is_data, filled))


def _is_data(cell: str) -> bool:
    digits = sum(one.isdigit() for one in cell)
    return "@" in cell or (digits >= _DIGITS_OF_DATA and not any(one.isalpha() for one in cell))
