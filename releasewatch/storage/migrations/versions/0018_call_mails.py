"""Mails that carry lists to our people.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of mails."""
    op.create_table(
        "call_mail",
        sa.Column("list_id", key_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("version", id_type(), autoincrement=False, nullable=False),
        sa.Column("receiver", key_type(), nullable=False),
        sa.Column("message_id", key_type(), nullable=False),
        sa.Column("sent_to", key_type(), nullable=False),
        sa.Column("state", key_type(), nullable=False),
        sa.Column("attempts", id_type(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("why_again", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("list_id", "kind", "version", "receiver", name=op.f("pk_call_mail")),
    )
    op.create_index(op.f("ix_call_mail_message_id"), "call_mail", ["message_id"])
