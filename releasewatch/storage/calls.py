"""The calls that were planned, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, and_, bindparam, exists, func, insert, or_, select, update

from releasewatch.domain.call_purposes import TOLD
from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import Members
from releasewatch.storage.sql import chunks, next_number
from releasewatch.storage.types import OPEN_END

LOCK = "releasewatch:calls"
"""One for everything that makes or refreshes calls: a customer's call is shared by all reasons to call."""

_ITEM_KEYS = tuple(column.name for column in t.call_item.primary_key.columns)


@dataclass(frozen=True, slots=True)
class ListOf:
    """Whose list it is: a deployment's, an incident's, of what is coming, or of check-ins.

    `announced`: what was announced before, and came with the deployment.
    """

    deployment_id: int = 0
    incident_id: int = 0
    coming_id: int = 0
    check_in: bool = False
    announced: tuple[int, ...] = ()

    @property
    def table(self) -> Any:
        """Where its versions are kept."""
        if self.coming_id or self.check_in:
            return t.care_list
        return t.incident_call_list if self.incident_id else t.call_list

    @property
    def key(self) -> dict[str, Any]:
        """Its column and number there."""
        if self.coming_id or self.check_in:
            return {"subject": "check_in" if self.check_in else f"H-{self.coming_id}"}
        return {"incident_id": self.incident_id} if self.incident_id else {"deployment_id": self.deployment_id}

    @property
    def item_key(self) -> dict[str, int]:
        """What stands in each item that it puts into calls."""
        return {
            "incident_id": self.incident_id,
            "deployment_id": 0 if self.coming_id else self.deployment_id,
            "coming_id": self.coming_id,
        }

    def is_mine(self) -> ColumnElement[bool]:
        """Whether a version is one of this list."""
        ((name, number),) = self.key.items()
        mine: ColumnElement[bool] = self.table.c[name] == number
        return mine

    def is_about(self) -> ColumnElement[bool]:
        """Whether an item of a call is one of this list."""
        i = t.call_item.c
        if self.check_in:
            return i.purpose == CHECK_IN
        if self.incident_id:
            return i.incident_id == self.incident_id
        if self.coming_id:
            return i.coming_id == self.coming_id
        mine = and_(i.incident_id == 0, i.deployment_id == self.deployment_id, i.purpose != CHECK_IN)
        return or_(mine, i.coming_id.in_(self.announced)) if self.announced else mine


CHECK_IN = "check_in"
"""The purpose of a call that is about nothing but how they are."""


@dataclass(frozen=True, slots=True)
class Item:
    """One reason in a call, with the call. `customer_id` is the survivor's, `owner_id` whose row it is."""

    customer_id: UUID
    owner_id: UUID
    call_id: int
    group: str
    status: str
    incident_id: int
    deployment_id: int
    purpose: str
    verdict: str
    added_at: datetime
    claimed_by: str
    claimed_until: datetime | None
    next_at: datetime | None
    closed_at: datetime | None
    assigned_to: str = ""
    coming_id: int = 0
    claimed_at: datetime | None = None

    def held_at(self, now: datetime) -> bool:
        """Whether somebody has claimed the call, and the claim has not expired."""
        return self.status == "open" and self.claimed_until is not None and self.claimed_until > now


@dataclass(frozen=True, slots=True)
class Wanted:
    """That a customer is to be called, or written to, about something."""

    customer_id: UUID
    purpose: str
    verdict: str


def stands() -> ColumnElement[bool]:
    """Whether an item is in its call, or was told with it: not taken back."""
    i = t.call_item.c
    return or_(i.withdrawn_at.is_(None), i.why_withdrawn == TOLD)


def read_items(connection: Connection, members: Members, whose: ListOf) -> dict[UUID, list[Item]]:
    """What is in the open calls of some customers, and in whatever calls of theirs about one incident or deployment.

    A call of somebody who was merged is the survivor's. What was told of an open call, while the rest of it is still to
    be, is done.
    """
    i, c, member = t.call_item.c, t.call.c, members.rows
    rows = connection.execute(
        select(
            member.c.customer_id.label("survivor_id"),
            t.call_item,
            c.call_group,
            c.status,
            c.claimed_by,
            c.claimed_at,
            c.claimed_until,
            c.next_at,
            c.closed_at,
            c.assigned_to,
        )
        .join_from(t.call_item, member, member.c.member_id == i.customer_id)
        .join(t.call, and_(c.customer_id == i.customer_id, c.call_id == i.call_id))
        .where(stands(), or_(c.status == "open", whose.is_about()))
        .order_by(i.call_id, i.incident_id, i.deployment_id, i.purpose)
    )
    found: dict[UUID, list[Item]] = {}
    for row in rows:
        found.setdefault(row.survivor_id, []).append(
            Item(
                row.survivor_id,
                row.customer_id,
                row.call_id,
                row.call_group,
                row.status if row.withdrawn_at is None else "done",
                row.incident_id,
                row.deployment_id,
                row.purpose,
                row.verdict,
                row.added_at,
                row.claimed_by,
                row.claimed_until,
                row.next_at,
                row.closed_at or row.withdrawn_at,
                row.assigned_to,
                row.coming_id,
                row.claimed_at,
            )
        )
    return found


