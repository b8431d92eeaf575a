"""Deployments in the ledger: finding them, and writing their own rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Select, and_, delete, insert, or_, select, update

from releasewatch.domain.deployments import Place, Statement, Status
from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.storage import tables as t
from releasewatch.storage.readable import may_read
from releasewatch.storage.sql import chunks, next_number


@dataclass(frozen=True, slots=True)
class DeploymentRow:
    """One deployment with the words for its numbers."""

    row: Any
    repo: str
    environment: str

    @property
    def id(self) -> str:
        """`D-1042`."""
        return f"D-{self.row.deployment_id}"


def _select() -> Select[Any]:
    return (
        select(t.deployment, t.repo.c.key.label("repo_key"), t.environment.c.key.label("environment_key"))
        .join_from(t.deployment, t.repo)
        .join(t.environment)
    )


def _wrap(row: Any) -> DeploymentRow:
    return DeploymentRow(row, row.repo_key, row.environment_key)


def get_deployment(connection: Connection, deployment_id: int) -> DeploymentRow:
    """One deployment by number; raises UnknownNameError."""
    row = connection.execute(_select().where(t.deployment.c.deployment_id == deployment_id)).first()
    if row is None:
        raise UnknownNameError(
            f"The ledger has no deployment D-{deployment_id}.", "See them with: releasewatch deployment list"
        )
    return _wrap(row)


def get_deployments(connection: Connection, numbers: Iterable[int]) -> dict[int, DeploymentRow]:
    """Several that are there, by number."""
    found: dict[int, DeploymentRow] = {}
    for part in chunks(sorted(numbers)):
        rows = connection.execute(_select().where(t.deployment.c.deployment_id.in_(part)))
        found |= {row.deployment_id: _wrap(row) for row in rows}
    return found


def find_attempts(connection: Connection, key: str) -> list[DeploymentRow]:
    """The deployments recorded under an idempotency key, in the order of their attempts.

    Most often one; a later attempt that came after another deployment had to become a deployment of its own.
    """
    rows = connection.execute(_select().where(t.deployment.c.key == key).order_by(t.deployment.c.attempt))
    return [_wrap(row) for row in rows]


def read_statements(connection: Connection, deployment_id: int) -> list[Statement]:
    """Everything that was said about a deployment's progress, in the order in which it was recorded."""
    e = t.deployment_event.c
    rows = connection.execute(select(t.deployment_event).where(e.deployment_id == deployment_id).order_by(e.event_id))
    return [
        Statement(
            row.attempt,
            cast("Status", row.status),
            row.started_at or row.finished_at or row.recorded_at,
            row.started_at,
            row.finished_at,
        )
        for row in rows
    ]


def resolve_deployment(
    connection: Connection, ref: str, *, repo: str | None, environment: str | None, component_id: int | None = None
) -> DeploymentRow:
    """A deployment by id (`D-12`, `12`), key, unique prefix of a key, or `last`.

    `last` is the newest deployment, however it ended, that is no rollback and no redeploy, of this repo (or component)
    and environment. With several repos in the ledger and none named it is refused with the candidates.
    """
    if ref == "last":
        return _last(connection, repo, environment, component_id)
    number = ref[2:] if ref[:2] in ("D-", "d-") else ref
    if number.isascii() and number.isdigit() and len(number) < 16:
        row = connection.execute(_select().where(t.deployment.c.deployment_id == int(number))).first()
        if row is not None or number != ref:
            return get_deployment(connection, int(number))
    for fits in (t.deployment.c.key == ref, t.deployment.c.key.startswith(ref, autoescape=True)):
        rows = connection.execute(_select().where(fits).order_by(t.deployment.c.deployment_id).limit(6)).all()
        if len(rows) == 1:
            return _wrap(rows[0])
        if rows:
            raise AmbiguousNameError(
                f"Several deployments have a key that is or begins with {ref!r}.",
                "Say which: " + ", ".join(f"D-{row.deployment_id}" for row in rows),
            )
    raise UnknownNameError(f"The ledger has no deployment {ref!r}.", "See them with: releasewatch deployment list")


