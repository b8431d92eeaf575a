"""What customers were told of an incident, against what is so now: who is owed a correction, and of what."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.call_attempts import WRITTEN
from releasewatch.domain.call_purposes import Heard, Progress, is_owed_correction
from releasewatch.domain.incidents import Statement
from releasewatch.domain.privacy import Reveal, opaque_key
from releasewatch.domain.times import format_utc
from releasewatch.storage import call_attempts, call_facts, impacts, incidents
from releasewatch.storage.call_attempts import Telling
from releasewatch.storage.incidents import Link
from releasewatch.usecases.incident_scene import Scene
from releasewatch.usecases.named_people import shown


@dataclass(frozen=True, slots=True)
class Summaries:
    """The revisions of an incident's customer summary that had been written down by an instant."""

    said: tuple[Statement, ...]

    @staticmethod
    def of(scene: Scene) -> Summaries:
        """Those that hold in a scene, oldest first."""
        return Summaries.among(scene.statements, scene.question.at, scene.question.known_at)

    @staticmethod
    def among(statements: Iterable[Statement], at: datetime, known_at: datetime) -> Summaries:
        """Those that hold at an instant, as known at one, oldest first."""
        mine = [one for one in statements if one.kind == "summary" and one.subject == "customer"]
        held = [one for one in mine if one.happened_at <= at and one.recorded_at <= known_at]
        return Summaries(tuple(sorted(held, key=lambda one: one.order)))

    @property
    def newest(self) -> Statement | None:
        """The one that counts; None when none was agreed, or it was taken back."""
        return self.said[-1] if self.said and self.said[-1].value.strip() else None

    def text_of(self, statement_id: int) -> str:
        """A revision's words; empty for none."""
        return next((one.value for one in self.said if one.number == statement_id), "")

    def revision_of(self, statement_id: int) -> int | None:
        """Which revision it is, counted from 1."""
        return next((place for place, one in enumerate(self.said, 1) if one.number == statement_id), None)


def agreed_before_the_end(scene: Scene) -> datetime | None:
    """When the words for customers were agreed, where an incident is resolved and was not over then; else None."""
    newest, resolved_at = Summaries.of(scene).newest, scene.state.status_at
    if scene.state.status != "resolved" or newest is None or resolved_at is None:
        return None
    over_at = min(resolved_at, scene.window.until or resolved_at)
    return newest.happened_at if newest.happened_at < over_at else None


def progress_of(scene: Scene) -> Progress:
    """Where an incident stands, as far as what customers are owed depends on it."""
    newest = Summaries.of(scene).newest
    return Progress(
        status=scene.state.status,
        status_at=scene.state.status_at,
        blamed=frozenset(number for number, link in scene.links.items() if link.state in incidents.BLAMED),
        revision=newest.number if newest else 0,
        revised_at=newest.recorded_at if newest else None,
    )


