"""What a plan is held to: approvals of a commit, and the days on which customers want no change."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, String, Table, TypedColumns, UniqueConstraint

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class GateApprovalColumns(TypedColumns):
    """That a commit may go to an environment although it breaks a rule; said once, and never changed.

    Repo and environment by key: neither needs to be known from a deployment yet.
    """

    approval_id = Column(id_type(), primary_key=True, autoincrement=False)
    repo = Column(key_type(), nullable=False)
    environment = Column(key_type(), nullable=False)
    head = Column(key_type(), nullable=False)
    rule = Column(key_type(), nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


gate_approval: Table[GateApprovalColumns] = Table(
    "gate_approval",
    metadata,
    GateApprovalColumns,
    UniqueConstraint("repo", "environment", "head", "rule"),
    info=placed("reference", "facts", words=("why", "recorded_by")),
)


class CustomerFreezeColumns(TypedColumns):
    """Days, both inclusive and in UTC, on which a customer wants no change; `recorded_to`: until a list left it out."""

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    from_on = Column(Date, primary_key=True)
    to_on = Column(Date, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    recorded_to = Column(Instant, nullable=False)
    reason = Column(String, nullable=False)


customer_freeze: Table[CustomerFreezeColumns] = Table(
    "customer_freeze", metadata, CustomerFreezeColumns, info=placed("customer", "customers", words=("reason",))
)
