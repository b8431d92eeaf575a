"""Importing a directory: read its files, plan, ask the guards, write; one transaction."""

from __future__ import annotations

from collections import Counter
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import TYPE_CHECKING, Any
from uuid import UUID

from releasewatch import __version__
from releasewatch.domain.customers import (
    Contact,
    Row,
    callable_needs_word,
    contact_id,
    customer_id,
    ending_needs_word,
)
from releasewatch.domain.progress import UNTOLD
from releasewatch.domain.times import format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.integrations.directories import records
from releasewatch.integrations.directories.beside import Reading, read_beside
from releasewatch.integrations.directories.directory_file import DirectoryFile, lay_over, open_file, without_columns_of
from releasewatch.integrations.directories.phones import look_at_phone
from releasewatch.storage import suppressions
from releasewatch.storage.imports import contacts, customers, entitlements, runs, staging
from releasewatch.storage.imports.contact_rows import stage_contacts
from releasewatch.storage.imports.customer_rows import stage_customers
from releasewatch.storage.imports.entitlement_rows import stage_entitlements
from releasewatch.storage.imports.pages import Page, confirm_pages, store_pages
from releasewatch.storage.imports.subjects import read_subjects
from releasewatch.storage.imports.unchanged import digest_of_run, find_unchanged
from releasewatch.storage.loading import many_rows
from releasewatch.storage.products import refresh_subjects, store_products
from releasewatch.storage.suppressions import read_suppressions
from releasewatch.storage.types import OPEN_START

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from releasewatch.domain.columns import ColumnMap
    from releasewatch.domain.customers import Block, FileOutcome, Kind, Mode
    from releasewatch.domain.erasure import Identity
    from releasewatch.domain.progress import Progress
    from releasewatch.integrations.directories.sources import Source
    from releasewatch.storage.ledger import Ledger

_NOBODY = UUID(int=0)
"""Stands for the customer where a contact's key says who is meant."""

REJECTIONS_SHOWN = 1000
"""So many refused rows of a file are listed; the ledger keeps all of them."""


@dataclass(frozen=True, slots=True)
class KeptPages:
    """What a server needs to say next time whether its pages changed. `reading`: a digest of how they were read."""

    reading: str
    pages: Sequence[Page]


@dataclass(frozen=True, slots=True)
class DirectoryFiles:
    """The sources of one import, each looked into already; None for one that is not given.

    `unchanged`: a server said that there is nothing to import.
    """

    customers: Source | None = None
    contacts: Source | None = None
    entitlements: Source | None = None
    pages: Mapping[Kind, KeptPages] = field(default_factory=dict)
    unchanged: bool = False

    def __iter__(self) -> Iterator[Source]:
        return (file for file in (self.customers, self.contacts, self.entitlements) if file is not None)


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """How to import. `accept_*`: the number of rows (customers) that a person has agreed to; None when nobody has.

    `products` are those of the configuration. `strict`: a single refused row stops the import. `readmit`: keys,
    aliases, addresses or numbers of those who were forgotten and may be brought back, because of `why`, as `by` says.
    """

    directory: str
    mode: Mode = "snapshot"
    accept_ending: int | None = None
    accept_callable: int | None = None
    strict: bool = False
    products: Mapping[str, Sequence[str]] = field(default_factory=dict)
    readmit: Sequence[str] = ()
    why: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class RejectedCell:
    """Where a file's row was refused, and why. `column`: the file's own heading, empty when the whole row is meant.

    `place`: where that is for people, a line of a file, or page and item of a server's answer.
    """

    file: str
    line: int
    column: str
    reason: str
    place: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did. `written` is False when `strict` stopped it: nothing was changed then.

    `unchanged`: the server said that nothing changed since the import before; nothing was written then either.
    """

    order: ImportOrder
    at: datetime
    files: tuple[tuple[Source, FileOutcome], ...]
    rejected: tuple[RejectedCell, ...] = ()
    written: bool = True
    unchanged: bool = False


@dataclass(slots=True)
class _Planned:
    outcomes: dict[Kind, FileOutcome] = field(default_factory=dict)
    starts_at: dict[Kind, datetime] = field(default_factory=dict)


def open_directory(
    paths: Mapping[Kind, Path], columns: Mapping[Kind, ColumnMap] | None = None, skip_rows: int = 0
) -> DirectoryFiles:
    """Look into the files; one may feed several kinds. `columns`: for each kind the map from our columns to the file's;
    `skip_rows`: so many rows stand above the headings of each.

    Raises InvalidCallError when no file is given, one cannot be read, or one lacks a column.
    """
    if not paths:
        raise InvalidCallError(
            "There is nothing to import: no file is given and none is configured.",
            "Name one with --customers, --contacts or --entitlements, or in [directory.NAME].",
        )
    times = Counter(path.absolute() for path in paths.values())

    def opened(shape: records.Shape[Row]) -> DirectoryFile[Row] | None:
        path = paths.get(shape.kind)
        if path is None:
            return None
        shared = times[path.absolute()] > 1
        return open_file(path, shape, (columns or {}).get(shape.kind, {}), shared=shared, skip_rows=skip_rows)

    customers = opened(records.CUSTOMERS)
    contacts, entitlements = opened(records.CONTACTS), opened(records.ENTITLEMENTS)
    if customers:
        same = [one for one in (contacts, entitlements) if one and one.sheet.label == customers.sheet.label]
        customers = without_columns_of(customers, [*same, *_as_others(customers, columns or {}, paths)])
    return DirectoryFiles(customers, contacts, entitlements)


def _as_others(
    file: DirectoryFile[Any], columns: Mapping[Kind, ColumnMap], paths: Mapping[Kind, Path]
) -> Iterator[DirectoryFile[Any]]:
    """The customers' file as the other kinds that it feeds too by their maps, and which this import leaves alone."""
    for shape in (records.CONTACTS, records.ENTITLEMENTS):
        if shape.kind not in paths and (mapped := columns.get(shape.kind)):
            with suppress(InvalidCallError):  # it lacks a column: it feeds no such kind
                yield lay_over(file.sheet, shape, mapped, shared=True)


