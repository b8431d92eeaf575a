"""Repos, components, catalogs and environments: small tables, copied to every machine."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, String, Table, TypedColumns, UniqueConstraint

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class RepoColumns(TypedColumns):
    repo_id = Column(id_type(), primary_key=True)
    key = Column(key_type(), nullable=False)


repo: Table[RepoColumns] = Table(
    "repo", metadata, RepoColumns, UniqueConstraint("key"), info=placed("reference", "facts")
)


class ComponentColumns(TypedColumns):
    """`full_key` is `repo/key`, kept beside its parts because every question is asked with it."""

    component_id = Column(id_type(), primary_key=True)
    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), nullable=False)
    key = Column(key_type(), nullable=False, index=True)
    full_key = Column(key_type(), nullable=False)


component: Table[ComponentColumns] = Table(
    "component",
    metadata,
    ComponentColumns,
    UniqueConstraint("repo_id", "key"),
    UniqueConstraint("full_key"),
    info=placed("reference", "facts"),
)


class CatalogColumns(TypedColumns):
    """One state of a repo's catalog; the same content is the same row (`digest`)."""

    catalog_id = Column(id_type(), primary_key=True)
    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), nullable=False)
    digest = Column(key_type(), nullable=False)
    no_effect = Column(JSON, nullable=False)
    unmapped = Column(key_type(), nullable=False)
    recorded_at = Column(Instant, nullable=False)


catalog: Table[CatalogColumns] = Table(
    "catalog", metadata, CatalogColumns, UniqueConstraint("repo_id", "digest"), info=placed("reference", "facts")
)


class CatalogComponentColumns(TypedColumns):
    catalog_id = Column(id_type(), ForeignKey("catalog.catalog_id"), primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True)
    title = Column(String, nullable=False)
    type = Column(key_type(), nullable=False)
    owner = Column(String, nullable=True)
    visibility = Column(key_type(), nullable=False)
    paths = Column(JSON, nullable=False)


catalog_component: Table[CatalogComponentColumns] = Table(
    "catalog_component", metadata, CatalogComponentColumns, info=placed("reference", "facts")
)


class DependencyColumns(TypedColumns):
    """An edge as written: `depends_on` may name a component that the ledger does not know yet."""

    catalog_id = Column(id_type(), ForeignKey("catalog.catalog_id"), primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True)
    depends_on = Column(key_type(), primary_key=True)


dependency: Table[DependencyColumns] = Table(
    "dependency", metadata, DependencyColumns, info=placed("reference", "facts")
)


class CatalogInForceColumns(TypedColumns):
    """Which catalog a repo had, from when to when: that of its newest forward deployment."""

    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), primary_key=True)
    valid_from = Column(Instant, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    valid_to = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    catalog_id = Column(id_type(), ForeignKey("catalog.catalog_id"), nullable=False)


catalog_in_force: Table[CatalogInForceColumns] = Table(
    "catalog_in_force", metadata, CatalogInForceColumns, info=placed("reference", "facts")
)


class EnvironmentColumns(TypedColumns):
    environment_id = Column(id_type(), primary_key=True)
    key = Column(key_type(), nullable=False)
    tier = Column(key_type(), nullable=False)


environment: Table[EnvironmentColumns] = Table(
    "environment", metadata, EnvironmentColumns, UniqueConstraint("key"), info=placed("reference", "facts")
)


class AxisValueColumns(TypedColumns):
    """A region or ring that an environment is known to have, from the settings or from a deployment."""

    environment_id = Column(id_type(), ForeignKey("environment.environment_id"), primary_key=True)
    axis = Column(key_type(), primary_key=True)
    value = Column(key_type(), primary_key=True)
    recorded_at = Column(Instant, nullable=False)


axis_value: Table[AxisValueColumns] = Table("axis_value", metadata, AxisValueColumns, info=placed("reference", "facts"))


class ProductComponentColumns(TypedColumns):
    """What a product is made of, as written: a component's key or a pattern over keys (`auth/*`)."""

    product = Column(key_type(), primary_key=True)
    pattern = Column(key_type(), primary_key=True)
    valid_from = Column(Instant, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    valid_to = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)


product_component: Table[ProductComponentColumns] = Table(
    "product_component", metadata, ProductComponentColumns, info=placed("reference", "facts")
)


class ComponentSubjectColumns(TypedColumns):
    """What an entitlement may say to mean a component: its full key, its bare key, a product that holds it.

    Kept ready so that exposure is a join: products and bare keys are resolved when settings or catalogs change, not
    when a customer is looked for. `certain` is false for a bare key that several repos use.
    """

    subject = Column(key_type(), primary_key=True)
    component_id = Column(id_type(), ForeignKey("component.component_id"), primary_key=True, index=True)
    valid_from = Column(Instant, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    valid_to = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    certain = Column(Boolean, nullable=False)


component_subject: Table[ComponentSubjectColumns] = Table(
    "component_subject", metadata, ComponentSubjectColumns, info=placed("reference", "facts")
)
