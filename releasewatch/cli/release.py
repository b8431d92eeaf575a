"""`releasewatch release`: record at build time what a deploy job without git will need."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from releasewatch.cli.deployment_words import name_of_release
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import RELEASE, REVISION, common, filled_by
from releasewatch.cli.output import emit_json, emit_jsonl, emit_line, emit_table, one_line, say
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted
from releasewatch.wiring import App

_TAG = "refs/tags/"


@click.group()
def command() -> None:
    """Releases that builds recorded, for deploy jobs without git."""


@command.command("record")
@click.option("--release", type=RELEASE, metavar="V", help="Its name; default: the tag built, else the commit's sha.")
@click.option("--head", type=REVISION, metavar="REV", help="The commit built; default HEAD." + filled_by("sha"))
@common()
def record(app: App, form: str, release: str | None, head: str | None) -> None:
    """Keep a release's commit, catalog, commits and paths, so that its deployment can be recorded without git.

    Run it in the build, with full history. Safe to repeat; the same name for another commit is an error.
    """
    from releasewatch.usecases.releases import record_release

    rev = head or (app.ci.sha if app.ci and app.ci.sha else "HEAD")
    ledger = app.ledger
    try:
        done = record_release(ledger, app.surroundings(), release or _name_of(app, rev), rev, app.now)
    finally:
        ledger.close()
    if not app.quiet:
        for remark in done.remarks:
            say(remark)
    if form == "json":
        emit_json(
            {
                "release": {
                    "repo": done.repo,
                    "release": done.name,
                    "head": done.head,
                    "already_recorded": done.already_recorded,
                }
            }
        )
    else:
        before = "  [recorded before]" if done.already_recorded else ""
        emit_line(f"Release {one_line(done.name)} of {done.repo}: {done.head}{before}")


def _name_of(app: App, rev: str) -> str:
    """The tag that CI runs for, else the one tag on the commit, else the commit's sha."""
    if app.ci and app.ci.ref and app.ci.ref.startswith(_TAG):
        return app.ci.ref.removeprefix(_TAG)
    head = app.history.resolve(rev)
    here = [tag.name for tag in app.history.tags() if tag.sha == head]
    return here[0] if len(here) == 1 else head


@command.command("list")
@click.option("--repo", metavar="REPO", help="Only this repo's.")
@click.option("--limit", type=WholeNumber(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on after this one: next_cursor of the page before.")
@common(("table", "json", "jsonl"), reads=True, reveal=True)
def list_(app: App, form: str, reveal: str | None, repo: str | None, limit: int, after: str | None) -> None:
    """The releases recorded last, newest first."""
    from releasewatch.usecases.deployment_lists import Seeing, check_repo
    from releasewatch.usecases.releases import list_document

    check_repo(app.ledger, repo)
    seeing = Seeing(app.now, app.level(reveal, None))
    document = list_document(app.ledger, seeing, repo=repo, limit=limit, cursor=after)
    if form == "json":
        emit_json(document)
    elif form == "jsonl":
        emit_jsonl(document["releases"])
    else:
        emit_table(
            ("release", "repo", "head", "recorded"),
            (
                (name_of_release(one), one["repo"], one["head"][:10], _when(app, one["recorded_at"]))
                for one in document["releases"]
            ),
        )
        if document["next_cursor"]:
            say(f"More: --after {document['next_cursor']}")


@command.command("show")
@click.argument("release")
@click.option("--repo", metavar="REPO", help="Whose release, where several repos have one of this name.")
@common(reads=True, reveal=True)
def show(app: App, form: str, reveal: str | None, release: str, repo: str | None) -> None:
    """One release: its commit and components, what it can be compared with, and where it went."""
    from releasewatch.usecases.deployment_lists import Seeing
    from releasewatch.usecases.releases import show_document

    document = show_document(app.ledger, Seeing(app.now, app.level(reveal, None)), release, repo)
    if form == "json":
        emit_json(document)
        return
    one = document["release"]
    emit_line(f"Release {one_line(name_of_release(one))} of {one['repo']}: {one['head']}")
    emit_line(f"  recorded {_when(app, one['recorded_at'])}, {counted(len(one['components']), 'component')}")
    for stretch in one["compared_with"]:
        emit_line(f"  compared with {stretch['base'][:10]}: {_stretch_words(stretch)}")
    for gone in one["deployments"]:
        emit_line(f"  {gone['id']} to {gone['environment']}, {gone['status']}, {_when(app, gone['opened_at'])}")


def _stretch_words(stretch: dict[str, Any]) -> str:
    if not stretch["history_complete"]:
        return f"not known in full: {stretch['why_incomplete']}"
    changes = f"+{stretch['added']} -{counted(stretch['removed'], 'change')}"
    return f"{stretch['range']}, {changes}, {counted(stretch['paths'], 'path')}"


def _when(app: App, instant: str) -> str:
    return format_both(datetime.fromisoformat(instant), app.zone)
