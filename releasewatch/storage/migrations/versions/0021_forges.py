"""What a forge said of our commits.

Revision ID: 0021
Revises: 0020
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_to_request = ["forge_request.repo_id", "forge_request.number"]


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "forge_commit",
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("sha", key_type(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_forge_commit_repo_id")),
        sa.PrimaryKeyConstraint("repo_id", "sha", name=op.f("pk_forge_commit")),
    )
    op.create_index(op.f("ix_forge_commit_repo_id_number"), "forge_commit", ["repo_id", "number"], unique=False)
    op.create_table(
        "forge_request",
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("closes", sa.JSON(), nullable=False),
        sa.Column("merged_as", key_type(), nullable=False),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_forge_request_repo_id")),
        sa.PrimaryKeyConstraint("repo_id", "number", name=op.f("pk_forge_request")),
    )
    op.create_table(
        "forge_label",
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id", "number"], _to_request, name=op.f("fk_forge_label_repo_id_number")),
        sa.PrimaryKeyConstraint("repo_id", "number", "label", name=op.f("pk_forge_label")),
    )
    op.create_table(
        "forge_person",
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id", "number"], _to_request, name=op.f("fk_forge_person_repo_id_number")),
        sa.PrimaryKeyConstraint("repo_id", "number", name=op.f("pk_forge_person")),
    )
