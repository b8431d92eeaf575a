"""Everything that the documents of one incident are made of: one record, from which each audience is told its part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from releasewatch.domain.impacts import ImpactCounts
from releasewatch.domain.incidents import ImpactWindow, IncidentState, Statement, standing
from releasewatch.domain.note_building import PreparedNotes
from releasewatch.domain.notes import ComponentLabel
from releasewatch.domain.text_marks import Named
from releasewatch.domain.unsure import NOBODY, Unsure


@dataclass(frozen=True, slots=True)
class BlameWord:
    """One word on a deployment's blame. `score`: what suggested it, where something did."""

    state: str
    why: str
    score: int | None
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BlameFacts:
    """A deployment that was linked to the incident, with every word on it, oldest first; the last one counts.

    `notes`: its changes, each with how far it may be told; None where they were not loaded.
    """

    deployment: str
    environment: str
    live_at: datetime
    words: tuple[BlameWord, ...]
    notes: PreparedNotes | None = None

    @property
    def state(self) -> str:
        """suspect, confirmed or cleared."""
        return self.words[-1].state


@dataclass(frozen=True, slots=True)
class FixFacts:
    """A deployment that is said to have fixed it."""

    deployment: str
    live_at: datetime
    why: str
    by: str
    at: datetime
    notes: PreparedNotes | None = None


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """How many customers in one region and ring (empty: everywhere else) still carry it, and have been returned."""

    region: str
    ring: str
    still_exposed: int
    returned: int


@dataclass(frozen=True, slots=True)
class HurtWindow:
    """Since when, and until when, a customer ran something blamed, through one component. `until` None: still."""

    component: str
    region: str
    ring: str
    since: datetime
    until: datetime | None
    deployment: str = ""


@dataclass(frozen=True, slots=True)
class HurtFacts:
    """One customer in the incident, as far as the channel may show; empty is what is not known or withheld.

    `state`: presumed, possible, affected or cleared. `first_at`, `last_at`, `many`: as a person or measurement said.
    """

    key: str
    name: str
    account_manager: str
    state: str
    level: str
    first_at: datetime | None
    last_at: datetime | None
    many: int | None
    windows: tuple[HurtWindow, ...]
    still_exposed: bool
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """One incident as of an instant, as known at one.

    - `statements`: all that was ever said; `state` and `window` are their fold at `as_of`, as known at `known_at`.
    - `labels`: by full key; a component that no catalog knows is missing, and counts as internal.
    - `customers`: the first ones in the order of their keys; `counts` says how many there are.
    - `customer`: the one that the document is for.
    - `past_fixes`: earlier words on fixes, and those that took one back: nothing is told of them but inside.
    - `people`: who deployed, who wrote changes; `named`: of all the others whom the texts can name.
    """

    id: str
    given_key: str
    as_of: datetime
    known_at: datetime | None
    state: IncidentState
    window: ImpactWindow
    statements: tuple[Statement, ...]
    labels: Mapping[str, ComponentLabel] = field(default_factory=dict)
    blame: tuple[BlameFacts, ...] = ()
    fixes: tuple[FixFacts, ...] = ()
    past_fixes: tuple[FixFacts, ...] = ()
    proposed_fixes: tuple[str, ...] = ()
    counts: ImpactCounts = field(default_factory=ImpactCounts)
    unsure: Unsure = NOBODY
    places: tuple[PlaceFacts, ...] = ()
    customers: tuple[HurtFacts, ...] = ()
    customer: HurtFacts | None = None
    people: frozenset[str] = frozenset()
    named: Named = field(default_factory=Named)

    @property
    def words(self) -> tuple[Statement, ...]:
        """What had been said, and was so, by the instants that the document is about; what was replaced as well."""
        return tuple(
            one
            for one in self.statements
            if one.happened_at <= self.as_of and (self.known_at is None or one.recorded_at <= self.known_at)
        )

    @property
    def told(self) -> tuple[Statement, ...]:
        """Of these words those that count."""
        return tuple(standing(self.words))
