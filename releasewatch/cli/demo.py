"""`releasewatch demo`: the main job on the git repo one stands in, with sample customers, in a throw-away ledger."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.output import emit_line, emit_table, open_output
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App, mapper_of

if TYPE_CHECKING:
    from releasewatch.domain.catalog import Catalog
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.surroundings import Surroundings

DISTANCES = (20, 10, 5, 2, 1)
"""How many commits back the sample's earlier deployment lies: as many as there are."""

AUDIENCES = ("engineering", "account", "customer")


@click.command("demo")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Where ledger and documents go; default: a new temporary folder.",
)
def command(output: Path | None) -> None:
    """The main job, end to end, on the git repo you stand in.

    Records a deployment of its last commits in a throw-away ledger, with sample customers (made-up names, numbers from
    ranges reserved for fiction), and writes release notes and a list of customers to call. Nothing is written into the
    repo. Components are those of releasewatch.toml; without one each larger folder counts as a component.
    """
    folder = _folder(output)
    app = App(database=str(folder / "ledger.db"), fetch_missing=False)
    catalog = _catalog(app)
    if not catalog.components:
        raise InvalidCallError("This repo has no folder to take for a component.", "Run it in a repo with some code.")
    around = _surroundings(app, catalog)
    emit_line(f"Repo {app.repo}: {counted(len(catalog.components), 'component')}, from {_source(app)}.")
    ledger = app.ledger
    _import_samples(ledger, app, catalog, folder)
    last = _record(app, ledger, around)
    paths = _write_documents(app, ledger, last, folder)
    _show_reach(app, ledger, last)
    emit_line("Documents:")
    for path in paths:
        emit_line(f"  {path}")
    emit_line(f"Ledger (throw it away when you are done): {folder / 'ledger.db'}")


def _folder(output: Path | None) -> Path:
    if output is None:
        return Path(tempfile.mkdtemp(prefix="releasewatch-demo-"))
    try:
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidCallError(f"{output} cannot be made: {error.strerror}.", "Name another folder.") from error
    if any(output.iterdir()):
        raise InvalidCallError(f"{output} is not empty.", "Name a new folder.")
    return output.absolute()


def _catalog(app: App) -> Catalog:
    from releasewatch.usecases.demo import guess_catalog

    configured = app.catalog_here
    return configured if configured.components else guess_catalog(app.repo, app.history.paths_at("HEAD"))


def _source(app: App) -> str:
    if app.repo_config.tables.components:
        return app.repo_config.where
    if app.catalog_here.components:
        return "catalog-info.yaml"
    return "its largest folders (there is no releasewatch.toml)"


def _surroundings(app: App, catalog: Catalog) -> Surroundings:
    from releasewatch.usecases.surroundings import Surroundings

    return Surroundings(app.repo, app.history, lambda _sha: catalog, mapper_of)


def _import_samples(ledger: Ledger, app: App, catalog: Catalog, folder: Path) -> None:
    """Read the sample customers into the ledger, through the same import that real ones take."""
    import csv

    from releasewatch.usecases.customer_import import ImportOrder, import_directory, open_directory
    from releasewatch.usecases.demo import sample_entitlements, write_entitlements

    samples = folder / "samples"
    samples.mkdir()
    paths: dict[Any, Path] = {}
    for kind in ("customers", "contacts"):
        paths[kind] = samples / f"{kind}.csv"
        text = resources.files("releasewatch.samples").joinpath(f"{kind}.csv").read_text("utf-8")
        paths[kind].write_text(text, "utf-8")
    with paths["customers"].open(encoding="utf-8", newline="") as file:
        keys = [row["key"] for row in csv.DictReader(file)]
    paths["entitlements"] = samples / "entitlements.csv"
    write_entitlements(paths["entitlements"], sample_entitlements(catalog, keys))
    report = import_directory(ledger, open_directory(paths), ImportOrder("samples"), lambda: app.now)
    read = {file.shape.kind: outcome.read for file, outcome in report.files}
    emit_line(
        f"Sample directory: {counted(read['customers'], 'customer')}, {counted(read['contacts'], 'contact')}, "
        f"{counted(read['entitlements'], 'entitlement')}."
    )


