"""Numbers and nouns as people read them."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """`1 change`, `3,900 changes`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
