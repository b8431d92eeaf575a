"""What others are to be told.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the outbox."""
    op.create_table(
        "outbox",
        sa.Column("outbox_id", id_type(), nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("rule", key_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("subject", key_type(), nullable=False),
        sa.Column("number", id_type(), nullable=False),
        sa.Column("detail", id_type(), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("state", key_type(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.Column("problem", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("outbox_id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_state_next_at"), "outbox", ["state", "next_at"])
