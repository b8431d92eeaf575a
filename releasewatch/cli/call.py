"""`releasewatch call`: customers to call about a deployment, in order, each with the reason."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.choosing import chosen_deployment, deployment_options
from releasewatch.cli.notes import TEMPLATES
from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_line, emit_table, open_output, say
from releasewatch.domain.privacy import WORDS, Reveal
from releasewatch.domain.words import blank_line, counted
from releasewatch.errors import RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasewatch.usecases.calls import Planning, RankedList


@click.group()
def command() -> None:
    """Customers to call: who, in what order, on which number, and why."""


def _account_manager(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option("--account-manager", metavar="KEY", help="Only the customers of one account manager.")(function)


@command.command("plan")
@deployment_options(required=True)
@common()
def plan(app: App, form: str, ref: str, repo: str | None, environment: str | None) -> None:
    """Make (or refresh) the calls about a deployment; safe to repeat.

    Every exposed customer gets a verdict: call (a change names them, or a breaking change is in what they use), write
    (what they use changed), else leave. A call is kept for each to be called or written to; what is there stays.
    """
    from releasewatch.usecases.calls import plan_calls

    found = chosen_deployment(app, ref, repo, environment)
    made = plan_calls(app.ledger, found.row.deployment_id, _planning(app))
    counts = _counts(made)
    if form == "json":
        emit_json(
            {
                "deployment": found.id,
                "list_version": made.version,
                "settings_version": made.calls.settings_version,
                "added": made.added,
                "verdicts": counts,
                "not_planned": {"leave": counts["leave"]},
                "not_ruled_out": made.calls.not_ruled_out,
            }
        )
        return
    emit_line(
        f"{found.id}, list version {made.version}: {counts['call']} to call, {counts['write']} to write to, "
        f"{counts['leave']} to leave; {made.added} new."
    )
    _emit_blank(made)
    if not app.quiet:
        say(f"See them: releasewatch call list --deployment {found.id}")


@command.command("list")
@deployment_options(required=True)
@_account_manager
@click.option("--verdict", type=click.Choice(["call", "write", "leave"]), help="Only these.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=100, show_default=True, help="How many.")
@click.option("--after", type=click.IntRange(0), metavar="RANK", help="Go on after this rank: next_cursor.")
@common(("table", "json", "jsonl"), reveal=True, reads=True)
def list_(
    app: App,
    form: str,
    reveal: str | None,
    ref: str,
    repo: str | None,
    environment: str | None,
    account_manager: str | None,
    verdict: str | None,
    limit: int,
    after: int | None,
) -> None:
    """List every exposed customer in the order of the score, with verdict, reason and whom to ring.

    Same ledger, same instant, same order. The score is the sum of the parts shown; ties are in the order of the key.
    """
    from releasewatch.cli.output import emit_jsonl
    from releasewatch.usecases.calls import as_document, list_calls
    from releasewatch.usecases.exposure import check_account_manager

    found = chosen_deployment(app, ref, repo, environment)
    level = app.level(reveal, None)
    check_account_manager(app.ledger, account_manager, level)
    made = list_calls(app.ledger, found.row.deployment_id, _planning(app), account_manager)
    rows = [row for row in as_document(made, found.id) if verdict is None or row["verdict"] == verdict]
    rows = [row for row in rows if after is None or row["rank"] > after]
    page = rows[:limit]
    _say_if_limited(app, reveal, level)
    _say_left_out(app, made)
    shown = [_withhold(row, level, in_ci=app.ci is not None, opaque=_opaque(app)) for row in page]
    if level < Reveal.KEYS:
        shown = []
    next_cursor = page[-1]["rank"] if len(rows) > limit else None
    counts = _counts(made)
    if form == "json":
        emit_json(
            {
                "deployment": found.id,
                "calls": shown,
                "verdicts": counts,
                "not_planned": {"leave": counts["leave"]},
                "not_ruled_out": made.calls.not_ruled_out,
                "list_version": made.version,
                "settings_version": made.calls.settings_version,
                "next_cursor": next_cursor,
            }
        )
    elif form == "jsonl":
        emit_jsonl(shown)
        _say_blank(app, made)
    else:
        _show(shown, counts)
        _emit_blank(made)
        if next_cursor is not None and not app.quiet:
            say(f"More: --after {next_cursor}")


@command.command("render")
@deployment_options(required=True)
@_account_manager
@TEMPLATES
@common(("md", "html", "csv"), output=True, reveal=True)
def render(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    ref: str,
    repo: str | None,
    environment: str | None,
    account_manager: str | None,
    templates: Path | None,
) -> None:
    """Render the list as a document, for everyone or one account manager.

    A file (-o) is written for its owner alone and holds contacts; in CI that needs --reveal contacts and the setting
    [privacy] ci = "contacts".
    """
    from releasewatch.rendering.documents import write_calls
    from releasewatch.usecases.calls import list_calls
    from releasewatch.usecases.exposure import check_account_manager

    found = chosen_deployment(app, ref, repo, environment)
    level = app.level(reveal, output)
    check_account_manager(app.ledger, account_manager, level)
    made = list_calls(app.ledger, found.row.deployment_id, _planning(app), account_manager)
    _say_if_limited(app, reveal, level)
    _say_left_out(app, made)
    if form == "csv":
        _say_blank(app, made)
    given: Any = form
    with nullcontext(sys.stdout) if output is None else open_output(output) as stream:
        write_calls(stream, made.calls, given, templates, reveal=level, in_ci=app.ci is not None, opaque=_opaque(app))
    if output is None:
        return
    if not app.quiet:
        say(f"Written: {output} ({len(made.calls.rows)} customers)")


def _planning(app: App) -> Planning:
    """The settings of ranking, hours and wording, as the calls need them."""
    from releasewatch.domain.call_scores import RankingWeights
    from releasewatch.domain.calling_hours import CallingHours, read_clock
    from releasewatch.usecases.calls import Planning
    from releasewatch.usecases.notes import Reading

    tables = app.config.tables
    ranking, calling = tables.ranking, tables.calling
    usual = CallingHours()
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
        ),
        hours=CallingHours(read_clock(calling.hours_from) or usual.opens, read_clock(calling.hours_to) or usual.closes),
        without_entitlement={key: d.without_entitlement for key, d in tables.directory.items()},
        reading=Reading(app.now, tables.notes.subjects),
        settings_version=app.config.settings_version,
        opaque=_opaque(app),
    )


def _counts(made: RankedList) -> dict[str, int]:
    counts = {"call": 0, "write": 0, "leave": 0}
    for row in made.calls.rows:
        counts[row.verdict] += 1
    return counts


def _opaque(app: App) -> bool:
    return app.config.tables.privacy.keys == "opaque"


def _say_if_limited(app: App, reveal: str | None, level: Reveal) -> None:
    if reveal is not None and level < WORDS[reveal] and not app.quiet:
        place = "ci" if app.ci is not None else "terminal"
        if app.ci is not None and app.ci.public_repo:
            raise RefusedError("This is a public repository: its logs and files are counts only.", "Run it elsewhere.")
        say(f'--reveal {reveal} is more than the settings allow here: [privacy] {place} = "{reveal}" would allow it.')


def _blank_of(made: RankedList) -> str:
    return blank_line(made.calls.unmapped, made.calls.not_ruled_out)


def _emit_blank(made: RankedList) -> None:
    if made.calls.not_ruled_out:
        emit_line(_blank_of(made))


def _say_blank(app: App, made: RankedList) -> None:
    """The same where the format has no place for it."""
    if made.calls.not_ruled_out and not app.quiet:
        say(_blank_of(made))


def _say_left_out(app: App, made: RankedList) -> None:
    rows = sum(1 for row in made.calls.rows if row.candidate.say_withheld)
    if rows and not app.quiet:
        say(
            f"For {counted(rows, 'customer')} something to say names another customer and was left out. "
            "Give it other words: releasewatch change edit"
        )


def _withhold(row: dict[str, Any], level: Reveal, *, in_ci: bool, opaque: bool) -> dict[str, Any]:
    """A row as its channel may show it: what is withheld is null, and named."""
    from releasewatch.domain.call_scores import parts_for_ci
    from releasewatch.domain.privacy import opaque_key

    shown, withheld = dict(row), []
    outside = shown.pop("verdict_outside")
    if in_ci:
        shown["parts"] = parts_for_ci(row["parts"])
    if level < Reveal.CONTACTS and row["contact"] is not None:
        shown["contact"] = None
        withheld.append("contact")
    if level < Reveal.NAMES:
        if opaque:
            shown["customer"] = opaque_key(row["customer"])
        shown["name"] = None
        shown["account_manager"] = shown["account_manager_note"] = None
        # The window is the working day of their time zone, in UTC.
        shown["local_time"] = shown["next_window"] = None
        shown["verdict_because"] = outside
        withheld += [name for name in ("local_time", "next_window") if row[name] is not None]
        withheld += ["name"] + (["account_manager"] if row["account_manager"] else [])
    shown["withheld"] = withheld
    return shown


def _show(rows: Sequence[dict[str, Any]], counts: dict[str, int]) -> None:
    if rows:
        emit_table(
            ("#", "call", "verdict", "customer", "score", "callable", "contact", "number", "owner", "why"),
            (
                (
                    str(row["rank"]),
                    row["id"] or "",
                    row["verdict"],
                    row["name"] or row["customer"],
                    str(row["score"]),
                    row["callable"],
                    _contact_words(row, "name"),
                    _contact_words(row, "phone"),
                    row["account_manager"] or ("withheld" if "account_manager" in row["withheld"] else "UNOWNED"),
                    row["verdict_because"],
                )
                for row in rows
            ),
            right=("#", "score"),
        )
    emit_line(f"{counts['call']} to call, {counts['write']} to write to, {counts['leave']} to leave.")


def _contact_words(row: dict[str, Any], what: str) -> str:
    if row["contact"] is None:
        return "withheld" if "contact" in row["withheld"] else "none"
    return row["contact"][what] or ""
