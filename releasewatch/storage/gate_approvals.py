"""What lets a broken rule pass: approvals of a commit, and rules that were accepted with a deployment of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, true

from releasewatch.domain.gate import Word
from releasewatch.domain.times import format_utc
from releasewatch.storage import tables as t
from releasewatch.storage.readable import readable
from releasewatch.storage.sql import next_number


@dataclass(frozen=True, slots=True)
class Planned:
    """What is approved: a commit of a repo, for an environment."""

    repo: str
    environment: str
    head: str


def add_approval(
    connection: Connection, planned: Planned, rule: str, *, why: str, recorded_by: str, now: datetime
) -> Word | None:
    """Keep an approval; when there was one, that one is returned and stays. The caller holds the lock."""
    a = t.gate_approval.c
    same = a.repo == planned.repo, a.environment == planned.environment, a.head == planned.head, a.rule == rule
    row = connection.execute(select(*readable(connection, t.gate_approval)).where(*same)).first()
    if row is not None:
        return Word("approved", row.recorded_by, row.why, format_utc(row.recorded_at))
    connection.execute(
        insert(t.gate_approval).values(
            approval_id=next_number(connection, "gate_approval"),
            repo=planned.repo,
            environment=planned.environment,
            head=planned.head,
            rule=rule,
            why=why,
            recorded_by=recorded_by,
            recorded_at=now,
        )
    )
    return None


def read_approvals(connection: Connection, planned: Planned, *, until: datetime | None = None) -> dict[str, Word]:
    """By rule, what was approved; `until`: by then."""
    a = t.gate_approval.c
    rows = connection.execute(
        select(*readable(connection, t.gate_approval))
        .where(a.repo == planned.repo, a.environment == planned.environment, a.head == planned.head)
        .where(a.recorded_at <= until if until is not None else true())
        .order_by(a.approval_id)
    )
    return {row.rule: Word("approved", row.recorded_by, row.why, format_utc(row.recorded_at)) for row in rows}


def read_acceptances(connection: Connection, deployment_ids: list[int]) -> dict[str, Word]:
    """By rule, what was accepted with some deployments; of several the first counts."""
    a = t.acceptance.c
    rows = connection.execute(
        select(*readable(connection, t.acceptance))
        .where(a.deployment_id.in_(deployment_ids))
        .order_by(a.deployment_id.desc())
    )
    return {
        row.rule: Word("accepted", row.recorded_by, row.why, format_utc(row.recorded_at), f"D-{row.deployment_id}")
        for row in rows
    }


def deployments_of_head(connection: Connection, planned: Planned, *, without: int) -> list[int]:
    """The numbers of the deployments that put a commit into an environment."""
    d, r, e = t.deployment.c, t.repo.c, t.environment.c
    found = (
        select(d.deployment_id)
        .join_from(t.deployment, t.repo, r.repo_id == d.repo_id)
        .join(t.environment, e.environment_id == d.environment_id)
        .where(r.key == planned.repo, e.key == planned.environment, d.head == planned.head, d.deployment_id != without)
    )
    return sorted(connection.scalars(found))


def knows_head(connection: Connection, repo: str, head: str) -> bool:
    """Whether a commit of a repo was ever recorded, as a deployment's or as a release's."""
    d, s, r = t.deployment.c, t.release.c, t.repo.c
    deployed = select(d.deployment_id).join_from(t.deployment, t.repo, r.repo_id == d.repo_id)
    released = select(s.release_id).join_from(t.release, t.repo, r.repo_id == s.repo_id)
    return any(
        connection.scalar(query.limit(1)) is not None
        for query in (deployed.where(r.key == repo, d.head == head), released.where(r.key == repo, s.head == head))
    )
