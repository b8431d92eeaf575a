"""Attempts that came back in a filled list: by what the row is known again.

Revision ID: 0015
Revises: 0014
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import key_type

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the key of the row that an attempt came from."""
    op.add_column("attempt", sa.Column("source_key", key_type(), server_default="", nullable=False))
    is_given = sa.text("source_key != ''")
    op.create_index(
        "uq_attempt_customer_id_call_id_source_key",
        "attempt",
        ["customer_id", "call_id", "source_key"],
        unique=True,
        sqlite_where=is_given,
        postgresql_where=is_given,
    )
