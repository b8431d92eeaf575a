"""What was promised to a customer, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, get_args

PromiseState = Literal["open", "kept", "broken", "withdrawn"]
"""broken: the day has passed or will pass, and it is not kept; withdrawn: we told them that it does not hold."""

PromiseSaying = Literal["kept", "broken", "withdrawn", "moved"]
"""moved: it holds, by another day."""

SAYINGS: tuple[str, ...] = get_args(PromiseSaying)


@dataclass(frozen=True, slots=True)
class Word:
    """What somebody said became of a promise; `due_on`: the day to which it was moved."""

    state: str
    said_at: datetime
    due_on: date | None = None
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as it stands. `text` empty: it was erased. `due_on`: by which day it is to be kept now."""

    attempt_id: int
    call_id: int
    customer: str
    text: str
    due_on: date
    made_at: datetime
    made_by: str
    words: tuple[Word, ...] = ()

    @property
    def id(self) -> str:
        """`P-7`."""
        return f"P-{self.attempt_id}"

    @property
    def state(self) -> PromiseState:
        """What the newest word says; a promise of which nothing was said, or that was moved, is open."""
        last = self.words[-1].state if self.words else ""
        match last:
            case "kept" | "broken" | "withdrawn":
                return last
        return "open"

    def is_overdue(self, today: date) -> bool:
        """Whether its day has passed, and nobody has said what became of it."""
        return self.state == "open" and self.due_on < today


def in_order(promises: list[Promise], today: date) -> list[Promise]:
    """Overdue ones first, then the open ones, then the others; each by day."""

    def place(one: Promise) -> tuple[int, date, int]:
        return (0 if one.is_overdue(today) else 1 if one.state == "open" else 2), one.due_on, one.attempt_id

    return sorted(promises, key=place)
