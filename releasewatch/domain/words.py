"""Numbers and nouns as people read them."""

from __future__ import annotations

from collections.abc import Iterable


def counted(number: float, one: str, many: str = "") -> str:
    """`1 change`, `3,900 changes`, `0.5 seconds`."""
    shown = f"{number:,}" if isinstance(number, int) else f"{number:g}"
    return f"{shown} {one if number == 1 else many or one + 's'}"


def with_key(name: str, key: str) -> str:
    """`Acme GmbH (acme)`; `mueller` where the name is the key."""
    return name if name == key else f"{name} ({key})"


def blank_words(unmapped: int) -> str:
    """What is not known of a change that has a blank, with the number of its paths that belong to no component."""
    if not unmapped:
        return "what changed is not known in full"
    return "1 path belongs to no component" if unmapped == 1 else f"{unmapped:,} paths belong to no component"


def blank_line(unmapped: int, not_ruled_out: int, others: Iterable[str] = ()) -> str:
    """The header line of everything that lists whom a change reaches; empty when nobody is left in doubt.

    `others`: sentences about customers of whom something is not known.
    """
    said = list(others)
    if not_ruled_out:
        blank = blank_words(unmapped)
        said.insert(0, f"{blank[0].upper()}{blank[1:]}; {counted(not_ruled_out, 'customer')} cannot be ruled out.")
    return " ".join(said)


def duration(seconds: float | None) -> str:
    """In the two largest units: `3d 4h`, `2h 05m`, `40s`."""
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    return f"{minutes}m {rest:02}s" if minutes else f"{rest}s"
