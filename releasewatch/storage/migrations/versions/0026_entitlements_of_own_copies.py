"""Entitlements that name a version are found without reading those that name none.

Revision ID: 0026
Revises: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes."""
    names_one = sa.text("version > ''")
    for first in ("subject", "customer_id"):
        op.create_index(
            f"ix_entitlement_{first}_version",
            "entitlement",
            [first, "version"],
            sqlite_where=names_one,
            postgresql_where=names_one,
        )
