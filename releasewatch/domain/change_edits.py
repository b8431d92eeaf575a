"""What people say of a change after it was made: by hand, or by a label of its pull request."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from releasewatch.domain.audiences import Edit

if TYPE_CHECKING:
    from releasewatch.domain.audiences import Audience

LABELS = ("Audience", "Release-note", "Embargo", "Customer")
"""The trailers that a label may stand for."""

_LABEL = re.compile(r"\s*([A-Za-z][A-Za-z _-]*?)\s*[:=/]\s*(\S.*?)\s*")
_FOLDED = {name.lower().replace("-", ""): name for name in LABELS}

NO_EMBARGO = "none"
"""What `ChangeEdit.embargo` holds when an embargo set by hand was taken back."""


@dataclass(frozen=True, slots=True)
class ChangeEdit:
    """One statement by hand about a change. None or empty: nothing is said of it.

    `embargo`: the ISO day at which it ends, or `NO_EMBARGO`. `customer`: somebody the change matters to by name, as
    written.
    """

    audience: Audience | None = None
    wording: str = ""
    is_silent: bool | None = None
    embargo: str = ""
    customer: str = ""


def read_label(label: str) -> tuple[str, str] | None:
    """A label as a trailer: `audience: account`, `release-note/none`, `Embargo = until 2026-12-31`; None for others."""
    found = _LABEL.fullmatch(label)
    if found is None:
        return None
    name = _FOLDED.get(re.sub(r"[ _-]", "", found[1]).lower())
    return (name, found[2]) if name else None


def edit_of_trailer(key: str, value: str) -> ChangeEdit:
    """What a label says, as a statement by hand. Raises ValueError, with what was wanted, for another value."""
    match key.lower():
        case "audience":
            match value.lower():
                case "engineering" | "account" | "customer" as audience:
                    return ChangeEdit(audience=audience)
            raise ValueError("an audience is engineering, account or customer")
        case "release-note":
            return ChangeEdit(is_silent=True) if value.lower() == "none" else ChangeEdit(wording=value, is_silent=False)
        case "embargo":
            return ChangeEdit(embargo=read_embargo(value))
        case "customer":
            return ChangeEdit(customer=value)
    raise ValueError(f"known are {', '.join(LABELS)}")


def read_embargo(value: str) -> str:
    """`until 2026-12-31`, `2026-12-31` or `none`. Raises ValueError with what was wanted."""
    word = value.strip().lower().removeprefix("until").strip()
    if word == NO_EMBARGO:
        return NO_EMBARGO
    try:
        return date.fromisoformat(word).isoformat()
    except ValueError:
        raise ValueError("an embargo is a day, 2026-12-31, or none") from None


def join_edits(edits: Iterable[ChangeEdit]) -> tuple[Edit, tuple[tuple[str, str], ...]]:
    """All statements about one change, oldest first: the newest word on each point, as an edit and as trailers."""
    audience: Audience | None = None
    wording = ""
    is_silent = False
    embargo = ""
    customers: dict[str, None] = {}
    for edit in edits:
        audience = edit.audience or audience
        wording = edit.wording or wording
        is_silent = is_silent if edit.is_silent is None else edit.is_silent
        embargo = edit.embargo or embargo
        if edit.customer:
            customers[edit.customer] = None
    trailers = [("Customer", ref) for ref in customers]
    if is_silent:
        trailers.append(("Release-note", "none"))
    if embargo and embargo != NO_EMBARGO:
        trailers.append(("Embargo", f"until {embargo}"))
    return Edit(audience, wording or None), tuple(trailers)
