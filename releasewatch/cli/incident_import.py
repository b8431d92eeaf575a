"""`releasewatch incident import`: incidents that another tool wrote down, from a file or stdin; safe to repeat."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, one_line, say
from releasewatch.domain.words import counted
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.incident_import import IncidentReport

SOURCES = ("gcp", "cstate", "pagerduty", "csv")

_PRINTED = 20


@click.command("import")
@click.argument("path", metavar="FILE|-", type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option(
    "--source",
    type=click.Choice(SOURCES),
    help="What it is: Google Cloud's incidents.json, issues of cState, PagerDuty's incidents, a CSV table; "
    "left out: whatever it looks like.",
)
@click.option("--strict", is_flag=True, help="Import nothing, and exit with 1, when anything is rejected.")
@click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")
@BY
@common()
def import_(app: App, form: str, path: Path, source: str | None, strict: bool, dry_run: bool, by: str | None) -> int:
    """Take over incidents that another tool wrote down: from a file, a folder of files, or - for stdin.

    The same key is the same incident. Importing again adds what the file says anew, and nothing else; what somebody
    corrected here by hand stays as it is. Public updates of a status page go into the timeline for customers, notes for
    engineering. Names that the ledger does not know, and whatever else has no place, are kept as attributes.

    A CSV table has the columns key, title, severity and started_at, and may have ended_at, opened_at, resolved_at,
    status, components, regions (; between) and url.
    """
    from releasewatch.domain.incident_import import Importing
    from releasewatch.integrations.incidents import read_incidents
    from releasewatch.usecases.incident_import import IncidentImport, import_incidents

    name = "standard input" if path == Path("-") else str(path)
    repo = app.repo if app.history_or_none is not None else None
    asked = IncidentImport(Importing(app.now, by or app.actor), name, repo, strict)
    ledger = app.rehearsal() if dry_run else app.ledger
    try:
        report = import_incidents(ledger, read_incidents(path, source), asked)
    finally:
        ledger.close()
    _show(app, report, form, dry_run=dry_run)
    return exit_codes.DONE if report.written else exit_codes.FAILED_AS_ASKED


def _show(app: App, report: IncidentReport, form: str, *, dry_run: bool) -> None:
    from releasewatch.usecases.incident_import import import_document

    document = import_document(report, dry_run=dry_run)
    if form == "json":
        emit_json(document)
    else:
        counts = [f"{document[name]} {name}" for name in ("added", "updated", "unchanged")]
        rejected = len(report.rejected) - report.files_left_out
        counts += [f"{rejected} rejected"] if rejected else []
        files = f"; {counted(report.files_left_out, 'file')} left out" if report.files_left_out else ""
        emit_line(f"{counted(document['read'], 'incident')} read: {', '.join(counts)}{files}.")
        for one in report.rejected[:_PRINTED]:
            emit_line(one_line(f"  {one.place}: {one.field} {one.reason}"))
        if len(report.rejected) > _PRINTED:
            emit_line(f"  … {len(report.rejected)} rejected in all; --format json lists them.")
    if app.quiet:
        return
    for what in ("component", "region"):
        if document[f"unknown_{what}s"]:
            names = counted(document[f"unknown_{what}s"], f"name of a {what}", f"names of {what}s")
            say(f"The ledger does not know {names}: kept as attributes.")
    for kept in document["kept_by_hand"][:_PRINTED]:
        subject = f" {kept['subject']}" if kept["subject"] else ""
        say(f"{kept['key']}: {kept['kind']}{subject} stays as somebody said by hand; the file says otherwise.")
    if not report.written:
        say("Nothing was imported: --strict stops at what is rejected.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")
