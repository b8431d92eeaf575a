"""Releases recorded at build time, with what git says of the way to them from others: so a deploy job needs no git."""

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
)

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class ReleaseColumns(TypedColumns):
    """A named version of code, not yet anywhere: one commit and the catalog there.

    `tag` and `tag_sha`: the nearest tag on an earlier commit, None where there is none. `shallow`: the build stood in a
    clone that was cut off, and may have lacked one.
    """

    release_id = Column(id_type(), primary_key=True)
    repo_id = Column(id_type(), ForeignKey("repo.repo_id"), nullable=False)
    name = Column(key_type(), nullable=False)
    head = Column(key_type(), nullable=False)
    catalog_id = Column(id_type(), ForeignKey("catalog.catalog_id"), nullable=False)
    tag = Column(key_type(), nullable=True)
    tag_sha = Column(key_type(), nullable=True)
    shallow = Column(Boolean, nullable=False)
    recorded_at = Column(Instant, nullable=False)


release: Table[ReleaseColumns] = Table(
    "release",
    metadata,
    ReleaseColumns,
    UniqueConstraint("repo_id", "name"),
    Index(None, "repo_id", "head"),
    info=placed("reference", "facts"),
)


class ReleaseRangeColumns(TypedColumns):
    """That git was asked, at build time, what lies between a base and the release's head.

    Ranges join heads into a graph: what lies between any two that are connected is composed from those on the way.
    `has_net`: at least the difference of the two trees is known.
    """

    release_id = Column(id_type(), ForeignKey("release.release_id"), primary_key=True)
    range_no = Column(Integer, primary_key=True)
    base = Column(key_type(), nullable=False)
    head = Column(key_type(), nullable=False)
    kind = Column(key_type(), nullable=False)
    added = Column(Integer, nullable=False)
    removed = Column(Integer, nullable=True)
    paths = Column(Integer, nullable=False)
    has_net = Column(Boolean, nullable=False)
    why_incomplete = Column(String, nullable=True)


release_range: Table[ReleaseRangeColumns] = Table(
    "release_range", metadata, ReleaseRangeColumns, info=placed("reference", "facts")
)


class ReleaseCommitColumns(TypedColumns):
    """One commit of a range, newest first within its side. What its message says is read from the text again."""

    release_id = Column(id_type(), ForeignKey("release.release_id"), primary_key=True)
    range_no = Column(Integer, primary_key=True)
    commit_no = Column(Integer, primary_key=True)
    side = Column(key_type(), nullable=False)
    sha = Column(key_type(), nullable=False)
    parents = Column(JSON, nullable=False)
    subject = Column(String, nullable=False)
    body = Column(String, nullable=False)
    authored_at = Column(Instant, nullable=False)
    committed_at = Column(Instant, nullable=False)
    paths = Column(JSON, nullable=False)


release_commit: Table[ReleaseCommitColumns] = Table(
    "release_commit", metadata, ReleaseCommitColumns, info=placed("release", "facts")
)


class ReleaseAuthorColumns(TypedColumns):
    """Who wrote it: a person's name and address, hence apart."""

    release_id = Column(id_type(), primary_key=True)
    range_no = Column(Integer, primary_key=True)
    commit_no = Column(Integer, primary_key=True)
    name = Column(String, nullable=False)
    email = Column(String, nullable=False)


release_author: Table[ReleaseAuthorColumns] = Table(
    "release_author",
    metadata,
    ReleaseAuthorColumns,
    ForeignKeyConstraint(
        ["release_id", "range_no", "commit_no"],
        ["release_commit.release_id", "release_commit.range_no", "release_commit.commit_no"],
    ),
    info=placed("release", "authors"),
)


class ReleasePathColumns(TypedColumns):
    """One path of the difference of two trees, with its contents on both sides; `merge`: the merge that made it, for
    one that no plain commit explains. Paths are as printed, and found by `path_digest`."""

    release_id = Column(id_type(), ForeignKey("release.release_id"), primary_key=True)
    range_no = Column(Integer, primary_key=True)
    path_digest = Column(key_type(), primary_key=True)
    path = Column(key_type(), nullable=False)
    status = Column(key_type(), nullable=False)
    old_blob = Column(key_type(), nullable=True)
    new_blob = Column(key_type(), nullable=True)
    merge = Column(key_type(), nullable=True)


release_path: Table[ReleasePathColumns] = Table(
    "release_path", metadata, ReleasePathColumns, Index(None, "path_digest"), info=placed("release", "facts")
)
