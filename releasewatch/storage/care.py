"""Care calls in the ledger: whoever they concern now, which good news was told, what a breaking change touches."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from releasewatch.storage import tables as t
from releasewatch.storage.call_attempts import count_attempts
from releasewatch.storage.call_facts import Members, members_of
from releasewatch.storage.calls import Item, ListOf, read_items, stands
from releasewatch.storage.types import LATEST


def standing_items(connection: Connection, whose: ListOf, now: datetime) -> tuple[dict[UUID, list[Item]], set[int]]:
    """What is in calls of a list, by customer, and in the open calls beside it; and which of the calls were tried."""
    i = t.call_item.c
    holders = select(i.customer_id).where(whose.is_about(), stands()).distinct().cte("holder")
    members = members_of(holders, now, LATEST)
    return read_items(connection, members, whose), set(count_attempts(connection, members))


def open_care_items(connection: Connection, deployments: Collection[int]) -> list[tuple[Item, bool]]:
    """What is in open calls of care about some deployments, whoever it concerns; each with whether it was tried."""
    found: list[tuple[Item, bool]] = []
    for number in sorted(deployments):
        whose = ListOf(deployment_id=number)
        items, tried = standing_items(connection, whose, LATEST)
        for mine in items.values():
            found += [
                (one, one.call_id in tried)
                for one in mine
                if one.status == "open" and one.group == "care" and one.deployment_id == number
            ]
    return found


def told_news(connection: Connection, members: Members) -> dict[UUID, dict[str, set[int]]]:
    """By customer, which changes were put into their calls as good news, and with which deployments.

    What was withdrawn before it was told does not count.
    """
    g, i, member = t.good_news.c, t.call_item.c, members.rows
    standing = {
        (row.customer_id, row.deployment_id)
        for row in connection.execute(
            select(member.c.customer_id, i.deployment_id)
            .join_from(t.call_item, member, member.c.member_id == i.customer_id)
            .where(i.purpose == "good_news", stands())
        )
    }
    rows = connection.execute(
        select(member.c.customer_id, g.deployment_id, g.ref).join_from(
            t.good_news, member, member.c.member_id == g.customer_id
        )
    )
    found: dict[UUID, dict[str, set[int]]] = {}
    for row in rows:
        if (row.customer_id, row.deployment_id) in standing:
            found.setdefault(row.customer_id, {}).setdefault(row.ref, set()).add(row.deployment_id)
    return found


def add_news(connection: Connection, deployment_id: int, refs: Iterable[tuple[UUID, str]]) -> None:
    """Keep which changes a deployment brings to customers as good news; what is kept already stays."""
    g = t.good_news.c
    rows_there = connection.execute(select(g.customer_id, g.ref).where(g.deployment_id == deployment_id))
    known = {(row.customer_id, row.ref) for row in rows_there}
    rows = [
        {"customer_id": customer, "deployment_id": deployment_id, "ref": ref}
        for customer, ref in sorted(set(refs) - known)
    ]
    if rows:
        connection.execute(insert(t.good_news), rows)


def count_made(connection: Connection, whose: ListOf) -> int:
    """How many customers were called, or written to, about something."""
    i, c = t.call_item.c, t.call.c
    found = connection.scalar(
        select(func.count(i.customer_id.distinct()))
        .join_from(t.call_item, t.call, and_(c.customer_id == i.customer_id, c.call_id == i.call_id))
        .where(whose.is_about(), stands(), or_(c.status == "done", i.withdrawn_at.is_not(None)))
    )
    return found or 0


def join_announced(connection: Connection, items: Sequence[Item], deployment_id: int) -> None:
    """Let items that announced a deployment be about it, now that it is recorded."""
    i = t.call_item.c
    for one in items:
        connection.execute(
            update(t.call_item)
            .where(
                i.customer_id == one.owner_id,
                i.call_id == one.call_id,
                i.coming_id == one.coming_id,
                i.deployment_id == 0,
                i.purpose == one.purpose,
            )
            .values(deployment_id=deployment_id)
        )


def last_attempt_reached(connection: Connection, members: Members) -> dict[UUID, datetime]:
    """When some customers were last reached, by whatever means."""
    a, member = t.attempt.c, members.rows
    rows = connection.execute(
        select(member.c.customer_id, func.max(a.attempted_at, type_=a.attempted_at.type).label("at"))
        .join_from(t.attempt, member, member.c.member_id == a.customer_id)
        .where(a.reached.is_(True))
        .group_by(member.c.customer_id)
    )
    return {row.customer_id: row.at for row in rows}


def breaking_touches(connection: Connection, deployment_id: int) -> set[tuple[int, int]]:
    """What a breaking change of a deployment touches, unless it was reverted in the same range.

    As `(component_id, baseline_no)`: against another baseline it may be old.
    """
    touch, change = t.change_component.c, t.change.c
    return {
        (row.component_id, row.baseline_no)
        for row in connection.execute(
            select(touch.component_id, touch.baseline_no)
            .join_from(
                t.change_component,
                t.change,
                and_(change.deployment_id == touch.deployment_id, change.change_no == touch.change_no),
            )
            .where(
                touch.deployment_id == deployment_id,
                change.breaking.is_(True),
                change.side == "added",
                change.reverted_by.is_(None),
            )
            .distinct()
        )
    }


def components_touched(connection: Connection, deployment_id: int, touches: Collection[tuple[int, int]]) -> set[int]:
    """The components that what is touched is part of itself, wherever that is."""
    if not touches:
        return set()
    r, o = t.reach.c, t.origin.c
    rows = connection.execute(
        select(r.component_id, o.touched_id, o.baseline_no)
        .join_from(t.reach, t.origin, and_(o.deployment_id == r.deployment_id, o.origin_no == r.origin_no))
        .where(r.deployment_id == deployment_id, r.distance == 0)
    )
    return {row.component_id for row in rows if (row.touched_id, row.baseline_no) in touches}
