"""Rows of a file about what another row was about already: those that agree are one, those that differ are refused."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, String, and_, bindparam, case, cast, delete, func, literal, or_, select, update

from releasewatch.storage.imports import staging as s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Select, Table


def any_repeated(imp: s.Import, table: Table[Any], identity: str) -> bool:
    """Whether two staged rows are about the same; in most files none are, and nothing else need be asked."""
    again = select(literal(1)).select_from(table).group_by(table.c[identity]).having(func.count() > 1)
    return imp.connection.execute(again.limit(1)).first() is not None


def drop_repeats(imp: s.Import, table: Table[Any], identity: str, compared: Mapping[str, str]) -> int:
    """Leave out staged rows that say just what the first row about the same one says; returns how many.

    `identity`: the column by which two rows are about the same; `compared`: the others, with the names they go by.
    """
    first, same = _first(table, identity)
    agrees = and_(*(table.c[name].is_not_distinct_from(first.c[name]) for name in compared))
    lines = select(table.c.line).join_from(table, first, same).where(agrees)
    if table is s.customer:
        imp.connection.execute(delete(s.alias).where(s.alias.c.line.in_(lines)))
    # SQLite may not read what it deletes from, so the lines are found before the first of them goes.
    found = [line for (line,) in imp.connection.execute(lines)]
    for batch in s.in_batches(found):
        imp.connection.execute(delete(table).where(table.c.line.in_(batch)))
    return len(found)


def contradictions(table: Table[Any], identity: str, compared: Mapping[str, str], said: tuple[str, str]) -> Select[Any]:
    """`line, column, reason` of rows about what a row further up is about; `said` stands before and after its line."""
    first, same = _first(table, identity)
    differing: ColumnElement[str] = literal("")
    for name, called in compared.items():
        differs = table.c[name].is_distinct_from(first.c[name])
        differing = differing.concat(case((differs, f", {called}"), else_=""))
    reason = literal(said[0]).concat(cast(first.c.line, String)).concat(said[1]).concat(func.substr(differing, 3))
    return select(table.c.line, literal("key").label("column"), reason.label("reason")).join_from(table, first, same)


def _first(table: Table[Any], identity: str) -> tuple[Any, ColumnElement[bool]]:
    """The first row about the same one, beside each that comes after it."""
    first = table.alias("first")
    lines = select(func.min(table.c.line)).group_by(table.c[identity]).scalar_subquery()
    return first, and_(first.c[identity] == table.c[identity], first.c.line < table.c.line, first.c.line.in_(lines))


def settle_attributes(imp: s.Import) -> tuple[str, ...]:
    """Where rows about one customer differ in a column that is not ours, it is none of the customer's attributes.

    Returns the names of these columns.
    """
    c = s.customer.c
    text = cast(c.attributes, String)
    differing = select(c.customer_id).group_by(c.customer_id).having(func.min(text) != func.max(text)).scalar_subquery()
    query = select(c.customer_id, c.attributes).where(c.customer_id.in_(differing)).order_by(c.customer_id, c.line)
    settled: list[dict[str, Any]] = []
    unsettled: set[str] = set()
    for customer_id, rows in groupby(imp.connection.execute(query), key=lambda row: row.customer_id):
        common: dict[str, str] | None = None
        for row in rows:
            given: dict[str, str] = row.attributes
            if common is None:
                common = given
                continue
            kept = {name: value for name, value in common.items() if given.get(name) == value}
            unsettled |= (common.keys() | given.keys()) - kept.keys()
            common = kept
        settled.append({"whose": customer_id, "attributes": common})
    if settled:
        chosen = update(s.customer).where(or_(c.customer_id == bindparam("whose")))
        imp.connection.execute(chosen.values(attributes=bindparam("attributes")), settled)
    return tuple(sorted(unsettled))
