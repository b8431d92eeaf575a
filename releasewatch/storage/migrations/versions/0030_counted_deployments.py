"""Deployments of a period are counted, rollbacks found and lead times of parts measured by indexes alone.

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
    """Create an index of what counting reads of each deployment, and two of the rollbacks; those of a scope are in the
    order that the newest is asked for, and changes that came once are told by their number too."""
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
    op.create_index(
        "ix_deployment_scope_id_environment_id_opened_at_deployment_id",
        "deployment",
        ["scope_id", "environment_id", "opened_at", "deployment_id"],
    )
    op.drop_index("ix_deployment_scope_id_environment_id_opened_at", table_name="deployment")
    rollbacks = sa.text("kind = 'rollback'")
    for table, columns in (("deployment", ["deployment_id"]), ("baseline", ["deployment_id", "baseline_no"])):
        op.create_index(f"ix_{table}_rollback", table, columns, sqlite_where=rollbacks, postgresql_where=rollbacks)
    op.drop_index("ix_change_deployment_id_committed_at", table_name="change")
    once = "side = 'added' AND sha != '' AND is_merge IS {0} AND reverted_by IS NULL AND repeated IS {0}"
    op.create_index(
        "ix_change_deployment_id_committed_at",
        "change",
        ["deployment_id", "committed_at", "change_no"],
        sqlite_where=sa.text(once.format("0")),
        postgresql_where=sa.text(once.format("false")),
    )
