"""Our people: bring the staff file in, list who is here, away or gone, and hand over the customers of who leaves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from releasewatch.domain.customers import Rejected, ending_needs_word
from releasewatch.domain.staff import Leave, Staff, StaffBook
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.integrations.directories.directory_file import DirectoryFile, open_file
from releasewatch.integrations.directories.records import STAFF
from releasewatch.storage import calls, hand_over
from releasewatch.storage import staff as storage

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from pathlib import Path

    from releasewatch.domain.customers import Mode
    from releasewatch.storage.hand_over import OpenPromise
    from releasewatch.storage.ledger import Ledger


@dataclass(slots=True)
class StaffReport:
    """What importing a staff file did. `left`: who is no longer in a snapshot. `written`: False when a row was refused
    and none may be."""

    file: DirectoryFile[Staff]
    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    left: list[str] = field(default_factory=list)
    rejected: list[tuple[int, str, str]] = field(default_factory=list)
    unknown_managers: list[str] = field(default_factory=list)
    written: bool = True


def import_staff(
    ledger: Ledger, path: Path, now: datetime, *, mode: Mode, accept_ending: int = 0, strict: bool = False
) -> StaffReport:
    """Import a staff file in one transaction. Who is missing from a snapshot has left on that day (UTC).

    Raises RefusedError when a snapshot lacks so many that the export may have broken off, InvalidCallError when the
    file cannot be read.
    """
    report = StaffReport(open_file(path, STAFF))
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:staff")
        before = {one.key: one for one in storage.read_staff(connection)}
        stated, kept = _read(report)
        changed = {key: one for key, one in stated.items() if before.get(key) != one}
        report.added = len(changed.keys() - before.keys())
        report.changed = len(changed) - report.added
        report.unchanged = len(stated) - len(changed)
        if mode == "snapshot":
            gone = {key: one for key, one in before.items() if key not in stated and key not in kept}
            left = {key: replace(one, left_on=now.date()) for key, one in gone.items() if one.left_on is None}
            here = sum(1 for one in before.values() if one.left_on is None)
            if ending_needs_word(len(left), here) and len(left) > accept_ending:
                raise RefusedError(
                    f"{path} lacks {len(left):,} of {counted(here, 'person', 'people')}; nothing was changed.",
                    f"Is the export whole? If this is meant: --accept-ending {len(left)}",
                )
            report.left = sorted(left)
            changed |= left
        everybody = before.keys() | stated.keys()
        report.unknown_managers = sorted({one.manager for one in stated.values() if one.manager} - everybody)
        report.written = not (strict and report.rejected)
        if report.written:
            storage.save_staff(connection, (changed[key] for key in sorted(changed)), now)
    return report


def _read(report: StaffReport) -> tuple[dict[str, Staff], set[str]]:
    """The people of a file by key, and the keys of rows that were refused: these keep what is known of them."""
    stated: dict[str, Staff] = {}
    lines: dict[str, int] = {}
    kept: set[str] = set()
    for row in report.file.rows():
        report.read += 1
        if isinstance(row, Rejected):
            kept.add(row.identity.get("key", ""))
            report.rejected += [
                (row.line, report.file.layout.heading(problem.column) if problem.column else "", problem.reason)
                for problem in row.problems
            ]
        elif row.row.key in stated:
            heading = report.file.layout.heading("key")
            report.rejected.append((row.line, heading, f"stands in line {lines[row.row.key]} already"))
        else:
            stated[row.row.key] = row.row
            lines[row.row.key] = row.line
    return stated, kept


def list_staff(ledger: Ledger, now: datetime) -> list[dict[str, Any]]:
    """Everybody by key, who has left last, with how many customers name them and how many they keep by now."""
    day = now.date()
    with ledger.read() as connection:
        everybody = storage.read_staff(connection)
        book = storage.read_book(connection)
        named = storage.count_customers(connection, now)
    kept = _kept(book, named, day)
    found = [_document(one, book, day, named.get(one.key, 0), kept.get(one.key, 0)) for one in everybody]
    return sorted(found, key=lambda item: (item["state"] == "left", item["key"]))


def count_unowned(ledger: Ledger, now: datetime) -> dict[str, int]:
    """The customers whom nobody keeps although an account manager is named: by reason, how many."""
    with ledger.read() as connection:
        book = storage.read_book(connection)
        named = storage.count_customers(connection, now)
    found: dict[str, int] = {}
    for manager, many in sorted(named.items()):
        owner = book.owner(manager, now.date())
        if not owner.key:
            found[owner.note] = found.get(owner.note, 0) + many
    return found


def _kept(book: StaffBook, named: Mapping[str, int], day: date) -> dict[str, int]:
    found: dict[str, int] = {}
    for manager, many in named.items():
        owner = book.owner(manager, day).key
        found[owner] = found.get(owner, 0) + many
    return found


def _document(one: Staff, book: StaffBook, day: date, named: int, kept: int) -> dict[str, Any]:
    left_on = book.left_on(one.key)
    owner = book.owner(one.key, day)
    away = owner.key == one.key and bool(owner.note)
    state = "left" if left_on is not None and left_on <= day else "away" if away else "here"
    return {
        "key": one.key,
        "name": one.name,
        "email": one.email or None,
        "team": one.team or None,
        "languages": list(one.languages),
        "timezone": one.timezone or None,
        "manager": one.manager or None,
        "state": state,
        "away_from": one.away_from.isoformat() if one.away_from else None,
        "away_to": one.away_to.isoformat() if one.away_to else None,
        "left_on": left_on.isoformat() if left_on else None,
        "successor": (owner.key or None) if state == "left" else None,
        "named_by": named,
        "customers": kept,
    }


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What came of somebody's leaving: who keeps their customers from `left_on` on (empty: nobody), and how many.

    `calls`: numbers of those they held, which the successor holds now, or nobody; `promises`: what they promised and is
    still to be kept, now by the successor.
    """

    staff: str
    left_on: date | None
    successor: str
    customers: int
    calls: list[int] = field(default_factory=list)
    promises: list[OpenPromise] = field(default_factory=list)