def open_calls(connection: Connection, customers: Sequence[UUID], group: str) -> dict[UUID, int]:
    """The open call of each customer that has one in a group: they have at most one, and new reasons join it."""
    c = t.call.c
    found: dict[UUID, int] = {}
    for part in chunks(customers):
        mine = select(c.customer_id, c.call_id).where(
            c.customer_id.in_(part), c.call_group == group, c.status == "open"
        )
        found.update({row.customer_id: row.call_id for row in connection.execute(mine)})
    return found


def planned_customers(connection: Connection, whose: ListOf) -> set[UUID]:
    """The customers who have, or had, a call about an incident or deployment; of the merged ones the survivors."""
    i, m = t.call_item.c, t.customer_merge.c
    who = func.coalesce(m.survivor_id, i.customer_id, type_=i.customer_id.type)
    mine = (
        select(who)
        .join_from(
            t.call_item, t.customer_merge, and_(m.customer_id == i.customer_id, m.recorded_to == OPEN_END), isouter=True
        )
        .where(whose.is_about(), stands())
    )
    return set(connection.scalars(mine))


def put_items(connection: Connection, group: str, whose: ListOf, wanted: Sequence[Wanted], now: datetime) -> int:
    """Have a reason in the open call of each customer, who gets one where there is none; returns how many are new.

    What was withdrawn from the same call before is back in it; of a call that was withdrawn itself, when they are to be
    called again is kept.
    """
    joined = open_calls(connection, [one.customer_id for one in wanted], group)
    there = _items_about(connection, whose)
    new = list(dict.fromkeys(one.customer_id for one in wanted if one.customer_id not in joined))
    first = next_number(connection, "call", len(new)) if new else 0
    numbers = joined | {customer_id: first + place for place, customer_id in enumerate(new)}
    if new:
        fresh = {"call_group": group, "status": "open", "created_at": now}
        had = {customer_id: call_id for customer_id, call_id, _ in sorted(there, key=lambda one: one[1])}
        agreed = _agreed_times(connection, {who: had[who] for who in new if who in had}, now)
        connection.execute(
            insert(t.call),
            [{"customer_id": who, "call_id": numbers[who], "next_at": agreed.get(who), **fresh} for who in new],
        )
    rows = [
        {
            "customer_id": one.customer_id,
            "call_id": numbers[one.customer_id],
            **whose.item_key,
            "purpose": one.purpose,
            "verdict": one.verdict,
            "added_at": now,
            "withdrawn_at": None,
            "why_withdrawn": "",
        }
        for one in wanted
    ]
    again = [row for row in rows if (row["customer_id"], row["call_id"], row["purpose"]) in there]
    added = [row for row in rows if (row["customer_id"], row["call_id"], row["purpose"]) not in there]
    if added:
        connection.execute(insert(t.call_item), added)
    if again:
        _update_items(connection, again, ("verdict", "added_at", "withdrawn_at", "why_withdrawn"))
    return len(rows)


def _agreed_times(connection: Connection, had: Mapping[UUID, int], now: datetime) -> dict[UUID, datetime]:
    """When those are to be called again whose call was withdrawn before that time came."""
    c = t.call.c
    found = {}
    for part in chunks(sorted(had)):
        pending = and_(c.customer_id.in_(part), c.status == "withdrawn", c.next_at > now)
        rows = connection.execute(select(c.customer_id, c.call_id, c.next_at).where(pending)).all()
        found.update({row.customer_id: row.next_at for row in rows if row.call_id == had[row.customer_id]})
    return found


def set_verdicts(connection: Connection, items: Sequence[tuple[Item, str]]) -> None:
    """Keep another verdict with items that stay."""
    if items:
        rows = [{**_key_of(item), "verdict": verdict} for item, verdict in items]
        _update_items(connection, rows, ("verdict",))


def withdraw_items(connection: Connection, items: Sequence[tuple[Item, str]], now: datetime) -> None:
    """Take items out of open calls, each with why; a call with nothing left in it is withdrawn."""
    if not items:
        return
    rows = [{**_key_of(item), "withdrawn_at": now, "why_withdrawn": why} for item, why in items]
    _update_items(connection, rows, ("withdrawn_at", "why_withdrawn"))


