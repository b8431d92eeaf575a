"""That one of our people left, said by hand.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, key_type

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "staff_leave",
        sa.Column("staff", key_type(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("successor", key_type(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["staff"], ["staff.staff"], name=op.f("fk_staff_leave_staff")),
        sa.PrimaryKeyConstraint("staff", "recorded_from", name=op.f("pk_staff_leave")),
    )
