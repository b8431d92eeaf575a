"""Which pages a directory's server gave, so that it can be asked whether they changed.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of pages."""
    op.create_table(
        "import_page",
        sa.Column("directory", key_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("page", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("import_id", id_type(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("etag", sa.String(), nullable=False),
        sa.Column("last_modified", sa.String(), nullable=False),
        sa.Column("reading", key_type(), nullable=False),
        sa.Column("confirmed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("directory", "kind", "page", name=op.f("pk_import_page")),
    )
