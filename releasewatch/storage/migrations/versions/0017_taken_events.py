"""Events of other tools that were taken over, each once.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of events that were taken."""
    op.create_table(
        "taken_event",
        sa.Column("source", key_type(), nullable=False),
        sa.Column("event_id", key_type(), nullable=False),
        sa.Column("event_type", key_type(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=True),
        sa.Column("incident_id", id_type(), nullable=True),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_taken_event_deployment_id")
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.incident_id"], name=op.f("fk_taken_event_incident_id")),
        sa.PrimaryKeyConstraint("source", "event_id", name=op.f("pk_taken_event")),
    )
