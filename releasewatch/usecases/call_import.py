"""Reading a filled call list back: each filled row becomes an attempt, once, by the person whose list it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from releasewatch.domain.call_sheets import AS_OF, VERSION
from releasewatch.domain.erasure import forgotten_key
from releasewatch.domain.filled_calls import FilledCall, Refused
from releasewatch.domain.privacy import opaque_key
from releasewatch.domain.times import format_utc
from releasewatch.errors import AmbiguousNameError, InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import call_attempts, call_facts, call_lists, calls, customer_refs, merges
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import all_or_nothing
from releasewatch.usecases.call_attempts import Noted, lock_attempts, note_attempt
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_work import WITHDRAWN_MEANWHILE, Worked, get_call, has_joined

_LISTS: Mapping[str, Callable[[int], calls.ListOf]] = {
    "INC": lambda number: calls.ListOf(incident_id=number),
    "D": lambda number: calls.ListOf(deployment_id=number),
    "H": lambda number: calls.ListOf(coming_id=number),
}
_MINUTE = timedelta(minutes=1)
"""Sheets that were written by older versions tell the second alone."""
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)

WITHHELD = "withheld"
"""What a list says where its channel showed less."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """Something to know of a row that was taken over."""

    number: int
    call: str
    text: str


@dataclass(slots=True)
class FilledReport:
    """What came of a filled list. `filled`: how many rows somebody worked on; `unchanged`: those that were read back
    before. `written` False: `strict` stopped it.

    `older`: lists of which there is a newer version by now, as (list, version of the rows, newest one).
    """

    filled: int = 0
    added: list[Worked] = field(default_factory=list)
    unchanged: int = 0
    refused: list[Refused] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)
    older: list[tuple[str, int, int]] = field(default_factory=list)
    written: bool = True


class _StoppedError(Exception):
    """What takes a strict import back."""


class _RowError(Exception):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def import_filled(
    ledger: Ledger, rows: Iterable[FilledCall | Refused], who: str, how: Planning, *, strict: bool = False
) -> FilledReport:
    """Note every filled row as an attempt at its call; rows that cannot be are refused, each with a sentence.

    A row that was read back before, by call, list, version and words, is no attempt of its own. `strict`: nothing is
    kept when anything is refused.
    """
    if not who:
        raise InvalidCallError("It is not known whose list it is.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")
    given = list(rows)
    filled = [row for row in given if isinstance(row, FilledCall)]
    report = FilledReport(len(given), refused=[row for row in given if isinstance(row, Refused)])
    with ledger.write() as connection:
        lock_attempts(ledger, connection, map(_noted, filled))
        first = call_attempts.next_attempt(connection, len(filled)) if filled else 0
        try:
            with all_or_nothing(connection):
                for place, row in enumerate(filled):
                    _take(connection, row, who, how, first + place, report)
                _stop(report, strict=strict)
        except _StoppedError:
            report.written = False
            report.added.clear()
            report.noticed.clear()
        report.older = _older(connection, filled)
    report.refused.sort(key=lambda one: one.number)
    return report


def _stop(report: FilledReport, *, strict: bool) -> None:
    if strict and report.refused:
        raise _StoppedError


def _take(connection: Any, row: FilledCall, who: str, how: Planning, number: int, report: FilledReport) -> None:
    try:
        call = _find_call(connection, row.call)
        _check_customer(connection, call, row)
        _check_version(connection, call, row)
        if call_attempts.came_from(connection, call.customer_id, call.call_id, row.source_key):
            report.unchanged += 1
            return
        _check_standing(connection, call, who, how)
        with all_or_nothing(connection):
            done = note_attempt(connection, row.call, _noted(row), who, how, number)
    except _RowError as error:
        report.refused.append(Refused(row.number, row.call, error.column, str(error)))
    except UnknownNameError:
        reason = "is none of this customer's, by name, e-mail or key: write another one, or empty it"
        report.refused.append(Refused(row.number, row.call, "contact", reason))
    except AmbiguousNameError:
        reason = "may be several of this customer's: write an e-mail or key"
        report.refused.append(Refused(row.number, row.call, "contact", reason))
    except (InvalidCallError, RefusedError) as error:
        report.refused.append(Refused(row.number, row.call, "", error.message.rstrip(".")))
    else:
        report.added.append(done)
        report.noticed.extend(Noticed(row.number, row.call, text) for text in _to_know(done))


def _find_call(connection: Any, ref: str) -> Any:
    try:
        return get_call(connection, ref)
    except UnknownNameError as error:
        reason = "is not in this ledger: was the list made from another one? (--database)"
        raise _RowError("call", reason) from error


def _noted(row: FilledCall) -> Noted:
    contact = row.contact if row.contact != WITHHELD else ""
    return Noted(
        channel=row.channel,
        disposition=row.disposition,
        outcome=row.outcome,
        note=row.note,
        quote=row.quote,
        promise=row.promise,
        due_on=row.due_on,
        next_at=row.next_at,
        at=row.at,
        contact=contact or None,
        listed_at=row.as_of,
        source_key=row.source_key,
    )


def _check_customer(connection: Any, call: Any, row: FilledCall) -> None:
    """A list of another ledger has calls of the same numbers, which are of others."""
    given = row.customer
    members = merges.members_of(connection, call.customer_id)
    keys = set(call_facts.keys_of(connection, members).values())
    if forgotten_key(call.customer_id) in keys:
        raise _RowError("call", "is of a customer who was forgotten: nothing is kept of them")
    if not given or given in keys or given in map(opaque_key, keys) or _is_one_of(connection, given, call.customer_id):
        return
    raise _RowError("call", "is of another customer in this ledger: was the list made from another one? (--database)")


def _check_version(connection: Any, call: Any, row: FilledCall) -> None:
    """Refuse a version that there has not been, and one of before the call: it says nothing of what they were told."""
    if row.list_version and not _NUMBER.fullmatch(row.list_version):
        raise _RowError(VERSION, "is no version's number: put back what the list said there, or empty it")
    if row.as_of is not None and row.as_of + _MINUTE < call.created_at:
        raise _RowError(AS_OF, "is of before the call was planned: put back what the list said there, or empty it")
    found = _versions(connection, row.list, row.list_version)
    if found is not None and found[0] > found[1]:
        reason = f"is {found[0]}, and the newest of that list is {found[1]}: put back what stood there, or empty it"
        raise _RowError(VERSION, reason)


def _is_one_of(connection: Any, given: str, customer_id: UUID) -> bool:
    try:
        found = customer_refs.resolve_customer(connection, given)
    except (UnknownNameError, AmbiguousNameError):
        return False
    return found.customer_id == customer_id or customer_id in merges.members_of(connection, found.customer_id)


def _check_standing(connection: Any, call: Any, who: str, how: Planning) -> None:
    """Refuse what others did meanwhile; a call that was withdrawn may have been made all the same, and is taken."""
    note_it = f"note it: releasewatch call log C-{call.call_id}"
    again = f"if they were called once more, {note_it}"
    when = format_utc(call.closed_at) if call.closed_at is not None else ""
    if call.status == "done" and call.closed_by == who:
        raise _RowError("call", f"is made already: you noted it at {when}; {again}")
    if call.status == "done":
        raise _RowError("call", f"was made meanwhile by somebody else, at {when}; {again}")
    if call.status == "skipped":
        raise _RowError("call", f"was skipped meanwhile, at {when}; if they were called all the same, {note_it}")
    if call.status == "withdrawn" and has_joined(connection, call):
        raise _RowError("call", "joined the call of the customer whom theirs was merged into: write that one's id")
    held = call.claimed_until is not None and call.claimed_until > how.now and call.claimed_by != who
    if call.status == "open" and held:
        until = format_utc(call.claimed_until)
        raise _RowError("call", f"is held by somebody else until {until}: settle it with them, and import again")


def _to_know(done: Worked) -> Sequence[str]:
    found = []
    if done.was == "withdrawn":
        found.append(WITHDRAWN_MEANWHILE)
    if done.not_told:
        what = ", ".join(done.not_told)
        found.append(f"stays open: {what} joined it after the list was made, and they were not told of that")
    if done.no_words:
        found.append(done.stays_open_for)
    if done.marked:
        found.append("the number is marked as wrong")
    return found


def _older(connection: Any, rows: Sequence[FilledCall]) -> list[tuple[str, int, int]]:
    """Which of the lists that rows come from have a newer version."""
    found = []
    for name, version in sorted({(row.list, row.list_version) for row in rows}):
        versions = _versions(connection, name, version)
        if versions is not None and versions[1] > versions[0]:
            found.append((name, *versions))
    return found


def _versions(connection: Any, name: str, version: str) -> tuple[int, int] | None:
    """A version of a list as a number, and the newest that there is; None where it is no list that is known."""
    kind, _, number = name.upper().partition("-")
    if kind not in _LISTS or not all(map(_NUMBER.fullmatch, (number, version))) or not int(number):
        return None
    newest = call_lists.list_version(connection, _LISTS[kind](int(number)))
    return (int(version), newest) if newest is not None else None


def report_document(report: FilledReport, keys: dict[str, str], *, dry_run: bool) -> dict[str, Any]:
    """The report as `call import --format json` gives it; `keys`: customers as the channel may show them."""
    return {
        "filled": report.filled,
        "added": len(report.added),
        "unchanged": report.unchanged,
        "rejected": [
            {"row": one.number, "call": one.call or None, "column": one.column or None, "reason": one.reason}
            for one in report.refused
        ],
        "calls": [
            {
                "id": one.call,
                "customer": keys[one.customer],
                "status": one.status,
                "next_at": None if one.next_at is None else format_utc(one.next_at),
                "number_marked": one.marked,
                "not_told": [*one.not_told, *one.no_words],
            }
            for one in report.added
        ],
        "noticed": [{"row": one.number, "call": one.call, "text": one.text} for one in report.noticed],
        "newer_lists": [
            {"list": name, "list_version": version, "newest": newest} for name, version, newest in report.older
        ],
        "written": report.written,
        "dry_run": dry_run,
    }
