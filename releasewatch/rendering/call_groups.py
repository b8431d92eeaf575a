"""The rows of a call list, made one by one, and grouped by when their customers can be called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from releasewatch.rendering.views import View

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from releasewatch.domain.call_incidents import Verdict
    from releasewatch.domain.calls import PlannedCall
    from releasewatch.rendering.call_views import CallView

_TITLES = (
    ("now", "Callable now"),
    ("unknown", "Their time is not known"),
    ("later", "Later"),
    ("never", "Not by phone"),
)


class Rows:
    """The rows of one section: can be counted and walked, and are made one by one while they are walked."""

    def __init__(self, planned: Sequence[PlannedCall], make: Callable[[PlannedCall], CallView]) -> None:
        self._planned = planned
        self._make = make

    def __len__(self) -> int:
        return len(self._planned)

    def __iter__(self) -> Iterator[CallView]:
        return map(self._make, self._planned)


@dataclass(frozen=True, slots=True)
class CallGroupView(View):
    """The rows of a section that can be called alike: now, later, at a time not known. `title`: empty for all alike."""

    title: str
    number: int
    rows: Rows


def group_rows(
    verdict: Verdict, rows: Sequence[PlannedCall], make: Callable[[PlannedCall], CallView]
) -> tuple[CallGroupView, ...]:
    """A customer asleep does not stand before one at the desk; within a group the order is that of the list."""
    if verdict != "call":
        return (CallGroupView("", len(rows), Rows(rows, make)),)
    found = []
    for word, title in _TITLES:
        mine = [row for row in rows if row.availability.callable == word]
        if mine:
            found.append(CallGroupView(title, len(mine), Rows(mine, make)))
    return tuple(found)
