"""What was said of a change by hand.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "change_edit",
        sa.Column("edit_id", id_type(), nullable=False),
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("ref", key_type(), nullable=False),
        sa.Column("audience", key_type(), nullable=False),
        sa.Column("wording", sa.String(), nullable=False),
        sa.Column("is_silent", sa.Boolean(), nullable=True),
        sa.Column("embargo", key_type(), nullable=False),
        sa.Column("customer", key_type(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_change_edit_repo_id")),
        sa.PrimaryKeyConstraint("edit_id", name=op.f("pk_change_edit")),
    )
    op.create_index(op.f("ix_change_edit_repo_id_ref"), "change_edit", ["repo_id", "ref"], unique=False)
