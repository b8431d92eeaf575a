"""What customers told us of themselves: a ticket, a mail, somebody on the line; distributed with their customer."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, ForeignKeyConstraint, Index, String, Table, TypedColumns

from releasewatch.storage.tables.base import metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class CustomerReportColumns(TypedColumns):
    """That a customer reached us at `reported_at`, as it was known from `recorded_from` to `recorded_to`.

    What is corrected ends, and another row of the same `report_id` begins. `channel`: phone, email, chat, meeting or
    ticket. `source`: call (one of our people noted it) or file (a help desk's export). `reference`: the ticket as it is
    written, `reference_key` as it is looked up (`domain.customer_reports`); empty: none. `component_id` and
    `incident_id` 0: nobody said. `contact_id`: who of them it was.
    """

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    report_id = Column(id_type(), primary_key=True, autoincrement=False)
    recorded_from = Column(Instant, primary_key=True)
    recorded_to = Column(Instant, nullable=False)
    reported_at = Column(Instant, nullable=False)
    channel = Column(key_type(), nullable=False)
    source = Column(key_type(), nullable=False)
    reference = Column(String, nullable=False)
    reference_key = Column(key_type(), nullable=False, index=True)
    component_id = Column(id_type(), nullable=False)
    incident_id = Column(id_type(), nullable=False)
    contact_id = Column(Uuid16, nullable=True)
    recorded_by = Column(String, nullable=False)


customer_report: Table[CustomerReportColumns] = Table(
    "customer_report",
    metadata,
    CustomerReportColumns,
    Index(None, "reported_at", "customer_id"),
    info=placed("customer", "calls", words=("recorded_by",)),
)


class CustomerReportTextColumns(TypedColumns):
    """What was noted of it, and what they said in their own words: it may name people."""

    customer_id = Column(Uuid16, primary_key=True)
    report_id = Column(id_type(), primary_key=True, autoincrement=False)
    recorded_from = Column(Instant, primary_key=True)
    note = Column(String, nullable=False)
    quote = Column(String, nullable=False)


customer_report_text: Table[CustomerReportTextColumns] = Table(
    "customer_report_text",
    metadata,
    CustomerReportTextColumns,
    ForeignKeyConstraint(
        ["customer_id", "report_id", "recorded_from"],
        ["customer_report.customer_id", "customer_report.report_id", "customer_report.recorded_from"],
        name="fk_customer_report_text_report",
        ondelete="CASCADE",
    ),
    info=placed("customer", "notes"),
)
