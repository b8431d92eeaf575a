"""`releasewatch call`: customers to call about a deployment or an incident, in order, each with the reason."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.call_approve import approval_of, approve, emit_draft, say_draft
from releasewatch.cli.call_claim import claim, emit_spread, hand_over_, spread_document
from releasewatch.cli.call_inbound import inbound
from releasewatch.cli.call_output import (
    counts_of,
    emit_blank,
    emit_left_out,
    is_opaque,
    say_blank,
    say_if_limited,
    say_left_out,
    say_withdrawn,
    show,
    withhold,
)
from releasewatch.cli.call_promises import promise, promises
from releasewatch.cli.call_voices import voices
from releasewatch.cli.call_work import log, release, show_call, skip
from releasewatch.cli.choosing import chosen_deployment, deployment_options
from releasewatch.cli.notes import TEMPLATES
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, open_output, say
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.integrations.devices import is_written_through
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.call_candidates import Planning, RankedList
    from releasewatch.usecases.call_hands import SpreadOut


@click.group()
def command() -> None:
    """Customers to call: who, in what order, on which number, why; and the work on the list."""


for _verb in (claim, release, show_call, log, skip, inbound, promise, promises, voices, approve, hand_over_):
    command.add_command(_verb)


def _about(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--incident KEY`, or `--deployment ID` with what says which one `last` is."""
    incident = click.option("--incident", metavar="KEY", help="INC-7, a key, or the beginning of one.")
    return incident(deployment_options(required=False)(function))


