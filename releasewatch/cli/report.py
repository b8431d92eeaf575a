"""`releasewatch report`: figures about how software is delivered, and how customers are kept informed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, say
from releasewatch.cli.report_calls import calls
from releasewatch.cli.report_customer import customer
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted, duration
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.dora import By

_USUAL = timedelta(days=90)

_BY = ("month", "week", "component", "team", "repo")


@click.group()
def command() -> None:
    """Figures: how software is delivered, who called first, and what a customer had of a quarter."""


command.add_command(calls)
command.add_command(customer)


@command.command("dora")
@click.option("--repo", metavar="REPO", help="Only this repo; default: all in the ledger.")
@click.option("--component", metavar="KEY", help="Only deployments that changed this component, and its changes.")
@click.option("--environment", metavar="ENV", help="Only this environment; default: all of tier production.")
@click.option("--since", type=INSTANT, metavar="T", help="The period: from here (default 90 days before its end) …")
@click.option("--until", type=INSTANT, metavar="T", help="… to here; default now.")
@click.option("--by", type=click.Choice(_BY), help="A row for each of these; months and weeks (ISO) are those of UTC.")
@common(replica=True)
def dora(
    app: App,
    form: str,
    repo: str | None,
    component: str | None,
    environment: str | None,
    since: datetime | None,
    until: datetime | None,
    by: By | None,
) -> None:
    """Give DORA's five measures of software delivery, as defined since 2024, each with how many facts it rests on.

    Deployment frequency: deployments that succeeded, a day. Change lead time: from commit to deployed, of each change
    at its first deployment. Change fail rate: of those deployments, how many are confirmed to have caused an incident,
    or had to be taken back (rollback, revert) or fixed by a later one; suspects are counted apart. Failed deployment
    recovery time: from the start of the impact to its end; without an incident from their going live until they were
    taken back or fixed. Deployment rework rate: how many were such rollbacks, reverts and fixes.

    Where nothing can be said the figure is missing, and --format json says why.
    """
    from releasewatch.storage.catalogs import repo_id_of
    from releasewatch.usecases.deployment_lists import check_environment
    from releasewatch.usecases.dora import DoraRequest, report_dora

    check_environment(app.ledger, environment, app.config.tables.environments)
    until = until or app.now
    own = None
    if component is not None and repo is None and app.history_or_none is not None:
        with app.ledger.read() as connection:
            own = app.repo if repo_id_of(connection, app.repo) else None
    asked = DoraRequest(since or until - _USUAL, until, by or "period", repo, component, environment, own)
    document = report_dora(app.ledger, asked)
    if form == "json":
        emit_json(document)
    else:
        _show(app, document)


def _show(app: App, document: dict[str, Any]) -> None:
    period = " to ".join(format_both(datetime.fromisoformat(document[name]), app.zone) for name in ("since", "until"))
    emit_line(f"DORA, {period}, {', '.join(document['environments']) or 'no environment of tier production'}")
    if not document["rows"]:
        if not app.quiet:
            if not (document["without_changes"] or {}).get("deployments"):
                say("No deployment is recorded here.")
            _say_without_changes(document)
        return
    columns = ("deployments", "a day", "lead time", "of changes", "failed", "recovery", "rework")
    emit_table(
        (document["by"] or "", *columns),
        [
            [
                row["group"] or "all",
                str(row["deployments"]),
                _number(row["deployment_frequency"]["per_day"]),
                duration(row["change_lead_time"]["median_seconds"]),
                str(row["change_lead_time"]["changes"]),
                _share(row["change_fail_rate"], "failed"),
                duration(row["failed_deployment_recovery_time"]["median_seconds"]),
                _share(row["deployment_rework_rate"], "rework"),
            ]
            for row in document["rows"]
        ],
        right=columns,
    )
    if app.quiet:
        return
    _say_without_changes(document)
    left_out = sum(row["change_lead_time"]["left_out"] for row in document["rows"])
    if left_out:
        say(f"Left out of the lead time: {counted(left_out, 'change')} without a time of commit before the deployment.")
    possible = sum(row["change_fail_rate"]["possible"] for row in document["rows"])
    if possible:
        say(f"Not among the failed: {counted(possible, 'deployment')} suspected in an incident and not confirmed.")
    say("Times are medians. Failed: confirmed as the cause of an incident, taken back, or said to be fixed.")


def _say_without_changes(document: dict[str, Any]) -> None:
    """How many deployments are in no row, and why."""
    found = document["without_changes"]
    if found is None or not found["deployments"]:
        return
    reasons = (
        (found["start_of_history"], "at the start of history"),
        (found["same_commit_again"], "of the same commit again"),
        (
            found["other"],
            "with other files" if document["component"] else "with files of no component that was deployed",
        ),
    )
    why = ", ".join(f"{many:,} {reason}" for many, reason in reasons if many)
    which = document["component"] or "any component"
    say(f"Not counted: {counted(found['deployments'], 'deployment')} that changed nothing of {which} ({why}).")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _share(rate: dict[str, Any], part: str) -> str:
    return "-" if rate["rate"] is None else f"{rate['rate']:.0%} ({rate[part]})"