def last_before(connection: Connection, environment: str, component_id: int, at: datetime) -> DeploymentRow:
    """The newest deployment of a component to an environment that opened before an instant, and is no rollback and no
    redeploy; raises UnknownNameError."""
    return _last(connection, None, environment, component_id, before=at)


def _last(
    connection: Connection,
    repo: str | None,
    environment: str | None,
    component_id: int | None,
    *,
    before: datetime | None = None,
) -> DeploymentRow:
    d = t.deployment.c
    query = _select().where(d.kind.not_in(("rollback", "redeploy")))
    if before is not None:
        query = query.where(d.opened_at < before)
    if environment is not None:
        query = query.where(t.environment.c.key == environment)
    if component_id is not None:
        scopes = select(t.scope_component.c.scope_id).where(t.scope_component.c.component_id == component_id)
        query = query.where(d.scope_id.in_(scopes))
    elif repo is not None:
        query = query.where(t.repo.c.key == repo)
    else:
        repos = list(connection.scalars(select(t.repo.c.key).where(t.repo.c.repo_id.in_(select(d.repo_id)))))
        if len(repos) > 1:
            raise AmbiguousNameError(
                "The ledger holds deployments of several repos, so `last` may mean several.",
                "Say which with --repo: " + ", ".join(sorted(repos)),
            )
    row = connection.execute(query.order_by(d.opened_at.desc(), d.deployment_id.desc()).limit(1)).first()
    if row is None:
        place = f" in {environment}" if environment else ""
        raise UnknownNameError(
            f"The ledger has no deployment{place} that is no rollback.",
            "Record one with: releasewatch deployment record --environment production",
        )
    return _wrap(row)


def list_deployments(
    connection: Connection, *, repo: str | None, environment: str | None, limit: int, before: int | None = None
) -> list[DeploymentRow]:
    """The newest deployments first, by when they opened; `before` is the number of the last one already shown."""
    d = t.deployment.c
    query = _select()
    if repo is not None:
        query = query.where(t.repo.c.key == repo)
    if environment is not None:
        query = query.where(t.environment.c.key == environment)
    if before is not None:
        at = get_deployment(connection, before).row.opened_at
        older = and_(d.opened_at == at, d.deployment_id < before)
        query = query.where(d.opened_at <= at, or_(d.opened_at < at, older))  # the former alone bounds an index
    rows = connection.execute(query.order_by(d.opened_at.desc(), d.deployment_id.desc()).limit(limit))
    return [_wrap(row) for row in rows]


def succeeded_between(
    connection: Connection, *, environment: str, repo: str | None, since: datetime, until: datetime
) -> list[DeploymentRow]:
    """The deployments to an environment that opened in `[since, until)` and succeeded, in their order."""
    d = t.deployment.c
    query = _select().where(t.environment.c.key == environment, d.succeeded, d.opened_at >= since, d.opened_at < until)
    if repo is not None:
        query = query.where(t.repo.c.key == repo)
    return [_wrap(row) for row in connection.execute(query.order_by(d.opened_at, d.deployment_id))]


def first_told(connection: Connection, repo: str, environment: str, unlike: str) -> DeploymentRow | None:
    """The oldest deployment of a repo to an environment that another one than `unlike` told of (a CI system's name)."""
    d = t.deployment.c
    row = connection.execute(
        _select()
        .where(t.repo.c.key == repo, t.environment.c.key == environment, d.ci_provider != unlike, d.head.is_not(None))
        .order_by(d.opened_at, d.deployment_id)
        .limit(1)
    ).first()
    return None if row is None else _wrap(row)


