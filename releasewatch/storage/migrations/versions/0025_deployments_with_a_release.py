"""Deployments that have a release are found without reading those that have none.

Revision ID: 0025
Revises: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    has_one = sa.text("release != ''")
    op.create_index(
        "ix_deployment_repo_id_environment_id_release",
        "deployment",
        ["repo_id", "environment_id", "release"],
        sqlite_where=has_one,
        postgresql_where=has_one,
    )
