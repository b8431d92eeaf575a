"""Customers of whom nobody can say whether a deployment reaches them, because of what is not known of *them*."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releasewatch.domain.words import counted

NAMED = 10
"""So many of the things that are waited for are named in a document."""
_READ_ALOUD = 5
"""So many are named in a sentence."""


@dataclass(frozen=True, slots=True)
class Unsure:
    """Customers whom nothing known reaches, and whom nobody can rule out.

    `waiting`: they have an entitlement to something that the ledger does not know, or not in full; `waiting_for` names
    the components and products most of them wait for, of `subjects` in all. `pinned`: they run a copy of their own of
    what the deployment reaches, and it names no release. Somebody may be in both.
    """

    waiting: int = 0
    waiting_for: tuple[str, ...] = ()
    subjects: int = 0
    pinned: int = 0

    @property
    def lines(self) -> tuple[str, ...]:
        """One sentence for each, with what to do about it; none when there is nobody."""
        return self._lines(
            "this deployment names no release: whether it reaches them is not known. Name it with: --release"
        )

    @property
    def incident_lines(self) -> tuple[str, ...]:
        """The same of an incident, whose deployments went out long ago."""
        return self._lines("a deployment that is blamed names no release: whether it reached them is not known")

    def _lines(self, unnamed: str) -> tuple[str, ...]:
        said = []
        if self.waiting:
            have = "customer has an entitlement" if self.waiting == 1 else "customers have entitlements"
            they = "they cannot be ruled out. See: releasewatch catalog check"
            waits = "waits" if self.waiting == 1 else "wait"
            said.append(f"{self.waiting:,} {have} that {waits} for what nobody knows yet ({self.named}): {they}")
        if self.pinned:
            run = "runs a copy of its own" if self.pinned == 1 else "run copies of their own"
            said.append(f"{counted(self.pinned, 'customer')} {run}, and {unnamed}")
        return tuple(said)

    @property
    def document(self) -> dict[str, Any]:
        """The keys that they have in every document, beside the counts of those who are reached."""
        return {
            "waiting": self.waiting,
            "waiting_for": list(self.waiting_for),
            "waiting_subjects": self.subjects,
            "pinned": self.pinned,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Unsure:
        """What such a document says."""
        return cls(
            document["waiting"], tuple(document["waiting_for"]), document["waiting_subjects"], document["pinned"]
        )

    @property
    def named(self) -> str:
        """What is waited for, the first of it by name."""
        return some_of(self.waiting_for[:_READ_ALOUD], self.subjects)


def some_of(names: tuple[str, ...], many: int) -> str:
    """Some of so many names, with `…` when there are more."""
    return ", ".join((*names, "…") if many > len(names) else names)


NOBODY = Unsure()
