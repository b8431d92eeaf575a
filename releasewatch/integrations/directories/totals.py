"""Tells the row of totals below a report from a row about a customer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TOTAL = re.compile(
    r"(?:(?:grand|sub)?[ -]?totals?|sum|summe|gesamt(?:summe|ergebnis)?|zwischensumme|insgesamt|totale?|somme|suma|"
    r"totaal|anzahl|count|record count|total count)[ :(]*[\d.,' ]*[ )]*",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"[-+(]?\s*[^\W\d_]{0,3}\s*[€$£¥]?\s*\d[\d.,' \u00a0\u202f]*\s*[€$£¥%]?\s*[^\W\d_]{0,3}\)?")


def total_row(cells: Sequence[str]) -> str:
    """Why a row is none: it begins with a word for a total, and holds nothing else but numbers; else nothing.

    A row of one cell, or a customer called Total with anything to tell of them, is none of these.
    """
    # Nearly every row begins with something else: that much is asked of each of ten million.
    if cells and not begins_total(cells[0].strip()):
        return ""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(cells) < 2 or not filled or not _TOTAL.fullmatch(filled[0]):
        return ""
    if any(not _NUMBER.fullmatch(cell) for cell in filled[1:]):
        return ""
    return "is a total of the rows above it"


def begins_total(first: str) -> bool:
    """Whether a row whose first cell holds this, trimmed, may be one: it is empty, or a word for a total."""
    return not first or bool(_TOTAL.fullmatch(first))
