"""What an incident is for one customer: presumed, possible, affected or cleared, and what people say of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

State = Literal["presumed", "possible", "affected", "cleared"]
Said = Literal["affected", "cleared", "added", "removed"]
Source = Literal["person", "measurement"]

STATES: tuple[str, ...] = get_args(State)
SAID: tuple[str, ...] = get_args(Said)


@dataclass(frozen=True, slots=True)
class ImpactSaid:
    """What somebody says of a customer. `many`: errors, requests, whatever was counted; `note` in their words."""

    customer: str
    state: str
    first_at: datetime | None = None
    last_at: datetime | None = None
    many: int | None = None
    note: str = ""
    level: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class ImpactCounts:
    """`presumed + possible + affected + cleared = exposed`; `still_exposed + returned = exposed - cleared`."""

    presumed: int = 0
    possible: int = 0
    affected: int = 0
    cleared: int = 0
    still_exposed: int = 0

    @property
    def exposed(self) -> int:
        """All of them, each once."""
        return self.presumed + self.possible + self.affected + self.cleared

    @property
    def returned(self) -> int:
        """Who is not exposed any more, of those who were not cleared."""
        return self.exposed - self.cleared - self.still_exposed


def standing(said: str | None, *, is_candidate: bool, is_presumed: bool) -> State | None:
    """In which state a customer is, by the newest word of a person or measurement, else as derived; None: not in it.

    Somebody who was added is exposed by a person's word, and that is certain; nothing but a word makes them affected.
    """
    if said == "affected":
        return "affected"
    if said == "cleared":
        return "cleared"
    if said == "removed" or (said is None and not is_candidate):
        return None
    return "presumed" if said == "added" or is_presumed else "possible"