def withdraw_rows(connection: Connection, rows: Sequence[Any], why: str, now: datetime) -> None:
    """The same of rows of `items_of`."""
    taken = [
        {name: getattr(row, name) for name in _ITEM_KEYS} | {"withdrawn_at": now, "why_withdrawn": why} for row in rows
    ]
    if taken:
        _update_items(connection, taken, ("withdrawn_at", "why_withdrawn"))


def close_empty_calls(connection: Connection, items: Sequence[Item], now: datetime) -> int:
    """Withdraw the open calls, of these items, that hold nothing any more; returns how many."""
    i, c = t.call_item.c, t.call.c
    keys = sorted({(item.owner_id, item.call_id) for item in items})
    if not keys:
        return 0
    left = exists().where(i.customer_id == c.customer_id, i.call_id == c.call_id, i.withdrawn_at.is_(None))
    statement = (
        update(t.call)
        .where(
            c.customer_id == bindparam("its_customer"), c.call_id == bindparam("its_call"), c.status == "open", ~left
        )
        .values(status="withdrawn", claimed_by="", claimed_until=None, closed_at=now)
    )
    done = connection.execute(statement, [{"its_customer": owner, "its_call": number} for owner, number in keys])
    return int(done.rowcount)


def _key_of(item: Item) -> dict[str, Any]:
    return {name: getattr(item, "owner_id" if name == "customer_id" else name) for name in _ITEM_KEYS}


def _items_about(connection: Connection, whose: ListOf) -> set[tuple[UUID, int, str]]:
    """What stands, or once stood, in calls about an incident or deployment."""
    i = t.call_item.c
    mine = (t.call_item.c[name] == value for name, value in whose.item_key.items())
    rows = connection.execute(select(i.customer_id, i.call_id, i.purpose).where(whose.is_about(), *mine))
    return {(row.customer_id, row.call_id, row.purpose) for row in rows}


def _update_items(connection: Connection, rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    i = t.call_item.c
    statement = (
        update(t.call_item)
        .where(*(t.call_item.c[name] == bindparam(f"its_{name}") for name in _ITEM_KEYS))
        .values({i[name]: bindparam(f"new_{name}") for name in columns})
    )
    connection.execute(
        statement,
        [
            {f"its_{name}": row[name] for name in _ITEM_KEYS} | {f"new_{name}": row[name] for name in columns}
            for row in rows
        ],
    )


def find_call(connection: Connection, call_id: int) -> Any | None:
    """The row of a call by its number, or None."""
    return connection.execute(select(t.call).where(t.call.c.call_id == call_id)).first()


def items_of(connection: Connection, customer_id: UUID, call_id: int) -> Sequence[Any]:
    """Everything that is or was in a call, as it was added."""
    i = t.call_item.c
    mine = select(t.call_item).where(i.customer_id == customer_id, i.call_id == call_id)
    return connection.execute(mine.order_by(i.added_at, i.incident_id, i.deployment_id, i.purpose)).all()


def claim_call(
    connection: Connection,
    customer_id: UUID,
    call_id: int,
    who: str,
    now: datetime,
    until: datetime,
    *,
    gone: str = "",
    again: bool = True,
) -> bool:
    """Claim an open call for somebody; False when somebody else holds it, or it is not open.

    `gone`: a holder who is not here any more, from whom it may be taken; `again`: their own claim may be lengthened.
    One conditional UPDATE on one customer: of two who ask at once, one gets it.
    """
    c = t.call.c
    from_whom = [one for one in (who if again else "", gone) if one]
    free = or_(c.claimed_by.in_(from_whom), c.claimed_until.is_(None), c.claimed_until <= now)
    statement = (
        update(t.call)
        .where(c.customer_id == customer_id, c.call_id == call_id, c.status == "open", free)
        .values(claimed_by=who, claimed_at=now, claimed_until=until)
    )
    return connection.execute(statement).rowcount == 1


def update_call(
    connection: Connection, customer_id: UUID, call_id: int, who: str | None, now: datetime, **values: Any
) -> bool:
    """Change a call unless somebody but `who` holds it (None: whoever does); returns whether it was changed."""
    c = t.call.c
    free = or_(c.claimed_by == who, c.claimed_until.is_(None), c.claimed_until <= now)
    mine = [c.customer_id == customer_id, c.call_id == call_id] + ([free] if who is not None else [])
    return connection.execute(update(t.call).where(*mine).values(**values)).rowcount == 1
