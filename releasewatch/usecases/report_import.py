"""Taking over a help desk's tickets as customer reports: by reference, safe to repeat, what is refused is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from email.utils import parseaddr
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from releasewatch.domain.customer_reports import Ticket, reference_key
from releasewatch.domain.customers import Rejected
from releasewatch.domain.inbound import Alarm
from releasewatch.errors import AmbiguousNameError, UnknownNameError
from releasewatch.integrations.directories.directory_file import DirectoryFile, open_file
from releasewatch.integrations.directories.help_desk import column_map, tickets_in
from releasewatch.storage import catalogs, customer_reports
from releasewatch.storage.customer_refs import CustomerRef, find_exactly, get_ref, through_merges
from releasewatch.storage.customer_reports import Report, Said
from releasewatch.storage.customer_search import contact_addresses
from releasewatch.storage.imports.runs import next_instant
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.attempts import AHEAD
from releasewatch.usecases.inbound import Asked, alarm_of, tell_of_alarm
from releasewatch.usecases.known_places import known_component

_ALARMED = 20
"""For so many new reports at most, the newest, it is asked whether somebody else shares a deployment with them."""


@dataclass(frozen=True, slots=True)
class RefusedTicket:
    """A row that was refused: where it stands, which column, and why; never what it held."""

    line: int
    column: str
    reason: str


@dataclass(slots=True)
class TicketReport:
    """What became of a file. `repeated`: rows of a ticket that stands further down again; that one counts.

    `noted`: tickets that one of us had noted already: what a person said stays.
    """

    file: str
    read: int = 0
    added: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    noted: int = 0
    repeated: int = 0
    rejected: list[RefusedTicket] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    written: bool = True
    alarms: list[Alarm] = field(default_factory=list)

    @property
    def document(self) -> dict[str, Any]:
        """The counts, by name."""
        names = ("read", "added", "changed", "moved", "unchanged", "noted", "repeated")
        counts: dict[str, Any] = {name: getattr(self, name) for name in names}
        return {"file": self.file, **counts, "rejected": len(self.rejected)}


@dataclass(frozen=True, slots=True)
class Order:
    """How a file is taken. `zone`: of times that name none; `columns`: what its headings are, as `ours=theirs`."""

    zone: tzinfo
    columns: Sequence[str] = ()
    name: str = ""
    strict: bool = False


def import_tickets(ledger: Ledger, path: Path, order: Order, who: str, how: Asked) -> TicketReport:
    """Take over every ticket of a file, in one transaction.

    Raises InvalidCallError when it cannot be read, or lacks a column. With `strict` nothing is written when any row is
    refused.
    """
    file: DirectoryFile[Ticket] = open_file(path, tickets_in(order.zone), column_map(order.columns))
    report = TicketReport(order.name or file.name, notes=file.notes)
    with ledger.write() as connection:
        ledger.lock(connection, customer_reports.LOCK)
        found = _Reader(connection, file, report, how).tickets()
        report.written = not (order.strict and report.rejected)
        new = _write(connection, found, report, who, next_instant(connection, how.now)) if report.written else []
        report.alarms = list(_alarms(connection, new, how))
        for alarm in report.alarms:
            tell_of_alarm(connection, alarm, how)
    return report


def _alarms(connection: Any, new: Sequence[Report], how: Asked) -> Iterator[Alarm]:
    """What on-call has to be told of because of new reports, the newest first, each once."""
    recent = [one for one in new if how.now - one.said.reported_at <= how.within]
    seen: list[set[str]] = []
    for one in sorted(recent, key=lambda one: one.said.reported_at, reverse=True)[:_ALARMED]:
        alarm = alarm_of(connection, one, how)
        if alarm is not None and not any(set(alarm.reports) <= known for known in seen):
            seen.append(set(alarm.reports))
            yield alarm


@dataclass(frozen=True, slots=True)
class _Taken:
    """A ticket that can be kept."""

    customer: CustomerRef
    said: Said


class _Reader:
    """Reads a file's rows into what is to be kept, and counts what is refused."""

    def __init__(self, connection: Any, file: DirectoryFile[Ticket], report: TicketReport, how: Asked) -> None:
        self._connection, self._file, self._report, self._how = connection, file, report, how
        self._customers: dict[str, CustomerRef | str] = {}
        self._components: dict[str, int] = {}

    def tickets(self) -> list[_Taken]:
        """What each ticket says, by its last row."""
        found: dict[str, _Taken] = {}
        for entry in self._file.rows():
            self._report.read += 1
            if isinstance(entry, Rejected):
                first = entry.problems[0]
                self._refuse(entry.line, first.column, first.reason)
                continue
            taken = self._take(entry.row)
            if isinstance(taken, tuple):
                self._refuse(entry.line, *taken)
                continue
            key = reference_key(entry.row.reference)
            self._report.repeated += key in found
            found.pop(key, None)
            found[key] = taken
        return list(found.values())

    def _take(self, row: Ticket) -> _Taken | tuple[str, str]:
        """What a row says; or the column that is wrong with it, and why."""
        if row.opened_at is None or not reference_key(row.reference):
            return "reference", "is no reference"
        if row.opened_at > self._how.now + AHEAD:
            return "opened_at", "is ahead of the clock"
        customer = self._customer(row.customer)
        if isinstance(customer, str):
            return "customer", customer
        component = self._component(row.component) if row.component else 0
        if row.component and not component:
            return "component", "is no component that the ledger knows, or several"
        reported_at = min(row.opened_at, self._how.now)
        said = Said(reported_at, row.channel, "file", row.reference, component, note=row.note, quote=row.quote)
        return _Taken(customer, said)

    def _customer(self, word: str) -> CustomerRef | str:
        """Whom a cell means: a key, an alias, a contact's mail address, or one at a domain that is an alias; else why
        nobody."""
        if word not in self._customers:
            self._customers[word] = self._find(word)
        return self._customers[word]

    def _find(self, word: str) -> CustomerRef | str:
        found, several = find_exactly(self._connection, word), "may mean several customers"
        address = parseaddr(word)[1].casefold()
        if not found and "@" in address:
            theirs = sorted(self._addresses.get(address, ()))
            found = through_merges(self._connection, [get_ref(self._connection, one) for one in theirs])
            several = "is the mail address of contacts of several customers"
            if not found:
                found = find_exactly(self._connection, address.rpartition("@")[2])
                several = "is a mail address at a domain of several customers"
        if len(found) == 1:
            return found[0]
        if found:
            return several
        unknown = "names no customer, by key or alias"
        return f"{unknown}, and is no contact's mail address" if "@" in address else unknown

    @cached_property
    def _addresses(self) -> Mapping[str, set[UUID]]:
        return contact_addresses(self._connection)

    def _component(self, word: str) -> int:
        if word not in self._components:
            try:
                key = known_component(self._connection, word, self._how.repo)
                self._components[word] = catalogs.component_ids(self._connection, [key])[key]
            except (UnknownNameError, AmbiguousNameError):
                self._components[word] = 0
        return self._components[word]

    def _refuse(self, line: int, column: str, reason: str) -> None:
        heading = self._file.heading(column) if column else ""
        self._report.rejected.append(RefusedTicket(line, heading, reason))


