"""Customers, their contacts and entitlements; every row carries `customer_id`, by which it is placed.

Two clocks on each fact: `valid_*` says when it is true in the world, `recorded_*` when the ledger said so; half-open,
UTC. Names of people, numbers, addresses and contract values stand in tables of their own.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    TypedColumns,
)

from releasewatch.storage.tables.base import built_with, metadata, placed
from releasewatch.storage.types import Instant, Uuid16, id_type, key_type


class CustomerColumns(TypedColumns):
    """That a customer exists. `customer_id` is UUIDv5 of the directory's permanent id and the external key."""

    customer_id = Column(Uuid16, primary_key=True)
    directory = Column(key_type(), nullable=False)
    key = Column(key_type(), nullable=False, index=True)
    recorded_at = Column(Instant, nullable=False)


customer: Table[CustomerColumns] = Table("customer", metadata, CustomerColumns, info=placed("customer", "customers"))


class CustomerFactColumns(TypedColumns):
    """What the directory says of a customer. Empty text and 0 minutes mean that it does not say."""

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    valid_from = Column(Instant, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    valid_to = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    name = Column(String, nullable=False)
    parent = Column(key_type(), nullable=False)
    customer_tier = Column(key_type(), nullable=False)
    segment = Column(String, nullable=False)
    account_manager = Column(key_type(), nullable=False)
    country = Column(key_type(), nullable=False)
    timezone = Column(key_type(), nullable=False)
    language = Column(key_type(), nullable=False)
    do_not_call = Column(Boolean, nullable=False)
    escalated = Column(Boolean, nullable=False)
    sla_minutes = Column(Integer, nullable=False)
    credit_after_minutes = Column(Integer, nullable=False)


customer_fact: Table[CustomerFactColumns] = Table(
    "customer_fact", metadata, CustomerFactColumns, info=placed("customer", "customers")
)

# Who is worth most is looked up (`storage/call_worth.py`), and not everybody.
Index(None, customer_fact.c.customer_tier)
Index(
    "ix_customer_fact_escalated",
    customer_fact.c.customer_id,
    info=built_with(
        sqlite_where=customer_fact.c.escalated.is_(True), postgresql_where=customer_fact.c.escalated.is_(True)
    ),
)


class CustomerContractColumns(TypedColumns):
    """What a contract is worth and when it ends, and what else the directory's columns held."""

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    valid_from = Column(Instant, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    valid_to = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    contract_value = Column(Numeric(18, 2), nullable=True)
    currency = Column(key_type(), nullable=False)
    renewal_on = Column(Date, nullable=True)
    attributes = Column(JSON, nullable=False)


customer_contract: Table[CustomerContractColumns] = Table(
    "customer_contract",
    metadata,
    CustomerContractColumns,
    Index(None, "contract_value", "renewal_on"),
    info=placed("customer", "contracts"),
)


class CustomerAliasColumns(TypedColumns):
    """Every name that a customer answers to, its own key among them. `source`: directory, or a person."""

    alias = Column(key_type(), primary_key=True)
    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True, index=True)
    recorded_from = Column(Instant, primary_key=True)
    recorded_to = Column(Instant, nullable=False)
    source = Column(key_type(), nullable=False)


customer_alias: Table[CustomerAliasColumns] = Table(
    "customer_alias", metadata, CustomerAliasColumns, info=placed("customer", "customers")
)


class AliasStatementColumns(TypedColumns):
    """What one of our people said of an alias, and why. `word`: added, or removed (then no import brings it back)."""

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    alias = Column(key_type(), primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    recorded_to = Column(Instant, nullable=False)
    word = Column(key_type(), nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)


alias_statement: Table[AliasStatementColumns] = Table(
    "alias_statement",
    metadata,
    AliasStatementColumns,
    info=placed("customer", "customers", words=("why", "recorded_by")),
)


class CustomerMergeColumns(TypedColumns):
    """That a customer was taken over by another one; read through to the survivor.

    `survivor_id` is whoever is left at the end of a chain; `through_id` whom the customer was merged into, where that
    one was merged in turn.
    """

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    recorded_to = Column(Instant, nullable=False)
    survivor_id = Column(Uuid16, nullable=False)
    through_id = Column(Uuid16, nullable=True)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    why_undone = Column(String, nullable=False, default="")
    undone_by = Column(String, nullable=False, default="")


customer_merge: Table[CustomerMergeColumns] = Table(
    "customer_merge",
    metadata,
    CustomerMergeColumns,
    info=placed("customer", "customers", words=("why", "recorded_by", "why_undone", "undone_by")),
)


class ContactColumns(TypedColumns):
    """A person at a customer, without the person: role, hours and permissions. `consent`: yes, no or empty."""

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    contact_id = Column(Uuid16, primary_key=True)
    valid_from = Column(Instant, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    valid_to = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    key = Column(key_type(), nullable=False)
    role = Column(String, nullable=False)
    language = Column(key_type(), nullable=False)
    timezone = Column(key_type(), nullable=False)
    best_from = Column(key_type(), nullable=False)
    best_to = Column(key_type(), nullable=False)
    is_primary = Column(Boolean, nullable=False)
    do_not_call = Column(Boolean, nullable=False)
    consent = Column(key_type(), nullable=False)
    import_id = Column(id_type(), nullable=True)


contact: Table[ContactColumns] = Table("contact", metadata, ContactColumns, info=placed("customer", "contacts"))


class ContactDetailColumns(TypedColumns):
    """The person: name, number, address. `phone` is as given; `phone_e164` where it could be normalised.

    `phone_state`: valid, possible (the length fits, no such range), unparsable, or empty when none was given.
    """

    customer_id = Column(Uuid16, primary_key=True)
    contact_id = Column(Uuid16, primary_key=True)
    valid_from = Column(Instant, primary_key=True)
    recorded_from = Column(Instant, primary_key=True)
    name = Column(String, nullable=False)
    phone = Column(String, nullable=False)
    phone_e164 = Column(key_type(), nullable=False)
    phone_state = Column(key_type(), nullable=False)
    email = Column(String, nullable=False)


contact_detail: Table[ContactDetailColumns] = Table(
    "contact_detail",
    metadata,
    ContactDetailColumns,
    ForeignKeyConstraint(
        ["customer_id", "contact_id", "valid_from", "recorded_from"],
        ["contact.customer_id", "contact.contact_id", "contact.valid_from", "contact.recorded_from"],
        ondelete="CASCADE",
    ),
    info=placed("customer", "contacts"),
)


class MarkColumns(TypedColumns):
    """What one of our people marked by hand (do_not_call, wrong_number); imports never touch it."""

    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), primary_key=True)
    mark_id = Column(Uuid16, primary_key=True)
    contact_id = Column(Uuid16, nullable=True)
    kind = Column(key_type(), nullable=False)
    why = Column(String, nullable=False)
    recorded_by = Column(String, nullable=False)
    recorded_from = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    why_cleared = Column(String, nullable=False, default="")
    cleared_by = Column(String, nullable=False, default="")


mark: Table[MarkColumns] = Table(
    "mark",
    metadata,
    MarkColumns,
    info=placed("customer", "contacts", words=("why", "recorded_by", "why_cleared", "cleared_by")),
)


class EntitlementColumns(TypedColumns):
    """A customer uses something: `subject` is a component's full key, a bare key that waits, or `product:KEY`.

    On the axes `''` is any and `?` unknown. The key is laid out for exposure's join and is the table itself on SQLite.
    """

    subject = Column(key_type(), nullable=False)
    customer_id = Column(Uuid16, ForeignKey("customer.customer_id"), nullable=False)
    environment = Column(key_type(), nullable=False)
    region = Column(key_type(), nullable=False)
    ring = Column(key_type(), nullable=False)
    version = Column(key_type(), nullable=False)
    valid_from = Column(Instant, nullable=False)
    recorded_from = Column(Instant, nullable=False)
    valid_to = Column(Instant, nullable=False)
    recorded_to = Column(Instant, nullable=False)
    import_id = Column(id_type(), nullable=True)


entitlement: Table[EntitlementColumns] = Table(
    "entitlement",
    metadata,
    EntitlementColumns,
    PrimaryKeyConstraint(
        "subject",
        "customer_id",
        "environment",
        "region",
        "ring",
        "version",
        "valid_from",
        "recorded_from",
        info=built_with(postgresql_include=["valid_to", "recorded_to"]),
    ),
    Index(None, "customer_id"),
    info=placed("customer", "customers") | built_with(sqlite_with_rowid=False),
)

# Of those that name a version alone, which most do not: copies that customers run themselves are found without reading
# the others. `>`, and not `!=`: SQLite, which counts nothing, takes an index for what it can begin with.
for _first in (entitlement.c.subject, entitlement.c.customer_id):
    Index(
        f"ix_entitlement_{_first.name}_version",
        _first,
        entitlement.c.version,
        info=built_with(sqlite_where=entitlement.c.version > "", postgresql_where=entitlement.c.version > ""),
    )
