"""`releasewatch deployment`: record what was deployed, and say which customers it reaches."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.cloning import CLONE, clone_for
from releasewatch.cli.deployment_approve import approve
from releasewatch.cli.deployment_correct import correct
from releasewatch.cli.deployment_enrich import enrich
from releasewatch.cli.deployment_import import import_
from releasewatch.cli.deployment_plan import plan
from releasewatch.cli.deployment_undo import undo
from releasewatch.cli.deployment_words import show_document, show_summaries
from releasewatch.cli.options import INSTANT, NAME, PLACE, RELEASE, REVISION, SECONDS, STATUS, common, filled_by
from releasewatch.cli.output import emit_json, say
from releasewatch.cli.pipeline import leave
from releasewatch.cli.telling import tell_others
from releasewatch.domain.deployments import Place, Status
from releasewatch.domain.links import without_secrets
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App
from releasewatch.wiring.clones import head_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
            type=NAME,
            metavar="ENV",
            help="Where it went, e.g. production." + filled_by("environment"),
        ),
        _several("--component", "components", metavar="KEY", help="What was deployed; default: all."),
        _several("--region", "regions", type=PLACE, metavar="R", help="Where; default: everywhere."),
        _several("--ring", "rings", type=PLACE, metavar="R", help="To which group; default: everyone."),
        _one("--release", type=RELEASE, metavar="V", help="The release's name."),
        _one("--head", type=REVISION, metavar="REV", help="The commit deployed; default HEAD." + filled_by("sha")),
        click.option(
            "--from", "base", type=REVISION, metavar="REV", help="What cells without a baseline are compared with."
        ),
        CLONE,
        _one("--key", type=NAME, metavar="KEY", help="Same key, same record. Default: from repo, place, head and run."),
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
            help="With --when-unreachable spool: a broken config, a clone that git refuses, or a bug, likewise.",
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


@command.command("record")
@_recording_options
@_one("--status", type=STATUS, default="succeeded", show_default=True, help="How it ended.")
@click.option("--started-at", type=INSTANT, metavar="T", help="When it began." + filled_by("job_started_at"))
@click.option("--finished-at", type=INSTANT, metavar="T", help="When it ended; default now.")
@click.option("--fixes", multiple=True, metavar="ID", help="An incident or deployment that this one ends: INC-7, D-12.")
@click.option("--dry-run", is_flag=True, help="Show what would be recorded; write nothing.")
@common()
def record(
    app: App,
    form: str,
    status: Status,
    started_at: datetime | None,
    finished_at: datetime | None,
    fixes: tuple[str, ...],
    dry_run: bool,
    **given: Any,
) -> None:
    """Record a deployment and say which customers it reaches.

    Safe to repeat: the same CI run records the same deployment once. A failed or cancelled one is no baseline, and
    exposes as possible until the next success. Without a checkout, or with --component of another repo, it is read from
    the --release that a build recorded (release record).
    """
    app.rehearse = dry_run
    app.fetch_missing = not dry_run
    said = {"status": status, "started_at": started_at, "finished_at": finished_at, "fixes": fixes}
    _record(app, given, said, form)


@command.command("start")
@_recording_options
@click.option("--started-at", type=INSTANT, metavar="T", help="When it began; default now.")
@common()
def start(app: App, form: str, started_at: datetime | None, **given: Any) -> None:
    """Record that a deployment has begun: until it ends its customers are possibly exposed."""
    _record(app, given, {"status": "running", "started_at": started_at or app.now}, form)


@command.command("finish")
@_recording_options
@_one("--status", type=STATUS, required=True, help="How it ended.")
@click.option("--finished-at", type=INSTANT, metavar="T", help="When it ended; default now.")
@common()
def finish(app: App, form: str, status: Status, finished_at: datetime | None, **given: Any) -> None:
    """Record how a deployment that was started has ended: the same options find the same deployment."""
    _record(app, given, {"status": status, "finished_at": finished_at or app.now, "finishes": True}, form)


def _request(app: App, given: dict[str, Any]) -> RecordRequest:
    """The facts of a deployment: flags, then what CI tells; without the settings, for which a ledger may be needed."""
    from releasewatch.usecases.record_facts import RecordRequest

    ci = app.ci
    run = ci.run if ci else None
    if given["key"] is None and run is None:
        run = secrets.token_hex(16)
    return RecordRequest(
        environment=environment_of(app, given["environment"]),
        tier="other",
        now=app.now,
        head=head_of(app.clone, ci, given["head"]),
        head_is_given=given["head"] is not None,
        components=tuple(sorted(set(given["components"]))),
        targets=_targets(given["regions"], given["rings"]),
        release=given["release"] or "",
        base=given["base"],
        job_started_at=ci.job_started_at if ci else None,
        key=given["key"],
        url=without_secrets(given["url"] or (ci.url if ci and ci.url else "")),
        actor=given["actor"] or app.actor,
        stated_kind=None if given["kind"] == "deploy" else given["kind"],
        title=given["title"],
        accept=tuple(given["accept"]),
        why=given["why"],
        provider=ci.provider if ci else "",
        run=run or "",
        attempt=ci.attempt if ci else 1,
    )


def request_of_plan(app: App, given: dict[str, Any], key: str) -> RecordRequest:
    """The facts of a deployment that is only thought of; `key`: one that was never used."""
    asked = dict.fromkeys(("base", "url", "actor")) | {"kind": "deploy", "title": "", "accept": (), "why": ""}
    return _request(app, {**asked, **given, "key": key})


def environment_of(app: App, given: str | None) -> str:
    """Where it goes: as given, else as CI tells."""
    told = app.ci.environment if app.ci else None
    if given is None and told is None:
        raise click.UsageError("Missing option '--environment'.")
    return given or NAME.convert(told, None, None)


def _targets(regions: Sequence[str], rings: Sequence[str]) -> tuple[Place, ...]:
    return tuple(Place(region, ring) for region in regions or ("",) for ring in rings or ("",))


def _record(app: App, given: dict[str, Any], said: dict[str, Any], form: str) -> None:
    from releasewatch.cli.forge_record import ask_the_forge
    from releasewatch.cli.recording import Patience, record_patiently

    began = time.monotonic()
    if given["why"] and not given["accept"]:
        raise InvalidCallError("--why is the reason for --accept, and no rule is given.", "Add --accept RULE.")
    clone_for(app, given)
    patience = Patience(given["timeout"], given["when_unreachable"] == "spool", given["dotenv"], given["spool_errors"])
    document = record_patiently(app, lambda: replace(_request(app, given), **said), form, patience)
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
        show_accepted(document["accepted"])


@command.command("list")
@click.option("--repo", metavar="REPO", help="Only this repo's.")
@click.option("--environment", metavar="ENV", help="Only this environment's.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many.")
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
    from releasewatch.usecases.deployments import Seeing, check_environment, check_repo, list_last

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
