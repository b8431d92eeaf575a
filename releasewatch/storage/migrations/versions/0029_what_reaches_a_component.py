"""What reaches a component, and what was deployed in a while, are found in an index alone.

Revision ID: 0029
Revises: 0028
"""

from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index of reach by component; let that of instants hold the environment, too."""
    op.create_index("ix_reach_component_id_deployment_id", "reach", ["component_id", "deployment_id"])
    op.create_index(
        "ix_deployment_opened_at_deployment_id_environment_id",
        "deployment",
        ["opened_at", "deployment_id", "environment_id"],
    )
    op.drop_index("ix_deployment_opened_at", "deployment")