def leave(
    ledger: Ledger, staff: str, left_on: date, successor: str, now: datetime, *, why: str, recorded_by: str
) -> HandedOver:
    """State that somebody left and who takes over; a staff file does not undo it. The newest statement counts.

    The calls that they hold change hands with it, unless they leave on a later day: a claim lasts for minutes.

    Raises UnknownNameError for a person whom the ledger does not know, InvalidCallError for a successor who has left
    or would hand back.
    """
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:staff")
        ledger.lock(connection, calls.LOCK)
        everybody = storage.read_staff(connection)
        keys = [one.key for one in everybody]
        _check_known(staff, keys)
        book = storage.read_book(connection)
        if successor:
            _check_known(successor, keys)
            if book.owner(successor, left_on).key in ("", staff) or successor == staff:
                raise InvalidCallError(
                    f"{successor} cannot take over from {staff}: on {left_on} they are gone themselves.",
                    "Name somebody who is here: --to KEY.",
                )
        storage.say_left(connection, Leave(staff, left_on, successor), staff, now, why=why, recorded_by=recorded_by)
        many = storage.count_customers(connection, now).get(staff, 0)
        owner = storage.read_book(connection).owner(staff, left_on).key
        names = next((one.key, one.name, one.email) for one in everybody if one.key == staff)
        held = hand_over.calls_held(connection, names, now) if left_on <= now.date() else []
        if held:
            hand_over.give_calls(connection, names, owner, now)
        promises = hand_over.promises_open(connection, names)
    return HandedOver(staff, left_on, owner, many, held, promises)


def come_back(ledger: Ledger, staff: str, now: datetime, *, why: str, recorded_by: str) -> HandedOver:
    """Take back what was said by hand of somebody's leaving: the staff file counts again."""
    with ledger.write() as connection:
        ledger.lock(connection, "releasewatch:staff")
        _check_known(staff, [one.key for one in storage.read_staff(connection)])
        storage.say_left(connection, None, staff, now, why=why, recorded_by=recorded_by)
        book = storage.read_book(connection)
        many = storage.count_customers(connection, now).get(staff, 0)
    return HandedOver(staff, book.left_on(staff), book.owner(staff, now.date()).key, many)


def _check_known(staff: str, keys: list[str]) -> None:
    if staff not in keys:
        near = get_close_matches(staff, keys, n=1)
        hint = f"Did you mean {near[0]}?" if near else "See: releasewatch staff list"
        raise UnknownNameError(f"There is nobody called {staff!r} among our staff.", hint)


def named_for(ledger: Ledger, key: str, now: datetime) -> frozenset[str]:
    """The account managers, as directories name them, whose customers somebody keeps today."""
    with ledger.read() as connection:
        return storage.keepers_of(connection, key, now.date())
