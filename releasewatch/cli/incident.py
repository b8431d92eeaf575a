"""`releasewatch incident`: flag what went bad, say who is to blame, who was hurt, and when it was over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from releasewatch.cli.choosing import chosen_deployment
from releasewatch.cli.incident_import import import_
from releasewatch.cli.incident_link import link_, telling_of
from releasewatch.cli.incident_output import give_out_incident, give_out_list, showing, viewing_options
from releasewatch.cli.incident_render import render
from releasewatch.cli.incident_writing import say_what_cannot_leave
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import BY, INSTANT, NAME, common
from releasewatch.cli.output import say
from releasewatch.cli.suspects import ranking_of, suspects
from releasewatch.cli.telling import tell_others
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

SEVERITY = click.Choice(["SEV1", "SEV2", "SEV3", "SEV4", "SEV5"], case_sensitive=False)
AUDIENCE = click.Choice(["engineering", "account", "customer"])
COMPONENT_STATUSES = ("operational", "maintenance", "degraded", "partial", "major_outage")


@click.group()
def command() -> None:
    """Incidents: which deployment is to blame, who was hurt, who is back to normal."""


command.add_command(suspects)
command.add_command(import_)
command.add_command(render)
command.add_command(link_)


def _fields(function: Callable[..., Any]) -> Callable[..., Any]:
    """What can be said of an incident when it is opened, and later."""
    options = [
        click.option(
            "--component",
            "components",
            multiple=True,
            metavar="KEY[=STATUS]",
            help=f"What is broken, and how far: {', '.join(COMPONENT_STATUSES)}.",
        ),
        click.option("--severity", type=SEVERITY, help="How bad it is; SEV1 is worst."),
        click.option("--environment", metavar="ENV", help="Where; default: where the blamed deployments went."),
        click.option("--region", "regions", type=NAME, multiple=True, metavar="R", help="Where; default: everywhere."),
        click.option("--ring", "rings", type=NAME, multiple=True, metavar="R", help="Which group; default: everyone."),
        click.option("--started-at", type=INSTANT, metavar="T", help="When customers began to suffer."),
        click.option(
            "--detected-by", type=click.Choice(["monitoring", "staff", "customer"]), help="Who noticed it first."
        ),
        click.option("--commander", metavar="NAME", help="Who leads the work."),
        click.option("--liaison", metavar="NAME", help="Who speaks with customers."),
        click.option("--at", type=INSTANT, metavar="T", help="Since when it is so; default now."),
        click.option("--why", default="", metavar="TEXT", help="The reason, kept with it."),
    ]
    for option in reversed(options):
        function = option(function)
    return BY(function)


@command.command("open")
@click.option("--title", required=True, metavar="TEXT", help="What is wrong, in a few words.")
@_fields
@click.option("--deployment", "ref", metavar="ID", help="The suspect: D-12, a key, its beginning, or last.")
@click.option("--key", type=NAME, metavar="KEY", help="A monitor's id: the same key is the same incident.")
@common(output=False, reveal=True)
def open_(app: App, form: str, reveal: str | None, title: str, ref: str | None, key: str | None, **given: Any) -> None:
    """Flag something that went bad, and see at once who may be hurt, since when, and what to type next.

    Safe to repeat with --key. Every field can come later, or be corrected: incident update.
    """
    from releasewatch.usecases.incidents import open_incident

    found = chosen_deployment(app, ref, None, given["environment"]) if ref is not None else None
    fields = _read_fields(app, given, title=title)
    number = found.row.deployment_id if found is not None else None
    opened = open_incident(
        app.ledger, fields, telling_of(app, given), key=key or "", deployment_id=number, how=ranking_of(app)
    )
    if opened.not_taken and not app.quiet:
        _say_not_taken(opened.incident.id, opened.not_taken)
    give_out_incident(app, form, opened.incident.id, showing(app, reveal, None), already_open=opened.already_open)
    tell_others(app)


def _say_not_taken(key: str, names: Sequence[str]) -> None:
    """What another call with the same key said anew, and what to type to have it said."""
    say(f"{key} was open before; not taken: {', '.join(names)}. To change it:")
    updates = [name for name in names if name != "--deployment"]
    if updates:
        say(f"  releasewatch incident update {key} {' … '.join(updates)} …")
    if "--deployment" in names:
        say(f"  releasewatch incident link {key} --suspect ID")


@command.command("update")
@click.argument("incident", metavar="INC")
@click.option("--title", metavar="TEXT", help="What is wrong, in a few words.")
@_fields
@click.option("--ended-at", type=INSTANT, metavar="T", help="When customers ceased to suffer.")
@click.option("--opened-at", type=INSTANT, metavar="T", help="When it was opened, corrected.")
@click.option(
    "--status", type=click.Choice(["investigating", "identified", "monitoring"]), help="How far the work has come."
)
@click.option("--not-component", "without_components", multiple=True, metavar="KEY", help="It is not about this one.")
@click.option("--not-region", "without_regions", multiple=True, metavar="R", help="It is not in this region.")
@click.option("--not-ring", "without_rings", multiple=True, metavar="R", help="It is not in this ring.")
@click.option("--entry", metavar="TEXT", help="An entry of the timeline, which happened at --at.")
@click.option("--summary", metavar="TEXT", help="The summary for --audience; earlier ones are kept.")
@click.option("--audience", type=AUDIENCE, default="engineering", show_default=True, help="Of the entry or summary.")
@click.option(
    "--withdraw-entry",
    "withdrawn",
    type=WholeNumber(min=1),
    multiple=True,
    metavar="N",
    help="Take an entry back: it stays in the timeline (N is shown there), and leaves outer documents.",
)
@common(reveal=True)
def update_(app: App, form: str, reveal: str | None, incident: str, title: str | None, **given: Any) -> None:
    """Add to an incident or correct it. Nothing is overwritten: what was said before is kept, and the newest counts."""
    from releasewatch.usecases.incidents import update_incident

    fields = _read_fields(app, given, title=title)
    found = update_incident(app.ledger, incident, fields, telling_of(app, given))
    if fields.audience != "engineering":
        say_what_cannot_leave(app, found.id, fields)
    give_out_incident(app, form, found.id, showing(app, reveal, None))
    tell_others(app)


def _read_fields(app: App, given: dict[str, Any], *, title: str | None) -> Any:
    from releasewatch.usecases.deployment_lists import check_environment
    from releasewatch.usecases.incidents import IncidentFields

    check_environment(app.ledger, given["environment"], app.config.tables.environments)
    summary, audience = given.get("summary"), given.get("audience", "engineering")
    if summary is not None and not summary.strip():
        raise InvalidCallError("The summary is empty.", "Give it with --summary TEXT.")
    return IncidentFields(
        title=title,
        severity=given["severity"],
        status=given.get("status"),
        detected_by=given["detected_by"],
        impact_started_at=given["started_at"],
        impact_ended_at=given.get("ended_at"),
        opened_at=given.get("opened_at"),
        environment=given["environment"],
        components=[_component(text) for text in given["components"]],
        without_components=given.get("without_components", ()),
        regions=given["regions"],
        without_regions=given.get("without_regions", ()),
        rings=given["rings"],
        without_rings=given.get("without_rings", ()),
        commander=given["commander"],
        liaison=given["liaison"],
        entry=given.get("entry"),
        audience=audience,
        withdrawn=given.get("withdrawn", ()),
        summaries={audience: summary} if summary is not None else {},
    )


def _component(text: str) -> tuple[str, str]:
    key, _, status = text.partition("=")
    if status and status not in COMPONENT_STATUSES:
        raise InvalidCallError(
            f"{status!r} is no status of a component.", f"Wanted one of: {', '.join(COMPONENT_STATUSES)}."
        )
    return key, status


def _status_command(name: str, status: str, words: str) -> None:
    @command.command(name, help=words)
    @click.argument("incident", metavar="INC")
    @click.option("--at", type=INSTANT, metavar="T", help="Since when it is so; default now.")
    @click.option("--why", default="", metavar="TEXT", help="The reason, kept with it.")
    @BY
    @common(reveal=True)
    def run(app: App, form: str, reveal: str | None, incident: str, **given: Any) -> None:
        _change_status(app, form, reveal, incident, status, given)


def _change_status(
    app: App, form: str, reveal: str | None, ref: str, status: str, given: dict[str, Any], **more: Any
) -> None:
    from releasewatch.usecases.incidents import change_status

    found, already = change_status(app.ledger, ref, status, telling_of(app, given), **more)
    if already and not app.quiet:
        say(f"{found.id} was {status} before; nothing was added.")
    give_out_incident(app, form, found.id, showing(app, reveal, None))
    tell_others(app)


_status_command("cancel", "cancelled", "Say that it was none: a false alarm, or the same as another one.")
_status_command("reopen", "investigating", "Re-open a resolved or cancelled incident: it goes on.")


@command.command("resolve")
@click.argument("incident", metavar="INC")
@click.option("--ended-at", type=INSTANT, metavar="T", help="When customers ceased to suffer; default: the resolution.")
@click.option("--at", type=INSTANT, metavar="T", help="When it was resolved; default now.")
@click.option("--why", default="", metavar="TEXT", help="The reason, kept with it.")
@BY
@common(reveal=True)
def resolve_(app: App, form: str, reveal: str | None, incident: str, ended_at: datetime | None, **given: Any) -> None:
    """Close an incident. When customers ceased to suffer is kept apart from when that was written down.

    Of a resolved one, another --at or --ended-at corrects what was said; that stays in the timeline.
    """
    _change_status(app, form, reveal, incident, "resolved", given, ended_at=ended_at)


@command.command("impact")
@click.argument("incident", metavar="INC")
@click.option("--confirm", multiple=True, metavar="CUSTOMER", help="They were hurt.")
@click.option("--clear", multiple=True, metavar="CUSTOMER", help="They were not.")
@click.option("--add", multiple=True, metavar="CUSTOMER", help="They are exposed, though nothing tells so.")
@click.option("--remove", multiple=True, metavar="CUSTOMER", help="They have nothing to do with it.")
@click.option(
    "--evidence",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    metavar="FILE",
    help="A CSV of customer, state, first_at, last_at, count, note, level; - for stdin.",
)
@click.option("--strict", is_flag=True, help="Add nothing, and exit with 1, when a row of the evidence is refused.")
@click.option("--level", type=click.Choice(COMPONENT_STATUSES[1:]), help="How badly those to confirm were hurt.")
@click.option("--why", default="", metavar="TEXT", help="The reason, kept with it; needed for customers named here.")
@BY
@common(reveal=True)
def impact_(
    app: App,
    form: str,
    reveal: str | None,
    incident: str,
    confirm: Sequence[str],
    clear: Sequence[str],
    add: Sequence[str],
    remove: Sequence[str],
    evidence: Path | None,
    strict: bool,
    level: str | None,
    **given: Any,
) -> int:
    """Say of customers that they were affected or not, by hand or from a measurement.

    Nothing else makes a customer affected. Whatever is derived later, these words stay; the newest one counts.
    Of one customer's rows the evidence is united: from the first instant to the last, the sum, the worst level.
    """
    from releasewatch.cli.incident_output import say_impact
    from releasewatch.usecases.impacts import say_by_hand

    words = {"affected": confirm, "cleared": clear, "added": add, "removed": remove}
    named = any(words.values())
    if named == (evidence is not None):
        raise InvalidCallError(
            "It is not said of whom." if not named else "Customers are named, and a file is given too.",
            "Give --confirm, --clear, --add or --remove CUSTOMER, or --evidence FILE.",
        )
    telling = telling_of(app, given)
    if evidence is None:
        told = say_by_hand(app.ledger, incident, words, telling, level=level or "")
    else:
        told = _take(app, incident, evidence, telling, strict=strict)
    say_impact(app, told, strict=strict)
    give_out_incident(app, form, told.incident.id, showing(app, reveal, None), impact=told)
    return int(strict and bool(told.added.refused))


def _take(app: App, incident: str, path: Path, telling: Any, *, strict: bool) -> Any:
    from releasewatch.integrations.evidence_csv import open_evidence, read_evidence
    from releasewatch.usecases.impacts import take_evidence

    is_stdin = str(path) == "-"
    name = "stdin" if is_stdin else str(path)
    with click.open_file("-", encoding="utf-8-sig") if is_stdin else open_evidence(path) as file:
        return take_evidence(app.ledger, incident, read_evidence(file, name), telling, strict=strict)


@command.command("list")
@click.option(
    "--status",
    type=click.Choice(["open", "investigating", "identified", "monitoring", "resolved", "cancelled"]),
    help="Only these; open: whatever is still worked at.",
)
@click.option("--limit", type=WholeNumber(1, 1000), default=20, show_default=True, help="How many.")
@click.option("--after", metavar="CURSOR", help="Go on after this one: next_cursor of the page before.")
@viewing_options
@common(("table", "json", "jsonl"), replica=True)
def list_(
    app: App,
    form: str,
    status: str | None,
    limit: int,
    after: str | None,
    at: datetime | None,
    known_at: datetime | None,
) -> None:
    """The last incidents, newest first."""
    give_out_list(app, form, status=status, limit=limit, after=after, at=at, known_at=known_at)


@command.command("show")
@click.argument("incident", metavar="INC")
@click.option("--customers", is_flag=True, help="Each customer in it, with state, windows and reasons.")
@click.option("--timeline", is_flag=True, help="Everything that was said of it, when and by whom.")
@viewing_options
@common(output=True, reveal=True, replica=True)
def show_(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    incident: str,
    customers: bool,
    timeline: bool,
    at: datetime | None,
    known_at: datetime | None,
) -> None:
    """Show an incident (INC-7, a key, or its beginning): blame, who was hurt and how long, who still carries it.

    Minutes, promised times and credits stand by state: what is presumed is never summed up with what is known.

    --at shows the world as it was then, as known now; --known-at what was recorded by then.
    """
    how = showing(app, reveal, output, at, known_at)
    give_out_incident(
        app,
        form,
        incident,
        how,
        output=output,
        customers=customers,
        with_timeline=timeline,
        measured=True,
        numbered=False,
    )