def heads_of(connection: Connection, repo: str, environment: str, since: datetime) -> list[tuple[str, datetime, str]]:
    """What was deployed of a repo to an environment since: head, when it opened, the CI system that told of it."""
    d = t.deployment.c
    rows = connection.execute(
        select(d.head, d.opened_at, d.ci_provider)
        .join_from(t.deployment, t.repo)
        .join(t.environment)
        .where(t.repo.c.key == repo, t.environment.c.key == environment, d.head.is_not(None), d.opened_at >= since)
    )
    return [(row.head, row.opened_at, row.ci_provider) for row in rows]


def targets_of(connection: Connection, deployment_id: int) -> list[Place]:
    """The targets of a deployment as given, in order."""
    return targets_of_each(connection, [deployment_id])[deployment_id]


def targets_of_each(connection: Connection, deployment_ids: Sequence[int]) -> dict[int, list[Place]]:
    """The same of several deployments, by their numbers."""
    p = t.target.c
    found: dict[int, list[Place]] = {number: [] for number in deployment_ids}
    for part in chunks(deployment_ids):
        query = select(p.deployment_id, p.region, p.ring).where(p.deployment_id.in_(part))
        for row in connection.execute(query.order_by(p.deployment_id, p.region, p.ring)):
            found[row.deployment_id].append(Place(row.region, row.ring))
    return found


def insert_deployment(connection: Connection, values: Mapping[str, Any], targets: Sequence[Place], actor: str) -> int:
    """Write a new deployment's own row, its targets and who did it; returns its number."""
    deployment_id = next_number(connection, "deployment")
    connection.execute(insert(t.deployment).values(deployment_id=deployment_id, **values))
    connection.execute(
        insert(t.target),
        [{"deployment_id": deployment_id, "region": p.region, "ring": p.ring} for p in sorted(set(targets))],
    )
    if actor:
        connection.execute(insert(t.deployment_person).values(deployment_id=deployment_id, actor=actor))
    return deployment_id


def update_deployment(connection: Connection, deployment_id: int, values: Mapping[str, Any]) -> None:
    """Change a deployment's own row."""
    connection.execute(update(t.deployment).where(t.deployment.c.deployment_id == deployment_id).values(**values))


def forget_derived(connection: Connection, deployment_id: int) -> None:
    """Take away what was derived from a deployment that has not succeeded yet, to be written anew."""
    for table in (
        # In an order that foreign keys allow; named here, so that who only reads does without these tables.
        t.window,
        t.reach,
        t.origin,
        t.changed_path,
        t.change_component,
        t.change_customer,
        t.change_trailer,
        t.change_author,
        t.change,
        t.baseline,
        t.not_deployed,
    ):
        connection.execute(delete(table).where(table.c.deployment_id == deployment_id))


def add_statement(connection: Connection, deployment_id: int, said: Statement, now: datetime) -> None:
    """Append what was said about a deployment's progress; what was said before stays."""
    connection.execute(
        insert(t.deployment_event).values(
            event_id=next_number(connection, "deployment_event"),
            deployment_id=deployment_id,
            attempt=said.attempt,
            status=said.status,
            started_at=said.started_at,
            finished_at=said.finished_at,
            recorded_at=now,
        )
    )


def add_acceptances(
    connection: Connection, deployment_id: int, rules: Iterable[str], said: tuple[str, str], now: datetime
) -> None:
    """Keep which guards were passed by an explicit word; `said`: why, and by whom."""
    known = set(connection.scalars(select(t.acceptance.c.rule).where(t.acceptance.c.deployment_id == deployment_id)))
    rows = [
        {"deployment_id": deployment_id, "rule": rule, "why": said[0], "recorded_by": said[1], "recorded_at": now}
        for rule in sorted(set(rules) - known)
    ]
    if rows:
        connection.execute(insert(t.acceptance), rows)


def read_actor(connection: Connection, deployment_id: int) -> str:
    """Who deployed, as the pipeline or a person said; empty when nobody did, or this role may not read it."""
    if not may_read(connection, t.deployment_person):
        return ""
    p = t.deployment_person.c
    return connection.scalar(select(p.actor).where(p.deployment_id == deployment_id)) or ""
