"""Deployments, where they went, what they were compared with, and how long they were live and carried."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    TypedColumns,
    UniqueConstraint,
    literal_column,
)

from releasewatch.storage.tables.base import built_with, metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class ScopeColumns(TypedColumns):
    """A set of components that is deployed together; the same set is the same row, however often it is deployed."""

    scope_id = Column(id_type(), primary_key=True)
    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), nullable=False)
    digest = Column(key_type(), nullable=False)


scope: Table[ScopeColumns] = Table(
    "scope", metadata, ScopeColumns, UniqueConstraint("repo_id", "digest"), info=placed("reference", "facts")
)


class ScopeComponentColumns(TypedColumns):
    scope_id = Column(id_type(), ForeignKey("scope.scope_id"), primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True)


scope_component: Table[ScopeComponentColumns] = Table(
    "scope_component", metadata, ScopeComponentColumns, info=placed("reference", "facts")
)


class DeploymentColumns(TypedColumns):
    """A release put into an environment.

    `opened_at` orders deployments: the start, else the job's start, else the finish. `attempt`, `status` and times are
    the newest attempt's; `succeeded`: one of them did, which a later failure cannot undo. `has_blank`: not all of what
    changed is known, so that nobody in the environment can be ruled out. `counts_everyone`: and the catalog wants them
    counted.
    """

    deployment_id = Column(id_type(), primary_key=True, autoincrement=False)
    key = Column(key_type(), nullable=False)
    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), nullable=False)
    environment_id = Column(id_type(), ForeignKey("environment.environment_id"), nullable=False)
    catalog_id = Column(id_type(), ForeignKey("catalog.catalog_id"), nullable=False)
    scope_id = Column(id_type(), ForeignKey("scope.scope_id"), nullable=False)
    kind = Column(key_type(), nullable=False)
    status = Column(key_type(), nullable=False)
    release = Column(key_type(), nullable=False)
    base = Column(key_type(), nullable=True)
    head = Column(key_type(), nullable=True)
    range = Column(key_type(), nullable=False)
    history_complete = Column(Boolean, nullable=False)
    why_incomplete = Column(String, nullable=True)
    title = Column(String, nullable=False)
    url = Column(String, nullable=False)
    ci_provider = Column(key_type(), nullable=False)
    ci_run = Column(key_type(), nullable=False)
    attempt = Column(id_type(), nullable=False)
    succeeded = Column(Boolean, nullable=False, default=False)
    opened_at = Column(Instant, nullable=False)
    started_at = Column(Instant, nullable=True)
    finished_at = Column(Instant, nullable=True)
    recorded_at = Column(Instant, nullable=False)
    added = Column(Integer, nullable=False)
    removed = Column(Integer, nullable=True)
    reverted_in_range = Column(Integer, nullable=False)
    unmapped_paths = Column(Integer, nullable=False)
    unmapped_sample = Column(JSON, nullable=False)
    no_effect_paths = Column(Integer, nullable=False)
    counts_everyone = Column(Boolean, nullable=False)
    has_blank = Column(Boolean, nullable=False)


deployment: Table[DeploymentColumns] = Table(
    "deployment",
    metadata,
    DeploymentColumns,
    UniqueConstraint("key", "attempt"),
    Index(None, "repo_id", "environment_id", "opened_at"),
    # Of a while those of some environments are counted, and read newest first, from the index alone.
    Index(None, "opened_at", "deployment_id", "environment_id"),
    # In the very order that is asked for: else a database goes back through those of all scopes, which are in order.
    Index(None, "scope_id", "environment_id", "opened_at", "deployment_id"),
    info=placed("reference", "facts"),
)

# Of those that have a release alone: where most have none, they are not read by who asks for releases.
Index(
    "ix_deployment_repo_id_environment_id_release",
    deployment.c.repo_id,
    deployment.c.environment_id,
    deployment.c.release,
    info=built_with(sqlite_where=deployment.c.release != "", postgresql_where=deployment.c.release != ""),
)

# All that counting deployments of a period reads of them: a row itself is six times as wide.
Index(
    "ix_deployment_environment_id_opened_at",
    *(deployment.c.environment_id, deployment.c.opened_at, deployment.c.deployment_id, deployment.c.succeeded),
    *(deployment.c.status, deployment.c.finished_at, deployment.c.repo_id, deployment.c.catalog_id),
)

is_rollback = deployment.c.kind == literal_column("'rollback'")
"""Written without variables, so that SQLite knows the index again."""

Index(
    "ix_deployment_rollback",
    deployment.c.deployment_id,
    info=built_with(sqlite_where=is_rollback, postgresql_where=is_rollback),
)


class DeploymentPersonColumns(TypedColumns):
    """Who deployed: a person's name, hence apart."""

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    actor = Column(String, nullable=False)


