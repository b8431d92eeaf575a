"""`releasewatch event`: CDEvents, taken from other tools and told to them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.event_export import export
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, one_line, say
from releasewatch.domain.words import counted
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.domain.events import GivenEvent
    from releasewatch.usecases.event_deployments import Importing
    from releasewatch.usecases.event_import import EventReport

_PRINTED = 20

_WORDS = (
    ("recorded", "deployment recorded", "deployments recorded"),
    ("change", "recorded as a change without git", "recorded as changes without git"),
    ("rolled_back", "rollback", "rollbacks"),
    ("opened", "incident opened", "incidents opened"),
    ("updated", "incident updated", "incidents updated"),
    ("resolved", "incident resolved", "incidents resolved"),
    ("reopened", "incident re-opened", "incidents re-opened"),
    ("already_taken", "taken before", "taken before"),
)


@click.group()
def command() -> None:
    """CDEvents: taken from other tools, and told to them."""


command.add_command(export)


@command.command("import")
@click.argument("path", metavar="FILE|-", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--strict", is_flag=True, help="Take nothing, and exit with 1, when any event cannot be taken.")
@click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")
@BY
@common()
def import_(app: App, form: str, path: Path, strict: bool, dry_run: bool, by: str | None) -> int:
    """Take events of other tools: one CDEvent or CloudEvent in JSON, a list of them, or one a line; - is stdin.

    Service deployed and upgraded are recorded as deployments, rolledback as a rollback; incident detected, reported and
    resolved open an incident, add to it and resolve it (CDEvents 0.3 to 0.6). The same source and id is the same event.
    Every other type is refused by name. A service is a component by its key or title. Its commit is that of the
    release, recorded or tagged, which the artifact names; where none is known, a change without git is recorded.
    """
    from releasewatch.integrations.event_files import read_events
    from releasewatch.usecases.event_import import import_events

    given, how = read_events(path), _importing(app, by or app.actor)
    if strict or dry_run:
        report = _rehearsed(app, given, how)
        report.written = not (strict and not report.is_whole)
    if not dry_run and (not strict or report.written):
        try:
            report = import_events(app.ledger, given, how)
        finally:
            app.ledger.close()
    _show(app, report, form, dry_run=dry_run)
    return exit_codes.DONE if report.written else exit_codes.FAILED_AS_ASKED


def _rehearsed(app: App, given: Sequence[GivenEvent], how: Importing) -> EventReport:
    from releasewatch.usecases.event_import import import_events

    ledger = app.rehearsal()
    try:
        return import_events(ledger, given, how)
    finally:
        ledger.close()


def _importing(app: App, by: str) -> Importing:
    from releasewatch.cli.recording import settings_in_force
    from releasewatch.usecases.event_deployments import Importing
    from releasewatch.wiring import mapper_of

    app.fetch_missing = False

    @cache
    def settings_of(environment: str) -> Mapping[str, Any]:
        return settings_in_force(app, environment)

    @cache
    def tags() -> Mapping[str, str]:
        return {tag.name: tag.sha for tag in app.history.tags() if tag.sha is not None}

    clone = app.surroundings() if app.history_or_none is not None else None
    environments = frozenset(app.config.tables.environments)
    return Importing(app.now, by, settings_of, mapper_of, environments, clone, tags)


def _show(app: App, report: EventReport, form: str, *, dry_run: bool) -> None:
    from releasewatch.usecases.event_import import import_document

    if form == "json":
        emit_json(import_document(report, dry_run=dry_run))
    else:
        _show_counts(report)
    if app.quiet:
        return
    if report.many("change"):
        say("Nothing says what a change without git changed: whoever uses the component is exposed. To know more,")
        say("let the build record its release under a name or commit of the artifact: releasewatch release record")
    for one in report.taken[:_PRINTED]:
        if one.stays:
            say(f"{one.ref} stays {one.stays}, as a person said; the event says otherwise.")
    if not report.written:
        say("Nothing was taken: --strict stops at what cannot be.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")


def _many(report: EventReport, outcome: str) -> int:
    """Of new deployments how many, in whatever number of events they were told; else how many events."""
    return report.things(outcome) if outcome in ("recorded", "change", "rolled_back") else report.many(outcome)


def _show_counts(report: EventReport) -> None:
    counts = [counted(many, one, several) for name, one, several in _WORDS if (many := _many(report, name))]
    refused = sum(report.refused.values())
    counts += [f"{refused} refused"] if refused else []
    counts += [f"{len(report.rejected)} rejected"] if report.rejected else []
    emit_line(f"{counted(report.read, 'event')} read: {', '.join(counts) or 'nothing in it'}.")
    for (type_, why), many in sorted(report.refused.items()):
        emit_line(one_line(f"  refused: {type_} ({why}){f', {many} times' if many > 1 else ''}"))
    for one in report.rejected[:_PRINTED]:
        emit_line(one_line(f"  {one.place}: {one.reason}. {one.hint}".rstrip()))
    if len(report.rejected) > _PRINTED:
        emit_line(f"  … {len(report.rejected)} rejected in all; --format json lists them.")