def import_directory(
    ledger: Ledger, files: DirectoryFiles, order: ImportOrder, clock: Callable[[], datetime], told: Progress = UNTOLD
) -> ImportReport:
    """Import files in one transaction: all of it is planned, then the guards are asked, then it is written.

    A customer, contact or entitlement that the first import of its kind of file brings is taken to have been so for as
    long as anybody knows; one that a later import brings, to have begun with it; what a snapshot lacks, to have ended.
    Raises RefusedError when a guard wants a word, InvalidCallError when a file is damaged.
    """
    if files.unchanged:
        with ledger.write() as connection:
            confirm_pages(connection, order.directory, clock())
        return ImportReport(order, clock(), (), written=False, unchanged=True)
    with ledger.write() as connection, ExitStack() as stack:
        ledger.lock(connection, "releasewatch:directory")
        at = runs.next_instant(connection, clock())
        if store_products(connection, order.products, at):
            # A recording that brings a component waits, and then sees these products; or is over, and is seen here.
            ledger.lock(connection, "releasewatch:catalog")
            refresh_subjects(connection, at)
        _readmit(connection, order, at)
        imp = staging.Import(connection, order.directory, order.mode, at, read_suppressions(connection))
        same = None if order.readmit else _find_unchanged(imp, files, order)
        if same:
            _record(imp, files, order, same)
            return ImportReport(order, at, tuple((file, same[file.shape.kind]) for file in files))
        stack.enter_context(many_rows(connection))
        staging.create_staging(connection)
        planned = _plan(imp, files, order, told, stack.enter_context(read_beside(files)))
        report = ImportReport(
            order,
            at,
            tuple((file, planned.outcomes[file.shape.kind]) for file in files),
            tuple(_rejections(imp, files)),
            written=not (order.strict and any(o.rejected for o in planned.outcomes.values())),
        )
        if report.written:
            _ask_guards(planned.outcomes, order)
            told.step("writing")
            _write(imp, files, order, planned)
    return report


def _readmit(connection: Any, order: ImportOrder, at: datetime) -> None:
    """Let in again whom somebody named, by whatever identifies them in this directory."""
    for ref in order.readmit:
        identities: list[tuple[Identity, str]] = [
            ("customer", customer_id(order.directory, ref).hex),
            ("name", ref),
            ("contact", contact_id(order.directory, _NOBODY, Contact("", "", ref)).hex),
            ("email", ref),
            ("phone", look_at_phone(ref, "").e164 or ref),
        ]
        if not suppressions.readmit(connection, identities, order.why, order.by, at):
            raise UnknownNameError(
                "Nobody who was forgotten is known by what --readmit says.",
                "Give the key, alias, e-mail or number that they had when they were forgotten.",
            )


def _plan(imp: staging.Import, files: DirectoryFiles, order: ImportOrder, told: Progress, reading: Reading) -> _Planned:
    def blocks(file: Source) -> Iterator[Block[Any]]:
        yield from told.blocks(file.name, reading.blocks(file))
        told.step(f"comparing {file.shape.kind}")

    planned = _Planned()
    for file in files:
        kind = file.shape.kind
        planned.starts_at[kind] = OPEN_START if runs.is_first(imp, kind) else imp.at
    if files.customers:
        read = stage_customers(imp, blocks(files.customers))
        planned.outcomes["customers"] = customers.plan_customers(imp, read, files.customers.columns)
    if files.contacts:
        read = stage_contacts(imp, blocks(files.contacts), reading.look_at_phone)
        planned.outcomes["contacts"] = contacts.plan_contacts(imp, read, files.contacts.columns)
    if files.entitlements:
        subjects = read_subjects(imp.connection, order.products)
        starts_at = planned.starts_at["entitlements"]
        read = stage_entitlements(imp, blocks(files.entitlements), subjects, starts_at)
        planned.outcomes["entitlements"] = entitlements.plan_entitlements(imp, read, starts_at)
    for file in files:
        kind = file.shape.kind
        # A row of a file may state several things, or nothing about this kind.
        if isinstance(file, DirectoryFile):
            planned.outcomes[kind] = replace(planned.outcomes[kind], read=file.tally.rows, silent=file.tally.silent)
    return planned


