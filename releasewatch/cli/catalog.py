"""`releasewatch catalog`: the components, their paths, and who depends on whom."""

from __future__ import annotations

import click

from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_table, say
from releasewatch.wiring import App


@click.group()
def command() -> None:
    """The components of a repo, their paths and dependencies."""


@command.command("show")
@click.option(
    "--from",
    "source",
    type=click.Choice(["config", "ledger"]),
    default="config",
    show_default=True,
    help="config: this repo, as its file says now. ledger: all repos, as last deployed.",
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=1000, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on after this one: next_cursor of the page before.")
@common()
def show(app: App, form: str, source: str, limit: int, after: str | None) -> None:
    """Show each component: title, type, owner, who may read of it, paths, what it needs and who needs it."""
    from releasewatch.usecases.catalog import Page, catalogs_in_ledger, describe_catalogs

    here = source == "config"
    found = [app.config.catalog(app.repo)] if here else catalogs_in_ledger(app.ledger, app.now)
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


def _why_empty(app: App) -> str:
    if app.config.path is None:
        return (
            "No components: there is no releasewatch.toml here. Write one with a table [components.KEY] for each part."
        )
    return f"No components: {app.config.where} has no table [components.KEY]."


def _named(key: str, prefix: str, *, unknown: bool) -> str:
    """A dependency; one of another repo cannot be looked up in this one's file, one that nobody has is marked."""
    return f"{key} (unknown)" if unknown and not prefix else key.removeprefix(prefix)
