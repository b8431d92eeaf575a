"""What becomes of a planned list: who approved which version, who received one, and who passed a call on."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, ForeignKeyConstraint, Index, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class CallApprovalColumns(TypedColumns):
    """That an incident's list may be worked on (`given`), or may not any more. Rows are only added.

    It is of a version, the wording agreed for customers (`statement_id`, 0: none) and the deployments blamed then.
    """

    approval_id = Column(id_type(), primary_key=True, autoincrement=False)
    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), nullable=False)
    version = Column(id_type(), nullable=False)
    given = Column(Boolean, nullable=False)
    statement_id = Column(id_type(), nullable=False)
    blamed = Column(JSON, nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


call_approval: Table[CallApprovalColumns] = Table(
    "call_approval",
    metadata,
    CallApprovalColumns,
    Index(None, "incident_id"),
    info=placed("reference", "calls", words=("why", "recorded_by")),
)


class CallSendingColumns(TypedColumns):
    """That somebody got a version of a list (0: it was not planned). Rows are only added.

    `audience`: everyone; team or account_manager, whose name or key is `receiver`. `channel`: file.
    `blamed`: the deployments blamed then, where it is an incident's.
    """

    sending_id = Column(id_type(), primary_key=True, autoincrement=False)
    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), nullable=True)
    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), nullable=True)
    version = Column(id_type(), nullable=False)
    audience = Column(key_type(), nullable=False)
    receiver = Column(key_type(), nullable=False)
    channel = Column(key_type(), nullable=False)
    blamed = Column(JSON, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


call_sending: Table[CallSendingColumns] = Table(
    "call_sending",
    metadata,
    CallSendingColumns,
    Index(None, "incident_id"),
    Index(None, "deployment_id"),
    info=placed("reference", "calls", words=("receiver", "recorded_by")),
)


class CallMoveColumns(TypedColumns):
    """That a call went from one of our people (empty: nobody) to another. `kind`: hand_over or spread."""

    customer_id = Column(Uuid16, primary_key=True)
    move_id = Column(id_type(), primary_key=True, autoincrement=False)
    call_id = Column(id_type(), nullable=False)
    kind = Column(key_type(), nullable=False)
    from_staff = Column(String, nullable=False)
    to_staff = Column(String, nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


call_move: Table[CallMoveColumns] = Table(
    "call_move",
    metadata,
    CallMoveColumns,
    ForeignKeyConstraint(["customer_id", "call_id"], ["call.customer_id", "call.call_id"]),
    Index(None, "customer_id", "call_id"),
    info=placed("customer", "calls", words=("from_staff", "to_staff", "why", "recorded_by")),
)
