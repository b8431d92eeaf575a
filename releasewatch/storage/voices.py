"""What customers said in their own words, and what our people ask engineering, each with what it was about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, func, or_, select

from releasewatch.storage import tables as t
from releasewatch.storage.calls import stands
from releasewatch.storage.sql import chunks
from releasewatch.storage.types import OPEN_END


@dataclass(frozen=True, slots=True)
class Voice:
    """One thing said. `source`: `C-7` or `R-7`. Of a report `component_id` is as somebody said, 0: nobody did."""

    customer_id: UUID
    source: str
    said_at: datetime
    quote: str = ""
    ask: str = ""
    component_id: int = 0
    incidents: tuple[int, ...] = ()
    deployments: tuple[int, ...] = ()


def read_voices(connection: Connection, since: datetime, until: datetime) -> list[Voice]:
    """Everything said in a span of time, newest first; merged customers as their survivors."""
    found = [*_of_calls(connection, since, until), *_of_reports(connection, since, until)]
    return sorted(found, key=lambda one: (one.said_at, one.source), reverse=True)


def _survivor(owner: Any) -> Any:
    m = t.customer_merge.c
    return func.coalesce(m.survivor_id, owner, type_=owner.type).label("survivor_id")


def _merged(owner: Any) -> Any:
    m = t.customer_merge.c
    return and_(m.customer_id == owner, m.recorded_to == OPEN_END)


def _of_calls(connection: Connection, since: datetime, until: datetime) -> list[Voice]:
    a, x, i = t.attempt.c, t.attempt_text.c, t.call_item.c
    rows = connection.execute(
        select(a.call_id, a.attempted_at, x.quote, x.ask_engineering, a.customer_id, _survivor(a.customer_id))
        .join_from(t.attempt_text, t.attempt, and_(a.customer_id == x.customer_id, a.attempt_id == x.attempt_id))
        .join(t.customer_merge, _merged(a.customer_id), isouter=True)
        .where(or_(x.quote != "", x.ask_engineering != ""), a.attempted_at >= since, a.attempted_at <= until)
    ).all()
    about: dict[int, list[Any]] = {}
    for part in chunks(sorted({row.call_id for row in rows})):
        items = select(i.call_id, i.incident_id, i.deployment_id).where(i.call_id.in_(part))
        for item in connection.execute(items.where(stands())):
            about.setdefault(item.call_id, []).append(item)
    return [
        Voice(
            row.survivor_id,
            f"C-{row.call_id}",
            row.attempted_at,
            row.quote,
            row.ask_engineering,
            incidents=tuple(sorted({one.incident_id for one in about.get(row.call_id, ()) if one.incident_id})),
            deployments=tuple(sorted({one.deployment_id for one in about.get(row.call_id, ()) if one.deployment_id})),
        )
        for row in rows
    ]


def _of_reports(connection: Connection, since: datetime, until: datetime) -> list[Voice]:
    r, x = t.customer_report.c, t.customer_report_text.c
    same = and_(x.customer_id == r.customer_id, x.report_id == r.report_id, x.recorded_from == r.recorded_from)
    rows = connection.execute(
        select(r.report_id, r.reported_at, r.component_id, r.incident_id, x.quote, _survivor(r.customer_id))
        .join_from(t.customer_report, t.customer_report_text, same)
        .join(t.customer_merge, _merged(r.customer_id), isouter=True)
        .where(r.recorded_to == OPEN_END, x.quote != "", r.reported_at >= since, r.reported_at <= until)
    )
    return [
        Voice(
            row.survivor_id,
            f"R-{row.report_id}",
            row.reported_at,
            row.quote,
            component_id=row.component_id,
            incidents=(row.incident_id,) if row.incident_id else (),
        )
        for row in rows
    ]


def changed_components(connection: Connection, deployment_ids: Sequence[int]) -> dict[int, set[int]]:
    """The components that changed in each of some deployments."""
    o = t.origin.c
    found: dict[int, set[int]] = {}
    for part in chunks(sorted(set(deployment_ids))):
        rows = select(o.deployment_id, o.touched_id).where(o.deployment_id.in_(part)).distinct()
        for row in connection.execute(rows):
            found.setdefault(row.deployment_id, set()).add(row.touched_id)
    return found
