"""What deployments are said to fix as words that are only added, and the endings of windows that may be taken back.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, id_type, key_type

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make one table of the two that said what fixes what, and create that of endings."""
    op.execute("CREATE TABLE kept_fix AS SELECT * FROM fix")
    op.execute("CREATE TABLE kept_incident_fix AS SELECT * FROM incident_fix")
    op.drop_table("fix")
    op.drop_table("incident_fix")
    op.create_table(
        "fix",
        sa.Column("fix_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("ref", key_type(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_fix_deployment_id")),
        sa.PrimaryKeyConstraint("fix_id", name=op.f("pk_fix")),
    )
    op.create_index(op.f("ix_fix_deployment_id"), "fix", ["deployment_id"])
    op.create_index(op.f("ix_fix_ref"), "fix", ["ref"])
    _copy()
    op.drop_table("kept_fix")
    op.drop_table("kept_incident_fix")
    op.create_table(
        "exposure_window_ending",
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("origin_no", sa.Integer(), nullable=False),
        sa.Column("region", key_type(), nullable=False),
        sa.Column("ring", key_type(), nullable=False),
        sa.Column("ending_no", sa.Integer(), nullable=False),
        sa.Column("carrying_until", Instant(), nullable=False),
        sa.Column("carrying_ended_by", id_type(), nullable=True),
        sa.Column("carrying_reason", sa.String(), nullable=False),
        sa.Column("recorded_from", Instant(), nullable=False),
        sa.Column("recorded_to", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.deployment_id"], name=op.f("fk_exposure_window_ending_deployment_id")
        ),
        sa.PrimaryKeyConstraint(
            "deployment_id", "origin_no", "region", "ring", "ending_no", name=op.f("pk_exposure_window_ending")
        ),
    )
    op.create_index(
        op.f("ix_exposure_window_ending_carrying_ended_by"), "exposure_window_ending", ["carrying_ended_by"]
    )


def _copy() -> None:
    """Of incidents it was kept who said so and why; of deployments it was said when they were recorded."""
    op.execute(
        "INSERT INTO fix (fix_id, deployment_id, ref, holds, why, recorded_by, recorded_at)"
        " SELECT ROW_NUMBER() OVER (ORDER BY recorded_at, deployment_id, ref), deployment_id, ref, true, why,"
        " recorded_by, recorded_at FROM ("
        "SELECT deployment_id, 'INC-' || CAST(incident_id AS VARCHAR(20)) AS ref, why, recorded_by, recorded_at"
        " FROM kept_incident_fix"
        " UNION ALL SELECT k.deployment_id, k.ref, '', '', d.recorded_at FROM kept_fix k"
        " JOIN deployment d ON d.deployment_id = k.deployment_id WHERE k.ref NOT LIKE 'INC-%') AS said"
    )
    op.execute("INSERT INTO counter (name, value) SELECT 'fix', COUNT(*) FROM fix HAVING COUNT(*) > 0")
