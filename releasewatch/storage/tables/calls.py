"""Calls to be made to customers, and why; distributed with their customer."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class CallColumns(TypedColumns):
    """One customer to be called. `group`: incident or care. `status`: open, done, skipped or withdrawn."""

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    call_id = Column(id_type(), primary_key=True, autoincrement=False, index=True)
    call_group = Column(key_type(), nullable=False)
    status = Column(key_type(), nullable=False)
    created_at = Column(Instant, nullable=False)


call: Table[CallColumns] = Table("call", metadata, CallColumns, info=placed("customer"))


class CallItemColumns(TypedColumns):
    """One reason within a call: a deployment, and for what purpose it is told."""

    customer_id = Column(Uuid16, primary_key=True)
    call_id = Column(id_type(), primary_key=True)
    deployment_id = Column(id_type(), primary_key=True)
    purpose = Column(key_type(), primary_key=True)
    verdict = Column(key_type(), nullable=False)
    added_at = Column(Instant, nullable=False)
    withdrawn_at = Column(Instant, nullable=True)
    why_withdrawn = Column(String, nullable=False)


call_item: Table[CallItemColumns] = Table(
    "call_item",
    metadata,
    CallItemColumns,
    ForeignKeyConstraint(["customer_id", "call_id"], ["call.customer_id", "call.call_id"]),
    info=placed("customer"),
)


class CallListColumns(TypedColumns):
    """A list that was planned: its version rises whenever planning changed what is on it.

    `settings_version`: which of the organisation's settings ranked it; null when it was a repo's own file.
    """

    deployment_id = Column(id_type(), ForeignKey("deployment.deployment_id"), primary_key=True)
    version = Column(id_type(), primary_key=True, autoincrement=False)
    planned_at = Column(Instant, nullable=False)
    digest = Column(key_type(), nullable=False)
    settings_version = Column(id_type(), nullable=True)


call_list: Table[CallListColumns] = Table("call_list", metadata, CallListColumns, info=placed("reference"))
