"""Lists that are approved, who received them, and calls that are passed on.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, id_type, key_type

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add who is to make a call, and create the tables of approvals, sendings and moves."""
    op.add_column("call", sa.Column("assigned_to", sa.String(), server_default="", nullable=False))
    op.create_table(
        "call_approval",
        sa.Column("approval_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("version", id_type(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("statement_id", id_type(), nullable=False),
        sa.Column("blamed", sa.JSON(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.incident_id"], name=op.f("fk_call_approval_incident_id")),
        sa.PrimaryKeyConstraint("approval_id", name=op.f("pk_call_approval")),
    )
    op.create_index(op.f("ix_call_approval_incident_id"), "call_approval", ["incident_id"])
    op.create_table(
        "call_sending",
        sa.Column("sending_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("incident_id", id_type(), nullable=True),
        sa.Column("deployment_id", id_type(), nullable=True),
        sa.Column("version", id_type(), nullable=False),
        sa.Column("audience", key_type(), nullable=False),
        sa.Column("receiver", key_type(), nullable=False),
        sa.Column("channel", key_type(), nullable=False),
        sa.Column("blamed", sa.JSON(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_call_sending_deployment_id")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.incident_id"], name=op.f("fk_call_sending_incident_id")),
        sa.PrimaryKeyConstraint("sending_id", name=op.f("pk_call_sending")),
    )
    op.create_index(op.f("ix_call_sending_deployment_id"), "call_sending", ["deployment_id"])
    op.create_index(op.f("ix_call_sending_incident_id"), "call_sending", ["incident_id"])
    op.create_table(
        "call_move",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("move_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("call_id", id_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("from_staff", sa.String(), nullable=False),
        sa.Column("to_staff", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "call_id"],
            ["call.customer_id", "call.call_id"],
            name=op.f("fk_call_move_customer_id_call_id"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "move_id", name=op.f("pk_call_move")),
    )
    op.create_index(op.f("ix_call_move_customer_id_call_id"), "call_move", ["customer_id", "call_id"])