deployment_person: Table[DeploymentPersonColumns] = Table(
    "deployment_person", metadata, DeploymentPersonColumns, info=placed("reference", "authors")
)


class DeploymentEventColumns(TypedColumns):
    """What was said about a deployment's progress, attempt by attempt; nothing here is ever changed."""

    event_id = Column(id_type(), primary_key=True, autoincrement=False)
    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), nullable=False, index=True)
    attempt = Column(id_type(), nullable=False)
    status = Column(key_type(), nullable=False)
    started_at = Column(Instant, nullable=True)
    finished_at = Column(Instant, nullable=True)
    recorded_at = Column(Instant, nullable=False)


deployment_event: Table[DeploymentEventColumns] = Table(
    "deployment_event", metadata, DeploymentEventColumns, info=placed("reference", "facts")
)


class TargetColumns(TypedColumns):
    """One region and ring of a deployment as given; `''` covers all of them, known and not."""

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    region = Column(key_type(), primary_key=True)
    ring = Column(key_type(), primary_key=True)


target: Table[TargetColumns] = Table("target", metadata, TargetColumns, info=placed("reference", "facts"))


class BaselineColumns(TypedColumns):
    """What a block of cells was compared with. `components` None: all of the scope.

    `source`: deployment, given (`--from`), neighbour (the repo's last deployment, for a new component), tag, none.
    `wider`: a deployment recorded later lies between base and head, so the difference is wider than what went live.
    """

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    baseline_no = Column(Integer, primary_key=True)
    base = Column(key_type(), nullable=True)
    base_deployment_id = Column(id_type(), nullable=True)
    source = Column(key_type(), nullable=False)
    source_text = Column(String, nullable=False)
    range = Column(key_type(), nullable=False)
    kind = Column(key_type(), nullable=False)
    history_complete = Column(Boolean, nullable=False)
    wider = Column(Boolean, nullable=False)
    components = Column(JSON, nullable=True)
    targets = Column(JSON, nullable=False)


baseline: Table[BaselineColumns] = Table("baseline", metadata, BaselineColumns, info=placed("reference", "facts"))

is_rollback_from = baseline.c.kind == literal_column("'rollback'")

Index(
    "ix_baseline_rollback",
    *(baseline.c.deployment_id, baseline.c.baseline_no),
    info=built_with(sqlite_where=is_rollback_from, postgresql_where=is_rollback_from),
)


class OriginColumns(TypedColumns):
    """Where reach begins: a changed component (`touched_id`) inside a deployed one (`carrier_id`; the same, or a
    service that a changed library is part of), against one baseline."""

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    origin_no = Column(Integer, primary_key=True)
    baseline_no = Column(Integer, nullable=False)
    carrier_id = Column(id_type(), ForeignKey("component.component_id"), nullable=False, index=True)
    touched_id = Column(id_type(), ForeignKey("component.component_id"), nullable=False)
    paths = Column(Integer, nullable=False)


origin: Table[OriginColumns] = Table(
    "origin",
    metadata,
    OriginColumns,
    ForeignKeyConstraint(["deployment_id", "baseline_no"], ["baseline.deployment_id", "baseline.baseline_no"]),
    info=placed("reference", "facts"),
)