class Tellings:
    """Everything that was told of an incident, by customer."""

    def __init__(self, told: Mapping[UUID, list[Telling]], links: Sequence[Link]) -> None:
        """`told`: each telling of a customer, oldest first. `links`: all that was said of blame, oldest first."""
        self._by_customer, self._links = told, links

    @staticmethod
    def of(connection: Any, scene: Scene) -> Tellings:
        """Those of one incident."""
        return Tellings.of_all(connection, [scene])[scene.question.incident_id]

    @staticmethod
    def of_all(connection: Any, scenes: Sequence[Scene]) -> dict[int, Tellings]:
        """Those of several, which are looked at as of one instant, by their numbers."""
        if not scenes:
            return {}
        numbers, q = [one.question.incident_id for one in scenes], scenes[0].question
        told = call_attempts.tellings_of_many(connection, numbers, q.at, q.known_at)
        links = incidents.read_links_of_many(connection, [one for one in numbers if told[one]], q.known_at)
        return {number: Tellings(told[number], links.get(number, [])) for number in numbers}

    def __bool__(self) -> bool:
        return bool(self._by_customer)

    def __iter__(self) -> Any:
        return iter(self._by_customer)

    def last(self, customer_id: UUID) -> Telling | None:
        """The one that counts: the last that the call was made with, else the last."""
        mine = self._by_customer.get(customer_id, ())
        return next((one for one in reversed(mine) if one.closes), mine[-1] if mine else None)

    def first_at(self, customer_id: UUID) -> datetime | None:
        """When they were told of it first."""
        mine = self._by_customer.get(customer_id, ())
        return mine[0].told_at if mine else None

    def last_at(self, customer_id: UUID) -> datetime | None:
        """When they were told of it last."""
        mine = self._by_customer.get(customer_id, ())
        return mine[-1].told_at if mine else None

    def taken_back(self, customer_id: UUID) -> Telling | None:
        """What the correction that they were told last took back: the telling before it that was none."""
        mine = list(self._by_customer.get(customer_id, ()))
        last = self.last(customer_id)
        if last is None or last.purpose != "correction":
            return None
        earlier = mine[: mine.index(last)]
        return next((one for one in reversed(earlier) if one.purpose != "correction"), None)

    def was_spoken_to(self, customer_id: UUID) -> bool:
        """Whether somebody told them by voice."""
        return any(one.channel in ("phone", "meeting") for one in self._by_customer.get(customer_id, ()))

    def heard(self, customer_id: UUID) -> Heard | None:
        """What they were told last, with whom it was blamed on then."""
        last = self.last(customer_id)
        if last is None:
            return None
        newest: dict[int, str] = {}
        for link in self._links:
            if link.recorded_at <= last.recorded_at:
                newest[link.deployment_id] = link.state
        blamed = frozenset(number for number, state in newest.items() if state in incidents.BLAMED)
        before = self.taken_back(customer_id)
        return Heard(
            last.purpose,
            last.state,
            last.statement_id,
            last.told_at,
            blamed,
            made=last.closes,
            before=before.told_at if before is not None else None,
            written=last.channel in WRITTEN and not self.was_spoken_to(customer_id),
        )


@dataclass(frozen=True, slots=True)
class Owed:
    """That a customer is owed a correction: what they were told, when, and why it is no longer so."""

    customer_id: UUID
    key: str
    telling: Telling
    because: str


def corrections_owed(connection: Any, scene: Scene) -> list[Owed]:
    """Who was told what is no longer so, in the order of their keys; a question or two where nobody was told."""
    tellings = Tellings.of(connection, scene)
    states = impacts.states_of(connection, scene.question, list(tellings)) if tellings else {}
    return corrections_among(connection, scene, tellings, states)


def corrections_among(connection: Any, scene: Scene, tellings: Tellings, states: Mapping[UUID, str]) -> list[Owed]:
    """The same of what was told. `states`: of those who were told, and are in the incident."""
    found = untrue_by_now(scene, tellings, states)
    keys = call_facts.keys_of(connection, list(found))
    owed = [Owed(customer_id, keys[customer_id], last, because) for customer_id, (last, because) in found.items()]
    return sorted(owed, key=lambda one: one.key)


def untrue_by_now(scene: Scene, tellings: Tellings, states: Mapping[UUID, str]) -> dict[UUID, tuple[Telling, str]]:
    """Who was told what is no longer so: the telling that counts, and why it is not."""
    progress = progress_of(scene)
    found: dict[UUID, tuple[Telling, str]] = {}
    for customer_id in tellings:
        because = is_owed_correction(states.get(customer_id, ""), tellings.heard(customer_id), progress)
        last = tellings.last(customer_id)
        if because and last is not None:
            found[customer_id] = last, because
    return found


def owed_document(
    owed: Sequence[Owed],
    summaries: Summaries,
    reveal: Reveal,
    hides: Callable[[str], bool] | None = None,
    *,
    opaque: bool,
) -> list[Mapping[str, Any]]:
    """Who was told what, and why it is no longer so; no customer where counts alone may be shown."""
    if reveal < Reveal.KEYS:
        return []
    return [
        shown(
            {
                "customer": opaque_key(one.key) if opaque and reveal < Reveal.NAMES else one.key,
                "call": f"C-{one.telling.call_id}",
                "purpose": one.telling.purpose,
                "told_at": format_utc(one.telling.told_at),
                "channel": one.telling.channel,
                "revision": summaries.revision_of(one.telling.statement_id),
                "told": summaries.text_of(one.telling.statement_id) or None,
                "because": one.because,
            },
            ("told",),
            hides,
        )
        for one in owed
    ]
