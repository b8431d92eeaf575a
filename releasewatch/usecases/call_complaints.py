"""Who reported an incident to us, and whether they did before we told them: what makes a contact a reactive one.

A report is of an incident when somebody said so; else when it came while the impact went on, or within a day after, and
names no component, or one that reaches them in it. What was said to be of another incident is not.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from releasewatch.domain.call_purposes import in_utc
from releasewatch.domain.customer_reports import who_was_first
from releasewatch.storage import customer_reports
from releasewatch.storage.call_facts import Members
from releasewatch.storage.customer_reports import Said
from releasewatch.usecases.call_tellings import Tellings
from releasewatch.usecases.incident_scene import Scene

AFTERWARDS = timedelta(days=1)
"""So long after an impact a report is still of it: what broke in the evening is reported in the morning."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What one customer reported of an incident. `reported_at` None: nothing."""

    reported_at: datetime | None = None
    called_first: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The same as a sentence for who calls them."""
        if self.reported_at is None:
            return ()
        first = ", before we told them" if self.called_first else ", after we had told them"
        return (f"they reported it to us at {in_utc(self.reported_at)}{first}",)


class Reported:
    """What customers told us since a deployment went live that nobody said to be of an incident; one statement."""

    def __init__(self, connection: Any, members: Members, since: datetime) -> None:
        self._reports = customer_reports.reports_among(connection, members, since)

    def of(self, customer: UUID, components: Collection[int]) -> datetime | None:
        """When one customer told us first of something that may be of it; `components`: those that reach them."""
        return next(
            (
                one.said.reported_at
                for one in self._reports.get(customer, ())
                if not one.said.incident_id and (not one.said.component_id or one.said.component_id in components)
            ),
            None,
        )


class Reporters:
    """Who told us anything, found by when they did and by the incident that it was said to be of."""

    def __init__(self, told: Mapping[UUID, Sequence[Said]]) -> None:
        """`told`: what each customer told us."""
        each = sorted((one.reported_at, customer) for customer, mine in told.items() for one in mine)
        self._instants = [at for at, _ in each]
        self._customers = [customer for _, customer in each]
        self._by_incident: dict[int, set[UUID]] = {}
        for customer, mine in told.items():
            for one in mine:
                self._by_incident.setdefault(one.incident_id, set()).add(customer)

    def between(self, since: datetime, until: datetime | None) -> set[UUID]:
        """Who told us something from one instant through another (None: until now)."""
        end = None if until is None else bisect_right(self._instants, until)
        return set(self._customers[bisect_left(self._instants, since) : end])

    def naming(self, incident: int) -> set[UUID]:
        """Who told us something that was said to be of an incident."""
        return self._by_incident.get(incident, set())


class Complaints:
    """What customers told us while an incident went on."""

    def __init__(self, told: Mapping[UUID, Sequence[Said]], scene: Scene) -> None:
        """`told`: what each customer told us since the impact began, or longer, oldest first."""
        window = scene.window
        self._told = told
        self._incident = scene.incident.incident_id
        self._since = window.started_at
        self._until = None if window.until is None else window.until + AFTERWARDS
        self._about = frozenset(scene.question.components or ())

    @staticmethod
    def among(connection: Any, members: Members, scene: Scene) -> Complaints:
        """What some customers told us; one statement, however many they are."""
        reports = customer_reports.reports_among(connection, members, scene.window.started_at)
        return Complaints({customer: [one.said for one in mine] for customer, mine in reports.items()}, scene)

    def of(self, customer: UUID, components: Collection[int], tellings: Tellings) -> Complaint:
        """What one customer reported of it first; `components`: those that reach them in it."""
        mine = [one for one in self._told.get(customer, ()) if self._is_of_it(one, components)]
        if not mine:
            return Complaint()
        at = mine[0].reported_at
        return Complaint(at, who_was_first(tellings.first_at(customer), at) == "they")

    def reporters_among(self, everybody: Reporters) -> set[UUID]:
        """Everybody of whom `of` may find something, whatever reaches them; perhaps others too."""
        return everybody.between(self._since, self._until) | everybody.naming(self._incident)

    def depends_on_components(self, customer: UUID) -> bool:
        """Whether the answer of `of` may depend on which components reach them."""
        told = [one for one in self._told.get(customer, ()) if one.component_id]
        return any(self._is_of_it(one, (one.component_id,)) and not self._is_of_it(one, ()) for one in told)

    def _is_of_it(self, said: Said, components: Collection[int]) -> bool:
        if said.reported_at < self._since:
            return False
        if said.incident_id:
            return said.incident_id == self._incident
        if self._until is not None and said.reported_at > self._until:
            return False
        return not said.component_id or said.component_id in self._about or said.component_id in components
