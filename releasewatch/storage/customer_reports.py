"""Customer reports in the ledger: written, corrected, and found by customer, by reference and by time.

A report of a customer who was merged is the survivor's when it is read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, and_, func, insert, select, update

from releasewatch.domain.customer_reports import reference_key
from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import Members
from releasewatch.storage.sql import chunks, next_number
from releasewatch.storage.types import LATEST, OPEN_END

LOCK = "releasewatch:customer-reports"
"""One for everything that writes reports: what is there already is looked up before it is written."""


@dataclass(frozen=True, slots=True)
class Said:
    """What a report says. Empty text, 0 and None: nobody said."""

    reported_at: datetime
    channel: str
    source: str
    reference: str = ""
    component_id: int = 0
    incident_id: int = 0
    contact_id: UUID | None = None
    note: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A report as it stands. `customer_id` is the survivor's, `owner_id` whose row it is."""

    customer_id: UUID
    owner_id: UUID
    report_id: int
    said: Said
    recorded_by: str
    recorded_from: datetime

    @property
    def id(self) -> str:
        """`R-7`."""
        return f"R-{self.report_id}"


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reported something under a reference. `customer_id` is the survivor's."""

    customer_id: UUID
    reference: str
    report_id: int
    reported_at: datetime


def next_reports(connection: Connection, many: int) -> int:
    """The first of so many numbers of reports that are about to be written: before any row of a customer is."""
    return next_number(connection, "customer_report", many)


def add_report(connection: Connection, customer_id: UUID, said: Said, by: str, at: datetime, number: int = 0) -> int:
    """Write a report; returns its number, which may have been taken before."""
    number = number or next_reports(connection, 1)
    _insert(connection, customer_id, number, said, by, at)
    return number


def change_report(connection: Connection, report: Report, said: Said, by: str, at: datetime) -> None:
    """Let a report say something else from now on; what it said before is kept."""
    end_report(connection, report, at)
    _insert(connection, report.owner_id, report.report_id, said, by, at)


def end_report(connection: Connection, report: Report, at: datetime) -> None:
    """Let a report be none from now on; what it said is kept."""
    r = t.customer_report.c
    mine = r.customer_id == report.owner_id, r.report_id == report.report_id, r.recorded_to == OPEN_END
    connection.execute(update(t.customer_report).where(*mine).values(recorded_to=at))


def reports_of(
    connection: Connection,
    customers: Sequence[UUID],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    known_at: datetime = LATEST,
) -> list[Report]:
    """What customers, or whoever was merged into them, told us in a span of time; oldest first."""
    r, m = t.customer_report.c, t.customer_merge.c
    found: list[Report] = []
    for part in chunks(customers):
        merged = select(m.customer_id).where(m.survivor_id.in_(part), _held(t.customer_merge, known_at))
        query = _reports(known_at).where(r.customer_id.in_(part) | r.customer_id.in_(merged))
        found += _read(connection, _between(query, since, until))
    return sorted(found, key=lambda one: (one.said.reported_at, one.report_id))


def reports_among(connection: Connection, members: Members, since: datetime) -> dict[UUID, list[Report]]:
    """What some customers told us since an instant, by who they are by now, oldest first."""
    r, member = t.customer_report.c, members.rows
    query = _reports(members.known_at).join(member, member.c.member_id == r.customer_id)
    found: dict[UUID, list[Report]] = {}
    for one in _read(connection, query.where(r.reported_at >= since, r.reported_at <= members.at)):
        found.setdefault(one.customer_id, []).append(one)
    return found


def all_reports(
    connection: Connection, *, since: datetime, until: datetime, known_at: datetime = LATEST
) -> list[Report]:
    """What anybody told us in a span of time (from `since`, through `until`), oldest first."""
    return _read(connection, _between(_reports(known_at), since, until))


def told_between(connection: Connection, since: datetime, until: datetime) -> dict[UUID, list[Said]]:
    """When anybody told us something in a span of time, and of what, without their words; by who they are by now."""
    r = t.customer_report.c
    query = _between(_reports(LATEST), since, until)
    found: dict[UUID, list[Said]] = {}
    columns = query.selected_columns.survivor_id, r.reported_at, r.channel, r.source, r.component_id, r.incident_id
    for row in connection.execute(query.with_only_columns(*columns)):
        told = Said(row.reported_at, row.channel, row.source, "", row.component_id, row.incident_id)
        found.setdefault(row.survivor_id, []).append(told)
    return found


