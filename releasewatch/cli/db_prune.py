"""`releasewatch db prune`: what no document can be asked for any more, taken out of the ledger."""

from __future__ import annotations

import sys
from datetime import datetime

import click

from releasewatch.cli.options import BY, INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.domain.words import counted
from releasewatch.wiring import App


@click.command("prune")
@click.option("--before", type=INSTANT, required=True, metavar="DATE", help="Until when: a day (UTC) or an instant.")
@click.option("--dry-run", is_flag=True, help="Say how many rows it would be; take out nothing.")
@click.option("--yes", is_flag=True, help="It is meant: it cannot be taken back.")
@BY
@common()
def prune(app: App, form: str, before: datetime, dry_run: bool, yes: bool, by: str | None) -> None:
    """Take out what was superseded before a day: what only --known-at of an earlier instant could see.

    That is: facts of the directory, contacts, entitlements, catalogs and products that a later import or deployment
    replaced by then; rejections of imports; notifications that were sent. Deployments, changes, incidents, calls, what
    was told and promised, settings, and every word that a person said stay. No answer changes but to --known-at before
    that day, which is refused from then on, and event export leaves out the counts of customers of deployments recorded
    before it. --at and --since do not need what was taken out.

    Safe to repeat, and to break off: it goes on where it was. Others may write meanwhile. In the end an SQLite file is
    made anew, which takes its size again on the disk for a while.
    """
    from releasewatch.usecases.pruning import PruneRequest, ask_first, prune_ledger

    ask_first(confirmed=yes, dry_run=dry_run)
    ledger = app.ledger
    asked = PruneRequest(before, app.now, by or app.actor, dry_run=dry_run)
    try:
        document = prune_ledger(ledger, asked, _Progress(app))
    finally:
        ledger.close()
    if form == "json":
        emit_json(document)
        return
    words = "Would be taken out" if dry_run else "Taken out"
    emit_line(f"{document['ledger']}: {words}: {counted(document['total'], 'row')} superseded before {_day(document)}.")
    for table, many in document["rows"].items():
        emit_line(f"  {table}: {many:,}")
    if app.quiet:
        return
    if dry_run:
        say("Nothing was changed. Deployments, incidents, calls and what people said stay in any case.")
    elif document["left"] is not None:
        say(document["left"])


def _day(document: dict[str, str]) -> str:
    return document["before"].removesuffix("T00:00:00Z")


class _Progress:
    """Tells on a terminal how far it is."""

    def __init__(self, app: App) -> None:
        self._shown = sys.stderr.isatty() and not app.quiet
        self._many = 0

    def __call__(self, many: int) -> None:
        self._many += many
        if self._shown:
            say(f"{counted(self._many, 'row')} taken out …")
