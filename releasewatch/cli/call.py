"""`releasewatch call`: customers to call about a deployment or an incident, in order, each with the reason."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.call_approve import approval_of, approve, emit_draft, say_draft
from releasewatch.cli.call_care import (
    care_options,
    coming_options,
    emit_waiting,
    is_care,
    list_care,
    plan_care,
    say_next,
    subject_document,
    withdraw_coming,
)
from releasewatch.cli.call_claim import claim, emit_spread, hand_over_, spread_document
from releasewatch.cli.call_document import list_document, not_planned, shown_rows
from releasewatch.cli.call_import import import_
from releasewatch.cli.call_inbound import inbound
from releasewatch.cli.call_order import in_order, order_options
from releasewatch.cli.call_output import (
    counts_of,
    emit_blank,
    emit_left_out,
    is_opaque,
    refuse_if_public,
    say_blank,
    say_if_outdated,
    say_left_out,
    say_withdrawn,
    show,
)
from releasewatch.cli.call_promises import promise, promises
from releasewatch.cli.call_render import render_list, render_options
from releasewatch.cli.call_send import send, sendings
from releasewatch.cli.call_voices import voices
from releasewatch.cli.call_work import log, release, show_call, skip
from releasewatch.cli.choosing import chosen_deployment, deployment_options
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.cli.telling import tell_others
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App
from releasewatch.wiring.notifying import rules_of

if TYPE_CHECKING:
    from releasewatch.usecases.call_candidates import Planning, RankedList
    from releasewatch.usecases.call_hands import SpreadOut


@click.group()
def command() -> None:
    """Customers to call: who, in what order, on which number, why; and the work on the list."""


for _verb in (
    claim,
    release,
    show_call,
    log,
    skip,
    import_,
    inbound,
    promise,
    promises,
    voices,
    approve,
    hand_over_,
    send,
    sendings,
):
    command.add_command(_verb)


def _about(function: Callable[..., Any]) -> Callable[..., Any]:
    """`--incident KEY`, `--deployment ID` with what says which one `last` is, `--head REV` or a check-in."""
    incident = click.option("--incident", metavar="KEY", help="INC-7, a key, or the beginning of one.")
    return incident(deployment_options(required=False)(care_options(function)))


def _account_manager(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--account-manager", metavar="KEY", help="Only the customers of one account manager.")(function)


def _deployment_of(app: App, incident: str | None, about: dict[str, Any]) -> Any:
    """The deployment that is meant; None when an incident is."""
    ref = about["ref"]
    if is_care(incident, about):
        return None
    if (ref is None) == (incident is None):
        raise InvalidCallError(
            "It is not said what the calls are about." if ref is None else "A deployment and an incident are named.",
            "Give --deployment ID, --incident KEY, --head REV or --purpose check_in.",
        )
    return None if ref is None else chosen_deployment(app, ref, about["repo"], about["environment"])


def _ranked(
    app: App, incident: str | None, found: Any, about: dict[str, Any], account_manager: str | None
) -> RankedList:
    from releasewatch.usecases.calls import list_calls
    from releasewatch.usecases.incident_calls import list_incident_calls

    how = planning(app)
    if found is None and incident is None:
        return list_care(app, about, how, account_manager)
    if found is None:
        return list_incident_calls(app.ledger, incident or "", how, account_manager)
    return list_calls(app.ledger, found.row.deployment_id, how, account_manager)


def find_list(app: App, incident: str | None, about: dict[str, Any]) -> RankedList:
    """The list of an incident or a deployment, as it stands."""
    return _ranked(app, incident, _deployment_of(app, incident, about), about, None)


@command.command("plan")
@_about
@coming_options
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

    Good news (a change names them, or settles a ticket that they reported) is told once it is live where they are, and
    once. --head REV --purpose heads_up: a breaking change is coming to them. --purpose check_in: a few customers a week
    whom nobody has spoken to for long.
    --spread gives each open call that is nobody's, or of somebody who is away or has left, to one of the team who is
    here, as many to each, by language and working hours; whom nobody can call stay, and are counted.
    """
    from releasewatch.usecases.call_hands import check_team
    from releasewatch.usecases.calls import plan_calls
    from releasewatch.usecases.incident_calls import plan_incident_calls

    found = _deployment_of(app, incident, about)
    if team is not None:
        check_team(app.ledger, team, app.now)
    if about["withdraw"] and found is None and incident is None and about["head"]:
        withdraw_coming(app, form, about, planning(app))
        return
    if found is None and incident is None:
        made = plan_care(app, about, planning(app))
    elif found is None:
        made = plan_incident_calls(app.ledger, incident or "", planning(app))
    else:
        made = plan_calls(app.ledger, found.row.deployment_id, planning(app))
    spread = None if team is None else _spread(app, incident, found, about, team, by or app.actor)
    level = app.level(None, None)
    subject, counts = made.calls.subject[:1].upper() + made.calls.subject[1:], counts_of(made)
    if form == "json":
        emit_json(
            {
                **subject_document(made),
                "list_version": made.version,
                "settings_version": made.calls.settings_version,
                **approval_of(made, level),
                **({} if spread is None else spread_document(spread, level)),
                "added": made.added,
                "withdrawn": [{"because": why, "items": many} for why, many in sorted(made.withdrawn.items())],
                "verdicts": counts,
                "not_planned": not_planned(made, counts),
                "not_ruled_out": made.calls.not_ruled_out,
                **made.calls.unsure.document,
                **made.calls.beyond.document,
            }
        )
        tell_others(app)
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
    emit_waiting(made)
    if not app.quiet:
        say_next(app, made, about)
    tell_others(app)


