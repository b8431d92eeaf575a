"""Heads joined by ranges that are known: which are connected, and over which others."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Step:
    """From one head to the next along the edge with this number; `forward`: from its base to its head."""

    edge: int
    start: str
    end: str
    forward: bool


class HeadGraph:
    """Ranges as edges that can be gone either way. Edges are numbered in the order given."""

    def __init__(self, edges: Iterable[tuple[str, str]]) -> None:
        self._steps: dict[str, list[Step]] = {}
        for number, (base, head) in enumerate(edges):
            self._steps.setdefault(base, []).append(Step(number, base, head, forward=True))
            self._steps.setdefault(head, []).append(Step(number, head, base, forward=False))

    def steps_from(self, start: str) -> Iterator[Step]:
        """The steps to every head that can be reached, each head once, the nearest first."""
        seen = {start}
        waiting = deque([start])
        while waiting:
            for step in self._steps.get(waiting.popleft(), ()):
                if step.end not in seen:
                    seen.add(step.end)
                    waiting.append(step.end)
                    yield step

    def connects(self, one: str, other: str) -> bool:
        """Whether a way leads from one head to the other."""
        return one == other or any(step.end == other for step in self.steps_from(one))

    def way(self, start: str, end: str) -> list[Step] | None:
        """The shortest way, None where there is none."""
        came_by: dict[str, Step] = {}
        for step in self.steps_from(start):
            came_by[step.end] = step
            if step.end == end:
                break
        if end not in came_by:
            return [] if start == end else None
        found: list[Step] = []
        at = end
        while at != start:
            found.append(came_by[at])
            at = came_by[at].start
        return found[::-1]