def _account_manager(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--account-manager", metavar="KEY", help="Only the customers of one account manager.")(function)


def _deployment_of(app: App, incident: str | None, about: dict[str, Any]) -> Any:
    """The deployment that is meant; None when an incident is."""
    ref = about["ref"]
    if (ref is None) == (incident is None):
        raise InvalidCallError(
            "It is not said what the calls are about." if ref is None else "A deployment and an incident are named.",
            "Give --deployment ID, or --incident KEY.",
        )
    return None if ref is None else chosen_deployment(app, ref, about["repo"], about["environment"])


def _ranked(app: App, incident: str | None, found: Any, account_manager: str | None) -> RankedList:
    from releasewatch.usecases.calls import list_calls
    from releasewatch.usecases.incident_calls import list_incident_calls

    how = planning(app)
    if found is None:
        return list_incident_calls(app.ledger, incident or "", how, account_manager)
    return list_calls(app.ledger, found.row.deployment_id, how, account_manager)


def find_list(app: App, incident: str | None, about: dict[str, Any]) -> RankedList:
    """The list of an incident or a deployment, as it stands."""
    return _ranked(app, incident, _deployment_of(app, incident, about), None)


@command.command("plan")
@_about
@click.option("--spread", "team", metavar="TEAM", help="Give what is nobody's, or of who is away, to a team's members.")
@BY
@common()
def plan(app: App, form: str, incident: str | None, team: str | None, by: str | None, **about: Any) -> None:
    """Make (or refresh) the calls about a deployment or an incident; safe to repeat.

    A customer has at most one open call about incidents and one for care: whatever comes next joins it. About a
    deployment: call (a change names them, or a breaking change is in what they use), write (what they use changed),
    else leave. About an incident: by its severity and whether they are affected, presumed or possible; who was told
    gets an update or a resolution, who was told what is no longer so a correction, and what is not due any more is
    withdrawn. Nothing that a person did is undone.

    --spread gives each open call that is nobody's, or of somebody who is away or has left, to one of the team who is
    here, as many to each, by language and working hours; whom nobody can call stay, and are counted.
    """
    from releasewatch.usecases.call_hands import check_team
    from releasewatch.usecases.calls import plan_calls
    from releasewatch.usecases.incident_calls import plan_incident_calls

    found = _deployment_of(app, incident, about)
    if team is not None:
        check_team(app.ledger, team, app.now)
    if found is None:
        made = plan_incident_calls(app.ledger, incident or "", planning(app))
    else:
        made = plan_calls(app.ledger, found.row.deployment_id, planning(app))
    spread = None if team is None else _spread(app, incident, found, team, by or app.actor)
    level = app.level(None, None)
    subject, counts = made.calls.subject, counts_of(made)
    if form == "json":
        emit_json(
            {
                "incident": subject if found is None else None,
                "deployment": None if found is None else subject,
                "list_version": made.version,
                "settings_version": made.calls.settings_version,
                **approval_of(made, level),
                **({} if spread is None else spread_document(spread, level)),
                "added": made.added,
                "withdrawn": [{"because": why, "items": many} for why, many in sorted(made.withdrawn.items())],
                "verdicts": counts,
                "not_planned": _not_planned(made, counts),
                "not_ruled_out": made.calls.not_ruled_out,
                **made.calls.unsure.document,
            }
        )
        return
    emit_line(
        f"{subject}, list version {made.version}: {counts['call']} to call, {counts['write']} to write to, "
        f"{counts['leave']} to leave; {made.added} new."
    )
    say_withdrawn(made)
    if spread is not None:
        emit_spread(spread, level)
    emit_draft(made, level)
    emit_blank(made)
    emit_left_out(made)
    if not app.quiet:
        say(f"See them: releasewatch call list --{'incident' if found is None else 'deployment'} {subject}")


def _spread(app: App, incident: str | None, found: Any, team: str, who: str) -> SpreadOut:
    from releasewatch.usecases.call_hands import spread_calls

    return spread_calls(app.ledger, _ranked(app, incident, found, None), team, who, planning(app))


@command.command("list")
@_about
@_account_manager
@click.option("--verdict", type=click.Choice(["call", "write", "leave"]), help="Only these.")
@click.option("--band", type=click.Choice(["now", "today", "this week"]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many.")
@click.option("--after", type=click.IntRange(0), metavar="RANK", help="Go on after this rank: next_cursor.")
@common(("table", "json", "jsonl"), reveal=True, reads=True)
def list_(
    app: App,
    form: str,
    reveal: str | None,
    incident: str | None,
    account_manager: str | None,
    verdict: str | None,
    band: str | None,
    limit: int,
    after: int | None,
    **about: Any,
) -> None:
    """List everybody whom a deployment or an incident reaches in the order of the score, with verdict, reason, contact.

    Same ledger, same instant, same order. The score is the sum of the parts shown; ties are in the order of the key.
    """
    from releasewatch.cli.output import emit_jsonl
    from releasewatch.usecases.call_documents import as_document
    from releasewatch.usecases.exposure import check_account_manager

    found = _deployment_of(app, incident, about)
    level = app.level(reveal, None)
    check_account_manager(app.ledger, account_manager, level)
    made = _ranked(app, incident, found, account_manager)
    rows = [row for row in as_document(made) if verdict in (None, row["verdict"]) and band in (None, row["band"])]
    rows = [row for row in rows if after is None or row["rank"] > after]
    page = rows[:limit]
    say_if_limited(app, reveal, level)
    say_left_out(app, made)
    shown = [withhold(row, level, in_ci=app.ci is not None, opaque=is_opaque(app)) for row in page]
    if level < Reveal.KEYS:
        shown = []
    next_cursor = page[-1]["rank"] if len(rows) > limit else None
    counts = counts_of(made)
    if form == "json":
        emit_json(
            {
                "incident": made.calls.subject if found is None else None,
                "deployment": None if found is None else made.calls.subject,
                "calls": shown,
                "verdicts": counts,
                "not_planned": _not_planned(made, counts),
                "not_ruled_out": made.calls.not_ruled_out,
                **made.calls.unsure.document,
                "list_version": made.version,
                "settings_version": made.calls.settings_version,
                **approval_of(made, level),
                "next_cursor": next_cursor,
            }
        )
    elif form == "jsonl":
        emit_jsonl(shown)
        say_draft(app, made, level)
        say_blank(app, made)
    else:
        emit_draft(made, level)
        show(shown, counts)
        emit_blank(made)
        emit_left_out(made)
        if next_cursor is not None and not app.quiet:
            say(f"More: --after {next_cursor}")


@command.command("render")
@_about
@_account_manager
@TEMPLATES
@common(("md", "html", "csv"), output=True, reveal=True)
def render(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    incident: str | None,
    account_manager: str | None,
    templates: Path | None,
    **about: Any,
) -> None:
    """Render the list as a document, for everyone or one account manager.

    A file (-o) is written for its owner alone and holds contacts; in CI that needs --reveal contacts and the setting
    [privacy] ci = "contacts". Who got which version is kept: when the blame moves, a customer on it is cleared or the
    incident is cancelled, this and the other commands say which version is withdrawn, and who has it.
    """
    from releasewatch.rendering.documents import write_calls
    from releasewatch.usecases.call_sendings import record_sending
    from releasewatch.usecases.exposure import check_account_manager

    found = _deployment_of(app, incident, about)
    level = app.level(reveal, output)
    check_account_manager(app.ledger, account_manager, level)
    made = _ranked(app, incident, found, account_manager)
    say_if_limited(app, reveal, level)
    say_left_out(app, made)
    if form == "csv":
        say_draft(app, made, level)
        say_blank(app, made)
    given: Any = form
    with nullcontext(sys.stdout) if output is None else open_output(output) as stream:
        write_calls(stream, made.calls, given, templates, reveal=level, in_ci=app.ci is not None, opaque=is_opaque(app))
        if output is not None and not is_written_through(output):
            # Before the file is there: a list that somebody has, and nobody knows of, cannot be withdrawn.
            record_sending(app.ledger, made.calls, app.actor, app.now)
    if output is None:
        return
    if not app.quiet:
        say(f"Written: {output} ({len(made.calls.rows)} customers)")


def _not_planned(made: RankedList, counts: dict[str, int]) -> dict[str, int]:
    """Who gets no call, by why."""
    incident = made.calls.incident
    return {"leave": counts["leave"]} | (dict(incident.left_out) if incident is not None else {})


def planning(app: App) -> Planning:
    """The settings of ranking, hours and wording, as the calls need them."""
    from releasewatch.domain.call_incidents import IncidentWeights
    from releasewatch.domain.call_scores import RankingWeights
    from releasewatch.usecases.call_candidates import Planning
    from releasewatch.usecases.notes import Reading

    tables = app.config.tables
    ranking = tables.ranking
    return Planning(
        now=app.now,
        weights=RankingWeights(
            reach_named=ranking.reach_named,
            reach_direct=ranking.reach_direct,
            reach_dependent=ranking.reach_dependent,
            distance_step=ranking.distance_step,
            breaking=ranking.breaking,
            contract_max=ranking.contract_max,
            renewal_near=ranking.renewal_near,
            renewal_days=ranking.renewal_days,
            escalated=ranking.escalated,
            customer_tier=ranking.customer_tier,
            incident=IncidentWeights(
                severity={str(name): points for name, points in ranking.severity.items()},
                state={str(name): points for name, points in ranking.state.items()},
                level={str(name): points for name, points in ranking.level.items()},
                minutes_each=ranking.minutes_each,
                minutes_max=ranking.minutes_max,
                confirmed=ranking.confirmed,
                complained=ranking.complained,
                again=ranking.again,
                again_days=ranking.again_days,
                further=ranking.further,
                correction=ranking.correction,
            ),
        ),
        hours=app.calling_hours,
        without_entitlement={key: d.without_entitlement for key, d in tables.directory.items()},
        reading=Reading(app.now, tables.notes.subjects),
        settings_version=app.config.settings_version,
        opaque=is_opaque(app),
        approve_by_itself=tables.calling.approve_by_itself,
        escalate_after=timedelta(minutes=tables.calling.escalate_after),
    )