def _record(app: App, ledger: Ledger, around: Surroundings) -> int:
    """Record an earlier deployment and the one of HEAD; returns the number of the latter."""
    from releasewatch.domain.deployments import Axes
    from releasewatch.usecases.demo import REGIONS, RINGS
    from releasewatch.usecases.record_facts import RecordRequest
    from releasewatch.usecases.recording import record

    axes = Axes(frozenset(REGIONS), frozenset(RINGS))
    usual = RecordRequest(environment="production", tier="production", now=app.now, axes=axes, actor="demo")
    base = _earlier(app)
    if base is not None:
        day_before = app.now - timedelta(days=1)
        record(ledger, around, replace(usual, head=base, run="1", started_at=day_before, finished_at=day_before))
        emit_line(f"Earlier deployment: {base[:10]}, a day ago.")
    done = record(ledger, around, replace(usual, run="2", started_at=app.now, finished_at=app.now))
    for remark in done.remarks:
        emit_line(remark)
    return done.deployment_id


def _earlier(app: App) -> str | None:
    """A commit some steps back, or None where this clone holds no earlier one."""
    from releasewatch.errors import UnknownNameError

    for distance in DISTANCES:
        try:
            return app.history.resolve(f"HEAD~{distance}")
        except UnknownNameError:
            continue
    return None


def _write_documents(app: App, ledger: Ledger, deployment_id: int, folder: Path) -> list[Path]:
    from releasewatch.domain.note_building import build_notes
    from releasewatch.rendering.documents import write_calls, write_notes
    from releasewatch.usecases.call_candidates import Planning
    from releasewatch.usecases.calls import plan_calls
    from releasewatch.usecases.notes import Reading, notes_of_deployment

    documents = folder / "documents"
    documents.mkdir()
    given = notes_of_deployment(ledger, deployment_id, None, Reading(app.now))
    written: list[Path] = []
    for audience in AUDIENCES:
        made = build_notes(given, _word(audience))
        for form in ("md", "html"):
            written.append(documents / f"notes-{audience}.{form}")
            with open_output(written[-1]) as stream:
                write_notes(stream, made, _word(form))
    calls = plan_calls(ledger, deployment_id, Planning(app.now)).calls
    for form in ("html", "md", "csv"):
        written.append(documents / f"customers-to-call.{form}")
        with open_output(written[-1]) as stream:
            write_calls(stream, calls, _word(form))
    return written


def _word(word: str) -> Any:
    return word


def _show_reach(app: App, ledger: Ledger, deployment_id: int) -> None:
    """The reach of the deployment as a table, and what could not be known."""
    from releasewatch.cli.deployment_words import show_document
    from releasewatch.usecases.call_candidates import Planning
    from releasewatch.usecases.calls import list_calls
    from releasewatch.usecases.deployments import Describing, describe

    document = describe(ledger, deployment_id, Describing(app.now, {}, reveal=app.level(None, None)))
    show_document(app, document)
    made = list_calls(ledger, deployment_id, Planning(app.now))
    emit_table(
        ("#", "customer", "reach", "verdict", "number", "local time", "why"),
        (
            (
                str(row.rank),
                row.candidate.name,
                row.candidate.reach + (" (possible)" if row.candidate.possible else ""),
                row.verdict,
                (row.contact.phone if row.contact and row.may_dial else "") or "none",
                f"{row.availability.local_now:%a %H:%M}" if row.availability.local_now else "unknown",
                "; ".join(row.because),
            )
            for row in made.calls.rows[:15]
        ),
        title=f"Customers reached by {document['deployment']['id']}"
        + (f" (the first 15 of {len(made.calls.rows)})" if len(made.calls.rows) > 15 else ""),
        right=("#",),
    )
