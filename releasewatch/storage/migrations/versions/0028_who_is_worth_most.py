"""Customers by tier, by the value of their contract, and those who are escalated: who is worth most is found first.

Revision ID: 0028
Revises: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the indexes."""
    op.create_index("ix_customer_fact_customer_tier", "customer_fact", ["customer_tier"])
    op.create_index(
        "ix_customer_fact_escalated",
        "customer_fact",
        ["customer_id"],
        sqlite_where=sa.text("escalated IS 1"),
        postgresql_where=sa.text("escalated IS true"),
    )
    op.create_index(
        "ix_customer_contract_contract_value_renewal_on", "customer_contract", ["contract_value", "renewal_on"]
    )
