"""Who may be in an incident though nothing known puts them there: an entitlement waits, or their copy is their own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Select, exists, func, or_, select, union, union_all

from releasewatch.domain.customers import ANY, UNKNOWN
from releasewatch.domain.unsure import NOBODY, Unsure
from releasewatch.storage import tables as t
from releasewatch.storage.exposure_rows import merged_customers
from releasewatch.storage.exposure_unsure import count_unsure, pinned_rows, unknown_subjects, waiting_rows
from releasewatch.storage.exposure_ways import ExposureQuestion, known
from releasewatch.storage.impact_ways import Blamed, ImpactQuestion
from releasewatch.storage.impacts import everybody_in


def find_unsure_in(connection: Connection, q: ImpactQuestion) -> Unsure:
    """Count those who are in no state of the incident and cannot be ruled out, while and where it hurt.

    `pinned`: of what a blamed deployment that names no release reaches. Where nothing is blamed and no component is
    named, nobody is derived, and nobody counted here.
    """
    if not q.blamed and not q.components:
        return NOBODY
    unknown = unknown_subjects(connection, q.at, q.known_at)
    then = _while_it_hurt(q)
    parts = [waiting_rows(_apart(one), unknown, then) for one in q.blamed] if unknown else []
    if unknown and not q.blamed:
        parts = [_entitled_rows(q, unknown, then)]
    waiting = _count(connection, q, parts)
    unnamed = [one for one in q.blamed if not one.question.release]
    pinned = _count(connection, q, [pinned_rows(_apart(one), then) for one in unnamed])
    return Unsure(waiting.waiting, waiting.waiting_for, waiting.subjects, pinned.waiting)


def entitled_to(connection: Connection, q: ImpactQuestion, components: Collection[int]) -> int:
    """How many customers are, or were, entitled to some components, wherever and whenever."""
    e, s = t.entitlement.c, t.component_subject.c
    asked = _asked(q)
    merged = merged_customers(asked)
    who = func.coalesce(merged.c.survivor_id, e.customer_id, type_=e.customer_id.type)
    found = (
        select(func.count(who.distinct()))
        .join_from(t.component_subject, t.entitlement, e.subject == s.subject)
        .join(merged, merged.c.customer_id == e.customer_id, isouter=True)
        .where(
            s.component_id.in_(sorted(components)),
            known(s.recorded_from, s.recorded_to, asked),
            known(e.recorded_from, e.recorded_to, asked),
        )
    )
    return connection.scalar(found) or 0


def _asked(q: ImpactQuestion) -> ExposureQuestion:
    return ExposureQuestion(0, "", is_production=True, release="", at=q.at, known_at=q.known_at, label="unsure")


def _apart(one: Blamed) -> ExposureQuestion:
    """The same question, as a part of a statement that asks it for those who are in the incident too."""
    return replace(one.question, label=f"{one.question.label}unsure")


def _entitled_rows(q: ImpactQuestion, unknown: Sequence[str], only: Sequence[Any]) -> Select[Any]:
    e = t.entitlement.c
    columns: list[Any] = [e.customer_id, e.subject]
    return select(*columns).where(
        *only,
        e.subject.in_(unknown),
        e.environment.in_(q.environments),
        known(e.recorded_from, e.recorded_to, _asked(q)),
    )


def _while_it_hurt(q: ImpactQuestion) -> list[Any]:
    """Entitlements that held while the impact went on, in the incident's regions and rings."""
    e = t.entitlement.c
    found: list[Any] = [e.valid_to > e.valid_from, e.valid_to > q.started_at, e.valid_from <= q.at]
    if q.until is not None:
        found.append(or_(e.valid_from < q.until, e.valid_from <= q.started_at))
    for places, place in ((q.regions, e.region), (q.rings, e.ring)):
        if places:
            found.append(place.in_([ANY, UNKNOWN, *sorted(places)]))
    return found


def _count(connection: Connection, q: ImpactQuestion, parts: Sequence[Select[Any]]) -> Unsure:
    if not parts:
        return NOBODY
    rows = parts[0] if len(parts) == 1 else select(union_all(*parts).subquery("unsure_part"))
    if not connection.scalar(select(exists(rows.limit(1)))):
        return NOBODY
    everybody = everybody_in(q)
    in_it = union(select(everybody.customers.c.customer_id), select(everybody.said.c.customer_id)).cte("in_it")
    return count_unsure(connection, _asked(q), rows, merged_customers(_asked(q)), in_it)
