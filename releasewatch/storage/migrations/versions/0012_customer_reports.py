"""What customers told us of themselves, with its words apart; what became of promises; questions to engineering.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, id_type, key_type

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and add to an attempt's words what engineering is asked."""
    op.add_column("attempt_text", sa.Column("ask_engineering", sa.String(), server_default="", nullable=False))
    op.create_table(
        "promise_word",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("attempt_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("word_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("state", key_type(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("said_at", Instant(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "attempt_id"],
            ["attempt.customer_id", "attempt.attempt_id"],
            name=op.f("fk_promise_word_customer_id_attempt_id"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "attempt_id", "word_id", name=op.f("pk_promise_word")),
    )
    op.create_table(
        "customer_report",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("report_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("reported_at", Instant(), nullable=False),
        sa.Column("channel", key_type(), nullable=False),
        sa.Column("source", key_type(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("reference_key", key_type(), nullable=False),
        sa.Column("component_id", id_type(), nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("contact_id", Uuid16(), nullable=True),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_customer_report_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "report_id", "recorded_from", name=op.f("pk_customer_report")),
    )
    op.create_index(op.f("ix_customer_report_reference_key"), "customer_report", ["reference_key"])
    op.create_index(
        op.f("ix_customer_report_reported_at_customer_id"), "customer_report", ["reported_at", "customer_id"]
    )
    op.create_table(
        "customer_report_text",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("report_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "report_id", "recorded_from"],
            ["customer_report.customer_id", "customer_report.report_id", "customer_report.recorded_from"],
            name="fk_customer_report_text_report",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "report_id", "recorded_from", name=op.f("pk_customer_report_text")),
    )
