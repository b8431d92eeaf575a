"""Days on which nothing goes out: the organisation's, and those of a customer who wants no change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Freeze:
    """The organisation's: days, both inclusive and in UTC. `environments` empty: all of tier production."""

    name: str
    from_on: date
    to_on: date
    reason: str = ""
    environments: tuple[str, ...] = ()

    def is_on(self, day: date, environment: str, tier: str) -> bool:
        """Whether it holds for an environment on a day."""
        here = environment in self.environments if self.environments else tier == "production"
        return here and self.from_on <= day <= self.to_on

    def sentence(self, environment: str) -> str:
        """The same in words, without a full stop."""
        because = f", {self.reason}" if self.reason else ""
        return f"Nothing goes to {environment} from {self.from_on} to {self.to_on} ({self.name}{because})"


@dataclass(frozen=True, slots=True)
class CustomerFreeze:
    """A row of the file of freezes: a customer's key or alias, and days, both inclusive and in UTC."""

    customer: str
    from_on: date
    to_on: date
    reason: str = ""
