"""`releasewatch deployment`: record what was deployed, and say which customers it reaches."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.asking import request_of, said_by, told_to
from releasewatch.cli.cloning import CLONE, clone_for
from releasewatch.cli.deployment_approve import approve
from releasewatch.cli.deployment_correct import correct
from releasewatch.cli.deployment_enrich import enrich
from releasewatch.cli.deployment_import import import_
from releasewatch.cli.deployment_plan import plan
from releasewatch.cli.deployment_undo import undo
from releasewatch.cli.deployment_words import show_document, show_summaries
from releasewatch.cli.numbers import SECONDS, WholeNumber
from releasewatch.cli.options import (
    COMPONENT,
    FILLED_NAME,
    INSTANT,
    PLACE,
    RELEASE,
    REVISION,
    STATUS,
    common,
    filled_by,
)
from releasewatch.cli.output import emit_json, say
from releasewatch.cli.pipeline import leave
from releasewatch.cli.telling import tell_others
from releasewatch.cli.wrong_calls import SpoolingCommand, is_made
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Callable

    from releasewatch.usecases.record_facts import RecordRequest


@click.group()
def command() -> None:
    """Record deployments; say which customers they reach."""


command.add_command(import_)
command.add_command(undo)
command.add_command(correct)
command.add_command(plan)
command.add_command(approve)
command.add_command(enrich)


def _one(name: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """An option that a step may give as a variable as well: what a pipeline fills in never goes through a shell."""
    variable = f"RELEASEWATCH_RECORD_{name.removeprefix('--').upper()}"
    return click.option(name, envvar=variable, show_envvar=True, **how)


def _several(name: str, given: str, **how: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The same for an option that may be given several times; in its variable blanks stand between."""
    variable = f"RELEASEWATCH_RECORD_{given.upper()}"
    return click.option(name, given, multiple=True, envvar=variable, show_envvar=True, **how)


SUMMARY_TEMPLATES = click.option(
    "--templates",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Your own template of the step's summary (summary/deployment.md), where CI shows one.",
)


def _recording_options(function: Callable[..., Any]) -> Callable[..., Any]:
    options: list[Callable[[Callable[..., Any]], Callable[..., Any]]] = [
        _one(
            "--environment",
            type=FILLED_NAME,
            metavar="ENV",
            help="Where it went, e.g. production." + filled_by("environment"),
        ),
        _several("--component", "components", type=COMPONENT, metavar="KEY", help="What was deployed; default: all."),
        _several("--region", "regions", type=PLACE, metavar="R", help="Where; default: everywhere."),
        _several("--ring", "rings", type=PLACE, metavar="R", help="To which group; default: everyone."),
        _one("--release", type=RELEASE, metavar="V", help="The release's name."),
        _one("--head", type=REVISION, metavar="REV", help="The commit deployed; default HEAD." + filled_by("sha")),
        click.option(
            "--from", "base", type=REVISION, metavar="REV", help="What cells without a baseline are compared with."
        ),
        CLONE,
        _one(
            "--key",
            type=FILLED_NAME,
            metavar="KEY",
            help="Same key, same record. Default: from repo, place, head and run.",
        ),
        click.option("--url", metavar="URL", help="Where the run can be seen." + filled_by("url")),
        click.option("--actor", metavar="NAME", help="Who deployed." + filled_by("actor")),
        click.option(
            "--kind",
            type=click.Choice(["deploy", "rollback", "change"]),
            default="deploy",
            show_default=True,
            help="rollback: stated; else seen from the commits. change: a flag, config or migration without git.",
        ),
        click.option("--title", default="", metavar="TEXT", help="What a change without git is."),
        click.option(
            "--accept",
            multiple=True,
            metavar="RULE",
            help="Deploy although a rule is broken (unmapped, or one of deployment plan), with --why.",
        ),
        click.option("--why", default="", metavar="TEXT", help="The reason for --accept."),
        click.option(
            "--when-unreachable",
            type=click.Choice(["fail", "spool"]),
            default="fail",
            show_default=True,
            help="A ledger that cannot be had: fail, or keep the record, exit with 0 and record it by spool flush.",
        ),
        click.option(
            "--spool-errors",
            is_flag=True,
            help="With --when-unreachable spool: what else is wrong (config, clone, a bug, these options) likewise.",
        ),
        click.option(
            "--timeout",
            type=SECONDS,
            metavar="S",
            help="Seconds that it may take; then it is ended as a ledger that cannot be had.",
        ),
        click.option(
            "--dotenv",
            type=click.Path(dir_okay=False, path_type=Path),
            metavar="FILE",
            help="Write the outputs for later jobs there as well, as GitLab's dotenv report (RELEASEWATCH_DOTENV).",
        ),
        SUMMARY_TEMPLATES,
        click.option(
            "--mark",
            is_flag=True,
            help="Tell GitHub or GitLab as well (deployments API); not in a job that names its environment there.",
        ),
    ]
    for option in reversed(options):
        function = option(function)
    return function


@command.command("record", cls=SpoolingCommand)
@_recording_options
@_one("--status", type=STATUS, default="succeeded", show_default=True, help="How it ended.")
@click.option("--started-at", type=INSTANT, metavar="T", help="When it began." + filled_by("job_started_at"))
@click.option("--finished-at", type=INSTANT, metavar="T", help="When it ended; default now.")
@click.option("--fixes", multiple=True, metavar="ID", help="An incident or deployment that this one ends: INC-7, D-12.")
@click.option("--dry-run", is_flag=True, help="Show what would be recorded; write nothing.")
@common()
def record(app: App, form: str, dry_run: bool, **given: Any) -> None:
    """Record a deployment and say which customers it reaches.

    Safe to repeat: the same CI run records the same deployment once. A failed or cancelled one is no baseline, and
    exposes as possible until the next success. Without a checkout, or with --component of another repo, it is read from
    the --release that a build recorded (release record).
    """
    app.rehearse = dry_run
    app.fetch_missing = not dry_run
    _record(app, given, "record", form)


