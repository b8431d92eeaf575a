"""Cells that cannot be read and are no reason to lose a customer: what they say is not known, and that is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from releasewatch.domain.customers import Problem

NAMED = 5
"""So many of them are named one by one."""


@dataclass(slots=True)
class UnknownValues:
    """Those of one file, counted; the first few with where they stand, and never with what stands there."""

    many: int = 0
    named: list[tuple[int, Problem]] = field(default_factory=list)

    def clear(self) -> None:
        """Begin anew."""
        self.many = 0
        self.named.clear()

    def add(self, line: int, problems: Iterable[Problem]) -> None:
        """One row's."""
        for problem in problems:
            self.many += 1
            if len(self.named) < NAMED:
                self.named.append((line, problem))

    def notes(self, place: Callable[[int], Mapping[str, int]], heading: Callable[[str], str]) -> tuple[str, ...]:
        """The same in words, for people. `place`: where a row begins; `heading`: what the file calls a column."""
        found = []
        for line, problem in self.named:
            where = ", ".join(f"{name} {number}" for name, number in place(line).items())
            found.append(f"{where}, {heading(problem.column)} {problem.reason}; taken as not known")
        if more := self.many - len(self.named):
            found.append(f"and {more:,} more such values taken as not known")
        return tuple(found)
