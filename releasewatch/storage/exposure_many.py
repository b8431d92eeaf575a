"""Who is reached by each of many deployments: the statement of one, put together once for all that are alike.

To put it together takes SQLAlchemy several times as long as a database takes to answer it. What differs from deployment
to deployment enters as parameters: its number, its release, the instants.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, String, bindparam, literal_column, select

from releasewatch.storage import tables as t
from releasewatch.storage.exposure import (
    ExposureCounts,
    count_unplaced,
    counted,
    detail_statement,
    reached_statement,
)
from releasewatch.storage.exposure_unsure import pinned_rows, subjects_of, unknown_subjects, waiting_rows
from releasewatch.storage.exposure_ways import ExposureQuestion, in_view
from releasewatch.storage.migrate import has_citus
from releasewatch.storage.sql import chunks, for_each
from releasewatch.storage.types import Instant, id_type

_FEW = 5
"""So many deployments are asked about one by one, each by a plan that knows which they are."""

_TOGETHER = 100
"""So many deployments are asked about in one statement."""

_SPELLINGS = 3
"""The most ways in which a release may be written."""

Slot = Callable[[str, Any], ColumnElement[Any]]
"""What stands in a statement for a value that differs from question to question, by its name and type."""


@dataclass(frozen=True, slots=True)
class _AnyDeployment(ExposureQuestion):
    """Whichever deployment a statement will be asked about."""

    plain: Any = None
    spelled: tuple[Any, ...] = ()

    @property
    def plain_release(self) -> Any:
        return self.plain

    @property
    def spellings(self) -> Sequence[Any]:
        return self.spelled


def any_deployment(asked: ExposureQuestion, slot: Slot, name: str = "") -> ExposureQuestion:
    """A question that stands for all that differ from this one in the deployment and its release alone.

    `name`: tells its slots from those of others in the same statement.
    """
    said: dict[str, Any] = {each.name: getattr(asked, each.name) for each in fields(asked)}
    said["deployment_id"] = slot(f"deployment{name}", id_type())
    plain, spelled = asked.plain_release, tuple(asked.spellings)
    if asked.release:
        plain = slot(f"plain{name}", String())
        spelled = tuple(slot(f"spelled{name}_{number}", String()) for number in range(_SPELLINGS))
    return _AnyDeployment(**said, plain=plain, spelled=spelled)


def values_of(asked: ExposureQuestion, name: str = "") -> dict[str, Any]:
    """What a deployment has in the places of `any_deployment`."""
    found: dict[str, Any] = {f"deployment{name}": asked.deployment_id}
    if asked.release:
        spelled = asked.spellings
        found[f"plain{name}"] = asked.plain_release
        found |= {f"spelled{name}_{n}": spelled[min(n, len(spelled) - 1)] for n in range(_SPELLINGS)}
    return found


def count_each(connection: Connection, questions: Sequence[ExposureQuestion]) -> dict[int, ExposureCounts]:
    """What `exposure.count_reached` and `count_unplaced` count for each deployment, by its number."""
    found = {number: counted(rows) for number, rows in _answers(connection, questions, reached_statement)}
    unplaced = _unplaced(connection, questions)
    return {number: replace(counts, unplaced=unplaced[number]) for number, counts in found.items()}


def ways_of_each(
    connection: Connection, questions: Sequence[ExposureQuestion], customer_id: UUID | Sequence[UUID]
) -> dict[int, Sequence[Any]]:
    """The rows of `exposure.detail_statement` of some customers, in no order, by the number of each deployment."""
    return dict(_answers(connection, questions, lambda q: detail_statement(q, None, customer_id)))


def unsure_of_each(connection: Connection, questions: Sequence[ExposureQuestion], customer_id: UUID) -> set[int]:
    """The deployments from which `exposure_unsure.unsure_of` cannot rule one customer out, by number."""
    found: set[int] = set()
    for (at, known_at), group in groupby(sorted(questions, key=_instants), key=_instants):
        alike = list(group)
        unknown = unknown_subjects(connection, at, known_at)

        def waiting(q: ExposureQuestion, unknown: Sequence[str] = unknown) -> Select[Any]:
            return subjects_of(q, waiting_rows(q, unknown), customer_id)

        if unknown:
            found |= {number for number, rows in _answers(connection, alike, waiting) if rows}
    unnamed = [q for q in questions if not q.release]
    pinned = _answers(connection, unnamed, lambda q: subjects_of(q, pinned_rows(q), customer_id))
    return found | {number for number, rows in pinned if rows}


def _instants(q: ExposureQuestion) -> tuple[datetime, datetime]:
    return q.at, q.known_at


def _answers(
    connection: Connection, questions: Sequence[ExposureQuestion], make: Callable[[ExposureQuestion], Select[Any]]
) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows that a statement finds for each question, by the number of its deployment."""
    for _, group in groupby(sorted(questions, key=lambda q: repr(_shape(q))), key=_shape):
        yield from _of_alike(connection, list(group), make)


