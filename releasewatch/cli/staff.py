"""`releasewatch staff`: our people, who is away, and who keeps the customers of those who left."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import BY, DAY, OUTPUT, common
from releasewatch.cli.output import emit, emit_json, emit_line, emit_table, one_line, say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.staff import StaffReport

_PRINTED = 20


@click.group()
def command() -> None:
    """Our people: account managers, on-call, leads; absence and hand-over."""


@command.command("import")
@click.argument("file", type=OUTPUT, required=False)
@click.option(
    "--snapshot/--changes",
    "snapshot",
    default=True,
    show_default=True,
    help="Who is missing from a snapshot has left; changes only add and change.",
)
@click.option("--accept-ending", type=WholeNumber(min=0), default=0, metavar="N", help="Let up to N people go.")
@click.option("--strict", is_flag=True, help="Import nothing, and exit with 1, when any row is rejected.")
@click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")
@common()
def import_(
    app: App, form: str, file: Path | None, snapshot: bool, accept_ending: int, strict: bool, dry_run: bool
) -> int:
    """Import the staff file (CSV: key, name, email, team, languages, timezone, manager, away_from, away_to, left_on).

    Without FILE that of [staff] in the settings. What `staff leave` said by hand stays.
    """
    from releasewatch.usecases.staff import import_staff

    configured = app.config.tables.staff.file
    if file is None and configured is None:
        raise InvalidCallError(
            "No staff file is named.", 'Name it here, or in the settings: [staff] file = "staff.csv"'
        )
    app.rehearse = dry_run
    ledger = app.ledger
    try:
        report = import_staff(
            ledger,
            file or app.config.resolve(configured or ""),
            app.now,
            mode="snapshot" if snapshot else "changes",
            accept_ending=accept_ending,
            strict=strict,
        )
    finally:
        ledger.close()
    if form == "json":
        emit_json(_document(report, dry_run=dry_run))
    else:
        _show(app, report, dry_run=dry_run)
    return exit_codes.DONE if report.written else exit_codes.FAILED_AS_ASKED


def _document(report: StaffReport, *, dry_run: bool) -> dict[str, Any]:
    return {
        "import": {
            "file": str(report.file.path),
            "written": report.written and not dry_run,
            "read": report.read,
            "added": report.added,
            "changed": report.changed,
            "left": report.left,
            "unchanged": report.unchanged,
            "unknown_managers": report.unknown_managers,
            "notes": list(report.file.notes),
        },
        "rejected": [
            {"file": str(report.file.path), "line": line, "column": column or None, "reason": reason}
            for line, column, reason in report.rejected
        ],
        "dry_run": dry_run,
    }


def _show(app: App, report: StaffReport, *, dry_run: bool) -> None:
    numbers = ("read", "added", "changed", "left", "unchanged", "rejected")
    rejected = len({line for line, _, _ in report.rejected})
    values = (report.read, report.added, report.changed, len(report.left), report.unchanged, rejected)
    emit_table(numbers, [[str(value) for value in values]], right=numbers)
    for line, column, reason in report.rejected[:_PRINTED]:
        emit(one_line(f"{report.file.path}:{line}: {column + ' ' if column else ''}{reason}") + "\n")
    if app.quiet:
        return
    for note in report.file.notes:
        say(f"{report.file.path}: {note}")
    if report.left:
        gone = ", ".join(report.left)
        say(f"Not in the file any more, so they have left: {gone}. Hand over: staff leave KEY --to KEY")
    if report.unknown_managers:
        say(f"Managers who are not among the staff: {', '.join(report.unknown_managers)}")
    if not report.written:
        say("Nothing was imported: --strict stops at rejected rows.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")


@command.command("list")
@common(("table", "json"), reveal=True, reads=True)
def list_(app: App, form: str, reveal: str | None) -> None:
    """List our people: who is here, away or gone, and how many customers each of them keeps.

    Customers of who has left are kept by the successor that `staff leave` named; without one nobody keeps them, and
    they stand first in call documents.
    """
    from releasewatch.usecases.staff import count_unowned, list_staff

    level = app.level(reveal, None)
    items = list_staff(app.ledger, app.now)
    unowned = count_unowned(app.ledger, app.now)
    if level < Reveal.NAMES:
        items = [{**item, "name": None, "email": None, "withheld": ["name", "email"]} for item in items]
    else:
        items = [{**item, "withheld": []} for item in items]
    if form == "json":
        nobody = [{"because": reason, "customers": many} for reason, many in unowned.items()]
        emit_json({"staff": items, "unowned": nobody, "next_cursor": None})
        return
    if items:
        emit_table(
            ("key", "name", "team", "languages", "state", "until", "manager", "customers"),
            [
                [
                    item["key"],
                    item["name"] or "withheld",
                    item["team"] or "",
                    ", ".join(item["languages"]),
                    item["state"] + (f", to {item['successor']}" if item["successor"] else ""),
                    (item["left_on"] if item["state"] == "left" else item["away_to"]) or "",
                    item["manager"] or "",
                    str(item["customers"]),
                ]
                for item in items
            ],
            right=("customers",),
        )
    else:
        emit_line("Nobody: no staff file was imported. Every account manager is taken as the directory names them.")
    for reason, many in unowned.items():
        emit_line(f"{counted(many, 'customer')} kept by nobody: {reason}.")


@command.command("leave")
@click.argument("staff", metavar="KEY")
@click.option("--to", "successor", default="", metavar="KEY", help="Who keeps their customers from that day on.")
@click.option("--on", "day", type=DAY, metavar="DATE", help="The first day on which they are gone; default today.")
@click.option("--undo", is_flag=True, help="Take back what was said: the staff file counts again.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with it.")
@click.option("--dry-run", is_flag=True, help="Show what would change hands; nothing is kept.")
@BY
@common()
def leave_(
    app: App,
    form: str,
    staff: str,
    successor: str,
    day: datetime | None,
    undo: bool,
    why: str,
    dry_run: bool,
    by: str | None,
) -> None:
    """State that somebody leaves, and hand over their customers, the calls they hold and what they promised.

    Without --to their calls are anybody's, and customers and promises nobody's. No import undoes it. A promise counts
    as kept once its customer was reached, or written to, on its day or later. --undo gives back customers and promises;
    calls stay where they are.
    """
    from releasewatch.usecases.staff import come_back, leave

    recorded_by = by or app.actor
    app.rehearse = dry_run
    ledger = app.ledger
    if undo:
        if successor or day is not None:
            raise InvalidCallError(
                "--undo takes back what was said; it has no day and no successor.", "Leave them out."
            )
        done = come_back(ledger, staff, app.now, why=why, recorded_by=recorded_by)
    else:
        on: date = day.date() if day is not None else app.now.date()
        done = leave(ledger, staff, on, successor, app.now, why=why, recorded_by=recorded_by)
    ledger.close()
    looking = app.looking(None)
    keys = [looking.key(one.customer) if looking.reveal >= Reveal.KEYS else None for one in done.promises]
    if form == "json":
        emit_json(
            {
                "staff": done.staff,
                "left_on": done.left_on.isoformat() if done.left_on else None,
                "kept_by": done.successor or None,
                "customers": done.customers,
                "calls": [f"C-{number}" for number in done.calls],
                "promises": [
                    {"call": f"C-{one.call_id}", "customer": key, "due_on": one.due_on.isoformat()}
                    for one, key in zip(done.promises, keys, strict=True)
                ],
                "withheld": ["customer"] if None in keys else [],
                "dry_run": dry_run,
            }
        )
        return
    gone = f"is gone from {done.left_on}" if done.left_on else "is here"
    keeper = f"kept by {done.successor}" if done.successor else "kept by nobody and stand first in call documents"
    emit_line(f"{done.staff} {gone}. {counted(done.customers, 'customer')}: {keeper}.")
    if done.calls:
        held = f"held by {done.successor} now" if done.successor else "held by nobody now"
        emit_line(f"{counted(len(done.calls), 'call')} {held}: {', '.join(f'C-{one}' for one in done.calls)}.")
    if done.promises:
        whose = f"to be kept by {done.successor}" if done.successor else "of whom nobody keeps them; name one with --to"
        emit_line(f"{counted(len(done.promises), 'promise')} not kept yet, {whose}:")
        for one, key in zip(done.promises, keys, strict=True):
            emit_line(f"  {one.due_on}: C-{one.call_id}{f', {key}' if key else ''}")
    if dry_run and not app.quiet:
        say("Nothing was kept: this was a rehearsal.")
