"""`releasewatch call import`: a filled call list is read back, once."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, one_line, say
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.filled_calls import FilledCall, Refused
    from releasewatch.integrations.filled_list import FilledList
    from releasewatch.usecases.call_import import FilledReport

_PRINTED = 20
_MOST = 64 << 20
"""Bytes of a list on standard input; a file may be as large as a directory's."""


@click.command("import")
@click.argument("path", metavar="FILE|-", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--strict", is_flag=True, help="Import nothing, and exit with 1, when a row is rejected.")
@click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")
@BY
@common()
def import_(app: App, form: str, path: Path, strict: bool, dry_run: bool, by: str | None) -> int:
    """Read a filled call list back, XLSX or CSV, - for stdin: each filled row is noted as by `call log`.

    FILE is what `call render --format xlsx` (or csv) wrote, filled in, saved by any program; FILE.xlsx#SHEET names a
    sheet. Columns may have been added, moved, sorted or removed, but for call and disposition; a row in which nothing
    is filled in was not worked on. Days as 2026-12-31 or 31.12.2026, times as 2026-12-31 14:30 in the zone of TZ;
    columns at, channel and quote may be added. What they were told is what the list said when it was made.

    Importing the same again changes nothing. A row that cannot be taken over (a word that is not known, a call that
    somebody else made or holds) is named with what to do, and the others are imported.
    """
    from releasewatch.cli.call import planning
    from releasewatch.integrations.filled_list import open_filled
    from releasewatch.usecases.call_import import import_filled, report_document

    who = by or app.actor
    with _as_file(path) as file:
        filled = open_filled(file)
        read, rows = _read(app, filled)
    ledger = app.rehearsal() if dry_run else app.ledger
    try:
        report = import_filled(ledger, rows, who, planning(app), strict=strict)
    finally:
        ledger.close()
    looking = app.looking(None)
    if form == "json":
        keys = {one.customer: looking.key(one.customer) for one in report.added}
        emit_json({"rows": read, **report_document(report, keys, dry_run=dry_run)})
    else:
        _show(filled.place, read, report)
    _say(app, filled, report, dry_run=dry_run)
    return exit_codes.DONE if report.written else exit_codes.FAILED_AS_ASKED


@contextmanager
def _as_file(path: Path) -> Iterator[Path]:
    """The file, or what comes on stdin as one for its owner alone, which is gone afterwards."""
    if path != Path("-"):
        yield path
        return
    content = sys.stdin.buffer.read(_MOST + 1)
    if len(content) > _MOST:
        raise InvalidCallError("Standard input is larger than a call list can be.", "Name the file.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "list")
        file.write_bytes(content)
        try:
            yield file
        except InvalidCallError as error:
            raise InvalidCallError(error.message.replace(str(file), "Standard input"), error.hint) from error


def _read(app: App, filled: FilledList) -> tuple[int, list[FilledCall | Refused]]:
    """How many rows there are, and those that somebody filled in."""
    from releasewatch.domain.filled_calls import Refused, call_id, is_filled, read_filled

    read = 0
    found: list[FilledCall | Refused] = []
    for row in filled.rows():
        read += 1
        call = call_id(row.cells.get("call", ""))
        if row.damage:
            found.append(Refused(row.number, call, "", row.damage))
        elif row.broken:
            reason = "holds a formula that has no value: write what it was to say"
            found.append(Refused(row.number, call, row.broken[0], reason))
        elif is_filled(row.cells):
            found.append(read_filled(row.number, row.cells, app.zone, app.now))
    return read, found


def _show(place: str, read: int, report: FilledReport) -> None:
    noted, known, refused = len(report.added), report.unchanged, len(report.refused)
    counts = [f"{noted} noted"] if report.written else []
    counts += [f"{known} known already"] if known else []
    counts += [f"{refused} rejected"] if refused else []
    emit_line(f"{counted(read, 'row')} read, {report.filled} filled in: {', '.join(counts)}.")
    for one in report.refused[:_PRINTED]:
        words = " ".join(filter(None, (one.column, one.reason)))
        emit_line(one_line(f"  {place} {one.number}{f' ({one.call})' if one.call else ''}: {words}"))
    if refused > _PRINTED:
        emit_line(f"  … {refused} rejected in all; --format json lists them.")


def _say(app: App, filled: FilledList, report: FilledReport, *, dry_run: bool) -> None:
    if app.quiet:
        return
    for note in filled.notes:
        say(note)
    for one in report.noticed[:_PRINTED]:
        say(f"{one.call}: {one.text}.")
    for name, version, newest in report.older:
        say(f"The list of {name} is version {version}; there is a version {newest} by now. Render it anew.")
    if not report.written:
        say("Nothing was imported: --strict stops at what is rejected.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")
