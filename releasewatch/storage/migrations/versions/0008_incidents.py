"""Incidents, whom they are blamed on, what fixed them, what customers suffered, and deployments undone by hand.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, id_type, key_type

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "incident",
        sa.Column("incident_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("key", key_type(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", name=op.f("pk_incident")),
        sa.UniqueConstraint("key", name=op.f("uq_incident_key")),
    )
    op.create_table(
        "incident_statement",
        sa.Column("statement_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("kind", key_type(), nullable=False),
        sa.Column("subject", key_type(), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("happened_at", Instant(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("audience", key_type(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        _incident("incident_statement"),
        sa.PrimaryKeyConstraint("statement_id", name=op.f("pk_incident_statement")),
    )
    _index("incident_statement", "incident_id")
    op.create_table(
        "incident_link",
        sa.Column("link_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("state", key_type(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        *_said(),
        _incident("incident_link"),
        _deployment("incident_link"),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_incident_link")),
    )
    _index("incident_link", "incident_id")
    _index("incident_link", "deployment_id")
    op.create_table(
        "incident_fix",
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        *_said(),
        _incident("incident_fix"),
        _deployment("incident_fix"),
        sa.PrimaryKeyConstraint("incident_id", "deployment_id", name=op.f("pk_incident_fix")),
    )
    op.create_table(
        "deployment_undo",
        sa.Column("undo_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("region", key_type(), nullable=False),
        sa.Column("ring", key_type(), nullable=False),
        sa.Column("undone_at", Instant(), nullable=False),
        *_said(),
        _deployment("deployment_undo"),
        sa.PrimaryKeyConstraint("undo_id", name=op.f("pk_deployment_undo")),
    )
    _index("deployment_undo", "deployment_id")
    op.create_table(
        "impact",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("impact_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("state", key_type(), nullable=False),
        sa.Column("source", key_type(), nullable=False),
        sa.Column("level", key_type(), nullable=False),
        sa.Column("first_at", Instant(), nullable=True),
        sa.Column("last_at", Instant(), nullable=True),
        sa.Column("many", sa.Integer(), nullable=True),
        *_said(),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_impact_customer_id")),
        _incident("impact"),
        sa.PrimaryKeyConstraint("customer_id", "impact_id", name=op.f("pk_impact")),
    )
    op.create_index(op.f("ix_impact_incident_id_customer_id"), "impact", ["incident_id", "customer_id"])
    op.create_table(
        "impact_note",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("impact_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "impact_id"],
            ["impact.customer_id", "impact.impact_id"],
            name=op.f("fk_impact_note_customer_id_impact_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("customer_id", "impact_id", name=op.f("pk_impact_note")),
    )


def _said() -> list[sa.Column[object]]:
    return [
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
    ]


def _incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["incident_id"], ["incident.incident_id"], name=op.f(f"fk_{table}_incident_id"))


def _deployment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["deployment_id"], ["deployment.deployment_id"], name=op.f(f"fk_{table}_deployment_id")
    )


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column], unique=False)
