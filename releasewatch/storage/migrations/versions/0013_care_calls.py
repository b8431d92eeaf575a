"""Care calls: what is coming, good news that was told, lists that are no deployment's; items by what is coming.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

from releasewatch.storage.types import Instant, Uuid16, id_type, key_type

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and make items and what was told anew with what is coming in their keys."""
    op.create_table(
        "coming",
        sa.Column("coming_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("repo_id", id_type(), nullable=False),
        sa.Column("environment_id", id_type(), nullable=False),
        sa.Column("scope", key_type(), nullable=False),
        sa.Column("head", key_type(), nullable=False),
        sa.Column("release", sa.String(), nullable=False),
        sa.Column("components", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("why_ended", sa.String(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.ForeignKeyConstraint(["repo_id"], ["repo.repo_id"], name=op.f("fk_coming_repo_id")),
        sa.ForeignKeyConstraint(
            ["environment_id"], ["environment.environment_id"], name=op.f("fk_coming_environment_id")
        ),
        sa.PrimaryKeyConstraint("coming_id", name=op.f("pk_coming")),
    )
    op.create_index(op.f("ix_coming_repo_id_environment_id"), "coming", ["repo_id", "environment_id"])
    op.create_table(
        "good_news",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("deployment_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("ref", key_type(), nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.customer_id"], name=op.f("fk_good_news_customer_id")),
        sa.PrimaryKeyConstraint("customer_id", "deployment_id", "ref", name=op.f("pk_good_news")),
    )
    op.create_table(
        "care_list",
        sa.Column("subject", key_type(), nullable=False),
        sa.Column("version", id_type(), autoincrement=False, nullable=False),
        sa.Column("planned_at", Instant(), nullable=False),
        sa.Column("digest", key_type(), nullable=False),
        sa.Column("settings_version", id_type(), nullable=True),
        sa.PrimaryKeyConstraint("subject", "version", name=op.f("pk_care_list")),
    )
    _items()
    _told()


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
        sa.Column("coming_id", id_type(), nullable=False),
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
            "customer_id", "call_id", "incident_id", "deployment_id", "purpose", "coming_id", name=op.f("pk_call_item")
        ),
    )
    op.create_index(op.f("ix_call_item_incident_id_customer_id"), "call_item", ["incident_id", "customer_id"])
    op.execute(
        "INSERT INTO call_item (customer_id, call_id, incident_id, deployment_id, purpose, coming_id, verdict,"
        " added_at, withdrawn_at, why_withdrawn) SELECT customer_id, call_id, incident_id, deployment_id, purpose, 0,"
        " verdict, added_at, withdrawn_at, why_withdrawn FROM kept_call_item"
    )
    op.drop_table("kept_call_item")


def _told() -> None:
    op.execute("CREATE TABLE kept_attempt_told AS SELECT * FROM attempt_told")
    op.drop_table("attempt_told")
    op.create_table(
        "attempt_told",
        sa.Column("customer_id", Uuid16(), nullable=False),
        sa.Column("attempt_id", id_type(), autoincrement=False, nullable=False),
        sa.Column("incident_id", id_type(), nullable=False),
        sa.Column("deployment_id", id_type(), nullable=False),
        sa.Column("purpose", key_type(), nullable=False),
        sa.Column("coming_id", id_type(), nullable=False),
        sa.Column("statement_id", id_type(), nullable=False),
        sa.Column("state", key_type(), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id", "attempt_id"],
            ["attempt.customer_id", "attempt.attempt_id"],
            name=op.f("fk_attempt_told_customer_id_attempt_id"),
        ),
        sa.PrimaryKeyConstraint(
            "customer_id",
            "attempt_id",
            "incident_id",
            "deployment_id",
            "purpose",
            "coming_id",
            name=op.f("pk_attempt_told"),
        ),
    )
    op.create_index(op.f("ix_attempt_told_incident_id_customer_id"), "attempt_told", ["incident_id", "customer_id"])
    op.execute(
        "INSERT INTO attempt_told (customer_id, attempt_id, incident_id, deployment_id, purpose, coming_id,"
        " statement_id, state) SELECT customer_id, attempt_id, incident_id, deployment_id, purpose, 0, statement_id,"
        " state FROM kept_attempt_told"
    )
    op.drop_table("kept_attempt_told")
