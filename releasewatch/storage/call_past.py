"""What was before a list is made: when customers were talked to, and what fills somebody's day already."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, and_, exists, func, or_, select

from releasewatch.domain.call_attempts import VOICE
from releasewatch.storage import tables as t
from releasewatch.storage.call_facts import Members
from releasewatch.storage.calls import ListOf


def read_talks(connection: Connection, members: Members, since: datetime, until: datetime) -> dict[UUID, list[Any]]:
    """When some customers were reached by voice in a span of time, newest first, with what they were told.

    A row for each thing told: `attempt_id`, `call_id`, `attempted_at`, `incident_id`, `deployment_id` (None: nothing).
    """
    a, o, member = t.attempt.c, t.attempt_told.c, members.rows
    rows = connection.execute(
        select(member.c.customer_id, a.attempt_id, a.call_id, a.attempted_at, o.incident_id, o.deployment_id)
        .join_from(t.attempt, member, member.c.member_id == a.customer_id)
        .outerjoin(t.attempt_told, and_(o.customer_id == a.customer_id, o.attempt_id == a.attempt_id))
        .where(
            a.reached.is_(True),
            a.channel.in_(VOICE),
            a.attempted_at >= since,
            a.attempted_at <= until,
            a.recorded_at <= members.known_at,
        )
        .order_by(a.attempted_at.desc(), a.attempt_id.desc(), o.incident_id, o.deployment_id)
    )
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.customer_id, []).append(row)
    return found


def count_spent(connection: Connection, whose: ListOf, since: datetime, now: datetime) -> dict[str, int]:
    """By account manager as the directory names them: calls made by voice since an instant, and open calls about other
    incidents. Those about deployments wait for these, and take nobody's time before. Open calls of merged customers
    are the survivor's own rows."""
    c, i, a, f = t.call.c, t.call_item.c, t.attempt.c, t.customer_fact.c
    live = and_(i.customer_id == c.customer_id, i.call_id == c.call_id, i.withdrawn_at.is_(None), i.verdict == "call")
    to_call, here = exists().where(live), exists().where(live, whose.is_about())
    tried = exists().where(
        a.customer_id == c.customer_id, a.call_id == c.call_id, a.channel.in_(VOICE), a.attempted_at >= since
    )
    waiting = and_(c.status == "open", c.call_group == "incident", to_call, ~here)
    made = and_(c.status == "done", c.closed_at >= since, tried)
    rows = connection.execute(
        select(f.account_manager, func.count().label("many"))
        .join_from(t.call, t.customer_fact, f.customer_id == c.customer_id)
        .where(
            or_(waiting, made),
            f.account_manager != "",
            f.valid_from <= now,
            f.valid_to > now,
            f.recorded_from <= now,
            f.recorded_to > now,
        )
        .group_by(f.account_manager)
    )
    return {row.account_manager: row.many for row in rows}
