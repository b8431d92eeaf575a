"""Calls about incidents: items by incident, claims, attempts with what was told, lists of incidents.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, id_type, key_type

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what a call can be claimed and closed by, make items anew with incidents in their key, create the others."""
    for column in (
        sa.Column("claimed_by", sa.String(), server_default="", nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("claimed_until", Instant(), nullable=True),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", sa.String(), server_default="", nullable=False),
        sa.Column("why_closed", sa.String(), server_default="", nullable=False),
    ):
        op.add_column("call", column)
    is_open = sa.text("status = 'open'")
    op.create_index(
        "uq_call_customer_id_call_group_open",
        "call",
        ["customer_id", "call_group"],
        unique=True,
        sqlite_where=is_open,
        postgresql_where=is_open,
    )
    _items()
    _attempts()
    op.create_table(
        "incident_call_list",
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("version", id_type(), autoincrement=False, nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("digest", key_type(), nullable=False),
        sa.Column("settings_version", id_type(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.incident_id"], name=op.f("fk_incident_call_list_incident_id")
        ),
        sa.PrimaryKeyConstraint("incident_id", "version", name=op.f("pk_incident_call_list")),
    )


def _items() -> None:
    op.execute("CREATE TABLE kept_call_item AS SELECT * FROM call_item")
    op.drop_table("call_item")
    op.create_table(
        "call_item",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("call_id", id_type(), nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("purpose", key_type(), nullable=False),
        sa.Column("verdict", key_type(), nullable=False),
        sa.Column("added_at", Instant(), nullable=False),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("why_withdrawn", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "call_id"],
            ["call.customer_id", "call.call_id"],
            name=op.f("fk_call_item_customer_id_call_id"),
        ),
        sa.PrimaryKeyConstraint(
            "customer_id", "call_id", "incident_id", "deployment_id", "purpose", name=op.f("pk_call_item")
        ),
    )
    op.create_index(op.f("ix_call_item_incident_id_customer_id"), "call_item", ["incident_id", "customer_id"])
    op.execute(
        "INSERT INTO call_item (customer_id, call_id, incident_id, deployment_id, purpose, verdict, added_at,"
        " withdrawn_at, why_withdrawn) SELECT customer_id, call_id, 0, deployment_id, purpose, verdict, added_at,"
        " withdrawn_at, why_withdrawn FROM kept_call_item"
    )
    op.drop_table("kept_call_item")


def _attempts() -> None:
    op.create_table(
        "attempt",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("attempt_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("call_id", id_type(), nullable=False),
        sa.Column("contact_id", Uuid16(), nullable=True),
        sa.Column("channel", key_type(), nullable=False),
        sa.Column("disposition", key_type(), nullable=False),
        sa.Column("outcome", key_type(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("closes", sa.Boolean(), nullable=False),
        sa.Column("promise_due_on", sa.Date(), nullable=True),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("attempted_at", Instant(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "call_id"],
            ["call.customer_id", "call.call_id"],
            name=op.f("fk_attempt_customer_id_call_id"),
        ),
        sa.PrimaryKeyConstraint("customer_id", "attempt_id", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_customer_id_call_id"), "attempt", ["customer_id", "call_id"])
    op.create_table(
        "attempt_text",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("attempt_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("quote", sa.String(), nullable=False),
        sa.Column("promise", sa.String(), nullable=False),
        _of_attempt("attempt_text", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("customer_id", "attempt_id", name=op.f("pk_attempt_text")),
    )
    op.create_table(
        "attempt_told",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("attempt_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("purpose", key_type(), nullable=False),
        sa.Column("statement_id", id_type(), nullable=False),
        sa.Column("state", key_type(), nullable=False),
        _of_attempt("attempt_told"),
        sa.PrimaryKeyConstraint(
            "customer_id", "attempt_id", "incident_id", "deployment_id", "purpose", name=op.f("pk_attempt_told")
        ),
    )
    op.create_index(op.f("ix_attempt_told_incident_id_customer_id"), "attempt_told", ["incident_id", "customer_id"])


def _of_attempt(table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer_id", "attempt_id"],
        ["attempt.customer_id", "attempt.attempt_id"],
        name=op.f(f"fk_{table}_customer_id_attempt_id"),
        ondelete=ondelete,
    )