@command.command("start", cls=SpoolingCommand)
@_recording_options
@click.option("--started-at", type=INSTANT, metavar="T", help="When it began; default now.")
@common()
def start(app: App, form: str, **given: Any) -> None:
    """Record that a deployment has begun: until it ends its customers are possibly exposed."""
    _record(app, given, "start", form)


@command.command("finish", cls=SpoolingCommand)
@_recording_options
@_one("--status", type=STATUS, required=True, help="How it ended.")
@click.option("--finished-at", type=INSTANT, metavar="T", help="When it ended; default now.")
@common()
def finish(app: App, form: str, **given: Any) -> None:
    """Record how a deployment that was started has ended: the same options find the same deployment."""
    _record(app, given, "finish", form)


def request_of_plan(app: App, given: dict[str, Any], key: str) -> RecordRequest:
    """The facts of a deployment that is only thought of; `key`: one that was never used."""
    asked = dict.fromkeys(("base", "url", "actor")) | {"kind": "deploy", "title": "", "accept": (), "why": ""}
    about = {**asked, **given, "key": key}
    return request_of(told_to(app, about), about)


def _record(app: App, given: dict[str, Any], verb: str, form: str) -> None:
    from releasewatch.cli.forge_record import ask_the_forge
    from releasewatch.cli.recording import Patience, record_patiently

    began = time.monotonic()
    clone_for(app, given)
    patience = Patience(given["timeout"], given["when_unreachable"] == "spool", given["dotenv"], given["spool_errors"])
    said = said_by(verb, given, app.now)
    document = record_patiently(app, lambda: replace(request_of(told_to(app, given), given), **said), form, patience)
    is_made()
    if given["key"] is None and not (app.ci and app.ci.run) and not app.quiet:
        why = "No CI run is known" if app.ci else "Outside CI"
        say(f"{why}: this record has a random key, so the same command again is another record (give --key).")
    if document is None:
        if given["mark"]:
            say("The forge was not told (--mark): the record waits, and recording it later tells no forge.")
        return
    if app.rehearse:
        document["deployment"]["id"] = None
    else:
        seconds = given["timeout"]
        left = None if seconds is None else seconds - (time.monotonic() - began)
        ask_the_forge(app, document, mark=given["mark"], left=left)
    if form == "json":
        emit_json({**document, **({"dry_run": True} if app.rehearse else {})})
    else:
        show_document(app, document)
    if not app.rehearse:
        leave(app, document, form, given["dotenv"], given["templates"])
        tell_others(app)


@command.command("show")
@click.argument("deployment")
@click.option("--repo", metavar="REPO", help="The repo that `last` means.")
@click.option("--environment", metavar="ENV", help="The environment that `last` means.")
@common(reads=True, reveal=True)
def show(app: App, form: str, reveal: str | None, deployment: str, repo: str | None, environment: str | None) -> None:
    """Show one deployment (D-12, a key, or `last`): baselines, changes, components, how many customers."""
    from releasewatch.cli.gate_output import accepted_document, show_accepted
    from releasewatch.storage.deployments import resolve_deployment
    from releasewatch.usecases.deployments import Describing, describe
    from releasewatch.usecases.gate import words_of

    with app.ledger.read() as connection:
        found = resolve_deployment(connection, deployment, repo=repo, environment=environment)
    if deployment == "last" and not app.quiet:
        say(f"last is {found.id} of {found.repo} to {found.environment}.")
    without = {key: d.without_entitlement for key, d in app.config.tables.directory.items()}
    level = app.level(reveal, None)
    how = Describing(app.now, without, already_recorded=True, reveal=level)
    document = describe(app.ledger, found.row.deployment_id, how)
    document["accepted"] = accepted_document(app, words_of(app.ledger, found.row.deployment_id), level)
    if form == "json":
        emit_json(document)
    else:
        show_document(app, document, is_look=True)
        show_accepted(document["accepted"], app.zone)


@command.command("list")
@click.option("--repo", metavar="REPO", help="Only this repo's.")
@click.option("--environment", metavar="ENV", help="Only this environment's.")
@click.option("--limit", type=WholeNumber(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on after this one: next_cursor of the page before.")
@common(("table", "json", "jsonl"), reads=True, reveal=True)
def list_(
    app: App,
    form: str,
    reveal: str | None,
    repo: str | None,
    environment: str | None,
    limit: int,
    after: str | None,
) -> None:
    """The last deployments, newest first."""
    from releasewatch.cli.output import emit_jsonl
    from releasewatch.usecases.deployment_lists import Seeing, check_environment, check_repo, list_last

    check_environment(app.ledger, environment, app.config.tables.environments)
    check_repo(app.ledger, repo)
    seeing = Seeing(app.now, app.level(reveal, None))
    document = list_last(app.ledger, seeing, repo=repo, environment=environment, limit=limit, cursor=after)
    if form == "json":
        emit_json(document)
    elif form == "jsonl":
        emit_jsonl(document["deployments"])
    else:
        show_summaries(app, document["deployments"])
        if document["next_cursor"]:
            say(f"More: --after {document['next_cursor']}")
