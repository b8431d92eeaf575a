"""Which events of other tools were taken, and what of the ledger is told to others as events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, insert, or_, select

from releasewatch.domain.events import Heading
from releasewatch.storage import tables as t
from releasewatch.storage.calls import ListOf
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import Instant

LOCK = "releasewatch:events"


@dataclass(frozen=True, slots=True)
class TakenEvent:
    """What an event became: a deployment, or an incident."""

    deployment_id: int | None
    incident_id: int | None

    @property
    def ref(self) -> str:
        """`D-12` or `INC-7`."""
        return f"INC-{self.incident_id}" if self.deployment_id is None else f"D-{self.deployment_id}"


def find_taken(connection: Connection, heading: Heading) -> TakenEvent | None:
    """What an event became when it was taken before; None for one that was not."""
    e = t.taken_event.c
    row = connection.execute(
        select(e.deployment_id, e.incident_id).where(e.source == heading.source, e.event_id == heading.id)
    ).first()
    return None if row is None else TakenEvent(row.deployment_id, row.incident_id)


def add_taken(connection: Connection, heading: Heading, became: TakenEvent, now: datetime) -> None:
    """Keep that an event was taken."""
    connection.execute(
        insert(t.taken_event).values(
            source=heading.source,
            event_id=heading.id,
            event_type=heading.type,
            happened_at=heading.at,
            deployment_id=became.deployment_id,
            incident_id=became.incident_id,
            recorded_at=now,
        )
    )


@dataclass(frozen=True, slots=True)
class Span:
    """From when until when; half-open."""

    since: datetime
    until: datetime

    def holds(self, at: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.since <= at < self.until


def ended_deployments(connection: Connection, span: Span, only: int | None = None) -> list[int]:
    """The deployments that ended, or of which something was recorded last, in a span; `only`: of this one alone."""
    d = t.deployment.c
    done_at = func.coalesce(d.finished_at, d.opened_at, type_=Instant)
    query = select(d.deployment_id).where(
        d.status != "running",
        or_(
            and_(done_at >= span.since, done_at < span.until),
            and_(d.recorded_at >= span.since, d.recorded_at < span.until),
        ),
    )
    query = query if only is None else query.where(d.deployment_id == only)
    return list(connection.scalars(query.order_by(d.opened_at, d.deployment_id)))


def component_types(connection: Connection, full_keys: Sequence[str]) -> dict[str, str]:
    """The types of components, as the newest catalog that has them says: service or library."""
    c = t.catalog_component.c
    found: dict[str, str] = {}
    for part in chunks(sorted(full_keys)):
        rows = connection.execute(
            select(t.component.c.full_key, c.type)
            .join_from(t.catalog_component, t.component)
            .where(t.component.c.full_key.in_(part))
            .order_by(c.catalog_id)
        )
        found |= {row.full_key: row.type for row in rows}
    return found


@dataclass(frozen=True, slots=True)
class ReadyList:
    """A version of a list of calls that may be worked on, since when, and for how many customers it was made."""

    whose: ListOf
    version: int
    at: datetime
    customers: int


def ready_lists(connection: Connection, span: Span, *, deployment: int | None, incident: int | None) -> list[ReadyList]:
    """The lists of deployments, ready when they were planned, and of incidents, when they were approved.

    With a number only the lists of that one; with both, of these two.
    """
    p, a = t.call_list.c, t.call_approval.c
    everything = deployment is None and incident is None
    found: list[ReadyList] = []
    if everything or deployment is not None:
        planned = select(p.deployment_id, p.version, p.planned_at).where(
            p.planned_at >= span.since, p.planned_at < span.until
        )
        planned = planned if deployment is None else planned.where(p.deployment_id == deployment)
        for row in connection.execute(planned.order_by(p.deployment_id, p.version)):
            whose = ListOf(deployment_id=row.deployment_id)
            found.append(ReadyList(whose, row.version, row.planned_at, _on_list(connection, whose, row.planned_at)))
    if everything or incident is not None:
        given = select(a.incident_id, a.version, a.recorded_at).where(
            a.given, a.recorded_at >= span.since, a.recorded_at < span.until
        )
        given = given if incident is None else given.where(a.incident_id == incident)
        for row in connection.execute(given.order_by(a.approval_id)):
            whose = ListOf(incident_id=row.incident_id)
            found.append(ReadyList(whose, row.version, row.recorded_at, _on_list(connection, whose, row.recorded_at)))
    return found


def _on_list(connection: Connection, whose: ListOf, at: datetime) -> int:
    i = t.call_item.c
    standing = or_(i.withdrawn_at.is_(None), i.withdrawn_at > at)
    many = select(func.count(i.customer_id.distinct())).where(whose.is_about(), i.added_at <= at, standing)
    return int(connection.scalar(many) or 0)