def _shape(q: ExposureQuestion) -> Any:
    """Deployments of one shape have one statement: what of a question is written into it."""
    return q.environment, q.is_production, bool(q.release), q.blank_reaches_all, q.without_entitlement


def _of_alike(
    connection: Connection, alike: Sequence[ExposureQuestion], make: Callable[[ExposureQuestion], Select[Any]]
) -> Iterator[tuple[int, Sequence[Any]]]:
    def variable(name: str, kind: Any) -> ColumnElement[Any]:
        return bindparam(name, type_=kind)

    # Tables that are spread over machines are asked nothing that depends on a row outside of the question.
    if connection.dialect.name == "postgresql" and len(alike) > _FEW and not has_citus(connection):
        yield from _together(connection, alike, make)
        return
    statement = make(_any_of(alike[0], variable))
    for q in alike:
        yield q.deployment_id, connection.execute(statement, _values(q)).all()


def _together(
    connection: Connection, alike: Sequence[ExposureQuestion], make: Callable[[ExposureQuestion], Select[Any]]
) -> Iterator[tuple[int, Sequence[Any]]]:
    """By one statement: the server plans it once, too, which takes it several times as long as to answer it."""
    kinds: dict[str, Any] = {}

    def column(name: str, kind: Any) -> ColumnElement[Any]:
        kinds.setdefault(name, kind)
        return literal_column(f"asked.{name}", kind)

    statement = make(_any_of(alike[0], column))
    for part in chunks(alike, _TOGETHER):
        found: dict[int, list[Any]] = {q.deployment_id: [] for q in part}
        for row in for_each(connection, statement, kinds, [_values(q) for q in part], "deployment"):
            found[row.deployment].append(row)
        yield from found.items()


def _any_of(q: ExposureQuestion, slot: Slot) -> ExposureQuestion:
    at: Any = slot("told_at", Instant())
    known_at: Any = slot("told_known_at", Instant())
    return replace(any_deployment(q, slot), at=at, known_at=known_at)


def _values(q: ExposureQuestion) -> Mapping[str, Any]:
    return {**values_of(q), "told_at": q.at, "told_known_at": q.known_at}


def _unplaced(connection: Connection, questions: Sequence[ExposureQuestion]) -> dict[int, int]:
    """How many customers have no entitlement, for each deployment.

    All of the directory is asked for that. It is asked once for all deployments between which nothing of it changed:
    most of a day's are.
    """
    if len(questions) <= _FEW:
        return {q.deployment_id: count_unplaced(connection, q) for q in questions}
    since = {
        number: rows[0].since if rows else None
        for number, rows in _answers(connection, questions, lambda q: select(in_view(q).c.since))
    }
    opened = [one for one in since.values() if one is not None]
    e, f, m = t.entitlement.c, t.customer_fact.c, t.customer_merge.c
    recorded = [column for c in (e, f, m) for column in (c.recorded_from, c.recorded_to)]
    of_known = _changes(connection, recorded, [q.known_at for q in questions])
    of_at = _changes(connection, [e.valid_from, f.valid_from, f.valid_to], [q.at for q in questions])
    of_since = _changes(connection, [e.valid_to], opened)
    counts: dict[Any, int] = {}
    found: dict[int, int] = {}
    for q in questions:
        began = since[q.deployment_id]
        same = None
        if began is not None:
            same = bisect_right(of_known, q.known_at), bisect_right(of_at, q.at), bisect_right(of_since, began)
        if same not in counts:
            counts[same] = 0 if same is None else count_unplaced(connection, q)
        found[q.deployment_id] = counts[same]
    return found


def _changes(
    connection: Connection, columns: Sequence[ColumnElement[Any]], asked: Sequence[datetime]
) -> Sequence[datetime]:
    """When any of some columns comes to be in the past, between the first and the last of some instants."""
    if not asked:
        return ()
    first, last = min(asked), max(asked)
    return sorted(
        {at for one in columns for at in connection.scalars(select(one).where(one > first, one <= last).distinct())}
    )
