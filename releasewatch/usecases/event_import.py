"""Taking events of other tools: each once, in the order in which they happened, a transaction of its own each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from releasewatch.domain.events import (
    BadEventError,
    Event,
    GivenEvent,
    Heading,
    OtherTypeError,
    ServiceEvent,
    order_of,
    read_event,
)
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.usecases.event_deployments import take_service
from releasewatch.usecases.event_incidents import take_incident

if TYPE_CHECKING:
    from collections.abc import Iterable

    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.event_deployments import Importing


@dataclass(frozen=True, slots=True)
class Taken:
    """An event, and what became of it. `ref`: `D-12` or `INC-7`; `stays`: how a person closed the incident."""

    place: str
    heading: Heading
    outcome: str
    ref: str
    stays: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event of a type that is taken, which could not be; or what is no event at all."""

    place: str
    reason: str
    hint: str = ""


@dataclass(slots=True)
class EventReport:
    """What came of an import. `refused`: types that are not taken, why, and how many of each. `written` False:
    something was refused or rejected, and `strict` stops at that."""

    read: int = 0
    taken: list[Taken] = field(default_factory=list)
    refused: Counter[tuple[str, str]] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    written: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether every event was taken."""
        return not self.refused and not self.rejected

    def many(self, *outcomes: str) -> int:
        """How many events came to one of these."""
        return sum(one.outcome in outcomes for one in self.taken)

    def things(self, outcome: str) -> int:
        """How many deployments or incidents came of events that came to this; of several services one."""
        return len({one.ref for one in self.taken if one.outcome == outcome})


def import_events(ledger: Ledger, given: Iterable[GivenEvent], how: Importing) -> EventReport:
    """Take events over. What cannot be taken is refused by itself, and the others go on.

    An event that was taken before, by source and id, changes nothing; one that was refused may be given again.
    """
    report = EventReport()
    known: list[tuple[str, Event]] = []
    for one in given:
        report.read += 1
        try:
            known.append((one.place, read_event(one)))
        except OtherTypeError as error:
            report.refused[error.type, str(error)] += 1
        except BadEventError as error:
            report.rejected.append(Rejected(one.place, str(error)))
    for place, event in sorted(known, key=lambda one: order_of(one[1])):
        try:
            report.taken.append(_take(ledger, place, event, how))
        except (InvalidCallError, RefusedError) as error:
            report.rejected.append(Rejected(place, f"{event.heading.type}: {error.message.rstrip('.')}", error.hint))
    return report


def _take(ledger: Ledger, place: str, event: Event, how: Importing) -> Taken:
    if isinstance(event, ServiceEvent):
        done = take_service(ledger, event, how)
        return Taken(place, event.heading, done.outcome, done.became.ref)
    told = take_incident(ledger, event, how)
    return Taken(place, event.heading, told.outcome, told.became.ref, told.stays)


def import_document(report: EventReport, *, dry_run: bool) -> dict[str, Any]:
    """The document of `event import --format json`, without its schema number."""
    kept = report.written and not dry_run
    return {
        "read": report.read,
        "taken": len(report.taken) - report.many("already_taken"),
        "already_taken": report.many("already_taken"),
        "refused": sum(report.refused.values()),
        "rejected": len(report.rejected),
        "written": kept,
        "dry_run": dry_run,
        "events": [
            {
                "place": one.place,
                "source": one.heading.source,
                "id": one.heading.id,
                "type": one.heading.type,
                "outcome": one.outcome,
                "became": one.ref if kept or one.outcome == "already_taken" else None,
            }
            for one in report.taken
        ],
        "refused_types": [
            {"type": type_, "reason": why, "count": many} for (type_, why), many in sorted(report.refused.items())
        ],
        "rejected_events": [
            {"place": one.place, "reason": one.reason, "hint": one.hint or None} for one in report.rejected
        ],
    }
