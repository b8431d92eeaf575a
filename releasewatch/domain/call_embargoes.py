"""What account staff may not speak of yet: of an embargoed change its category and the end, never what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

CATEGORIES = {
    "breaking": "A breaking change",
    "feat": "Something new",
    "fix": "A fix",
    "perf": "Something about speed",
    "security": "A security fix",
    "revert": "Something that was taken back",
}
"""By the kind of a section of notes; all others are a change."""


def embargoes_in_words(embargoed: Iterable[tuple[str, date]]) -> tuple[str, ...]:
    """A sentence for each category and day, the latest last. An embargo ends at 00:00 UTC of its day."""
    said = {(until, CATEGORIES.get(kind, "A change")) for kind, until in embargoed}
    return tuple(f"{what} is under embargo until {until}, 00:00 UTC." for until, what in sorted(said))
