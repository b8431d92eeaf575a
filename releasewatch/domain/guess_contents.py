"""Decides from the cells of a column how it writes days and amounts, and what its words mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from releasewatch.domain.columns import DATE_FORMATS, DateFormat, DecimalSign
from releasewatch.domain.guess_words import LANGUAGE_NAMES, NO, UNDERSTOOD, YES

if TYPE_CHECKING:
    from typing import Literal

    from releasewatch.domain.guessing import Seen

_OURS: DateFormat = "YYYY-MM-DD"


def read_days(seen: Seen) -> tuple[DateFormat | Literal[""] | None, list[str]]:
    """How a column writes days: one order for all of it. None where the cells do not decide, with the reason."""
    counts = {form: seen.fits.get(f"date {form}", 0) for form in DATE_FORMATS}
    most = max(counts.values())
    best = [form for form in DATE_FORMATS if counts[form] == most]
    if seen.fits.get("day", 0) == seen.filled:
        return "", []
    if len(best) > 1 and _OURS not in best:
        return None, [f"its cells can be read as {' and as '.join(best)}: write format = one of them"]
    either = seen.fits.get("day or month first", 0)
    if min(counts["DD/MM/YYYY"], counts["MM/DD/YYYY"]) > either:
        # Some cells say that the day comes first, others that the month does: then those in between say nothing.
        return None, ["some of its cells begin with the day and some with the month"]
    said = []
    if most < seen.filled:
        said.append(f"cells not so written, rejected with their rows: {seen.filled - most} of {seen.filled}")
    # A day with a time of midnight behind it is none in our own files; by its format it is.
    return ("" if best[0] == _OURS and seen.fits.get("day", 0) == most else best[0]), said


def read_amounts(seen: Seen) -> tuple[DecimalSign | Literal[""] | None, list[str]]:
    """Which sign stands before the decimals of a column; empty where all is written as in our files."""
    plain, point, comma = (seen.fits.get(test, 0) for test in ("amount", "amount .", "amount ,"))
    said = []
    if seen.fits.get("sign"):
        said.append('$, £ and ¥ are signs of several currencies: add currency = { constant = "…" }')
    if plain == seen.filled:
        return "", said
    if point == comma:
        if point < seen.filled:
            return None, ["some of its cells have a decimal point and some a comma"]
        return ".", [*said, "no cell shows whether decimals follow a point or a comma"]
    decimal: DecimalSign = "." if point > comma else ","
    other = seen.filled - max(point, comma)
    if other and min(point, comma) > seen.filled - other:
        return None, ["some of its cells have a decimal point and some a comma"]
    if other:
        said.append(f"cells not so written, rejected with their rows: {other} of {seen.filled}")
    return decimal, said


def translate_words(seen: Seen, test: str) -> tuple[dict[str, str], list[str]]:
    """The values of a column of yes and no, or of languages, that our files would write otherwise."""
    if test == "language":
        return {text: LANGUAGE_NAMES[text.casefold()] for text in seen.values if text.casefold() in LANGUAGE_NAMES}, []
    meant, unknown = {}, 0
    for text, times in seen.values.items():
        word = text.casefold()
        if word in UNDERSTOOD:
            continue
        if word in YES or word in NO:
            meant[text] = "yes" if word in YES else "no"
        else:
            unknown += times
    said = [f"cells that say neither yes nor no, rejected with their rows: {unknown}"] if unknown else []
    return meant, said
