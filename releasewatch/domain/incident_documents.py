"""The documents of an incident as facts: what one audience may read of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from releasewatch.domain.audiences import Audience
from releasewatch.domain.impacts import ImpactCounts
from releasewatch.domain.incident_corrections import Correction
from releasewatch.domain.incident_facts import BlameWord, FixFacts, HurtFacts, PlaceFacts
from releasewatch.domain.text_marks import Named
from releasewatch.domain.unsure import NOBODY, Unsure

DocumentKind = Literal["report", "brief", "update", "final"]

AUDIENCE_OF: dict[DocumentKind, Audience] = {"report": "engineering", "brief": "account", "update": "customer"}
"""Whom a document is for; a final report is for whoever is named."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An end of the impact. `presumed`: what it was taken from, where nobody said it."""

    at: datetime
    presumed: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A component in the incident. `key` for engineering alone; `status` empty: nobody said."""

    title: str
    status: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class ToldChange:
    """A change of a blamed deployment. `ref` for engineering: short sha."""

    text: str
    ref: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """A deployment that was linked. `words` for engineering alone.

    `more`: changes that are counted only; `left_out`: those that name somebody who may not be named. `embargoes`: days
    until which something in it is held back.
    """

    deployment: str
    state: str
    environment: str
    live_at: datetime
    words: tuple[BlameWord, ...]
    changes: tuple[ToldChange, ...]
    more: int
    left_out: int
    embargoes: tuple[date, ...]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of the timeline. Who wrote it, when and why: for engineering alone. `text`: a component's title, …

    `number`: of an entry, by which it is taken back.
    """

    at: datetime
    kind: str
    subject: str
    value: str
    audience: str = ""
    recorded_at: datetime | None = None
    by: str = ""
    why: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Revision:
    """One wording of a summary."""

    audience: str
    text: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class IncidentDocument:
    """What one audience may read.

    - `title`, `given_key`, `commander`, `places`, `customers`, `revisions`, `corrections`: engineering alone.
    - `severity`, `detected_by`, `environment`, `regions`, `rings`, `liaison`, `causes`, `fixes`, `counts`: not for
      customers. A customer's own windows are in `customer`, without place and deployment.
    - `began`, `ended`: for customers only where somebody said so.
    - `outer_titles`, `for_customer`: what customers, or the one it is for, would read of the same, in any document.
    - `parts`: what a customer may not know of is missing for customers; `presumed_parts`: titles taken from the blame.
    - `summary`: for this audience; `wording`: the one agreed for customers, written at `wording_at`.
    - `timeline` until the resolution, `after` what was noted since then.
    - `held`: texts of inner audience; `texts`: those that people wrote and that are in the document; `people` and
      `named`: what may not be in them. No template sees these.
    """

    kind: DocumentKind
    audience: Audience
    id: str
    as_of: datetime
    known_at: datetime | None
    status: str
    status_at: datetime | None
    opened_at: datetime | None
    began: Moment | None
    ended: Moment | None
    parts: tuple[Part, ...]
    outer_titles: tuple[str, ...] = ()
    presumed_parts: tuple[str, ...] = ()
    title: str = ""
    given_key: str = ""
    severity: str = ""
    detected_by: str = ""
    environment: str = ""
    regions: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()
    commander: str = ""
    liaison: str = ""
    summary: str = ""
    wording: str = ""
    wording_at: datetime | None = None
    revisions: tuple[Revision, ...] = ()
    causes: tuple[Cause, ...] = ()
    fixes: tuple[FixFacts, ...] = ()
    proposed_fixes: tuple[str, ...] = ()
    counts: ImpactCounts | None = None
    unsure: Unsure = NOBODY
    places: tuple[PlaceFacts, ...] = ()
    customers: tuple[HurtFacts, ...] = ()
    customer: HurtFacts | None = None
    for_customer: HurtFacts | None = None
    timeline: tuple[TimelineEntry, ...] = ()
    after: tuple[TimelineEntry, ...] = ()
    corrections: tuple[Correction, ...] = ()
    withheld: bool = False
    held: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    people: frozenset[str] = frozenset()
    named: Named = field(default_factory=Named)

    @property
    def is_outdated(self) -> bool:
        """Whether the wording for customers was written before the status that it would be told with."""
        return self.wording_at is not None and self.status_at is not None and self.wording_at < self.status_at
