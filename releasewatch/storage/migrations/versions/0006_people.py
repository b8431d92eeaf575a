"""Aliases said by our people, merges of merges, and who was forgotten.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, key_type

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and say through whom a customer was merged."""
    op.create_table(
        "alias_statement",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("alias", key_type(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("word", key_type(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_alias_statement_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "alias", "recorded_from", name=op.f("pk_alias_statement")),
    )
    op.create_table(
        "suppression_key",
        sa.Column("key_no", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key_no", name=op.f("pk_suppression_key")),
    )
    op.create_table(
        "suppression",
        sa.Column("digest", key_type(), nullable=False),
        sa.Column("erasure_id", Uuid16(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("why_readmitted", sa.String(), nullable=False),
        sa.Column("readmitted_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "erasure_id", name=op.f("pk_suppression")),
    )
    # Nothing could write a merge or a mark before this version: the tables are empty, and made anew.
    op.drop_table("customer_merge")
    op.create_table(
        "customer_merge",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("survivor_id", Uuid16(), nullable=False),
        sa.Column("through_id", Uuid16(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("why_undone", sa.String(), nullable=False),
        sa.Column("undone_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_customer_merge_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "recorded_from", name=op.f("pk_customer_merge")),
    )
    op.drop_table("mark")
    op.create_table(
        "mark",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("mark_id", Uuid16(), nullable=False),
        sa.Column("contact_id", Uuid16(), nullable=True),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("why_cleared", sa.String(), nullable=False),
        sa.Column("cleared_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_mark_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "mark_id", name=op.f("pk_mark")),
    )
