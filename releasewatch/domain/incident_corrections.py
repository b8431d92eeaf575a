"""What was said of an incident before it was said otherwise: nothing is overwritten, so it can be shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from releasewatch.domain.incidents import REPLACED, TIMELESS, Statement

_TOLD_ELSEWHERE = frozenset({"entry", "summary", "withdrawal"})
"""Entries are only added, or taken back where they stand, and summaries are shown with their revisions."""


@dataclass(frozen=True, slots=True)
class Correction:
    """Of one kind and subject: what held by what was said until `corrected_at`, and what holds since.

    `since`: from when on it is so, for what changes while the incident goes on; None for what holds of it as a whole.
    """

    kind: str
    subject: str
    before: str
    after: str
    said_at: datetime
    corrected_at: datetime
    since: datetime | None
    by: str
    why: str


def corrections(statements: Iterable[Statement]) -> tuple[Correction, ...]:
    """What was taken back, in the order in which that was recorded.

    What holds of the incident as a whole is corrected by any later word that differs. What changes is corrected by a
    word about an instant of which something else was said already: a later state is news and no correction. What is
    outweighed (an import, by what a person said) corrects nothing. That a status was replaced by the same one of
    another time corrects that time: the kind is `status_at`, the subject the status, `before` and `after` are times.
    """
    statements = list(statements)
    known: dict[tuple[str, str], list[Statement]] = {}
    found: list[Correction] = []
    for one in sorted(statements, key=lambda one: (one.recorded_at, one.number)):
        if one.kind in _TOLD_ELSEWHERE:
            continue
        if one.kind == REPLACED:
            for words in known.values():
                for old in [other for other in words if str(other.number) == one.value]:
                    words.remove(old)
                    found += _moved(old, one, statements)
            continue
        earlier = known.setdefault((one.kind, one.subject), [])
        timeless = one.kind in TIMELESS
        overtaken = [other for other in earlier if timeless or other.happened_at >= one.happened_at]
        held = [other for other in earlier if other.happened_at <= one.happened_at]
        if overtaken and held:
            before = max(held, key=lambda other: other.order)
            if before.value != one.value and one.order > before.order:
                since = None if timeless else one.happened_at
                found.append(
                    Correction(
                        one.kind,
                        one.subject,
                        before.value,
                        one.value,
                        before.recorded_at,
                        one.recorded_at,
                        since,
                        one.recorded_by,
                        one.why,
                    )
                )
        earlier.append(one)
    return tuple(found)


def _moved(old: Statement, taken: Statement, statements: Iterable[Statement]) -> list[Correction]:
    """What a status that was replaced says since then; what was said in one breath with it is told by it."""
    if old.kind != "status":
        return []
    new = [
        one
        for one in statements
        if (one.kind, one.subject, one.value) == (old.kind, old.subject, old.value)
        and one.recorded_at == taken.recorded_at
        and one is not old
    ]
    return [
        Correction(
            "status_at",
            old.value,
            old.happened_at.isoformat(),
            one.happened_at.isoformat(),
            old.recorded_at,
            taken.recorded_at,
            None,
            one.recorded_by,
            one.why,
        )
        for one in new[:1]
        if one.happened_at != old.happened_at
    ]
