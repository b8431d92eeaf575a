"""Who was hurt by each of many incidents: the statement of one incident, put together once for all that are alike.

To put it together takes SQLAlchemy several times as long as a database takes to answer it. What differs from incident
to incident enters as parameters: numbers, instants, releases, components. Incidents are alike where the rest is the
same: how many deployments are blamed, in which environments and places, and whether it is over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    any_,
    bindparam,
    literal_column,
    or_,
    select,
)

from releasewatch.domain.call_report import HURT
from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import merged_at, those_spoken_of
from releasewatch.storage.exposure_many import Slot, any_deployment, values_of
from releasewatch.storage.impact_ways import ImpactQuestion
from releasewatch.storage.impacts import current_fact, everybody_in
from releasewatch.storage.migrate import has_citus
from releasewatch.storage.sql import chunks, for_each
from releasewatch.storage.types import Instant, id_type

_FEW = 5
"""So many incidents are asked about one by one, each by a plan that knows which they are."""

_TOGETHER = 100
"""So many incidents are asked about in one statement: what is found is held until it was told."""

_OF_WAYS = ("rank", "certain", "live_from", "carrying_until")

_COMPONENTS = "components"


@dataclass(frozen=True, slots=True)
class _AnyIncident(ImpactQuestion):
    """Whichever incident a statement will be asked about. `one_of`: whether a component is one of its."""

    over: bool = False
    one_of: Any = None

    @property
    def is_over(self) -> bool:
        return self.over

    def holds(self, component_id: ColumnElement[int]) -> ColumnElement[bool]:
        return self.one_of(component_id)  # type: ignore[no-any-return]


def hurt_or_told(connection: Connection, questions: Sequence[ImpactQuestion]) -> Iterator[tuple[int, Sequence[Any]]]:
    """Of each incident, by its number, the customers in it who are affected or presumed to be, or were spoken of in a
    call: `customer_id, state, timezone, country`. Incidents come in no order.
    """
    blamed = sorted((q for q in questions if q.blamed), key=lambda q: repr(_shape(q)))
    for _, group in groupby(blamed, key=_shape):
        yield from _of_alike(connection, list(group))
    for q in questions:
        if not q.blamed:
            yield q.incident_id, connection.execute(_statement(q)).all()


def _shape(q: ImpactQuestion) -> Any:
    """Incidents of one shape have one statement: what of a question is written into it."""
    blamed = tuple(
        (
            replace(one.question, deployment_id=0, release="1" if one.question.release else ""),
            one.rest_region,
            one.rest_ring,
        )
        for one in q.blamed
    )
    places = sorted(q.regions), sorted(q.rings)
    return q.at, q.known_at, q.until is None, q.is_over, q.components is None, places, blamed


def _of_alike(connection: Connection, alike: Sequence[ImpactQuestion]) -> Iterator[tuple[int, Sequence[Any]]]:
    on_postgresql = connection.dialect.name == "postgresql"
    # Tables that are spread over machines are asked nothing that depends on a row outside of the question.
    if on_postgresql and len(alike) > _FEW and not has_citus(connection):
        yield from _together(connection, alike)
        return
    statement = _statement(_any_of(alike[0], _parameter, on_postgresql=on_postgresql))
    for q in alike:
        yield q.incident_id, connection.execute(statement, _values(q)).all()


def _parameter(name: str, kind: Any) -> ColumnElement[Any]:
    return bindparam(name, type_=kind, expanding=name == _COMPONENTS and not isinstance(kind, ARRAY))


def _together(connection: Connection, alike: Sequence[ImpactQuestion]) -> Iterator[tuple[int, Sequence[Any]]]:
    """By one statement: the server plans it once, too, which takes it several times as long as to answer it."""
    kinds: dict[str, Any] = {}

    def column(name: str, kind: Any) -> ColumnElement[Any]:
        kinds.setdefault(name, kind)
        return literal_column(f"asked.{name}", kind)

    statement = _statement(_any_of(alike[0], column, on_postgresql=True))
    for part in chunks(alike, _TOGETHER):
        found: dict[int, list[Any]] = {q.incident_id: [] for q in part}
        for row in for_each(connection, statement, kinds, [_values(q) for q in part], "incident_id"):
            found[row.incident_id].append(row)
        yield from found.items()


def _statement(q: ImpactQuestion) -> Select[Any]:
    c, f = everybody_in(q, columns=_OF_WAYS).customers.c, t.customer_fact.c
    spoken_of = those_spoken_of(q, merged_at(q.known_at))
    return (
        select(c.customer_id, c.state, f.timezone, f.country)
        .select_from(c.customer_id.table)
        .join(t.customer_fact, and_(f.customer_id == c.customer_id, current_fact(q)), isouter=True)
        .where(or_(c.state.in_(HURT), c.customer_id.in_(spoken_of)))
    )


def _any_of(q: ImpactQuestion, slot: Slot, *, on_postgresql: bool) -> ImpactQuestion:
    """A question that stands for all of its shape."""
    blamed = [
        replace(one, question=any_deployment(one.question, slot, f"_{place}")) for place, one in enumerate(q.blamed)
    ]
    values: dict[str, Any] = {each.name: getattr(q, each.name) for each in fields(q)}
    values |= {
        "incident_id": slot("incident_id", id_type()),
        "started_at": slot("started_at", Instant()),
        "until": None if q.until is None else slot("until", Instant()),
        "blamed": tuple(blamed),
    }

    def one_of(component_id: Any) -> Any:
        if on_postgresql:
            return component_id == any_(slot(_COMPONENTS, ARRAY(BigInteger())))
        return component_id.in_(slot(_COMPONENTS, BigInteger()))

    return _AnyIncident(**values, over=q.is_over, one_of=one_of)


def _values(q: ImpactQuestion) -> dict[str, Any]:
    """What an incident has in the places of `_any_of`."""
    found: dict[str, Any] = {"incident_id": q.incident_id, "started_at": q.started_at}
    if q.until is not None:
        found["until"] = q.until
    if q.components is not None:
        found[_COMPONENTS] = sorted(q.components)
    for place, one in enumerate(q.blamed):
        found |= values_of(one.question, f"_{place}")
    return found
