"""What a forge said of our commits: their pull or merge requests, by repo, so that it is asked once."""

from __future__ import annotations

from sqlalchemy import JSON, Column, ForeignKey, ForeignKeyConstraint, Index, Integer, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class ForgeCommitColumns(TypedColumns):
    """That a forge was asked about a commit. `number`: of its merged request; 0 when it came without one."""

    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), primary_key=True)
    sha = Column(key_type(), primary_key=True)
    number = Column(Integer, nullable=False)
    fetched_at = Column(Instant, nullable=False)


forge_commit: Table[ForgeCommitColumns] = Table(
    "forge_commit", metadata, ForgeCommitColumns, Index(None, "repo_id", "number"), info=placed("reference", "facts")
)


class ForgeRequestColumns(TypedColumns):
    """A merged pull or merge request. `closes`: issues; `merged_as`: the commit that merging made, or empty."""

    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), primary_key=True)
    number = Column(Integer, primary_key=True, autoincrement=False)
    title = Column(String, nullable=False)
    url = Column(String, nullable=False)
    closes = Column(JSON, nullable=False)
    merged_as = Column(key_type(), nullable=False)
    fetched_at = Column(Instant, nullable=False)


forge_request: Table[ForgeRequestColumns] = Table(
    "forge_request", metadata, ForgeRequestColumns, info=placed("reference", "facts")
)

_to_request = ["forge_request.repo_id", "forge_request.number"]


class ForgeLabelColumns(TypedColumns):
    repo_id = Column(id_type(), primary_key=True)
    number = Column(Integer, primary_key=True, autoincrement=False)
    label = Column(key_type(), primary_key=True)


forge_label: Table[ForgeLabelColumns] = Table(
    "forge_label",
    metadata,
    ForgeLabelColumns,
    ForeignKeyConstraint(["repo_id", "number"], _to_request),
    info=placed("reference", "facts"),
)


class ForgePersonColumns(TypedColumns):
    """Who opened a request, by their login: a person's name, hence apart."""

    repo_id = Column(id_type(), primary_key=True)
    number = Column(Integer, primary_key=True, autoincrement=False)
    author = Column(String, nullable=False)


forge_person: Table[ForgePersonColumns] = Table(
    "forge_person",
    metadata,
    ForgePersonColumns,
    ForeignKeyConstraint(["repo_id", "number"], _to_request),
    info=placed("reference", "authors"),
)
