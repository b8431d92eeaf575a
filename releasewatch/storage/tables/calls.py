"""Calls to be made to customers, and why; distributed with their customer."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, ForeignKeyConstraint, Index, String, Table, TypedColumns

from releasewatch.storage.tables.base import built_with, metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class CallColumns(TypedColumns):
    """One customer to be called. `call_group`: incident or care. `status`: open, done, skipped or withdrawn.

    `claimed_by`: who holds it until `claimed_until`; empty when nobody does. `assigned_to`: who is to make it,
    instead of the account manager; empty: nobody else. `next_at`: not before then. `closed_by` and `why_closed`: who
    made or skipped it, and why.
    """

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    call_id = Column(id_type(), primary_key=True, autoincrement=False, index=True)
    call_group = Column(key_type(), nullable=False)
    status = Column(key_type(), nullable=False)
    created_at = Column(Instant, nullable=False)
    claimed_by = Column(String, nullable=False, default="", server_default="")
    claimed_at = Column(Instant, nullable=True)
    claimed_until = Column(Instant, nullable=True)
    next_at = Column(Instant, nullable=True)
    closed_at = Column(Instant, nullable=True)
    closed_by = Column(String, nullable=False, default="", server_default="")
    why_closed = Column(String, nullable=False, default="", server_default="")
    assigned_to = Column(String, nullable=False, default="", server_default="")


call: Table[CallColumns] = Table(
    "call",
    metadata,
    CallColumns,
    info=placed("customer", "calls", words=("claimed_by", "closed_by", "why_closed", "assigned_to")),
)

Index(
    "uq_call_customer_id_call_group_open",
    call.c.customer_id,
    call.c.call_group,
    unique=True,
    info=built_with(sqlite_where=call.c.status == "open", postgresql_where=call.c.status == "open"),
)


class CallItemColumns(TypedColumns):
    """One reason within a call: an incident or a deployment (0: the other one), and for what purpose it is told.

    `coming_id`: the deployment that was announced with it (0: none); `deployment_id` is what it became, once it is
    known. A check-in is about none of them.
    """

    customer_id = Column(Uuid16, primary_key=True)
    call_id = Column(id_type(), primary_key=True)
    incident_id = Column(id_type(), primary_key=True, default=0)
    deployment_id = Column(id_type(), primary_key=True)
    purpose = Column(key_type(), primary_key=True)
    coming_id = Column(id_type(), primary_key=True, default=0)
    verdict = Column(key_type(), nullable=False)
    added_at = Column(Instant, nullable=False)
    withdrawn_at = Column(Instant, nullable=True)
    why_withdrawn = Column(String, nullable=False)


call_item: Table[CallItemColumns] = Table(
    "call_item",
    metadata,
    CallItemColumns,
    ForeignKeyConstraint(["customer_id", "call_id"], ["call.customer_id", "call.call_id"]),
    Index(None, "incident_id", "customer_id"),
    info=placed("customer", "calls", words=("why_withdrawn",)),
)


class AttemptColumns(TypedColumns):
    """One try to make a call, on a channel. `contact_id`: who was tried, where that is known.

    `reached`: the line connected, or they replied. `closes`: the call was made with it. `source_key`: the row of a
    filled list that it came from, which is no attempt of its own a second time; empty for one that was noted here.
    """

    customer_id = Column(Uuid16, primary_key=True)
    attempt_id = Column(id_type(), primary_key=True, autoincrement=False)
    call_id = Column(id_type(), nullable=False)
    contact_id = Column(Uuid16, nullable=True)
    channel = Column(key_type(), nullable=False)
    disposition = Column(key_type(), nullable=False)
    outcome = Column(key_type(), nullable=False)
    reached = Column(Boolean, nullable=False)
    closes = Column(Boolean, nullable=False)
    promise_due_on = Column(Date, nullable=True)
    next_at = Column(Instant, nullable=True)
    attempted_at = Column(Instant, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)
    source_key = Column(key_type(), nullable=False, default="", server_default="")


attempt: Table[AttemptColumns] = Table(
    "attempt",
    metadata,
    AttemptColumns,
    ForeignKeyConstraint(["customer_id", "call_id"], ["call.customer_id", "call.call_id"]),
    Index(None, "customer_id", "call_id"),
    info=placed("customer", "told", words=("recorded_by",)),
)

Index(
    "uq_attempt_customer_id_call_id_source_key",
    attempt.c.customer_id,
    attempt.c.call_id,
    attempt.c.source_key,
    unique=True,
    info=built_with(sqlite_where=attempt.c.source_key != "", postgresql_where=attempt.c.source_key != ""),
)


class AttemptTextColumns(TypedColumns):
    """What was noted, what they said, what was promised, what engineering is asked: in words that may name people."""

    customer_id = Column(Uuid16, primary_key=True)
    attempt_id = Column(id_type(), primary_key=True, autoincrement=False)
    note = Column(String, nullable=False)
    quote = Column(String, nullable=False)
    promise = Column(String, nullable=False)
    ask_engineering = Column(String, nullable=False, default="", server_default="")


attempt_text: Table[AttemptTextColumns] = Table(
    "attempt_text",
    metadata,
    AttemptTextColumns,
    ForeignKeyConstraint(
        ["customer_id", "attempt_id"], ["attempt.customer_id", "attempt.attempt_id"], ondelete="CASCADE"
    ),
    info=placed("customer", "notes"),
)


class PromiseWordColumns(TypedColumns):
    """What somebody said became of the promise of an attempt: kept, broken, withdrawn or moved; the newest word counts.

    `due_on`: the day to which it was moved.
    """

    customer_id = Column(Uuid16, primary_key=True)
    attempt_id = Column(id_type(), primary_key=True, autoincrement=False)
    word_id = Column(id_type(), primary_key=True, autoincrement=False)
    state = Column(key_type(), nullable=False)
    due_on = Column(Date, nullable=True)
    said_at = Column(Instant, nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_at = Column(Instant, nullable=False)


promise_word: Table[PromiseWordColumns] = Table(
    "promise_word",
    metadata,
    PromiseWordColumns,
    ForeignKeyConstraint(["customer_id", "attempt_id"], ["attempt.customer_id", "attempt.attempt_id"]),
    info=placed("customer", "calls", words=("why", "recorded_by")),
)


class AttemptToldColumns(TypedColumns):
    """What a customer was told with an attempt: an item of the call, as it was then.

    `statement_id`: the revision of the incident's customer summary (0: none was agreed). `state`: in which state they
    were in the incident, empty when they were not in it.
    """

    customer_id = Column(Uuid16, primary_key=True)
    attempt_id = Column(id_type(), primary_key=True, autoincrement=False)
    incident_id = Column(id_type(), primary_key=True)
    deployment_id = Column(id_type(), primary_key=True)
    purpose = Column(key_type(), primary_key=True)
    coming_id = Column(id_type(), primary_key=True, default=0)
    statement_id = Column(id_type(), nullable=False)
    state = Column(key_type(), nullable=False)


attempt_told: Table[AttemptToldColumns] = Table(
    "attempt_told",
    metadata,
    AttemptToldColumns,
    ForeignKeyConstraint(["customer_id", "attempt_id"], ["attempt.customer_id", "attempt.attempt_id"]),
    Index(None, "incident_id", "customer_id"),
    info=placed("customer", "told"),
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


call_list: Table[CallListColumns] = Table("call_list", metadata, CallListColumns, info=placed("reference", "calls"))


class IncidentCallListColumns(TypedColumns):
    """The same of an incident's list."""

    incident_id = Column(id_type(), ForeignKey("incident.incident_id"), primary_key=True)
    version = Column(id_type(), primary_key=True, autoincrement=False)
    planned_at = Column(Instant, nullable=False)
    digest = Column(key_type(), nullable=False)
    settings_version = Column(id_type(), nullable=True)


incident_call_list: Table[IncidentCallListColumns] = Table(
    "incident_call_list", metadata, IncidentCallListColumns, info=placed("reference", "calls")
)
