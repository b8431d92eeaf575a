"""Deployments of a period are counted, and rollbacks found, by indexes alone.

Revision ID: 0030
Revises: 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create an index of what counting reads of each deployment, and two of the rollbacks."""
    op.create_index(
        "ix_deployment_environment_id_opened_at",
        "deployment",
        [
            "environment_id",
            "opened_at",
            "deployment_id",
            "succeeded",
            "status",
            "finished_at",
            "repo_id",
            "catalog_id",
        ],
    )
    rollbacks = sa.text("kind = 'rollback'")
    for table, columns in (("deployment", ["deployment_id"]), ("baseline", ["deployment_id", "baseline_no"])):
        op.create_index(f"ix_{table}_rollback", table, columns, sqlite_where=rollbacks, postgresql_where=rollbacks)
