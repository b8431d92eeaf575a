"""Keeps out of the reasons of suspects what names somebody, where no name may be shown: the paths that they quote."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from releasewatch.domain.privacy import Reveal
from releasewatch.usecases.named_people import hiding_below_names

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from releasewatch.domain.suspects import Suspect
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.suspects import Lineup

WITHOUT = "a path that names somebody"


def without_names(ledger: Ledger, found: Lineup, limit: int, reveal: Reveal, now: datetime) -> Lineup:
    """The same suspects, with nothing in the reasons of the first `limit` that may not be shown."""
    first = found.suspects[:limit]
    paths = {path for one in first for path in one.candidate.shown.values()} - {""}
    if reveal >= Reveal.NAMES or not paths:
        return found
    with ledger.read() as connection:
        hides = hiding_below_names(connection, paths, reveal, now)
    hidden = {path for path in paths if hides is not None and hides(path)}
    return replace(found, suspects=(*(_without(one, hidden) for one in first), *found.suspects[limit:]))


def _without(one: Suspect, hidden: AbstractSet[str]) -> Suspect:
    named = [path for path in one.candidate.shown.values() if path in hidden]
    if not named:
        return one

    def said(text: str) -> str:
        for path in named:
            text = text.replace(path, WITHOUT)
        return text

    return replace(one, reasons=tuple(replace(reason, text=said(reason.text)) for reason in one.reasons))
