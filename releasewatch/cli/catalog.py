"""`releasewatch catalog`: the components, their paths and who depends on whom; what the repo says of more."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from releasewatch.cli.catalog_check import check
from releasewatch.cli.discovering import say_left_out, source_options
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import INSTANT, OUTPUT, common
from releasewatch.cli.output import emit, emit_json, emit_table, open_output, say
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from pathlib import Path

    from releasewatch.domain.catalog import Catalog
    from releasewatch.usecases.discovery import News


@click.group()
def command() -> None:
    """The components of a repo, their paths and dependencies."""


command.add_command(check)


@command.command("show")
@click.option(
    "--from",
    "source",
    type=click.Choice(["config", "ledger"]),
    default="config",
    show_default=True,
    help="config: this repo, as its file says now. ledger: all repos, as last deployed.",
)
@click.option("--at", type=INSTANT, metavar="T", help="As it was at this time (--from ledger); default now.")
@click.option("--known-at", type=INSTANT, metavar="T", help="As the ledger knew it at this time; default now.")
@click.option("--limit", type=WholeNumber(1, 10_000), default=1000, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on after this one: next_cursor of the page before.")
@common(replica=True)
def show(
    app: App,
    form: str,
    source: str,
    at: datetime | None,
    known_at: datetime | None,
    limit: int,
    after: str | None,
) -> None:
    """Show each component: title, type, owner, who may read of it, paths, what it needs and who needs it."""
    from releasewatch.usecases.catalog import Page, catalogs_in_ledger, describe_catalogs

    here = source == "config"
    if here and (at or known_at):
        raise InvalidCallError("A file says what is now; the ledger knows what was.", "Add --from ledger.")
    found = [app.catalog_here] if here else catalogs_in_ledger(app.ledger, at or app.now, known_at or app.now)
    document = describe_catalogs(found, Page(limit, after))
    if form == "json":
        emit_json(document)
        return
    if not document["components"] and not app.quiet:
        say(_why_empty(app) if here else "The ledger knows no components yet: they come with the first deployment.")
    prefix = f"{app.repo}/" if here else ""
    if document["components"]:
        emit_table(
            ("component", "title", "type", "owner", "visible to", "paths", "needs", "needed by"),
            (
                (
                    item["key"].removeprefix(prefix),
                    item["title"],
                    item["type"],
                    item["owner"] or "",
                    item["visibility"],
                    " ".join(item["paths"]),
                    ", ".join(_named(key, prefix, unknown=key in item["not_in_catalog"]) for key in item["depends_on"]),
                    ", ".join(key.removeprefix(prefix) for key in item["needed_by"]),
                )
                for item in document["components"]
            ),
        )
    if document["next_cursor"] and not app.quiet:
        say(f"More: --after {document['next_cursor']}")


@command.command("import")
@source_options
@click.option(
    "-o",
    "--output",
    type=OUTPUT,
    metavar="FILE",
    help="Write to a file; one that configures a repo is added to, and keeps every line it has.",
)
@common(("toml", "json"))
def import_(app: App, form: str, kinds: tuple[str, ...], exclude: tuple[str, ...], output: Path | None) -> None:
    """Propose components that the repo's own files name and the configuration does not have yet.

    Read are the files that git tracks. Without -o the tables [components.KEY] are given out, each guess with its
    reason in a comment. What the configuration has stays as it is: a component of that key, or one that takes
    all the files.
    """
    from releasewatch.usecases.discovery import describe, not_yet_known
    from releasewatch.wiring import mapper_of

    files = app.tracked_files(exclude)
    own = _own(app, output)
    news = not_yet_known(app.discover(files, kinds), own, mapper_of, files.paths)
    if output is not None:
        _write(news, output)
    if form == "json":
        emit_json(describe(news))
    elif output is None and news.proposal.components:
        from releasewatch.config.writing import components_fragment

        emit(components_fragment(news.proposal))
    say_left_out(app, news.proposal)
    if not app.quiet:
        _say_news(news, output)


def _own(app: App, output: Path | None) -> Catalog:
    """The catalog that would be added to: that of the file that is written to, else the one in force here."""
    from releasewatch.config import Config, config_at, is_organisation_file, parse_config

    config = app.config_here
    if output is not None and is_organisation_file(output):
        raise RefusedError(
            f"{output} is, by its name, for the organisation's settings, and components are a repo's own.",
            "Name that repo's file: -o releasewatch.toml",
        )
    if output is not None and output.exists():
        try:
            content = output.read_bytes()
        except OSError as error:
            raise InvalidCallError(f"{output} cannot be read: {error.strerror}.", "Name another file.") from error
        if output.name == "pyproject.toml":  # which may say nothing of us yet
            config = config_at(lambda name: content if name == output.name else None, "") or Config(root=app.cwd)
        else:
            config = parse_config(content, str(output))
    return config.catalog(app.repo_name()[0] or "")


def _write(news: News, output: Path) -> None:
    from releasewatch.config.writing import components_fragment, with_components

    pyproject = output.name == "pyproject.toml"
    if not output.exists():
        text = components_fragment(news.proposal, pyproject=pyproject)
    elif not news.proposal.components:
        return
    else:
        text = output.read_bytes().decode("utf-8")  # it was parsed before, hence it is
        text = with_components(text, news.proposal, str(output), pyproject=pyproject)
    with open_output(output, mode=0o644) as stream:
        stream.write(text)


def _say_news(news: News, output: Path | None) -> None:
    same = [key for key, own in news.known.items() if key == own]
    if same:
        say(f"Already there, left as they are: {', '.join(sorted(same))}.")
    for key, own in sorted(news.known.items()):
        if key != own:
            say(f"Already there: {own} takes all files of {key}.")
    many = len(news.proposal.components)
    if output is not None and many:
        say(f"{counted(many, 'component')} written to {output}.")
    elif not many:
        say("Nothing new: no component was found that the configuration does not have.")


def _why_empty(app: App) -> str:
    if app.config_here.path is None:
        return "No components: there is no releasewatch.toml here. Run releasewatch init: it writes one."
    return f"No components: {app.config_here.where} has no table [components.KEY]. See: releasewatch catalog import"


def _named(key: str, prefix: str, *, unknown: bool) -> str:
    """A dependency; one of another repo cannot be looked up in this one's file, one that nobody has is marked."""
    return f"{key} (unknown)" if unknown and not prefix else key.removeprefix(prefix)
