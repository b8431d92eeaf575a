"""The temporary tables of an import, and what all kinds of file do with them: refuse rows, keep what those speak of."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    Index,
    Integer,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    String,
    Table,
    delete,
    false,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.schema import CreateTable

from releasewatch.domain.erasure import Suppressions
from releasewatch.storage import tables as t
from releasewatch.storage.types import Instant, Uuid16, key_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from uuid import UUID

    from sqlalchemy import FromClause

    from releasewatch.domain.customers import FileOutcome, Kind, Mode, Rejected

T = TypeVar("T")

BATCH = 5000
_MANY = 1000
NEW, CHANGED, SAME = "new", "changed", "same"

NOBODY = Suppressions()

staging = MetaData()


def _staged(name: str, *columns: Any) -> Table:
    return Table(f"staged_{name}", staging, *columns, prefixes=["TEMPORARY"], postgresql_on_commit="DROP")


def _texts(*names: str) -> list[Column[Any]]:
    return [Column(name, key_type(), nullable=False) for name in names]


customer = _staged(
    "customer",
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Uuid16, nullable=False, index=True),
    *_texts(
        "key",
        "name",
        "aliases",
        "parent",
        "customer_tier",
        "segment",
        "account_manager",
        "country",
        "timezone",
        "language",
    ),
    Column("do_not_call", Boolean, nullable=False),
    Column("escalated", Boolean, nullable=False),
    Column("sla_minutes", Integer, nullable=False),
    Column("credit_after_minutes", Integer, nullable=False),
    Column("contract_value", Numeric(18, 2)),
    Column("currency", key_type(), nullable=False),
    Column("renewal_on", Date),
    Column("attributes", JSON, nullable=False),
    Column("fact_state", String, nullable=False, server_default=NEW),
    Column("contract_state", String, nullable=False, server_default=NEW),
    Column("aliases_changed", Boolean, nullable=False, server_default=false()),
)

alias = _staged(
    "alias",
    Column("alias", key_type(), nullable=False),
    Column("line", Integer, nullable=False, index=True),
    Column("customer_id", Uuid16, nullable=False, index=True),
    Column("is_key", Boolean, nullable=False),
    Index("ix_staged_alias_alias", "alias", "line"),
)

contact = _staged(
    "contact",
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("customer_id", Uuid16, nullable=False),
    Column("contact_id", Uuid16, nullable=False),
    *_texts("key", "role", "language", "timezone", "best_from", "best_to", "consent"),
    Column("is_primary", Boolean, nullable=False),
    Column("do_not_call", Boolean, nullable=False),
    *_texts("name", "phone", "phone_e164", "phone_state", "email"),
    Column("state", String, nullable=False, server_default=NEW),
    Index("ix_staged_contact_ids", "contact_id", "customer_id"),
)

entitlement = _staged(
    "entitlement",
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("line", Integer, nullable=False),
    *_texts("subject", "written"),
    Column("customer_id", Uuid16, nullable=False),
    *_texts("environment", "region", "ring", "version"),
    Column("valid_from", Instant),
    Column("valid_to", Instant, nullable=False),
    Column("waits", Boolean, nullable=False),
    Column("state", String, nullable=False, server_default=NEW),
    # The intervals stand in it as well: what is asked of all rows in the order of their cells reads nothing else.
    Index(
        "ix_staged_entitlement_cell",
        "subject",
        "customer_id",
        "environment",
        "region",
        "ring",
        "version",
        "valid_from",
        "valid_to",
        "waits",
    ),
    Index(
        "ix_staged_entitlement_written",
        "written",
        "customer_id",
        "environment",
        "region",
        "ring",
        "version",
        sqlite_where=text("written <> subject"),
        postgresql_where=text("written <> subject"),
    ),
)

ended = _staged(
    "ended",
    Column("kind", String, nullable=False),
    Column("customer_id", Uuid16, nullable=False),
    Column("contact_id", Uuid16),
    Index("ix_staged_ended_ids", "kind", "customer_id"),
)
"""Customers (kind `customers`) and contacts (kind `contacts`) that a snapshot no longer holds."""

closing = _staged(
    "closing",
    *_texts("subject"),
    Column("customer_id", Uuid16, nullable=False),
    *_texts("environment", "region", "ring", "version"),
    Column("valid_from", Instant, nullable=False),
    Column("recorded_from", Instant, nullable=False),
    Column("ends", Boolean, nullable=False),
    PrimaryKeyConstraint(
        "subject", "customer_id", "environment", "region", "ring", "version", "valid_from", "recorded_from"
    ),
)
"""Entitlements whose record is closed: `ends` when it ceases to be true now, else because it is replaced."""

kept = _staged(
    "kept",
    Column("kind", String, nullable=False),
    Column("id", Uuid16, nullable=False),
    Column("subject", key_type(), nullable=False, default=""),
    Index("ix_staged_kept", "kind", "id"),
)
"""What rejected rows speak of, so that it keeps its state: see the KEPT_ words."""

KEPT_CUSTOMER = "customer"
KEPT_CONTACT = "contact"
KEPT_CONTACTS_OF = "contacts of"
KEPT_ENTITLEMENT = "entitlement"

rejection = _staged(
    "rejection",
    Column("kind", String, nullable=False),
    Column("line", Integer, nullable=False),
    Column("column", key_type(), nullable=False),
    Column("reason", String, nullable=False),
    PrimaryKeyConstraint("kind", "line", "column"),
)


@dataclass(frozen=True, slots=True)
class Import:
    """One import under way. `at` is its instant, later than that of every import before it.

    `suppressed` counts the rows of each file that speak of somebody who was forgotten: they are left out. `no_version`
    counts those that give as a version what is none, by what they give.
    """

    connection: Connection
    directory: str
    mode: Mode
    at: datetime
    forgotten: Suppressions = NOBODY
    suppressed: Counter[Kind] = field(default_factory=Counter)
    no_version: Counter[str] = field(default_factory=Counter)

    @property
    def is_snapshot(self) -> bool:
        """Whether what the file does not hold any more ends."""
        return self.mode == "snapshot"


def create_staging(connection: Connection) -> None:
    """Make the empty temporary tables; they are gone with the connection (SQLite) or transaction (PostgreSQL)."""
    for table in staging.sorted_tables:
        connection.execute(CreateTable(table))
        if table not in FILLED_FIRST:
            _create_indexes(connection, table)


FILLED_FIRST = (customer, alias, contact, entitlement)
"""What a file is staged in: its indexes are made when all rows are there, in one go and in order."""


def all_staged(imp: Import, *tables: Table[Any], indexed: bool = True) -> None:
    """Make the indexes of tables that were filled, and let the database look at them."""
    for table in tables:
        if indexed:
            _create_indexes(imp.connection, table)
    analyze(imp.connection, *tables)


def _create_indexes(connection: Connection, table: Table[Any]) -> None:
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        index.create(connection)


@contextmanager
def without_indexes(imp: Import, table: Table[Any]) -> Iterator[None]:
    """On SQLite, fill an empty table of the ledger without its further indexes, and make them when all rows are there:
    rows come in the order of the primary key, which is no order for the others. An interruption takes back both."""
    connection = imp.connection
    is_sqlite = connection.dialect.name == "sqlite"
    if not is_sqlite or connection.execute(select(literal(1)).select_from(table).limit(1)).first():
        yield
        return
    # As the ledger has them: the metadata keep aside which rows an index is of.
    asked = text("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = :name AND sql IS NOT NULL")
    indexes = connection.execute(asked, {"name": table.name}).all()
    for name, _ in indexes:
        connection.exec_driver_sql(f'DROP INDEX "{name}"')
    yield
    for _, statement in indexes:
        connection.exec_driver_sql(statement)


def analyze(connection: Connection, *tables: Table) -> None:
    """Tell PostgreSQL what stands in tables now: temporary ones it never looks at by itself, others after a while."""
    if connection.dialect.name == "postgresql":
        for table in tables:
            connection.execute(text(f"ANALYZE {table.name}"))


def ended_of(kind: Kind) -> FromClause:
    """The customers or contacts that a snapshot no longer holds."""
    return select(ended.c.customer_id, ended.c.contact_id).where(ended.c.kind == kind).subquery()


def analyze_ledger(imp: Import, outcomes: Iterable[FileOutcome]) -> None:
    """After an import that changed much, let PostgreSQL look at what it wrote: who asks next asks over these tables."""
    if sum(one.added + one.changed + one.ended for one in outcomes) >= _MANY:
        written: tuple[Table[Any], ...] = (t.customer, t.customer_fact, t.customer_contract, t.customer_alias)
        analyze(imp.connection, *written, t.contact, t.contact_detail, t.entitlement)


def runs_of(imp: Import, kind: Kind) -> Any:
    """The ids of all imports of one kind of file of this directory, for `IN`."""
    run = t.import_run.c
    return select(run.import_id).where(run.directory == imp.directory, run.kind == kind).scalar_subquery()


def reject(imp: Import, kind: Kind, rejected: Sequence[Rejected]) -> None:
    """Note rows that a reader refused; one line may be refused in two batches, and is noted once."""
    if not rejected:
        return
    found = {
        (row.line, problem.column): {
            "kind": kind,
            "line": row.line,
            "column": problem.column,
            "reason": problem.reason,
        }
        for row in reversed(rejected)
        for problem in reversed(row.problems)
    }
    r, first = rejection.c, min(row.line for row in rejected)
    for noted in imp.connection.execute(select(r.line, r.column).where(r.kind == kind, r.line == first)):
        found.pop((noted.line, noted.column), None)
    if found:
        imp.connection.execute(insert(rejection), list(found.values()))


def keep(imp: Import, kind: str, ids: Sequence[tuple[UUID, str]]) -> None:
    """Note what rows speak of that were refused: ids, each with a subject (`''` where there is none, or for all)."""
    if ids:
        rows = [{"kind": kind, "id": one, "subject": subject} for one, subject in ids]
        imp.connection.execute(insert(kept), rows)


def in_batches(rows: Iterable[T]) -> Iterator[list[T]]:
    """Lists of so many rows as are staged at once."""
    remaining = iter(rows)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def reject_staged(imp: Import, kind: Kind, lines: Any, table: Table, keeps: tuple[str, str]) -> int:
    """Refuse rows that are staged already.

    `lines` selects `line, column, reason`, each line once. `keeps` is a KEPT_ word and the column of the id that it is
    about. Returns how many rows were refused.
    """
    connection, before = imp.connection, rejected_rows(imp, kind)
    columns = ["kind", "line", "column", "reason"]
    chosen = lines.subquery()
    connection.execute(
        insert(rejection).from_select(columns, select(literal(kind), chosen.c.line, chosen.c.column, chosen.c.reason))
    )
    done = rejected_rows(imp, kind) - before
    if not done:
        return 0
    refused = select(rejection.c.line).where(rejection.c.kind == kind)
    word, id_column = keeps
    subject = table.c.subject if "subject" in table.c else literal("")
    connection.execute(
        insert(kept).from_select(
            ["kind", "id", "subject"],
            select(literal(word), table.c[id_column], subject).where(table.c.line.in_(refused)),
        )
    )
    if table is customer:
        connection.execute(delete(alias).where(alias.c.line.in_(refused)))
    connection.execute(delete(table).where(table.c.line.in_(refused)))
    return done


def count(imp: Import, query: Any) -> int:
    """The number that a statement gives."""
    return int(imp.connection.scalar(query) or 0)


def count_by(imp: Import, column: Column[Any]) -> dict[str, int]:
    """How many rows have each value of a column."""
    rows = imp.connection.execute(select(column, func.count()).group_by(column))
    return {str(value): int(many) for value, many in rows}


def rejected_rows(imp: Import, kind: Kind) -> int:
    """How many rows of a file were refused so far."""
    lines = func.count(rejection.c.line.distinct())
    return count(imp, select(lines).where(rejection.c.kind == kind))


def read_rejections(imp: Import, kind: Kind, most: int) -> Iterator[tuple[int, str, str]]:
    """`line, column, reason` of the first refused rows, in the order of the file."""
    query = select(rejection.c.line, rejection.c.column, rejection.c.reason).where(rejection.c.kind == kind)
    yield from imp.connection.execute(query.order_by(rejection.c.line, rejection.c.column).limit(most))
