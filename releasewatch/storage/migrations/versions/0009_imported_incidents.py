"""What of an incident was imported, and from what kind of file.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import key_type

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column; all that was said before was said by people."""
    op.add_column("incident_statement", sa.Column("source", key_type(), server_default="", nullable=False))
