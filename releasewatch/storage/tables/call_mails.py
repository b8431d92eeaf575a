"""Mails that carry lists to our people, and what became of each."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, id_type, key_type


class CallMailColumns(TypedColumns):
    """A mail that is sent once: a list of a version (`kind` list), or that a version is withdrawn, to one of our staff;
    or how many are on it, to a chat.

    `state`: sending, sent, failed, refused, not_known, bounced. `sent_to`: a digest of the address, which the staff
    file has. `reason`: why it did not go, without addresses.
    """

    list_id = Column(key_type(), primary_key=True)
    kind = Column(key_type(), primary_key=True)
    version = Column(id_type(), primary_key=True, autoincrement=False)
    receiver = Column(key_type(), primary_key=True)
    message_id = Column(key_type(), nullable=False)
    sent_to = Column(key_type(), nullable=False)
    state = Column(key_type(), nullable=False)
    attempts = Column(id_type(), nullable=False)
    next_at = Column(Instant, nullable=True)
    reason = Column(String, nullable=False)
    why_again = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


call_mail: Table[CallMailColumns] = Table(
    "call_mail",
    metadata,
    CallMailColumns,
    Index(None, "message_id"),
    info=placed("reference", "calls", words=("recorded_by",)),
)
