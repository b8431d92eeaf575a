"""`releasewatch report calls`: did we call first?"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, say, stream_to
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_both
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from typing import TextIO

    from releasewatch.domain.call_report import By
    from releasewatch.usecases.incident_contacts import Asking

_USUAL = timedelta(days=90)


@click.command("calls")
@click.option("--incident", metavar="KEY", help="Only this incident, whenever it was.")
@click.option("--since", type=INSTANT, metavar="T", help="Incidents whose impact began from here (default 90 days) …")
@click.option("--until", type=INSTANT, metavar="T", help="… to here; default now.")
@click.option(
    "--by",
    type=click.Choice(["incident", "person", "team", "month", "week"]),
    help="A row for each of these; a person is who keeps the customer today.",
)
@common(("table", "html", "json"), output=True, reveal=True, reads=True)
def calls(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    incident: str | None,
    since: datetime | None,
    until: datetime | None,
    by: By | None,
) -> None:
    """Did we call first? Of incidents: how many customers we told before they told us, how fast, and what is open.

    Told is a talk, or a mail that was sent. Affected (somebody said so) and presumed customers stand apart; those
    possibly hurt are left out. A figure about which there are no facts is not known, and --format json says why.
    """
    from releasewatch.cli.call_output import refuse_if_public
    from releasewatch.usecases.call_report import CallReportRequest, report_calls

    if incident is not None and (since is not None or until is not None):
        raise InvalidCallError("An incident and a period are asked for.", "Give --incident, or --since and --until.")
    level = app.level(reveal, output)
    refuse_if_public(app, reveal, level)
    if by == "person" and level < Reveal.NAMES:
        raise RefusedError(
            "Who keeps which customers may not be shown here.", "Take --by team, or see who may: --reveal names"
        )
    until = until or app.now
    asked = CallReportRequest(since or until - _USUAL, until, by, incident)
    document = report_calls(app.ledger, asked, asking_of(app), names=level >= Reveal.NAMES)
    with stream_to(output) as stream:
        if form == "json":
            emit_json(document, stream)
        elif form == "html":
            from releasewatch.rendering.documents import render_call_report

            stream.write(render_call_report(document))
        else:
            _show(app, document, stream)
    if output is not None and not app.quiet:
        say(f"Written: {output}")


def asking_of(app: App) -> Asking:
    """How incidents are looked at, by the settings."""
    from releasewatch.usecases.incident_contacts import Asking

    tables = app.config.tables
    return Asking(
        app.now,
        app.calling_hours,
        {key: one.without_entitlement for key, one in tables.directory.items()},
        timedelta(minutes=tables.calling.escalate_after),
    )


def _show(app: App, document: dict[str, Any], stream: TextIO) -> None:
    from releasewatch.rendering.report_views import CALL_HEADINGS, call_cells, group_name, summary_of

    by = document["by"] or ""
    if document["incident"]:
        about = str(document["incident"])
    else:
        about = " to ".join(
            format_both(datetime.fromisoformat(document[name]), app.zone) for name in ("since", "until")
        )
    emit_line(f"Did we call first? {about}. {summary_of(document['total'])}", stream)
    rows = [(group_name(row, by), *call_cells(row)) for row in document["rows"]]
    emit_table((by, *CALL_HEADINGS), [*rows, ("all", *call_cells(document["total"]))], stream=stream)
    if not app.quiet:
        say("Times are medians from the start of the impact to when each was told; behind each figure its facts.")
