"""Until when superseded facts were taken out.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of prunings."""
    op.create_table(
        "pruning",
        sa.Column("before", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("before", name=op.f("pk_pruning")),
    )
