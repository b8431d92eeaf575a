"""`releasewatch config`: the settings in force and their sources; the organisation's, checked, pushed and listed."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, one_line, say
from releasewatch.errors import InvalidCallError, ReleasewatchError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.settings import Pushed

FILE = click.Path(path_type=Path)


@click.group()
def command() -> None:
    """The settings in force, and where each comes from."""


@command.command("show")
@click.option("--version", type=WholeNumber(1), metavar="N", help="What this version of the organisation's says.")
@common()
def show(app: App, form: str, version: int | None) -> None:
    """Show each setting with its value and source: flag, variable, file, organisation, CI or default.

    Secrets are never shown.
    """
    document = _settings_in_force(app) if version is None else _settings_of(app, version)
    if form == "json":
        emit_json(document)
        return
    rows = ((one["key"], _shown(one["value"]), one["source"]) for one in document["settings"])
    emit_table(("setting", "value", "source"), rows)


def _settings_of(app: App, version: int) -> dict[str, Any]:
    from releasewatch.usecases.settings import describe_version

    return describe_version(app.ledger_address.url, version)


def _settings_in_force(app: App) -> dict[str, Any]:
    """A ledger that is away leaves what the organisation says unknown; that is shown, and the rest all the same."""
    from releasewatch.config import OWN, list_settings, with_organisation

    away, config, pushed = "", app.repo_config, None
    try:
        pushed = app.pushed_settings()
    except ReleasewatchError as error:
        away = error.message
    if pushed is not None:
        config = with_organisation(config, pushed)
    if away and not app.quiet:
        say(f"Whether the organisation has settings of its own is not known. {away}")
    items = []
    for one in list_settings(config, app.sources):
        is_unknown = away and one.source == "default" and one.key.partition(".")[0] not in {"config", *OWN}
        source = "not known: the ledger could not be read" if is_unknown else one.source
        items.append({"key": one.key, "value": None if is_unknown else one.value, "source": source})
    return {"settings": items, "settings_version": config.settings_version, "next_cursor": None}


def _shown(value: object) -> str:
    """A value as TOML would write it; nothing for one that is not set."""
    return "" if value is None else json.dumps(value, ensure_ascii=False)


@command.command("check")
@click.argument("file", type=FILE, required=False)
@common()
def check(app: App, form: str, file: Path | None) -> None:
    """Check a file of settings: a repo's own, or (its name begins with organisation) the organisation's; it says which.

    Without FILE, the repo's own and the nearest organisation.toml. What an organisation.toml would change in the ledger
    is shown where the ledger can be read; a repo's own file is checked without it.
    """
    from releasewatch.config import find_organisation_file, is_organisation_file, load_config, organisation_sections

    checked: list[dict[str, Any]] = []
    if file is None:
        found = find_organisation_file(app.cwd)
        if app.config_here.path is None and found is None:
            raise InvalidCallError("There is no configuration here.", "Name a file: releasewatch config check FILE")
        if app.config_here.path is not None:
            checked.append({"file": app.config_here.where, "kind": "repo", **_conflict(app)})
    elif is_organisation_file(file):
        found = app.cwd / file
    else:
        found = None
        config = load_config(app.cwd, file, {})
        checked.append({"file": str(file), "kind": "repo", "organisation_sections": organisation_sections(config)})
    if found is not None:
        checked.append(_checked_organisation(app, found))
    if form == "json":
        emit_json({"files": checked, "next_cursor": None})
        return
    for one in checked:
        whose = "the organisation's" if one["kind"] == "organisation" else "a repo's own"
        emit_line(f"{one['file']}, checked as {whose} settings: nothing wrong.")
        if one["kind"] == "organisation":
            _show_difference(one)


def _conflict(app: App) -> dict[str, Any]:
    """Whether the file stands against what was pushed (which raises); what cannot be looked at is said."""
    from releasewatch.config import organisation_sections, with_organisation

    app.config_here.catalog(app.repo)
    try:
        pushed = app.pushed_settings()
    except ReleasewatchError as error:
        if not app.quiet:
            say(f"Not held against the organisation's settings. {error.message}")
        pushed = None
    if pushed is not None:
        with_organisation(app.config_here, pushed)
    return {"organisation_sections": organisation_sections(app.config_here)}


def _checked_organisation(app: App, path: Path) -> dict[str, Any]:
    from releasewatch.config import load_organisation
    from releasewatch.usecases.settings import changes_document, compare_with_pushed

    where = _where(app, path)
    settings = load_organisation(path, where)
    about: dict[str, Any] = {"file": where, "kind": "organisation", "version": None, "changes": None, "why_not": None}
    if not app.has_ledger:
        return about | {"why_not": "there is no ledger yet"}
    try:
        made = compare_with_pushed(settings, app.ledger_address.url)
    except ReleasewatchError as error:
        return about | {"why_not": error.message}
    return about | {"version": made.previous, "changes": changes_document(made.changes)}


def _show_difference(one: dict[str, Any]) -> None:
    if one["changes"] is None:
        emit_line(f"Not compared with what was pushed: {one_line(one['why_not'])}")
    elif one["version"] is None:
        emit_line("No settings of the organisation were pushed yet: all of it would be new.")
    elif not one["changes"]:
        emit_line(f"The same as version {one['version']} in the ledger.")
    else:
        emit_line(f"A push would change version {one['version']}:")
    _show_changes(one["changes"] or [])


@command.command("push")
@click.argument("file", type=FILE, required=False)
@BY
@click.option("--why", metavar="TEXT", default="", help="Why; kept with the version.")
@click.option(
    "--accept-ending", type=WholeNumber(min=0), default=0, metavar="N", help="Let up to N tables go, where most do."
)
@click.option("--dry-run", is_flag=True, help="Show what would change; write nothing.")
@common()
def push(app: App, form: str, file: Path | None, by: str | None, why: str, accept_ending: int, dry_run: bool) -> None:
    """Put the organisation's settings into the ledger, as a new version.

    FILE is by default the nearest organisation.toml, from here up to the root of the git repo.
    From then on every command of every repo reads them there, and a repo's own file that holds such a table too is
    refused. The same content again is no new version. Secrets stay references (env:RELEASEWATCH_…).
    """
    from releasewatch.config import find_organisation_file, load_organisation, organisation_sections, tables_lacking
    from releasewatch.usecases.settings import changes_document, push_settings
    from releasewatch.wiring.pull_requests import refuse_in_pull_request

    path = app.cwd / file if file is not None else find_organisation_file(app.cwd)
    if path is None:
        raise InvalidCallError("There is no organisation.toml here.", "Name it: releasewatch config push FILE")
    if not dry_run:
        refuse_in_pull_request(app.ci, "push the organisation's settings")
    settings = load_organisation(path, _where(app, path))
    who = (by or app.actor).strip()
    if not who:
        raise InvalidCallError("Who changes the settings is kept with them.", "Add --by NAME.")
    app.rehearse = dry_run
    ledger = app.ledger
    try:
        lacking = tables_lacking(app.repo_config, settings)
        made = push_settings(ledger, settings, who, why.strip(), app.now, accept_ending=accept_ending, lacking=lacking)
    finally:
        ledger.close()
    if form == "json":
        emit_json(
            {
                "version": None if made.is_new and dry_run else made.version,
                "previous": made.previous,
                "pushed": made.is_new and not dry_run,
                "changes": changes_document(made.changes),
                "products_ended": list(made.products_ended),
                **({"dry_run": True} if dry_run else {}),
            }
        )
    else:
        _show_push(made, dry_run=dry_run)
    both = organisation_sections(app.repo_config)
    if both and not app.quiet:
        tables = ", ".join(f"[{name}]" for name in both)
        say(f"{app.repo_config.where} holds {tables} too, and is refused from now on: take it out there.")


def _show_push(made: Pushed, *, dry_run: bool) -> None:
    from releasewatch.usecases.settings import changes_document

    if not made.is_new:
        emit_line(f"The same as version {made.version}: nothing to push.")
        return
    was = f"was version {made.previous}" if made.previous else "the first"
    emit_line(f"{'Would be version' if dry_run else 'Organisation settings, version'} {made.version} ({was}):")
    _show_changes(changes_document(made.changes))
    if made.products_ended:
        emit_line(f"Products that end with it: {', '.join(made.products_ended)}")


def _show_changes(changes: list[dict[str, Any]]) -> None:
    """A line for each: `+` added, `-` removed, `~` changed."""
    for one in changes:
        key, before, after = one["key"], _shown(one["before"]), _shown(one["after"])
        match one["change"]:
            case "added":
                emit_line(one_line(f"  + {key} = {after}"))
            case "removed":
                emit_line(one_line(f"  - {key} = {before}"))
            case _:
                emit_line(one_line(f"  ~ {key}: {before} -> {after}"))


@command.command("log")
@common(replica=True)
def log(app: App, form: str) -> None:
    """List the versions of the organisation's settings, newest first: who, when, why, and what each changed."""
    from releasewatch.domain.times import format_both
    from releasewatch.usecases.settings import list_versions

    if app.replica_address is not None:
        app.ledger.close()  # opened to say how far behind it is
    versions = list_versions(app.ledger_address.url) if app.has_ledger else []
    if form == "json":
        emit_json({"versions": versions, "next_cursor": None})
        return
    if not versions and not app.quiet:
        say("No settings of the organisation were pushed: each repo's own file holds them.")
    for one in versions:
        at = format_both(datetime.fromisoformat(one["recorded_at"]), app.zone)
        why = f": {one['why']}" if one["why"] else ""
        emit_line(one_line(f"version {one['version']}, {at}, by {one['recorded_by']}{why}"))
        _show_changes(one["changes"])


def _where(app: App, path: Path) -> str:
    """A file as it is named in messages."""
    import os

    return os.path.relpath(path, app.cwd)
