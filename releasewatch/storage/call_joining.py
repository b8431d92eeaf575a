"""Open calls of a customer who was merged join the survivor's: a customer has at most one open call a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, insert, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.calls import claim_call
from releasewatch.storage.sql import next_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import ColumnElement, Connection

JOINED = "their call joined the survivor's"
"""Why an item was withdrawn whose customer was merged into another one."""
TAKEN_BACK = "the merge was taken back"


def join_open_calls(connection: Connection, merged: UUID, survivor: UUID, at: datetime) -> int:
    """Move what is in the open calls of a merged customer into the survivor's; returns how many calls joined.

    Who holds one of them holds the survivor's from then on, unless somebody holds that one already.
    """
    calls = _calls(connection, merged, "open")
    for call in calls:
        there = [one.call_id for one in _calls(connection, survivor, "open") if one.call_group == call.call_group]
        target = there[0] if there else _new_call(connection, survivor, call.call_group, at)
        for item in _items(connection, merged, call.call_id):
            _put(connection, survivor, target, item, at)
        if call.claimed_until is not None and call.claimed_until > at:
            claim_call(connection, survivor, target, call.claimed_by, at, call.claimed_until, again=False)
        _withdraw(connection, merged, call.call_id, JOINED, at)
    return len(calls)


def part_calls(connection: Connection, merged: UUID, survivor: UUID, at: datetime) -> int:
    """Give back what `join_open_calls` moved and nobody has worked on since; returns how many calls are open again."""
    i, opened = t.call_item, 0
    back = select(i).where(i.c.customer_id == merged, i.c.why_withdrawn == JOINED)
    items = connection.execute(back.order_by(i.c.call_id)).all()
    for call_id in sorted({item.call_id for item in items}):
        mine = [item for item in items if item.call_id == call_id]
        moved = [item for item in mine if _take_from(connection, survivor, item, at)]
        if not moved:
            continue
        group = connection.scalars(select(t.call.c.call_group).where(_is(t.call, merged, call_id))).one()
        there = [one.call_id for one in _calls(connection, merged, "open") if one.call_group == group]
        for item in moved:
            if there:
                _put(connection, merged, there[0], item, at)
            else:
                _update_item(connection, merged, item, {"withdrawn_at": None, "why_withdrawn": ""})
        if not there:
            _set_status(connection, merged, call_id, "open")
        opened += 1
    return opened


def _is(table: Any, customer: UUID, call_id: int) -> ColumnElement[bool]:
    return and_(table.c.customer_id == customer, table.c.call_id == call_id)


def _take_from(connection: Connection, survivor: UUID, item: Any, at: datetime) -> bool:
    """Withdraw an item that was moved to the survivor's call; what stood there in its own right stays.

    False when that call is no longer open: whoever worked on it spoke for both.
    """
    i, c = t.call_item, t.call
    there = connection.execute(
        select(i, c.c.status)
        .join_from(i, c, and_(c.c.customer_id == i.c.customer_id, c.c.call_id == i.c.call_id))
        .where(
            i.c.customer_id == survivor,
            i.c.incident_id == item.incident_id,
            i.c.deployment_id == item.deployment_id,
            i.c.purpose == item.purpose,
            i.c.coming_id == item.coming_id,
            i.c.withdrawn_at.is_(None),
            c.c.status == "open",
        )
    ).first()
    if there is None:
        return False
    if there.added_at != item.withdrawn_at:
        return True
    _update_item(connection, survivor, there, {"withdrawn_at": at, "why_withdrawn": TAKEN_BACK})
    if not _items(connection, survivor, there.call_id):
        _set_status(connection, survivor, there.call_id, "withdrawn")
    return True


def withdraw_open_calls(connection: Connection, customer: UUID, why: str, at: datetime) -> int:
    """Withdraw every open call of a customer; returns how many there were."""
    calls = _calls(connection, customer, "open")
    for call in calls:
        _withdraw(connection, customer, call.call_id, why, at)
    return len(calls)


def _calls(connection: Connection, customer: UUID, status: str) -> Sequence[Any]:
    c = t.call.c
    query = select(t.call).where(c.customer_id == customer, c.status == status)
    return connection.execute(query.order_by(c.call_id)).all()


def _items(connection: Connection, customer: UUID, call_id: int) -> Sequence[Any]:
    i = t.call_item.c
    mine = select(t.call_item).where(i.customer_id == customer, i.call_id == call_id, i.withdrawn_at.is_(None))
    return connection.execute(mine.order_by(i.incident_id, i.deployment_id, i.purpose)).all()


def _new_call(connection: Connection, customer: UUID, group: str, at: datetime) -> int:
    number = next_number(connection, "call")
    connection.execute(
        insert(t.call).values(customer_id=customer, call_id=number, call_group=group, status="open", created_at=at)
    )
    return number


def _put(connection: Connection, survivor: UUID, call_id: int, item: Any, at: datetime) -> None:
    """Have an item in the survivor's call, unless the same is told there already."""
    i = t.call_item.c
    same = and_(
        i.customer_id == survivor,
        i.call_id == call_id,
        i.incident_id == item.incident_id,
        i.deployment_id == item.deployment_id,
        i.purpose == item.purpose,
        i.coming_id == item.coming_id,
    )
    there = connection.execute(select(t.call_item).where(same)).first()
    if there is None:
        values = item._asdict() | {"customer_id": survivor, "call_id": call_id, "added_at": at}
        values |= {"withdrawn_at": None, "why_withdrawn": ""}
        connection.execute(insert(t.call_item).values(**values))
    elif there.withdrawn_at is not None:
        again = {"withdrawn_at": None, "why_withdrawn": "", "added_at": at}
        connection.execute(update(t.call_item).where(same).values(**again))


def _withdraw(connection: Connection, customer: UUID, call_id: int, why: str, at: datetime) -> None:
    i = t.call_item
    still = and_(i.c.customer_id == customer, i.c.call_id == call_id, i.c.withdrawn_at.is_(None))
    connection.execute(update(i).where(still).values(withdrawn_at=at, why_withdrawn=why))
    _set_status(connection, customer, call_id, "withdrawn")


def _update_item(connection: Connection, customer: UUID, item: Any, values: dict[str, Any]) -> None:
    i = t.call_item.c
    connection.execute(
        update(t.call_item)
        .where(
            i.customer_id == customer,
            i.call_id == item.call_id,
            i.incident_id == item.incident_id,
            i.deployment_id == item.deployment_id,
            i.purpose == item.purpose,
            i.coming_id == item.coming_id,
        )
        .values(**values)
    )


def _set_status(connection: Connection, customer: UUID, call_id: int, status: str) -> None:
    c = t.call.c
    connection.execute(update(t.call).where(c.customer_id == customer, c.call_id == call_id).values(status=status))
