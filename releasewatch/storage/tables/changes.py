"""The changes of a deployment and their paths by component; distributed with their deployment."""

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
    and_,
    false,
    literal_column,
)

from releasewatch.storage.tables.base import built_with, metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class ChangeColumns(TypedColumns):
    """One piece of work. `sha` is empty for a change without git. `side`: added, or removed by a rollback.

    `merged_by` is the merge that brought it to its line, `reverted_by` the commit of the same range that undid it;
    `reverts` holds the shas that it undoes, wherever they are. `repeated`: its commit was added more than once by
    deployments of the repo to the environment; of a commit that was not, the one row has none beside it.
    """

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    change_no = Column(Integer, primary_key=True)
    sha = Column(key_type(), nullable=False)
    side = Column(key_type(), nullable=False)
    subject = Column(String, nullable=False)
    body = Column(String, nullable=False)
    type = Column(key_type(), nullable=False)
    scope = Column(key_type(), nullable=False)
    description = Column(String, nullable=False)
    breaking = Column(Boolean, nullable=False)
    pull_request = Column(Integer, nullable=True)
    pull_request_title = Column(String, nullable=True)
    merged_by = Column(key_type(), nullable=True)
    is_merge = Column(Boolean, nullable=False)
    authored_at = Column(Instant, nullable=True)
    committed_at = Column(Instant, nullable=True)
    reverts = Column(JSON, nullable=False)
    reverts_subjects = Column(JSON, nullable=False)
    reverted_by = Column(key_type(), nullable=True)
    repeated = Column(Boolean, nullable=False, server_default=false())


change: Table[ChangeColumns] = Table(
    "change",
    metadata,
    ChangeColumns,
    Index(None, "sha"),
    Index(None, "subject", info=built_with(postgresql_using="hash")),
    info=placed("deployment", "facts"),
)

delivered = and_(
    change.c.side == literal_column("'added'"),
    change.c.sha != literal_column("''"),
    change.c.is_merge.is_(False),
    change.c.reverted_by.is_(None),
)
"""Work that a deployment brought: merges stand for the commits that they bring, and what was reverted in its own range
was not deployed. Written without variables, so that SQLite knows the index again."""

delivered_once = and_(delivered, change.c.repeated.is_(False))
came_again = change.c.repeated.is_(True)

Index(
    "ix_change_deployment_id_committed_at",
    change.c.deployment_id,
    change.c.committed_at,
    change.c.change_no,
    info=built_with(sqlite_where=delivered_once, postgresql_where=delivered_once),
)
Index(
    "ix_change_deployment_id_repeated",
    change.c.deployment_id,
    info=built_with(sqlite_where=came_again, postgresql_where=came_again),
)

_to_change = ["change.deployment_id", "change.change_no"]


class ChangeAuthorColumns(TypedColumns):
    """Who wrote it: a person's name and address, hence apart."""

    deployment_id = Column(id_type(), primary_key=True)
    change_no = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    email = Column(String, nullable=False)


change_author: Table[ChangeAuthorColumns] = Table(
    "change_author",
    metadata,
    ChangeAuthorColumns,
    ForeignKeyConstraint(["deployment_id", "change_no"], _to_change),
    info=placed("deployment", "authors"),
)


class ChangeComponentColumns(TypedColumns):
    """That a change touched a component, with how many paths and one of them, for the explanation."""

    deployment_id = Column(id_type(), primary_key=True)
    change_no = Column(Integer, primary_key=True)
    baseline_no = Column(Integer, primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True)
    paths = Column(Integer, nullable=False)
    sample_path = Column(String, nullable=False)


change_component: Table[ChangeComponentColumns] = Table(
    "change_component",
    metadata,
    ChangeComponentColumns,
    ForeignKeyConstraint(["deployment_id", "change_no"], _to_change),
    info=placed("deployment", "facts"),
)


class ChangeTrailerColumns(TypedColumns):
    deployment_id = Column(id_type(), primary_key=True)
    change_no = Column(Integer, primary_key=True)
    trailer_no = Column(Integer, primary_key=True)
    key = Column(key_type(), nullable=False)
    value = Column(String, nullable=False)


change_trailer: Table[ChangeTrailerColumns] = Table(
    "change_trailer",
    metadata,
    ChangeTrailerColumns,
    ForeignKeyConstraint(["deployment_id", "change_no"], _to_change),
    info=placed("deployment", "facts"),
)


class ChangeCustomerColumns(TypedColumns):
    """A customer that a change names (`Customer: KEY`), as written; resolved through aliases when read."""

    deployment_id = Column(id_type(), primary_key=True)
    change_no = Column(Integer, primary_key=True)
    ref = Column(key_type(), primary_key=True)


change_customer: Table[ChangeCustomerColumns] = Table(
    "change_customer",
    metadata,
    ChangeCustomerColumns,
    ForeignKeyConstraint(["deployment_id", "change_no"], _to_change),
    info=placed("deployment", "facts"),
)


class ChangedPathColumns(TypedColumns):
    """The net difference of one baseline, by component: with the blobs it can be seen later whether it was undone.

    Paths are found by `path_digest` (`storage.sql.path_digest`):
    an index of PostgreSQL takes 2.7 kB, paths may be longer.
    """

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    baseline_no = Column(Integer, primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True)
    path_digest = Column(key_type(), primary_key=True)
    path = Column(key_type(), nullable=False)
    status = Column(key_type(), nullable=False)
    old_blob = Column(key_type(), nullable=True)
    new_blob = Column(key_type(), nullable=True)


changed_path: Table[ChangedPathColumns] = Table(
    "changed_path",
    metadata,
    ChangedPathColumns,
    Index(None, "component_id", "path_digest"),
    info=placed("deployment", "facts"),
)


class ChangeEditColumns(TypedColumns):
    """What one of us said of a change by hand; rows are only added, and the newest word on each point counts.

    `ref`: the full sha, or `D-12` for the change without git that this deployment is. Empty: nothing is said of it.
    `is_silent`: no word of release note leaves engineering. `embargo`: the day at which it ends, or `none`.
    """

    edit_id = Column(id_type(), primary_key=True)
    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), nullable=False)
    ref = Column(key_type(), nullable=False)
    audience = Column(key_type(), nullable=False)
    wording = Column(String, nullable=False)
    is_silent = Column(Boolean, nullable=True)
    embargo = Column(key_type(), nullable=False)
    customer = Column(key_type(), nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


change_edit: Table[ChangeEditColumns] = Table(
    "change_edit",
    metadata,
    ChangeEditColumns,
    Index(None, "repo_id", "ref"),
    info=placed("reference", "facts", words=("recorded_by",)),
)
