"""Importing incidents that other tools wrote down: upsert by key, in one transaction, saying only what is news."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from releasewatch.domain.incident_import import (
    Importing,
    ImpossibleRecordError,
    KnownNames,
    News,
    ledger_key,
    news_of,
    opened_at,
)
from releasewatch.domain.incident_records import IncidentRecord, RejectedIncident
from releasewatch.domain.incidents import Statement
from releasewatch.storage import incident_batches, incidents
from releasewatch.storage.incidents import IncidentRef
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.incidents import LOCK

Outcome = Literal["added", "updated", "unchanged"]


@dataclass(frozen=True, slots=True)
class Taken:
    """One incident of a file, and what became of it. `incident` None: nothing was written."""

    key: str
    outcome: Outcome
    news: News
    incident: IncidentRef | None


@dataclass(slots=True)
class IncidentReport:
    """What came of an import. `written` False: something was rejected, and `strict` stops at that."""

    taken: list[Taken] = field(default_factory=list)
    rejected: list[RejectedIncident] = field(default_factory=list)
    written: bool = True

    @property
    def files_left_out(self) -> int:
        """How many files of a folder could not be read at all."""
        return sum(one.is_file for one in self.rejected)

    def many(self, outcome: Outcome) -> int:
        """How many incidents were added, updated or unchanged."""
        return sum(one.outcome == outcome for one in self.taken)


@dataclass(frozen=True, slots=True)
class IncidentImport:
    """How to import. `file`: what it is called in messages; `repo`: whose bare keys of components are meant."""

    how: Importing
    file: str
    repo: str | None = None
    strict: bool = False


def import_incidents(
    ledger: Ledger, found: Iterable[IncidentRecord | RejectedIncident], asked: IncidentImport
) -> IncidentReport:
    """Take incidents over. Each is found by its key; what its file says anew is added, and nothing is overwritten."""
    given = list(found)  # read before the transaction: a slow pipe must hold up nobody
    records = {ledger_key(one): one for one in given if isinstance(one, IncidentRecord)}
    report = IncidentReport(rejected=[one for one in given if isinstance(one, RejectedIncident)])
    with ledger.write() as connection:
        ledger.lock(connection, LOCK)
        names = incident_batches.known_names(connection, asked.repo, asked.how.now)
        known = incident_batches.find_by_keys(connection, records)
        said = incidents.read_statements(connection, (one.incident_id for one in known.values()))
        before = {key: said[one.incident_id] for key, one in known.items()}
        news = _news(records, before, names, asked, report)
        report.written = not (asked.strict and report.rejected)
        if report.written:
            new = sorted(
                (key for key in news if key not in known), key=lambda key: opened_at(records[key], asked.how.now)
            )
            known |= incident_batches.insert_incidents(connection, new, asked.how.now)
            incidents.add_statements_to_many(
                connection, [(known[key].incident_id, one) for key, told in news.items() for one in told.said]
            )
    for key, told in news.items():
        outcome: Outcome = "added" if key not in before else "updated" if told.said else "unchanged"
        report.taken.append(Taken(key, outcome, told, known.get(key)))
    return report


def _news(
    records: Mapping[str, IncidentRecord],
    before: Mapping[str, Sequence[Statement]],
    names: KnownNames,
    asked: IncidentImport,
    report: IncidentReport,
) -> dict[str, News]:
    found = {}
    for key, record in records.items():
        try:
            found[key] = news_of(record, before.get(key, ()), names, asked.how)
        except ImpossibleRecordError as error:
            report.rejected.append(RejectedIncident(f"{asked.file}: {record.key}", "it", str(error)))
    return found


def import_document(report: IncidentReport, *, dry_run: bool) -> dict[str, Any]:
    """The document of `incident import --format json`, without its schema number."""
    return {
        "read": len(report.taken) + len(report.rejected) - report.files_left_out,
        "files_left_out": report.files_left_out,
        "added": report.many("added"),
        "updated": report.many("updated"),
        "unchanged": report.many("unchanged"),
        "written": report.written and not dry_run,
        "entries": sum(one.kind == "entry" for taken in report.taken for one in taken.news.said),
        "unknown_components": len({name for one in report.taken for name in one.news.unknown_components}),
        "unknown_regions": len({name for one in report.taken for name in one.news.unknown_regions}),
        "incidents": [
            {
                "key": one.incident.id if one.incident is not None and not dry_run else None,
                "given_key": one.key,
                "outcome": one.outcome,
            }
            for one in report.taken
            if one.outcome != "unchanged"
        ],
        "kept_by_hand": [
            {"key": one.incident.id if one.incident is not None else None, "kind": kind, "subject": subject or None}
            for one in report.taken
            for kind, subject in one.news.kept
        ],
        "rejected": [{"place": one.place, "field": one.field, "reason": one.reason} for one in report.rejected],
    }
