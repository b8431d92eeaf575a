"""The numbers under which suspects were shown for an incident.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "incident_suspect",
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.incident_id"], name=op.f("fk_incident_suspect_incident_id")
        ),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_incident_suspect_deployment_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "deployment_id", name=op.f("pk_incident_suspect")),
        sa.UniqueConstraint("incident_id", "number", name=op.f("uq_incident_suspect_incident_id_number")),
    )
