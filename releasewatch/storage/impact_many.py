"""How many each of many incidents hurt: the statement of one incident, put together once for all that are alike.

To put it together takes SQLAlchemy several times as long as a database takes to answer it. What differs from incident
to incident enters as parameters: numbers, instants, releases, components. Incidents are alike where the rest is the
same: how many deployments are blamed, in which environments and places, and whether it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    and_,
    any_,
    bindparam,
    case,
    func,
    literal,
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
from releasewatch.storage.sql import Ids, for_each, given_ids
from releasewatch.storage.types import Instant, id_type, key_type

_FEW = 5
"""So many incidents are asked about one by one, each by a plan that knows which they are."""

_OF_WAYS = ("rank", "certain", "live_from", "carrying_until")

_COMPONENTS = "components"
_APART = "apart"


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


@dataclass(frozen=True, slots=True)
class Counting:
    """What is asked of an incident. `apart`: of whom each is told by themselves, beside those spoken of in a call."""

    question: ImpactQuestion
    apart: Collection[UUID] = ()


def count_hurt(
    connection: Connection, asked: Sequence[Counting], *, by_manager: bool = False
) -> Iterator[tuple[int, Sequence[Any]]]:
    """Of each incident, by its number, who is in it: `customer_id, state, account_manager, many`; in no order.

    Who was spoken of in a call or is asked for `apart` has a row, in whatever state they are. Of the others who are
    affected or presumed to be there are counts, without an id; `by_manager`: by whose the directory says they are, and
    a customer whom it does not have now has a row too. Else `account_manager` is empty.
    """
    blamed = sorted((one for one in asked if one.question.blamed), key=lambda one: repr(_shape(one.question)))
    for _, group in groupby(blamed, key=lambda one: _shape(one.question)):
        yield from _of_alike(connection, list(group), by_manager=by_manager)
    for one in asked:
        if not one.question.blamed:
            statement = _statement(one.question, sorted(one.apart), by_manager=by_manager)
            yield one.question.incident_id, connection.execute(statement).all()


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


def _of_alike(
    connection: Connection, alike: Sequence[Counting], *, by_manager: bool
) -> Iterator[tuple[int, Sequence[Any]]]:
    on_postgresql = connection.dialect.name == "postgresql"

    def statement(slot: Slot) -> Select[Any]:
        question = _any_of(alike[0].question, slot, on_postgresql=on_postgresql)
        return _statement(question, slot(_APART, Ids()), by_manager=by_manager)

    # Tables that are spread over machines are asked nothing that depends on a row outside of the question.
    if on_postgresql and len(alike) > _FEW and not has_citus(connection):
        yield from _together(connection, alike, statement)
        return
    prepared = statement(_parameter)
    for one in alike:
        yield one.question.incident_id, connection.execute(prepared, _values(one)).all()


def _parameter(name: str, kind: Any) -> ColumnElement[Any]:
    return bindparam(name, type_=kind, expanding=name == _COMPONENTS and not isinstance(kind, ARRAY))


def _together(
    connection: Connection, alike: Sequence[Counting], statement: Callable[[Slot], Select[Any]]
) -> Iterator[tuple[int, Sequence[Any]]]:
    """By one statement: the server plans it once, too, which takes it several times as long as to answer it."""
    kinds: dict[str, Any] = {}

    def column(name: str, kind: Any) -> ColumnElement[Any]:
        kinds.setdefault(name, kind)
        return literal_column(f"asked.{name}", kind)

    made = statement(column)
    found: dict[int, list[Any]] = {one.question.incident_id: [] for one in alike}
    for row in for_each(connection, made, kinds, [_values(one) for one in alike], "incident_id"):
        found[row.incident_id].append(row)
    yield from found.items()


def _statement(q: ImpactQuestion, apart: Sequence[UUID] | ColumnElement[Any], *, by_manager: bool) -> Select[Any]:
    c, f = everybody_in(q, columns=_OF_WAYS).customers.c, t.customer_fact.c
    by_themselves = those_spoken_of(q, merged_at(q.known_at)).union(given_ids(apart)).cte("by_themselves")
    found = c.customer_id.table.join(by_themselves, by_themselves.c.customer_id == c.customer_id, isouter=True)
    who: ColumnElement[Any] = by_themselves.c.customer_id
    manager: ColumnElement[Any] = literal("", key_type())
    if by_manager:
        found = found.join(t.customer_fact, and_(f.customer_id == c.customer_id, current_fact(q)), isouter=True)
        who = case((or_(who.is_not(None), f.customer_id.is_(None)), c.customer_id))
        manager = case((who.is_(None), f.account_manager), else_=manager)
    each = (
        select(who.label("customer_id"), c.state, manager.label("account_manager"))
        .select_from(found)
        .where(or_(c.state.in_(HURT), by_themselves.c.customer_id.is_not(None)))
        .subquery("each_in_it")
    )
    return select(each, func.count().label("many")).group_by(*each.c)


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


def _values(one: Counting) -> dict[str, Any]:
    """What an incident has in the places of `_any_of`, and who is told apart."""
    q = one.question
    found: dict[str, Any] = {"incident_id": q.incident_id, "started_at": q.started_at, _APART: sorted(one.apart)}
    if q.until is not None:
        found["until"] = q.until
    if q.components is not None:
        found[_COMPONENTS] = sorted(q.components)
    for place, each in enumerate(q.blamed):
        found |= values_of(each.question, f"_{place}")
    return found
