"""The changes of a recorded deployment, read back as notes and explanations need them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, literal, select

from releasewatch.domain.forges import add_requests
from releasewatch.domain.notes import NoteChange
from releasewatch.storage import tables as t
from releasewatch.storage.forges import requests_of_deployment
from releasewatch.storage.readable import may_read


def read_changes(connection: Connection, deployment_id: int, names: Mapping[int, str]) -> list[NoteChange]:
    """Every change of a deployment in the order of its range (newest first), with components by full key.

    What a forge said of their pull requests stands beside what they say themselves.
    """
    c, a = t.change.c, t.change_author.c
    touches: dict[int, set[tuple[str, int]]] = {}
    touch = t.change_component.c
    for row in connection.execute(
        select(touch.change_no, touch.component_id, touch.baseline_no).where(touch.deployment_id == deployment_id)
    ):
        touches.setdefault(row.change_no, set()).add((names[row.component_id], row.baseline_no))
    trailers: dict[int, list[tuple[str, str]]] = {}
    trailer = t.change_trailer.c
    for row in connection.execute(
        select(trailer.change_no, trailer.key, trailer.value)
        .where(trailer.deployment_id == deployment_id)
        .order_by(trailer.change_no, trailer.trailer_no)
    ):
        trailers.setdefault(row.change_no, []).append((row.key, row.value))
    if may_read(connection, t.change_author):
        same = and_(a.deployment_id == c.deployment_id, a.change_no == c.change_no)
        query = select(t.change, a.name.label("author_name")).join_from(t.change, t.change_author, same, isouter=True)
    else:
        query = select(t.change, literal("").label("author_name"))
    rows = connection.execute(query.where(c.deployment_id == deployment_id).order_by(c.change_no))
    found = [
        _change(row, frozenset(touches.get(row.change_no, ())), tuple(trailers.get(row.change_no, ()))) for row in rows
    ]
    add_requests(found, requests_of_deployment(connection, deployment_id))
    return found


def _change(row: Any, touches: frozenset[tuple[str, int]], trailers: tuple[tuple[str, str], ...]) -> NoteChange:
    return NoteChange(
        sha=row.sha,
        subject=row.subject,
        side=row.side,
        type=row.type,
        scope=row.scope or None,
        breaking=row.breaking,
        description=row.description,
        pull_request=row.pull_request,
        title=row.pull_request_title,
        is_merge=row.is_merge,
        merged_by=row.merged_by,
        reverted_by=row.reverted_by,
        trailers=trailers,
        author_name=row.author_name or "",
        authored_at=row.authored_at,
        components=tuple(sorted({component for component, _ in touches})),
        touches=touches,
        reverts=tuple(row.reverts),
        reverts_subjects=tuple(row.reverts_subjects),
    )
