"""`releasewatch event export`: what the ledger knows, as CDEvents for other tools; counts and keys alone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from releasewatch.cli.choosing import chosen_deployment
from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_jsonl, say, stream_to
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

_PRINTED = 5


@click.command("export")
@click.option("--since", type=INSTANT, metavar="T", help="What happened from then on; default: everything.")
@click.option("--until", type=INSTANT, metavar="T", help="And before then.")
@click.option("--deployment", metavar="ID", help="Only what is about this one: D-12, a key, its beginning, or last.")
@click.option("--incident", metavar="INC", help="Only what is about this one: INC-7 or its key.")
@common(("jsonl", "json"), output=True, reads=True)
def export(
    app: App,
    form: str,
    output: Path | None,
    since: datetime | None,
    until: datetime | None,
    deployment: str | None,
    incident: str | None,
) -> None:
    """Tell others what happened, as CDEvents 0.5.1 in CloudEvents, in order of time.

    Service deployed, upgraded, rolledback and removed; incident detected, reported (with a ticket) and resolved; and of
    our own dev.cdeventsx.releasewatch-exposure.counted and -calllist.ready. The same fact has the same source and id
    however often it is told. They hold keys of components, counts of customers, and no text that a person wrote.
    """
    from releasewatch.usecases.event_export import ExportRequest, exported_events

    if since is not None and until is not None and since >= until:
        raise InvalidCallError("--until is not after --since.", "Check both.")
    found = chosen_deployment(app, deployment, None, None) if deployment is not None else None
    asked = ExportRequest(
        deployment_id=None if found is None else found.row.deployment_id,
        incident_id=None if incident is None else _number_of(app, incident),
        without_entitlement={key: one.without_entitlement for key, one in app.config.tables.directory.items()},
        **{name: at for name, at in (("since", since), ("until", until)) if at is not None},
    )
    with exported_events(app.ledger, asked) as told:
        with stream_to(output) as stream:
            if form == "json":
                left_out = [{"facts": list(those), "reason": why} for why, those in told.left_out.items()]
                emit_json({"events": list(told.events), "left_out": left_out, "next_cursor": None}, stream)
            else:
                emit_jsonl(told.events, stream)
        if app.quiet:
            return
        say(f"{counted(len(told.events), 'event')}.")
        for why, those in told.left_out.items():
            names = ", ".join(those[:_PRINTED]) + (", …" if len(those) > _PRINTED else "")
            say(f"{len(those)} not told, because {why}: {names}.")


def _number_of(app: App, ref: str) -> int:
    from releasewatch.usecases.event_export import find_incident

    return find_incident(app.ledger, ref)
