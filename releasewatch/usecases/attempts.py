"""Which record a statement of the pipeline belongs to, and what that record comes to with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from releasewatch.domain.deployments import Standing, Statement, Status, settle
from releasewatch.errors import InvalidCallError
from releasewatch.storage import coverages, deployments
from releasewatch.storage.deployments import DeploymentRow
from releasewatch.usecases.record_facts import RecordRequest, Task

FOLLOWS_WITHIN = timedelta(minutes=10)
"""A deployment that says no time follows what is recorded already, even where that is ahead of our clock by this much:
clocks of runners differ, and a job's clock was read before others wrote."""


AHEAD = timedelta(minutes=10)
"""So far what is told may lie ahead of our clock: clocks differ. What lies further ahead is a slip of the pen."""


@dataclass(frozen=True, slots=True)
class Found:
    """The record that a statement belongs to (None: a new one).

    `told_as`: how the same attempt was told before; the statement then changes nothing.
    """

    existing: Any
    statement: Statement
    standing: Standing
    told_as: Status | None = None


def find_record(connection: Any, task: Task, newest_opened_at: datetime | None) -> Found:
    """Find the record by key and attempt; `newest_opened_at`: when the newest deployment there opened."""
    request = task.request
    attempts = deployments.find_attempts(connection, task.key)
    for attempt in attempts:
        _check_same(connection, task, attempt)
    record = _choose(connection, request, attempts)
    before = [] if record is None else deployments.read_statements(connection, record.row.deployment_id)
    started = _started(request, before)
    statement = _statement(request, started, newest_opened_at)
    if record is None:
        return Found(None, statement, settle([statement]))
    return Found(record.row, statement, settle([*before, statement]), _told_as(request, before, started))


def _check_same(connection: Any, task: Task, found: DeploymentRow) -> None:
    """A given key stands for one deployment: were another one taken for it, that would not be recorded at all."""
    if task.request.key is None:
        return
    row, given = found.row, set(task.components)
    members = coverages.scope_members(connection, [row.scope_id])[row.scope_id]
    targets = set(deployments.targets_of(connection, row.deployment_id))
    same = {
        "repo": found.repo == task.around.repo,
        "environment": found.environment == task.request.environment,
        "head": row.head == task.head,
        "target": targets == set(task.request.targets),
        # Deploying everything also covers what it took away.
        "set of components": given == members or (not task.request.components and given <= members),
        "title": row.title == task.request.title or task.head is not None,
    }
    differing = [word for word, is_same in same.items() if not is_same]
    if differing:
        raise InvalidCallError(
            f"The key {task.request.key!r} already stands for {found.id}, which has another {differing[0]}.",
            "Give each deployment a key of its own.",
        )


def _choose(connection: Any, request: RecordRequest, attempts: Sequence[DeploymentRow]) -> DeploymentRow | None:
    """A record holds every attempt since the one before it. A new one updates the last record, unless it was overtaken.

    Re-running an old pipeline is a deployment of its own: most often a rollback.
    """
    if request.finishes:
        running = [one for one in attempts if one.row.status == "running"]
        if running:
            return running[-1]
    holding = next((one for one in attempts if one.row.attempt >= request.attempt), None)
    if holding is not None or not attempts:
        return holding
    last = attempts[-1]
    members = coverages.scope_members(connection, [last.row.scope_id])[last.row.scope_id]
    targets = deployments.targets_of(connection, last.row.deployment_id)
    return None if coverages.is_overtaken(connection, last.row, members, targets) else last


def _started(request: RecordRequest, before: Sequence[Statement]) -> Statement | None:
    """The start that this statement ends: of the same attempt, or of whichever when it is said to finish one."""
    if request.status == "running":
        return None
    waiting: dict[int, Statement] = {}
    for said in before:
        if said.status == "running":
            waiting[said.attempt] = said
        else:
            waiting = {attempt: start for attempt, start in waiting.items() if attempt > said.attempt}
    if request.finishes and waiting:
        return waiting[max(waiting)]
    return waiting.get(request.attempt)


def _told_as(request: RecordRequest, before: Sequence[Statement], started: Statement | None) -> Status | None:
    same = [said.status for said in before if said.attempt == request.attempt]
    return same[-1] if same and started is None else None


def _statement(request: RecordRequest, started: Statement | None, newest_opened_at: datetime | None) -> Statement:
    """What is said, with its instants: the start, else the job's start, else the finish, else when it was said."""
    ends = request.status != "running"
    start = request.started_at or (started.opened_at if started else request.job_started_at)
    finish = request.finished_at if ends else None
    opened_at = start or finish or max(request.now, newest_opened_at or request.now)
    if ends:
        finish = finish or max(request.now, opened_at)
    return Statement(request.attempt, request.status, opened_at, start if ends else opened_at, finish)
