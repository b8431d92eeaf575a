"""Directories for tests: files written where they are wanted, imported at an instant that the test names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from sqlalchemy import func, select

from releasewatch.domain.columns import ColumnMap
from releasewatch.domain.customers import FileOutcome, Kind
from releasewatch.storage import tables as t
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.customer_import import ImportOrder, ImportReport, import_directory, open_directory

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
"""The instant of a directory's first import."""

DAY = timedelta(days=1)


@dataclass
class Desk:
    """Somebody who imports a directory again and again; each import is a day later than the one before."""

    ledger: Ledger
    folder: Path
    directory: str = "crm"
    now: datetime = START - DAY
    reports: list[ImportReport] = field(default_factory=list)

    def take(
        self,
        *,
        customers: str | None = None,
        contacts: str | None = None,
        entitlements: str | None = None,
        columns: Mapping[Kind, ColumnMap] | None = None,
        later: timedelta = DAY,
        **order: Any,
    ) -> dict[str, FileOutcome]:
        """Import what the texts hold; gives the outcome of each file and keeps the report."""
        self.now += later
        texts = {"customers": customers, "contacts": contacts, "entitlements": entitlements}
        paths: dict[Kind, Path] = {}
        for kind, text in texts.items():
            if text is not None:
                path = self.folder / f"{kind}.csv"
                path.write_text(text, encoding="utf-8")
                paths[cast("Kind", kind)] = path
        files = open_directory(paths, columns)
        report = import_directory(self.ledger, files, ImportOrder(self.directory, **order), lambda: self.now)
        self.reports.append(report)
        return {outcome.kind: outcome for _, outcome in report.files}

    @property
    def rejected(self) -> list[tuple[int, str, str]]:
        """Line, column and reason of what the last import refused."""
        return [(one.line, one.column, one.reason) for one in self.reports[-1].rejected]

    def rows(self, table: Any, *columns: str) -> list[tuple[Any, ...]]:
        """What stands in a table, in the order of its key."""
        with self.ledger.read() as connection:
            chosen = [table.c[name] for name in columns] or list(table.c)
            return [tuple(row) for row in connection.execute(select(*chosen).order_by(*table.primary_key))]

    def counts(self) -> dict[str, int]:
        """How many rows stand in each table that an import writes, but for the record of the imports themselves."""
        tables: Sequence[Any] = (
            t.customer,
            t.customer_fact,
            t.customer_contract,
            t.customer_alias,
            t.contact,
            t.contact_detail,
            t.entitlement,
        )
        with self.ledger.read() as connection:
            return {one.name: connection.scalar(select(func.count()).select_from(one)) or 0 for one in tables}
