"""What came of an import is kept with it.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; imports before have none."""
    op.add_column("import_run", sa.Column("outcome", sa.JSON(), nullable=True))
