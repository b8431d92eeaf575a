"""What a measurement or a person said of customers, all together: where they are, since when, and how many at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, func, select

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import merged_customers
from releasewatch.storage.exposure_ways import ExposureQuestion, known
from releasewatch.storage.impacts import newest_said
from releasewatch.storage.readable import column_or_empty
from releasewatch.storage.types import LATEST, Instant


@dataclass(frozen=True, slots=True)
class Complaints:
    """The regions and rings of affected customers, as far as they are known, and when the first of them suffered."""

    regions: tuple[str, ...] = ()
    rings: tuple[str, ...] = ()
    first_at: datetime | None = None


def read_complaints(
    connection: Connection, incident_id: int, components: Collection[int], at: datetime, known_at: datetime = LATEST
) -> Complaints:
    """What is known of those who are affected. `components`: those that count, with what depends on them; empty: all.

    Somebody who uses it in any region, or in one that nobody knows, says nothing of where it is.
    """
    said = newest_said(incident_id, known_at)
    affected = said.c.state == "affected"
    told = connection.execute(select(func.min(said.c.first_at, type_=Instant), func.count()).where(affected)).one()
    if not told[1]:
        return Complaints()
    e, s = t.entitlement.c, t.component_subject.c
    asked = ExposureQuestion(0, "", is_production=True, release="", at=at, known_at=known_at, label="complained")
    merged = merged_customers(asked)
    who = func.coalesce(merged.c.survivor_id, e.customer_id, type_=e.customer_id.type)
    found: dict[str, tuple[str, ...]] = {}
    for axis in (e.region, e.ring):
        query: Any = (
            select(axis.label("place"))
            .join_from(t.entitlement, merged, merged.c.customer_id == e.customer_id, isouter=True)
            .join(said, and_(said.c.customer_id == who, affected))
            .where(
                axis.not_in((ANY, UNKNOWN)),
                e.valid_from <= at,
                e.valid_to > at,
                known(e.recorded_from, e.recorded_to, asked),
            )
        )
        if components:
            query = query.join(t.component_subject, s.subject == e.subject).where(
                s.component_id.in_(sorted(components)),
                s.valid_from <= at,
                s.valid_to > at,
                known(s.recorded_from, s.recorded_to, asked),
            )
        found[axis.key] = tuple(sorted(connection.scalars(query.distinct())))
    return Complaints(found["region"], found["ring"], told[0])


def count_words(connection: Connection, incident_id: int, known_at: datetime) -> list[Any]:
    """How many customers were spoken of at once: `recorded_at, recorded_by, source, state, why, many`, oldest first."""
    i = t.impact.c
    who, why = column_or_empty(connection, i.recorded_by), column_or_empty(connection, i.why)
    told = i.recorded_at, who, i.source, i.state, why
    rows = connection.execute(
        select(*told, func.count().label("many"))
        .where(i.incident_id == incident_id, i.recorded_at <= known_at)
        .group_by(*told)
        .order_by(*told)
    )
    return list(rows)
