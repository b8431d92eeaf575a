"""The newest deployment of a scope is found without reading all of them.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index."""
    name = "ix_deployment_scope_id_environment_id_opened_at"
    op.create_index(op.f(name), "deployment", ["scope_id", "environment_id", "opened_at"])