def _write(connection: Any, tickets: Sequence[_Taken], report: TicketReport, who: str, at: datetime) -> list[Report]:
    """Keep what is new or says something else; returns the reports that were not there before."""
    known = customer_reports.reports_by_reference(connection, (one.said.reference for one in tickets))
    new = []
    steps: list[tuple[_Taken, list[Report], list[Report]]] = []
    for taken in tickets:
        before = known.get(reference_key(taken.said.reference), [])
        mine = [one for one in before if one.customer_id == taken.customer.customer_id]
        if any(one.said.source == "call" for one in mine):
            report.noted += 1
        else:
            steps.append((taken, mine, [one for one in before if one.said.source == "file" and one not in mine]))
    many = sum(not mine for _, mine, _ in steps)
    numbers = count(customer_reports.next_reports(connection, many) if many else 0)
    for taken, mine, elsewhere in steps:
        customer, said = taken.customer, taken.said
        for one in elsewhere:
            customer_reports.end_report(connection, one, _after(one, at))
        if mine and mine[0].said == said:
            report.unchanged += 1
        elif mine:
            customer_reports.change_report(connection, mine[0], said, who, _after(mine[0], at))
            report.changed += 1
        else:
            number = customer_reports.add_report(connection, customer.customer_id, said, who, at, next(numbers))
            new.append(Report(customer.customer_id, customer.customer_id, number, said, who, at))
            report.moved += bool(elsewhere)
            report.added += not elsewhere
    return new


def _after(one: Report, at: datetime) -> datetime:
    """What ends must have been so for a while."""
    return max(at, one.recorded_from + timedelta(microseconds=1))