def _rejections(imp: staging.Import, files: DirectoryFiles) -> Iterator[RejectedCell]:
    for file in files:
        for line, column, reason in staging.read_rejections(imp, file.shape.kind, REJECTIONS_SHOWN):
            yield RejectedCell(file.name, line, file.heading(column), reason, file.place(line))


def _ask_guards(outcomes: Mapping[Kind, FileOutcome], order: ImportOrder) -> None:
    """Refuse what an export that broke off, or a column that went missing, would do (files.md)."""
    said: list[str] = []
    hints: list[str] = []
    ending = [o for o in outcomes.values() if ending_needs_word(o.ended, o.present, o.unchanged + o.changed)]
    if any(o.ended > (order.accept_ending or 0) for o in ending):
        said += [f"{o.ended} of {counted(o.present, o.kind[:-1])}" for o in ending]
        hints.append(f"--accept-ending {max(o.ended for o in ending)}")
        said = [f"The snapshot would end {' and '.join(said)}"]
    freed = [o for o in outcomes.values() if callable_needs_word(o.made_callable)]
    if any(o.made_callable > (order.accept_callable or 0) for o in freed):
        most = max(o.made_callable for o in freed)
        verb = "and" if said else "The import would"
        said.append(f"{verb} switch off do-not-call for {counted(most, 'customer')}")
        hints.append(f"--accept-callable {most}")
    if said:
        raise RefusedError(
            f"{' '.join(said)}; nothing was changed.",
            f"Is the export whole? If this is meant: {' '.join(hints)}",
        )


def _find_unchanged(
    imp: staging.Import, files: DirectoryFiles, order: ImportOrder
) -> Mapping[Kind, FileOutcome] | None:
    """What comes of each file, when all of them are the same as last time; else None."""
    found: dict[Kind, FileOutcome] = {}
    for file in files:
        kind = file.shape.kind
        outcome = find_unchanged(imp, kind, digest_of_run(imp, kind, _reading(file, order)))
        if outcome is None:
            return None
        found[kind] = outcome
    return found


def _reading(file: Source, order: ImportOrder) -> list[Any]:
    """What a file says, and what makes something of it: numbers, countries and time zones are read by libraries."""
    products = {key: list(holds) for key, holds in order.products.items()}
    return [file.reading, products, __version__, *(version(name) for name in ("phonenumbers", "pycountry", "tzdata"))]


def _record(
    imp: staging.Import, files: DirectoryFiles, order: ImportOrder, outcomes: Mapping[Kind, FileOutcome]
) -> dict[Kind, int]:
    """Keep that the files were imported; returns the number of each import."""
    ids = {}
    for file in files:
        kind = file.shape.kind
        ids[kind] = runs.record_run(imp, outcomes[kind], digest_of_run(imp, kind, _reading(file, order)))
    for kind, kept in files.pages.items():
        store_pages(imp, kind, ids[kind], kept.reading, kept.pages)
    return ids


def _write(imp: staging.Import, files: DirectoryFiles, order: ImportOrder, planned: _Planned) -> None:
    # Reference rows come before customer rows (ARCHITECTURE.md, storage rule 4).
    ids = _record(imp, files, order, planned.outcomes)
    if files.customers:
        customers.write_customers(imp, planned.starts_at["customers"])
    if files.contacts:
        contacts.write_contacts(imp, ids["contacts"], planned.starts_at["contacts"])
    if files.entitlements:
        entitlements.write_entitlements(imp, ids["entitlements"])
    staging.analyze_ledger(imp, planned.outcomes.values())


def import_document(report: ImportReport, *, dry_run: bool) -> dict[str, Any]:
    """The report as `customer import --format json` gives it."""
    order = report.order
    return {
        "import": {
            "directory": order.directory,
            "mode": order.mode,
            "at": format_utc(report.at),
            "written": report.written and not dry_run,
            "unchanged": report.unchanged,
            "files": [
                {
                    "kind": outcome.kind,
                    "file": file.name,
                    **file.facts,
                    "read": outcome.read,
                    "silent": outcome.silent,
                    "added": outcome.added,
                    "changed": outcome.changed,
                    "ended": outcome.ended,
                    "unchanged": outcome.unchanged,
                    "waiting": outcome.waiting,
                    "arrived": outcome.arrived,
                    "waiting_for": list(outcome.waiting_for),
                    "waiting_subjects": outcome.subjects,
                    "no_version": dict(outcome.no_version),
                    "repeated": outcome.repeated,
                    "unsettled": list(outcome.unsettled),
                    "suppressed": outcome.suppressed,
                    "rejected": outcome.rejected,
                    "odd": dict(outcome.odd),
                    "notes": list(file.notes),
                }
                for file, outcome in report.files
            ],
        },
        "rejected": [
            {"file": one.file, **(one.place or {"line": one.line}), "column": one.column or None, "reason": one.reason}
            for one in report.rejected
        ],
        "dry_run": dry_run,
    }
