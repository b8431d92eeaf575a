"""`releasewatch deployment import`: a past from tags or a list, so that the first real record has a baseline."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.options import FILLED_NAME, INSTANT, PLACE, common
from releasewatch.cli.output import emit_json, emit_line, one_line, say
from releasewatch.domain.forges import FORGE_TITLES
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from releasewatch.domain.past import PastDeployment
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.deployment_import import Past, PastReport, PastRow
    from releasewatch.usecases.record_facts import RecordRequest

_PRINTED = 20


@click.command("import")
@click.option(
    "--source",
    required=True,
    metavar="tags|github|gitlab|FILE",
    help="tags: this repo's; github, gitlab: what the forge knows of --environment; else a list with the columns head, "
    "finished_at, and environment, region, ring, …",
)
@click.option(
    "--environment", type=FILLED_NAME, metavar="ENV", help="Where they went; in a list, for rows that say nothing."
)
@click.option("--tags", "patterns", multiple=True, metavar="PATTERN", help="Only tags like this, e.g. 'v*'.")
@click.option("--whole-repo", is_flag=True, help="A tag like pkg@1.0.0 is a release of everything, not of pkg alone.")
@click.option("--since", type=INSTANT, metavar="T", help="Nothing older, e.g. 90d; default: everything.")
@click.option("--component", "components", multiple=True, metavar="KEY", help="What was deployed; default: all.")
@click.option("--region", "regions", type=PLACE, multiple=True, metavar="R", help="Where; default: everywhere.")
@click.option("--ring", "rings", type=PLACE, multiple=True, metavar="R", help="To which group; default: everyone.")
@click.option("--accept", multiple=True, metavar="RULE", help="Pass a guard by name, with --why.")
@click.option("--why", default="", metavar="TEXT", help="The reason for --accept.")
@click.option("--strict", is_flag=True, help="Import nothing, and exit with 1, when anything is rejected.")
@click.option("--dry-run", is_flag=True, help="Do everything, and take it back.")
@common()
def import_(
    app: App,
    form: str,
    source: str,
    environment: str | None,
    patterns: tuple[str, ...],
    whole_repo: bool,
    since: datetime | None,
    accept: tuple[str, ...],
    why: str,
    strict: bool,
    dry_run: bool,
    **where: tuple[str, ...],
) -> int:
    """Record a past, oldest first: from tags (a tag's date is when it was deployed), a forge, or a CSV file.

    Safe to repeat. Each is compared with the one before; the first, as always, with the nearest earlier tag or nothing.
    A tag that names a package (pkg@1.0.0, @scope/pkg@1.0.0, pkg-v1.0.0, path/pkg/v1.0.0) is a deployment of that
    component alone, and left out, counted, when the package is none.
    """
    from releasewatch.cli.recording import check_listed
    from releasewatch.domain.past import PastDeployment

    app.fetch_missing = False
    if environment:
        check_listed(app, environment)
    usual = PastDeployment("", None, environment or "", where["regions"], where["rings"], where["components"])
    past = _read_source(app, source, patterns, since, usual, whole_repo=whole_repo)

    def request_of(one: PastDeployment) -> RecordRequest:
        return _request(app, one, accept, why)

    ledger = app.rehearsal() if strict or dry_run else app.ledger
    report = _import(app, ledger, past, request_of)
    if strict and report.rejected:
        report.written = False
    elif strict and not dry_run:
        report = _import(app, app.ledger, past, request_of)
    _show(app, report, form, dry_run=dry_run)
    return exit_codes.DONE if report.written else exit_codes.FAILED_AS_ASKED


def _read_source(
    app: App, source: str, patterns: Sequence[str], since: datetime | None, usual: PastDeployment, *, whole_repo: bool
) -> Past:
    from releasewatch.usecases.deployment_import import past_of_file, past_of_tags

    if source in ("github", "gitlab"):
        if whole_repo or patterns:
            raise InvalidCallError("--tags and --whole-repo are about tags, and a forge is asked.", "Leave them out.")
        if not usual.environment:
            raise InvalidCallError("A forge is asked about one environment.", "Add --environment production")
        return _read_forge(app, source, since, usual)
    if source != "tags":
        if whole_repo:
            raise InvalidCallError(
                "--whole-repo is about tags, and a file is read.", "Leave it out: a list names its components itself."
            )
        if patterns:
            raise InvalidCallError("--tags chooses among tags, and a file is read.", "Leave it out, or: --source tags")
        return past_of_file(Path(source), since, usual, app.now)
    if not usual.environment:
        raise InvalidCallError("A tag does not say where it was deployed.", "Add --environment production")
    if whole_repo or usual.components:  # somebody said what was deployed
        return past_of_tags(app.history.tags(), patterns, since, usual, app.now)
    return past_of_tags(app.history.tags(), patterns, since, usual, app.now, app.tag_packages)


def _read_forge(app: App, source: str, since: datetime | None, usual: PastDeployment) -> Past:
    from releasewatch.usecases.forge_import import past_of_forge
    from releasewatch.wiring.forges import find_forge, open_forge

    forge = open_forge(app, find_forge(app, source))
    return past_of_forge(forge, since, usual, app.now)


def _request(app: App, one: PastDeployment, accept: tuple[str, ...], why: str) -> RecordRequest:
    from releasewatch.domain.deployments import Axes
    from releasewatch.usecases.record_facts import RecordRequest

    settings = app.config.tables.environments.get(one.environment)
    return RecordRequest(
        environment=one.environment,
        tier=app.config.tier(one.environment),
        now=app.now,
        head=one.head,
        base=one.base or None,
        components=tuple(sorted(set(one.components))),
        targets=one.targets,
        axes=Axes(frozenset(settings.regions if settings else ()), frozenset(settings.rings if settings else ())),
        products={key: product.components for key, product in app.config.tables.products.items()},
        release=one.release,
        status=one.status,
        started_at=one.started_at,
        finished_at=one.finished_at,
        accept=accept,
        why=why,
    )


def _import(app: App, ledger: Ledger, past: Past, request_of: Callable[[PastDeployment], RecordRequest]) -> PastReport:
    from releasewatch.usecases.deployment_import import import_past

    def track(rows: Sequence[PastRow]) -> Iterable[PastRow]:
        return _with_progress(rows) if sys.stderr.isatty() and not app.quiet else rows

    try:
        return import_past(ledger, app.surroundings(), past, request_of, track=track)
    finally:
        ledger.close()


def _with_progress(rows: Sequence[PastRow]) -> Iterable[PastRow]:
    """The rows, with a bar on stderr that is gone when they are."""
    from rich.console import Console
    from rich.progress import track

    return track(rows, "Recording", console=Console(stderr=True), transient=True)


def _show(app: App, report: PastReport, form: str, *, dry_run: bool) -> None:
    from releasewatch.usecases.deployment_import import past_document

    document = past_document(report, dry_run=dry_run)
    if form == "json":
        emit_json(document)
    else:
        _show_report(app, report, document["import"])
    if app.quiet:
        return
    for words in report.past.notes:
        say(words if report.past.file is None else f"{report.past.file}: {words}")
    for words in list(report.remarks)[:_PRINTED]:
        say(words)
    sideways = sum(one.sideways for one in report.deployments)
    if sideways and report.past.source == "tags":
        say(
            f"{sideways} of the tags are not ahead of the one before them in time: were they deployed there at all? "
            "Choose one line of releases with --tags PATTERN."
        )
    if not report.written:
        say("Nothing was imported: --strict stops at rejected rows.")
    elif dry_run:
        say("Nothing was kept: this was a rehearsal.")


def _show_report(app: App, report: PastReport, counts: dict[str, Any]) -> None:
    words = [f"{counted(counts['recorded'], 'deployment')} recorded"]
    words += [f"{counts['already_recorded']} recorded before"] if counts["already_recorded"] else []
    words += [f"{counts['rejected']} rejected"] if counts["rejected"] else []
    words += [f"{one['count']} left out ({one['reason']})" for one in counts["left_out"]]
    title = FORGE_TITLES.get(report.past.source)
    what = "deployment" if title else "row" if counts["file"] is not None else "tag"
    read = counted(counts["read"], what) + (f" of {title}" if title else "")
    emit_line(f"{read} read: {', '.join(words)}.")
    ends = [report.deployments[0], report.deployments[-1]] if report.deployments else []
    for label, one in zip(("oldest", "newest"), ends, strict=False):
        what = one_line(one.release or one.head[:10])
        emit_line(f"  {label}: {what} to {one.environment}, {format_both(one.opened_at, app.zone)}, {one.kind}")
    for refused in report.rejected[:_PRINTED]:
        where = f"tag {refused.tag}: " if refused.tag is not None else f"{report.past.file}:{refused.line}: "
        where = where if refused.forge_id is None else f"deployment {refused.forge_id}: "
        emit_line(one_line(f"{where}{refused.column + ' ' if refused.column else ''}{refused.reason}"))
    if len(report.rejected) > _PRINTED:
        emit_line(f"… {len(report.rejected)} rejected in all; --format json lists them.")
