"""`releasewatch freeze`: the days on which nothing should go out, and for whom."""

from __future__ import annotations

from pathlib import Path

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import OUTPUT, common
from releasewatch.cli.output import emit, emit_json, emit_line, emit_table, one_line, say
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

_PRINTED = 20


@click.group()
def command() -> None:
    """Days on which nothing should go out: the rule `freeze` of deployment plan."""


@command.command("import")
@click.argument("file", type=OUTPUT, required=False)
@click.option("--accept-ending", type=WholeNumber(min=0), default=0, metavar="N", help="Let up to N freezes end.")
@click.option("--strict", is_flag=True, help="Import nothing, and exit with 1, when any row is rejected.")
@click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")
@common()
def import_(app: App, form: str, file: Path | None, accept_ending: int, strict: bool, dry_run: bool) -> int:
    """Import the freezes of customers (CSV or XLSX: customer, from, to, reason; days, both included, in UTC).

    Without FILE that of [freezes] in the settings. What the file does not hold any more has ended.
    """
    from releasewatch.usecases.freezes import import_freezes

    configured = app.config.tables.freezes.file
    if file is None and configured is None:
        raise InvalidCallError(
            "No file of freezes is named.", 'Name it here, or in the settings: [freezes] file = "freezes.csv"'
        )
    app.rehearse = dry_run
    ledger, path = app.ledger, file or app.config.resolve(configured or "")
    try:
        report = import_freezes(ledger, path, app.now, accept_ending=accept_ending, strict=strict)
    finally:
        ledger.close()
    numbers = ("read", "added", "ended", "unchanged")
    values = {name: getattr(report, name) for name in numbers}
    if form == "json":
        rejected = [
            {"file": str(path), "line": line, "column": column or None, "reason": reason}
            for line, column, reason in report.rejected
        ]
        made = {"file": str(path), "written": report.written and not dry_run, **values, "notes": [*report.file.notes]}
        emit_json({"import": made, "rejected": rejected, "dry_run": dry_run})
    else:
        columns = (*numbers, "rejected")
        lines = {line for line, _, _ in report.rejected}
        emit_table(columns, [[str(one) for one in (*values.values(), len(lines))]], right=columns)
        for line, column, reason in report.rejected[:_PRINTED]:
            emit(one_line(f"{path}:{line}: {column + ' ' if column else ''}{reason}") + "\n")
        if not app.quiet:
            _say(report.file.notes, written=report.written, dry_run=dry_run)
    return exit_codes.DONE if report.written else exit_codes.FAILED_AS_ASKED


def _say(notes: tuple[str, ...], *, written: bool, dry_run: bool) -> None:
    for note in notes:
        say(note)
    if not written:
        say("Nothing was imported: --strict stops at rejected rows.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")


@command.command("list")
@click.option("--limit", type=WholeNumber(1, 10_000), default=100, show_default=True, help="How many of customers.")
@common(reveal=True, reads=True)
def list_(app: App, form: str, reveal: str | None, limit: int) -> None:
    """List the freezes that are not over: the organisation's ([freezes.days]), then those of customers."""
    from releasewatch.usecases.freezes import list_coming
    from releasewatch.wiring.gates import freezes_of

    level = app.level(reveal, None)
    opaque = app.config.tables.privacy.keys == "opaque"
    items = list_coming(app.ledger, freezes_of(app.config.tables), app.now.date(), limit, level, opaque=opaque)
    if level < Reveal.KEYS and not app.quiet:
        say("This is a public repository: no customer is shown.")
    if form == "json":
        emit_json({"freezes": items, "next_cursor": None})
    elif items:
        emit_table(
            ("whose", "from", "to", "reason"),
            [
                [
                    " ".join(filter(None, (one["customer"], f"({one['name']})" if one["name"] else "")))
                    if one["customer"]
                    else f"ours: {one['name']}",
                    one["from"],
                    one["to"],
                    "withheld" if "reason" in one["withheld"] else one["reason"] or "",
                ]
                for one in items
            ],
        )
    else:
        emit_line("No freeze is on or to come.")