class WindowColumns(TypedColumns):
    """How long an origin was live and carried in one region and ring (`''`: every other one).

    Half-open, in UTC. `certain` is false for a deployment that failed or is still running. One that succeeded after it
    had failed has two: a possible one until then, and the certain one. `carrying_doubt_from`: from then on it could not
    be decided whether the change is still there, and why stands in `carrying_reason`. Each ending keeps when it was
    recorded, so that the ledger can be read as it was known at an instant. A row without any instant only names a place
    where the deployment changed nothing: the remainder does not stand for it.
    """

    deployment_id = Column(id_type(), primary_key=True)
    origin_no = Column(Integer, primary_key=True)
    region = Column(key_type(), primary_key=True)
    ring = Column(key_type(), primary_key=True)
    live_from = Column(Instant, primary_key=True)
    certain = Column(Boolean, nullable=False)
    live_until = Column(Instant, nullable=False)
    live_ended_by = Column(id_type(), nullable=True)
    live_ended_recorded_at = Column(Instant, nullable=False)
    carrying_until = Column(Instant, nullable=False)
    carrying_ended_by = Column(id_type(), nullable=True)
    carrying_reason = Column(String, nullable=False)
    carrying_doubt_from = Column(Instant, nullable=False)
    carrying_ended_recorded_at = Column(Instant, nullable=False)
    recorded_at = Column(Instant, nullable=False)


window: Table[WindowColumns] = Table(
    "exposure_window",
    metadata,
    WindowColumns,
    ForeignKeyConstraint(["deployment_id", "origin_no"], ["origin.deployment_id", "origin.origin_no"]),
    Index(None, "live_until"),
    Index(None, "live_ended_by"),
    Index(None, "carrying_ended_by"),
    info=placed("reference", "facts"),
)


class ReachColumns(TypedColumns):
    """The closure: each component that an origin reaches, at its nearest distance from it, and via whom."""

    deployment_id = Column(id_type(), primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True)
    origin_no = Column(Integer, primary_key=True)
    distance = Column(Integer, nullable=False)
    via_id = Column(id_type(), ForeignKey("component.component_id"), nullable=True)


reach: Table[ReachColumns] = Table(
    "reach",
    metadata,
    ReachColumns,
    ForeignKeyConstraint(["deployment_id", "origin_no"], ["origin.deployment_id", "origin.origin_no"]),
    Index(None, "component_id", "deployment_id"),
    info=placed("reference", "facts"),
)


class NotDeployedColumns(TypedColumns):
    """A component that changed and was not among those deployed: named, and it reaches nobody."""

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True)


not_deployed: Table[NotDeployedColumns] = Table(
    "not_deployed", metadata, NotDeployedColumns, info=placed("reference", "facts")
)


class FixColumns(TypedColumns):
    """A word on whether a deployment fixes another one (`D-5`) or an incident (`INC-7`). Rows are only added.

    Of several words of a deployment on the same, the one with the highest number counts. `holds` false: it does not,
    whatever was said before.
    """

    fix_id = Column(id_type(), primary_key=True, autoincrement=False)
    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), nullable=False, index=True)
    ref = Column(key_type(), nullable=False, index=True)
    holds = Column(Boolean, nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


fix: Table[FixColumns] = Table("fix", metadata, FixColumns, info=placed("reference", "facts", words=("recorded_by",)))


class WindowEndingColumns(TypedColumns):
    """An ending of a window's carrying that may be taken back, as a word may, and those that stand beside it.

    A window that has rows here ends at the earliest `carrying_until` of those that stand, and a question of what was
    known at an instant is answered by those recorded then. One that never ended has none; an ending that never comes
    only keeps a doubt's reason.
    """

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    origin_no = Column(Integer, primary_key=True)
    region = Column(key_type(), primary_key=True)
    ring = Column(key_type(), primary_key=True)
    ending_no = Column(Integer, primary_key=True)
    carrying_until = Column(Instant, nullable=False)
    carrying_ended_by = Column(id_type(), nullable=True)
    carrying_reason = Column(String, nullable=False)
    recorded_from = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)


window_ending: Table[WindowEndingColumns] = Table(
    "exposure_window_ending",
    metadata,
    WindowEndingColumns,
    Index(None, "carrying_ended_by"),
    info=placed("reference", "facts"),
)


class AcceptanceColumns(TypedColumns):
    """A guard that somebody passed by an explicit word, and why."""

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    rule = Column(key_type(), primary_key=True)
    why = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)
    recorded_by = Column(String, nullable=False, server_default="")


acceptance: Table[AcceptanceColumns] = Table(
    "acceptance", metadata, AcceptanceColumns, info=placed("reference", "facts", words=("why", "recorded_by"))
)
