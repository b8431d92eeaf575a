"""What is announced to customers before it is deployed: kept, replaced by a newer head, and ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, update

from releasewatch.domain.deployments import Place
from releasewatch.domain.words import counted
from releasewatch.storage import tables as t
from releasewatch.storage.deployments import targets_of
from releasewatch.storage.sql import next_number


def find_coming(connection: Connection, repo_id: int, environment_id: int, scope: str) -> Any | None:
    """The announcement of a repo, environment and scope that has not ended; None when there is none."""
    c = t.coming.c
    mine = c.repo_id == repo_id, c.environment_id == environment_id, c.scope == scope, c.ended_at.is_(None)
    return connection.execute(select(t.coming).where(*mine)).first()


def put_coming(
    connection: Connection, repo_id: int, environment_id: int, values: Mapping[str, Any], now: datetime
) -> int:
    """Keep what is coming; it takes the place of what was coming before. Returns its number.

    `values`: scope, head, release, components, targets and due_at.
    """
    found = find_coming(connection, repo_id, environment_id, values["scope"])
    if found is not None:
        again = {name: value for name, value in values.items() if name != "due_at" or value is not None}
        connection.execute(
            update(t.coming).where(t.coming.c.coming_id == found.coming_id).values(**again, planned_at=now)
        )
        return int(found.coming_id)
    number = next_number(connection, "coming")
    connection.execute(
        insert(t.coming).values(
            **values,
            coming_id=number,
            repo_id=repo_id,
            environment_id=environment_id,
            planned_at=now,
            why_ended="",
            deployment_id=0,
        )
    )
    return number


def get_coming(connection: Connection, coming_id: int) -> Any:
    """The row of an announcement, with `repo` and `environment` by key."""
    c = t.coming.c
    return connection.execute(
        select(t.coming, t.repo.c.key.label("repo"), t.environment.c.key.label("environment"))
        .join_from(t.coming, t.repo, t.repo.c.repo_id == c.repo_id)
        .join(t.environment, t.environment.c.environment_id == c.environment_id)
        .where(c.coming_id == coming_id)
    ).one()


def announcing(connection: Connection, deployment_id: int) -> list[int]:
    """What announced a deployment: its head is this one's, or among the changes that this one brought."""
    c, d, k = t.coming.c, t.deployment.c, t.change.c
    rows = connection.execute(
        select(c.coming_id, c.head, d.head.label("deployed"))
        .join_from(t.coming, t.deployment, and_(d.repo_id == c.repo_id, d.environment_id == c.environment_id))
        .where(
            d.deployment_id == deployment_id,
            d.status == "succeeded",
            or_(c.ended_at.is_(None), c.deployment_id != 0),
        )
        .order_by(c.coming_id)
    ).all()
    heads = {row.head for row in rows if row.head != row.deployed}
    brought: set[str] = set()
    if heads:
        mine = k.deployment_id == deployment_id, k.side == "added", k.sha.in_(sorted(heads))
        brought = set(connection.scalars(select(k.sha).where(*mine)))
    return [row.coming_id for row in rows if row.head == row.deployed or row.head in brought]


def end_arrived(connection: Connection, deployment_id: int, announced: Collection[int], now: datetime) -> list[int]:
    """End the announcements of a deployment that went everywhere they were announced for; returns which.

    One that went to a part of it alone leaves the others waiting.
    """
    went = set(targets_of(connection, deployment_id))
    ended: list[int] = []
    for number in sorted(announced):
        row = get_coming(connection, number)
        if row.ended_at is None and {Place(*one) for one in row.targets} <= went:
            _end(connection, number, now, f"it came with D-{deployment_id}", deployment_id)
            ended.append(number)
    return ended


def end_overdue(connection: Connection, now: datetime, days: int) -> list[int]:
    """End what has not come so many days after it was to come (or was announced, where no day is known)."""
    c = t.coming.c
    expected = func.coalesce(c.due_at, c.planned_at, type_=c.planned_at.type)
    mine = c.ended_at.is_(None), expected < now - timedelta(days=days)
    late = list(connection.scalars(select(c.coming_id).where(*mine).order_by(c.coming_id)))
    for number in late:
        _end(connection, number, now, f"it had not come {counted(days, 'day')} after it was to come")
    return late


def withdraw_coming(connection: Connection, coming_id: int, why: str, now: datetime) -> None:
    """End an announcement, because one of us says that it does not come."""
    _end(connection, coming_id, now, why)


def _end(connection: Connection, coming_id: int, now: datetime, why: str, deployment_id: int = 0) -> None:
    connection.execute(
        update(t.coming)
        .where(t.coming.c.coming_id == coming_id)
        .values(ended_at=now, why_ended=why, deployment_id=deployment_id)
    )
