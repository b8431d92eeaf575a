"""`releasewatch outbox`: what others are to be told, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, say
from releasewatch.domain.notifications import OPEN_STATES, STATES
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_both, format_utc
from releasewatch.wiring import App

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from releasewatch.usecases.notifying import Outcome

_USUAL = (*OPEN_STATES, "given_up")


@click.group()
def command() -> None:
    """What others are to be told by [notify.*], until they are."""


@command.command("list")
@click.option(
    "--state",
    "states",
    type=click.Choice(STATES),
    multiple=True,
    help="Only in this state; default: what is not settled, and what was given up.",
)
@click.option("--all", "everything", is_flag=True, help="In any state.")
@click.option("--limit", type=WholeNumber(1, 1000), default=100, show_default=True, help="At most so many.")
@click.option("--before", metavar="N-12", help="Only older ones: next_cursor of the page before.")
@common(reads=True, reveal=True)
def list_(
    app: App,
    form: str,
    reveal: str | None,
    states: tuple[str, ...],
    everything: bool,
    limit: int,
    before: str | None,
) -> None:
    """What waits, and what was given up and why; newest first."""
    from releasewatch.usecases.outbox import kept_document, list_outbox, subject_id

    names = app.level(reveal, None) >= Reveal.NAMES
    found, cursor = list_outbox(app.ledger, STATES if everything else states or _USUAL, limit, before)
    if form == "json":
        documents = [kept_document(one, names=names) for one in found]
        emit_json({"notifications": documents, "next_cursor": cursor})
        return
    rows = [
        (
            one.id,
            one.notification.rule,
            one.notification.kind,
            subject_id(one),
            one.state,
            str(one.attempts),
            format_both(one.next_at, app.zone) if one.state in OPEN_STATES else "",
            (f"{one.why} ({one.recorded_by})" if names and one.why else "") or one.problem,
        )
        for one in found
    ]
    if rows:
        emit_table(("id", "rule", "about", "subject", "state", "tried", "next try", "because"), rows)
    elif not app.quiet:
        say("Nothing waits." if not (states or everything) else "There is none.")
    if cursor is not None and not app.quiet:
        say(f"There are more: --before {cursor}")


@command.command("flush")
@click.option("--all", "everything", is_flag=True, help="Also what waits for its next try, and what was given up.")
@common()
def flush(app: App, form: str, everything: bool) -> None:
    """Send what is due. Ends with 3 when something was not taken."""
    send_what_waits(app, form, also_all=everything)


@command.command("drop")
@click.argument("ids", metavar="N-12...", nargs=-1, required=True)
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with it.")
@BY
@common()
def drop_(app: App, form: str, ids: tuple[str, ...], why: str, by: str | None) -> None:
    """Have notifications never sent; they stay in the list as dropped."""
    from releasewatch.usecases.outbox import drop, kept_document

    dropped = drop(app.ledger, ids, why, by or app.actor, app.now)
    if form == "json":
        names = app.level(None, None) >= Reveal.NAMES
        emit_json({"notifications": [kept_document(one, names=names) for one in dropped]})
        return
    for one in dropped:
        emit_line(f"{one.id} is dropped.")


def send_what_waits(app: App, form: str, *, also_all: bool) -> None:
    """Send, and give out what became of each."""
    from releasewatch.integrations.http import Patience
    from releasewatch.usecases.notifying import Sending, send_waiting
    from releasewatch.usecases.outbox import waiting_elsewhere
    from releasewatch.wiring import clock
    from releasewatch.wiring.notifying import ways_of

    if not app.has_ledger:
        _give_out(app, form, (), {}, {})
        return
    show = say if form == "json" else emit_line
    ways, missing = ways_of(app, show, Patience(attempts=2, timeout=10, whole=20, longest_retry_after=5))
    without = {key: d.without_entitlement for key, d in app.config.tables.directory.items()}
    ledger = app.ledger
    try:
        outcomes = list(send_waiting(ledger, ways, Sending(clock, without, also_all=also_all)))
        elsewhere = waiting_elsewhere(ledger, ways)
    finally:
        ledger.close()
    _give_out(app, form, outcomes, elsewhere, missing)
    if any(one.error is not None for one in outcomes):
        click.get_current_context().exit(exit_codes.OUTSIDE_FAILED)


def _give_out(
    app: App, form: str, outcomes: Sequence[Outcome], elsewhere: Mapping[str, int], missing: Mapping[str, str]
) -> None:
    left = [
        {"rule": rule, "waiting": many, "reason": missing.get(rule, "the settings here have no such rule")}
        for rule, many in elsewhere.items()
    ]
    if form == "json":
        emit_json({"notifications": [_document(one) for one in outcomes], "left": left})
        return
    for one in outcomes:
        about = one.kept.notification
        line = f"{one.kept.id} ({about.rule}, {about.kind}) {_WORDS[one.state]}"
        if one.error is not None:
            line += f": {one.error.message}"
        emit_line(line)
        if one.error is not None and one.error.hint:
            emit_line(f"  {one.error.hint}")
        if one.next_at is not None:
            emit_line(f"  Next try: {format_both(one.next_at, app.zone)}")
    for rest in left:
        say(f"{rest['waiting']} for {rest['rule']} wait: {rest['reason']}.")
    if not outcomes and not left and not app.quiet:
        say("Nothing waits.")


_WORDS = {
    "sent": "was sent",
    "waiting": "was not taken",
    "given_up": "was given up",
    "not_needed": "is not needed",
}


def _document(one: Outcome) -> dict[str, Any]:
    from releasewatch.usecases.outbox import subject_id

    about = one.kept.notification
    return {
        "id": one.kept.id,
        "rule": about.rule,
        "kind": about.kind,
        "subject": subject_id(one.kept),
        "state": one.state,
        "attempts": one.kept.attempts,
        "next_at": format_utc(one.next_at) if one.next_at else None,
        "problem": one.error.message if one.error else None,
        "hint": (one.error.hint or None) if one.error else None,
    }