def reporters_of(connection: Connection, references: Iterable[str], known_at: datetime = LATEST) -> list[Reporter]:
    """Who reported something under one of these references, however they are typed; by customer, oldest first."""
    keys = sorted({reference_key(one) for one in references} - {""})
    found: list[Reporter] = []
    for part in chunks(keys):
        rows = _read(connection, _reports(known_at).where(t.customer_report.c.reference_key.in_(part)))
        found += [Reporter(one.customer_id, one.said.reference, one.report_id, one.said.reported_at) for one in rows]
    return sorted(found, key=lambda one: (one.customer_id, one.reported_at, one.report_id))


def find_report(connection: Connection, customers: Sequence[UUID], reference: str) -> Report | None:
    """What one of some customers reported under a reference; None when they did not."""
    mine = t.customer_report.c.reference_key == reference_key(reference)
    found = _read(connection, _reports(LATEST).where(mine, t.customer_report.c.customer_id.in_(customers)))
    return found[0] if found else None


def reports_by_reference(connection: Connection, references: Iterable[str]) -> dict[str, list[Report]]:
    """What was reported under some references, by the reference as it is looked up; oldest first."""
    keys = sorted({reference_key(one) for one in references} - {""})
    found: dict[str, list[Report]] = {}
    for part in chunks(keys):
        for one in _read(connection, _reports(LATEST).where(t.customer_report.c.reference_key.in_(part))):
            found.setdefault(reference_key(one.said.reference), []).append(one)
    return found


def _insert(connection: Connection, customer_id: UUID, number: int, said: Said, by: str, at: datetime) -> None:
    whose = {"customer_id": customer_id, "report_id": number, "recorded_from": at}
    connection.execute(
        insert(t.customer_report).values(
            **whose,
            recorded_to=OPEN_END,
            reported_at=said.reported_at,
            channel=said.channel,
            source=said.source,
            reference=said.reference,
            reference_key=reference_key(said.reference),
            component_id=said.component_id,
            incident_id=said.incident_id,
            contact_id=said.contact_id,
            recorded_by=by,
        )
    )
    if said.note or said.quote:
        connection.execute(insert(t.customer_report_text).values(**whose, note=said.note, quote=said.quote))


def _held(table: Any, known_at: datetime) -> ColumnElement[bool]:
    return and_(table.c.recorded_from <= known_at, table.c.recorded_to > known_at)


def _between(query: Select[Any], since: datetime | None, until: datetime | None) -> Select[Any]:
    r = t.customer_report.c
    if since is not None:
        query = query.where(r.reported_at >= since)
    return query if until is None else query.where(r.reported_at <= until)


def _reports(known_at: datetime) -> Select[Any]:
    r, x, m = t.customer_report.c, t.customer_report_text.c, t.customer_merge.c
    return (
        select(
            t.customer_report,
            x.note,
            x.quote,
            func.coalesce(m.survivor_id, r.customer_id, type_=r.customer_id.type).label("survivor_id"),
        )
        .join_from(
            t.customer_report,
            t.customer_report_text,
            and_(x.customer_id == r.customer_id, x.report_id == r.report_id, x.recorded_from == r.recorded_from),
            isouter=True,
        )
        .join(
            t.customer_merge,
            and_(m.customer_id == r.customer_id, _held(t.customer_merge, known_at)),
            isouter=True,
        )
        .where(_held(t.customer_report, known_at))
        .order_by(r.reported_at, r.report_id)
    )


def _read(connection: Connection, query: Select[Any]) -> list[Report]:
    return [
        Report(
            row.survivor_id,
            row.customer_id,
            row.report_id,
            Said(
                row.reported_at,
                row.channel,
                row.source,
                row.reference,
                row.component_id,
                row.incident_id,
                row.contact_id,
                row.note or "",
                row.quote or "",
            ),
            row.recorded_by,
            row.recorded_from,
        )
        for row in connection.execute(query)
    ]
