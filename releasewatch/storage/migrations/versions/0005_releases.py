"""Releases recorded at build time, with the ranges that lead to them.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables of releases."""
    op.create_table(
        "release",
        sa.Column("release_id", id_type(), nullable=False),
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("name", key_type(), nullable=False),
        sa.Column("head", key_type(), nullable=False),
        sa.Column("catalog_id", id_type(), nullable=False),
        sa.Column("tag", key_type(), nullable=True),
        sa.Column("tag_sha", key_type(), nullable=True),
        sa.Column("shallow", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["catalog_id"], ["catalog.catalog_id"], name=op.f("fk_release_catalog_id")),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_release_repo_id")),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release")),
        sa.UniqueConstraint("repo_id", "name", name=op.f("uq_release_repo_id_name")),
    )
    op.create_index(op.f("ix_release_repo_id_head"), "release", ["repo_id", "head"], unique=False)
    op.create_table(
        "release_range",
        sa.Column("release_id", id_type(), nullable=False),
        sa.Column("range_no", sa.Integer(), nullable=False),
        sa.Column("base", key_type(), nullable=False),
        sa.Column("head", key_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=True),
        sa.Column("paths", sa.Integer(), nullable=False),
        sa.Column("has_net", sa.Boolean(), nullable=False),
        sa.Column("why_incomplete", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["release.release_id"], name=op.f("fk_release_range_release_id")),
        sa.PrimaryKeyConstraint("release_id", "range_no", name=op.f("pk_release_range")),
    )
    op.create_table(
        "release_commit",
        sa.Column("release_id", id_type(), nullable=False),
        sa.Column("range_no", sa.Integer(), nullable=False),
        sa.Column("commit_no", sa.Integer(), nullable=False),
        sa.Column("side", key_type(), nullable=False),
        sa.Column("sha", key_type(), nullable=False),
        sa.Column("parents", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("authored_at", Instant(), nullable=False),
        sa.Column("committed_at", Instant(), nullable=False),
        sa.Column("paths", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["release.release_id"], name=op.f("fk_release_commit_release_id")),
        sa.PrimaryKeyConstraint("release_id", "range_no", "commit_no", name=op.f("pk_release_commit")),
    )
    op.create_table(
        "release_author",
        sa.Column("release_id", id_type(), nullable=False),
        sa.Column("range_no", sa.Integer(), nullable=False),
        sa.Column("commit_no", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["release_id", "range_no", "commit_no"],
            ["release_commit.release_id", "release_commit.range_no", "release_commit.commit_no"],
            name=op.f("fk_release_author_release_id_range_no_commit_no"),
        ),
        sa.PrimaryKeyConstraint("release_id", "range_no", "commit_no", name=op.f("pk_release_author")),
    )
    op.create_table(
        "release_path",
        sa.Column("release_id", id_type(), nullable=False),
        sa.Column("range_no", sa.Integer(), nullable=False),
        sa.Column("path_digest", key_type(), nullable=False),
        sa.Column("path", key_type(), nullable=False),
        sa.Column("status", key_type(), nullable=False),
        sa.Column("old_blob", key_type(), nullable=True),
        sa.Column("new_blob", key_type(), nullable=True),
        sa.Column("merge", key_type(), nullable=True),
        sa.ForeignKeyConstraint(["release_id"], ["release.release_id"], name=op.f("fk_release_path_release_id")),
        sa.PrimaryKeyConstraint("release_id", "range_no", "path_digest", name=op.f("pk_release_path")),
    )
    op.create_index(op.f("ix_release_path_path_digest"), "release_path", ["path_digest"], unique=False)
