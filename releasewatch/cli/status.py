"""`releasewatch status`: what runs where, open incidents, and the last deployments."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.deployment_words import name_of_release, show_summaries
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_line, emit_table, one_line, say
from releasewatch.domain.privacy import WITHHELD
from releasewatch.domain.times import format_both
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.option("--environment", metavar="ENV", help="Only this environment.")
@click.option("--limit", type=WholeNumber(1, 1000), default=10, show_default=True, help="How many last deployments.")
@common(reads=True)
def command(app: App, form: str, environment: str | None, limit: int) -> None:
    """Show what runs where (release, head, since when), open incidents, and the last deployments of all repos."""
    from releasewatch.usecases.deployment_lists import Seeing, check_environment, what_runs
    from releasewatch.usecases.incident_lists import list_document
    from releasewatch.usecases.incident_viewing import Viewing

    check_environment(app.ledger, environment, app.config.tables.environments)
    level = app.level(None, None)
    document = what_runs(app.ledger, Seeing(app.now, level), environment=environment, limit=limit)
    at_work = list_document(app.ledger, Viewing(app.now), limit=limit, cursor=None, status="open", reveal=level)
    document["incidents"] = at_work["incidents"]
    if form == "json":
        emit_json(document)
        return
    for one in document["incidents"]:
        words = ", ".join(filter(None, (one["severity"], one["status"])))
        emit_line(one_line(f"{one['key']} ({words}): {one['title'] if one['title'] is not None else WITHHELD}"))
    if not document["deployments"]:
        if not app.quiet:
            say("Nothing is recorded yet" + (f" for {environment}." if environment else "."))
        return
    if document["running"]:
        emit_table(
            ("environment", "component", "where", "deployment", "release", "head", "since"),
            (
                (
                    *place,
                    item["deployment"],
                    name_of_release(item),
                    (item["head"] or "")[:10],
                    format_both(datetime.fromisoformat(item["since"]), app.zone),
                )
                for place, item in _by_deployment(document["running"])
            ),
        )
    elif not app.quiet:
        say("Nothing has been deployed successfully yet.")
    show_summaries(app, document["deployments"])


def _by_deployment(running: list[dict[str, Any]]) -> Iterator[tuple[tuple[str, str, str], dict[str, Any]]]:
    """One line for a component and what runs there, with all the places where it is the same."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for item in running:
        groups.setdefault((item["environment"], item["component"], item["deployment"]), []).append(item)
    for (environment, component, _), items in groups.items():
        places = ["/".join(filter(None, (item["region"], item["ring"]))) for item in items]
        yield (environment, component, ", ".join(filter(None, places)) or "everywhere"), items[0]
