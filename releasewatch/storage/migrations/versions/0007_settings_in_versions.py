"""Why the organisation's settings were changed, and which version of them ranked a call list.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import id_type

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a column to each; lists that were planned before were ranked by a repo's own file."""
    op.add_column("settings", sa.Column("why", sa.String(), server_default="", nullable=False))
    op.add_column("call_list", sa.Column("settings_version", id_type(), nullable=True))
