"""Care calls: deployments that are announced, what was told as good news, and the versions of their lists."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class ComingColumns(TypedColumns):
    """A commit that is announced to customers before it is deployed; a newer one takes the place of an older one.

    `components` and `targets` as given; `scope` tells one announcement of a repo and environment from another.
    `due_at`: when it is to come, as far as somebody said. `ended_at`: it came, or never does, as `why_ended` says;
    `deployment_id` is the deployment that it became, else 0.
    """

    coming_id = Column(id_type(), primary_key=True, autoincrement=False)
    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), nullable=False)
    environment_id = Column(id_type(), ForeignKey("environment.environment_id"), nullable=False)
    scope = Column(key_type(), nullable=False)
    head = Column(key_type(), nullable=False)
    release = Column(String, nullable=False)
    components = Column(JSON, nullable=False)
    targets = Column(JSON, nullable=False)
    due_at = Column(Instant, nullable=True)
    planned_at = Column(Instant, nullable=False)
    ended_at = Column(Instant, nullable=True)
    why_ended = Column(String, nullable=False)
    deployment_id = Column(id_type(), nullable=False)


coming: Table[ComingColumns] = Table(
    "coming",
    metadata,
    ComingColumns,
    Index(None, "repo_id", "environment_id"),
    info=placed("reference", "facts"),
)


class GoodNewsColumns(TypedColumns):
    """A change that a deployment brought to a customer who waited for it: told once, wherever else it goes live later.

    `ref`: the full sha, or `D-12` for the change without git that this deployment is.
    """

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    deployment_id = Column(id_type(), primary_key=True, autoincrement=False)
    ref = Column(key_type(), primary_key=True)


good_news: Table[GoodNewsColumns] = Table("good_news", metadata, GoodNewsColumns, info=placed("customer", "customers"))


class CareListColumns(TypedColumns):
    """A list of care calls that is no deployment's, by its version. `subject`: `H-3` of what is coming, `check_in`."""

    subject = Column(key_type(), primary_key=True)
    version = Column(id_type(), primary_key=True, autoincrement=False)
    planned_at = Column(Instant, nullable=False)
    digest = Column(key_type(), nullable=False)
    settings_version = Column(id_type(), nullable=True)


care_list: Table[CareListColumns] = Table("care_list", metadata, CareListColumns, info=placed("reference", "calls"))