@command.command("render")
@_about
@_account_manager
@render_options
def render(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    incident: str | None,
    account_manager: str | None,
    team: str | None,
    each_account_manager: bool,
    templates: Path | None,
    drafts: Path | None,
    **about: Any,
) -> None:
    """Render the list as a document or spreadsheet: for everyone, a team, one account manager or each of them.

    XLSX and CSV are worked on and read back: whom to call, what to say, and columns to fill in (disposition, outcome,
    note, promise, due, next_at). Then: releasewatch call import FILE. What was filled in is not overwritten. JSON is
    the document of call list, for programs, and is not read back.

    A file (-o) is written for its owner alone and holds contacts; in CI that needs --reveal contacts and the setting
    [privacy] ci = "contacts". Who got which version is kept: when the blame moves, a customer on it is cleared or the
    incident is cancelled, this and the other commands say which version is withdrawn, and who has it.

    To whom one writes: --format mailmerge is a CSV table with one row for each, and
    --write-drafts one mail (.eml) for each. Nothing without agreed wording is in them, but the reason why not.
    Subject and greeting are English, what was agreed is as it was agreed; the table names each one's language.
    --templates words Markdown, HTML and letters; CSV, XLSX and JSON are made by none, and refuse it.
    """
    found = _deployment_of(app, incident, about)
    render_list(
        app,
        form,
        output,
        reveal,
        templates,
        lambda keeper: _ranked(app, incident, found, about, keeper),
        account_manager=account_manager,
        team=team,
        each=each_account_manager,
        drafts=drafts,
    )


def _spread(app: App, incident: str | None, found: Any, about: dict[str, Any], team: str, who: str) -> SpreadOut:
    from releasewatch.usecases.call_hands import spread_calls

    return spread_calls(app.ledger, _ranked(app, incident, found, about, None), team, who, planning(app))


@command.command("list")
@_about
@_account_manager
@click.option("--verdict", type=click.Choice(["call", "write", "leave"]), help="Only these.")
@click.option("--band", type=click.Choice(["now", "today", "this week"]), help="Only these; today: within 24 hours.")
@click.option("--explain", metavar="KEY", help="Why this customer stands where they stand, and not higher.")
@order_options
@common(("table", "json", "jsonl"), reveal=True, reads=True)
def list_(
    app: App,
    form: str,
    reveal: str | None,
    incident: str | None,
    account_manager: str | None,
    verdict: str | None,
    band: str | None,
    order: str | None,
    explain: str | None,
    limit: int,
    after: int | None,
    **about: Any,
) -> None:
    """List everybody whom a deployment or an incident reaches, ranked by score, with verdict, reason, contact.

    Same ledger, same instant, same order. The score is the sum of the parts shown; ties are in the order of the key.
    People read what is nobody's first, wherever it ranks; JSON is in the order of the rank.
    """
    from releasewatch.cli.call_explaining import check_alone
    from releasewatch.cli.call_explaining import explain as give_explanation
    from releasewatch.cli.output import emit_jsonl
    from releasewatch.usecases.call_documents import call_document
    from releasewatch.usecases.exposure import check_account_manager

    found = _deployment_of(app, incident, about)
    if explain is not None:
        check_alone(form, account_manager=account_manager, verdict=verdict, band=band, order=order, after=after)
        give_explanation(app, form, reveal, _ranked(app, incident, found, about, None), explain, planning(app))
        return
    level = app.level(reveal, None)
    check_account_manager(app.ledger, account_manager, level)
    made = _ranked(app, incident, found, about, account_manager)
    ordered, goes_on = in_order(made.calls.rows, form, order, after)
    rows = [row for row in ordered if verdict in (None, row.verdict) and band in (None, row.band)]
    page = [call_document(row) for row in rows[:limit]]
    refuse_if_public(app, reveal, level)
    say_left_out(app, made)
    say_if_outdated(app, made)
    shown = shown_rows(app, page, level)
    next_cursor = page[-1]["rank"] if len(rows) > limit and goes_on else None
    if form == "json":
        emit_json(list_document(made, shown, level, next_cursor))
    elif form == "jsonl":
        emit_jsonl(shown)
        say_draft(app, made, level)
        say_blank(app, made)
    else:
        emit_draft(made, level)
        show(shown, counts_of(made))
        emit_blank(made)
        emit_left_out(made)
        emit_waiting(made)
        if next_cursor is not None and not app.quiet:
            say(f"More: --after {next_cursor}")


def planning(app: App) -> Planning:
    """The settings of ranking, hours and wording, as the calls need them."""
    from decimal import Decimal

    from releasewatch.domain.call_care import CareSettings
    from releasewatch.domain.call_incidents import IncidentWeights
    from releasewatch.domain.call_rules import CallRules
    from releasewatch.domain.call_scores import RankingWeights
    from releasewatch.usecases.call_candidates import Planning
    from releasewatch.usecases.notes import Reading

    tables = app.config.tables
    ranking, calling = tables.ranking, tables.calling
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
            promise_overdue=ranking.promise_overdue,
            currency=ranking.currency,
            rates={name: Decimal(str(rate)) for name, rate in ranking.rates.items()},
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
        care=CareSettings(calling.check_in_after, calling.check_ins_a_week, calling.coming_days),
        rules=CallRules(calling.capacity, calling.fatigue_days, frozenset(map(str, calling.override_hours))),
        approve_by_itself=tables.calling.approve_by_itself,
        escalate_after=timedelta(minutes=tables.calling.escalate_after),
        told=rules_of(app),
        most=calling.most,
        unowned=tables.mail.unowned or "",
    )
