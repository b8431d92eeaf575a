"""Taking out what no question about the time after an instant can see: counted, and deleted part by part.

A row that is superseded (its recorded interval ended) is seen by nobody but who asks what was known before that.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, func, insert, literal, select, tuple_

from releasewatch.storage import tables as t

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from releasewatch.storage.ledger import Ledger

AT_ONCE = 20_000
"""Rows in one transaction, so that others who write need not wait for long."""

SUPERSEDED: tuple[Any, ...] = (
    t.entitlement,
    t.contact,
    t.customer_contract,
    t.customer_fact,
    t.customer_report,
    t.customer_freeze,
    t.component_subject,
    t.product_component,
    t.catalog_in_force,
)
"""Tables of facts whose superseded rows only a question of what was known before can see."""

BESIDE: Mapping[str, Any] = {"contact": t.contact_detail, "customer_report": t.customer_report_text}
"""What hangs on a row and goes with it: its personal part."""

SETTLED = ("sent", "not_needed", "dropped")
"""States of a notification of which nothing comes any more; one that was given up can still be sent."""


def pruned_before(connection: Connection) -> datetime | None:
    """Until when superseded facts were taken out; None: never."""
    found: datetime | None = connection.scalar(select(func.max(t.pruning.c.before)))
    return found


def last_pruning(connection: Connection) -> tuple[datetime, datetime] | None:
    """Until when superseded facts were taken out, and when that was done; None: never."""
    p = t.pruning.c
    row = connection.execute(select(p.before, p.recorded_at).order_by(p.before.desc()).limit(1)).first()
    return None if row is None else (row.before, row.recorded_at)


def note_pruning(connection: Connection, before: datetime, now: datetime, by: str) -> None:
    """Say that what was superseded before is not to be asked for any more; said before anything is taken out."""
    known = connection.scalar(select(t.pruning.c.before).where(t.pruning.c.before == before))
    if known is None:
        connection.execute(insert(t.pruning).values(before=before, recorded_at=now, recorded_by=by))


def count_prunable(connection: Connection, before: datetime) -> dict[str, int]:
    """How many rows of each table nobody can see who asks of an instant from `before` on; tables with none left out."""
    found = {}
    for table, condition in _prunable(before):
        found[table.name] = connection.scalar(select(func.count()).select_from(table).where(condition)) or 0
        beside = BESIDE.get(table.name)
        if beside is not None:
            (key,) = beside.foreign_key_constraints
            joined = select(func.count()).select_from(beside.join(table, key_of(key)))
            found[beside.name] = connection.scalar(joined.where(condition)) or 0
    return {name: many for name, many in sorted(found.items()) if many}


def key_of(constraint: Any) -> ColumnElement[bool]:
    """That a row is the one which a foreign key points to."""
    return and_(*(element.parent == element.column for element in constraint.elements))


def is_anything_left(connection: Connection, before: datetime) -> bool:
    """Whether a pruning broke off before its end."""
    return any(
        connection.execute(select(literal(1)).select_from(table).where(condition).limit(1)).first() is not None
        for table, condition in _prunable(before)
    )


def prune(ledger: Ledger, before: datetime) -> Iterator[int]:
    """Take out what nobody can see, so many rows at a time, each part in a transaction of its own; gives their numbers.

    What is done stays done when it breaks off, and the next run goes on from there.
    """
    for table, condition in _prunable(before):
        yield from _prune_table(ledger, table, condition)


def _prune_table(ledger: Ledger, table: Any, condition: ColumnElement[bool]) -> Iterator[int]:
    key = tuple_(*table.primary_key.columns)
    last: Any = None
    while True:
        with ledger.write() as connection:
            wanted = condition if last is None else and_(condition, key > _value(table, last))
            part = select(*table.primary_key.columns).where(wanted).order_by(*table.primary_key.columns)
            # The last of the part: everything up to it goes in one statement.
            ends = connection.execute(part.offset(AT_ONCE - 1).limit(1)).first()
            gone = delete(table).where(wanted if ends is None else and_(wanted, key <= _value(table, ends)))
            many = connection.execute(gone).rowcount
        if many:
            yield many
        if ends is None:
            return
        last = ends


def _value(table: Any, row: Any) -> Any:
    columns = list(table.primary_key.columns)
    return tuple_(*(literal(value, column.type) for value, column in zip(row, columns, strict=True)))


def _prunable(before: datetime) -> Iterator[tuple[Any, ColumnElement[bool]]]:
    """Each table that is pruned, with what of it goes."""
    for table in SUPERSEDED:
        yield table, table.c.recorded_to <= before
    runs = select(t.import_run.c.import_id).where(t.import_run.c.recorded_at < before)
    yield t.import_rejection, t.import_rejection.c.import_id.in_(runs)
    o = t.outbox.c
    yield t.outbox, and_(o.state.in_(SETTLED), o.settled_at < before)
