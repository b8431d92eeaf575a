"""Approvals of plans that break a rule, who accepted one, and the freezes of customers.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, id_type, key_type

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who accepted a rule, and create the tables of approvals and freezes."""
    op.add_column("acceptance", sa.Column("recorded_by", sa.String(), server_default="", nullable=False))
    op.create_table(
        "gate_approval",
        sa.Column("approval_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("repo", key_type(), nullable=False),
        sa.Column("environment", key_type(), nullable=False),
        sa.Column("head", key_type(), nullable=False),
        sa.Column("rule", key_type(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_gate_approval")),
        sa.UniqueConstraint(
            "repo", "environment", "head", "rule", name=op.f("uq_gate_approval_repo_environment_head_rule")
        ),
    )
    op.create_table(
        "customer_freeze",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_customer_freeze_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "from_on", "to_on", "recorded_from", name=op.f("pk_customer_freeze")),
    )
