"""`releasewatch call release`, `show`, `log` and `skip`: the work on a list."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.call_output import (
    contact_words,
    hours_in_words,
    is_opaque,
    local_time_of,
    refuse_if_public,
    remarks,
    their_time,
    withhold,
)
from releasewatch.cli.options import BY, DAY, INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, one_line, say
from releasewatch.domain.call_attempts import CHANNELS, DISPOSITIONS, OUTCOMES
from releasewatch.domain.call_purposes import TOLD, purpose_in_words
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_both, format_utc
from releasewatch.domain.words import counted, with_key
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.call_work import Worked

CALL = click.argument("ref", metavar="CALL")


@click.command("release")
@CALL
@BY
@common()
def release(app: App, form: str, ref: str, by: str | None) -> None:
    """Give CALL back, so that somebody else can take it. Ends with 4 when somebody else holds it."""
    from releasewatch.usecases.call_work import release_call

    done = release_call(app.ledger, ref, by or app.actor, app.now)
    give_out(app, form, done, f"{done.call} is held by nobody.")


@click.command("skip")
@CALL
@click.option("--why", required=True, metavar="TEXT", help="Why it is not to be made; kept with who said it.")
@BY
@common()
def skip(app: App, form: str, ref: str, why: str, by: str | None) -> None:
    """Decide that CALL is not to be made. Planning again does not bring it back."""
    from releasewatch.usecases.call_work import skip_call

    if not why.strip():
        raise InvalidCallError("A call is skipped for a reason.", "Give it with --why TEXT.")
    done = skip_call(app.ledger, ref, by or app.actor, why.strip(), app.now)
    give_out(app, form, done, f"{done.call} is skipped.")


@click.command("log")
@CALL
@click.option("--channel", type=click.Choice(CHANNELS), default="phone", show_default=True, help="How they were tried.")
@click.option(
    "--disposition",
    type=click.Choice(DISPOSITIONS),
    required=True,
    help="What the line did. connected: they were reached, or replied; sent: a mail or message went out.",
)
@click.option("--outcome", type=click.Choice(OUTCOMES), help="What came of the talk; default informed.")
@click.option("--note", default="", metavar="TEXT", help="What is worth knowing; personal, and erased with them.")
@click.option("--quote", default="", metavar="TEXT", help="What they said, in their words.")
@click.option("--promise", default="", metavar="TEXT", help="What was promised to them; needs --due.")
@click.option("--due", type=DAY, metavar="DAY", help="The day by which it is kept.")
@click.option(
    "--ask-engineering", default="", metavar="TEXT", help="What only engineering can answer; call voices shows it."
)
@click.option("--next-at", type=INSTANT, metavar="T", help="When to try again; default by rule, see below.")
@click.option("--contact", metavar="WHO", help="Who was tried: key, e-mail, name or id; default: whom the list names.")
@click.option("--at", type=INSTANT, metavar="T", help="When it was; default now.")
@BY
@common()
def log(app: App, form: str, ref: str, by: str | None, due: datetime | None, **given: Any) -> None:
    """Note an attempt at CALL. A call is made when they were reached, or it was to be written and was sent.

    What they were told is kept: everything in the call, with the revision of the incident's customer summary. Tried
    again by rule: busy after 15 minutes, callback after an hour, no_answer after 2 hours, then 4, then a day, voicemail
    and sent after a day, a wrong number at once with the next contact: it is marked. Ends with 4 when somebody else
    holds the call, or its list was a draft (`call approve`). What cannot have been is refused: a call from weeks before
    it was planned, a promise for a day before the call, a day or time years ahead.
    """
    from releasewatch.cli.call import planning
    from releasewatch.usecases.call_attempts import Noted, log_attempt
    from releasewatch.usecases.call_work import NOT_OPEN

    said = Noted(
        channel=given["channel"],
        disposition=given["disposition"],
        outcome=given["outcome"] or "",
        note=given["note"].strip(),
        quote=given["quote"].strip(),
        promise=given["promise"].strip(),
        due_on=due.date() if due is not None else None,
        next_at=given["next_at"],
        at=given["at"],
        contact=given["contact"],
        ask_engineering=given["ask_engineering"].strip(),
    )
    done = log_attempt(app.ledger, ref, said, by or app.actor, planning(app), app.zone)
    words = f"{done.call} is {done.status}."
    if done.status == "open":
        when = f"from {format_both(done.next_at, app.zone)} on" if done.next_at is not None else "as soon as can be"
        words = f"{done.call} is to be tried again {when}."
    if done.was in NOT_OPEN and not app.quiet:
        say(f"{done.call}: {NOT_OPEN[done.was]}.")
    if done.no_words and not app.quiet:
        say(f"{done.call} {done.stays_open_for}.")
    others = done.marked_elsewhere
    too = f", with {counted(others, 'other contact', 'other contacts')} who have it" if others else ""
    give_out(app, form, done, words + (f" The number is marked as wrong{too}." if done.marked or others else ""))


def give_out(app: App, form: str, done: Worked, words: str) -> None:
    """What became of a call."""
    key = app.looking(None).key(done.customer)
    if form == "json":
        emit_json(
            {
                "call": {
                    "id": done.call,
                    "customer": key,
                    "status": done.status,
                    "held_until": None if done.until is None else format_utc(done.until),
                    "next_at": None if done.next_at is None else format_utc(done.next_at),
                    "number_marked": done.marked,
                    "number_marked_elsewhere": done.marked_elsewhere,
                    "was": done.was or None,
                    "time_zone_known": done.zone_known,
                }
            }
        )
        return
    emit_line(f"{words} ({key})")


@click.command("show")
@CALL
@common(reveal=True, reads=True)
def show_call(app: App, form: str, reveal: str | None, ref: str) -> None:
    """Show CALL: whom, why, what may be said, who holds it, what was tried, and what was told with it."""
    from releasewatch.cli.call import planning
    from releasewatch.usecases.call_showing import call_as_document
    from releasewatch.usecases.call_work import get_call

    level = app.level(reveal, None)
    refuse_if_public(app, reveal, level)
    if level < Reveal.KEYS:
        raise RefusedError("This is a public repository: its logs are counts only.", "Run it elsewhere.")
    with app.ledger.read() as connection:
        row = get_call(connection, ref)
    found = _withhold(call_as_document(app.ledger, row, planning(app)), level, app)
    if form == "json":
        emit_json({"call": found})
        return
    for line in _lines(app, found):
        emit_line(one_line(line))


def _withhold(found: dict[str, Any], level: Reveal, app: App) -> dict[str, Any]:
    """A call as its channel may show it; what somebody noted of a talk needs the word for contacts."""
    defaults: dict[str, Any] = {
        "parts": {},
        "contact": None,
        "account_manager": None,
        "verdict_because": None,
        "verdict_outside": None,
        "say_outside": ((), 0),
        **{name: [] for name in ("same_number_as", "not_known", "called_lately", "do_not_say")},
    }
    shown = withhold({**defaults, **found}, level, in_ci=app.ci is not None, opaque=is_opaque(app))
    shown.pop("rank", None)
    withheld = shown["withheld"]
    if level < Reveal.NAMES:
        withheld += [name for name in ("closed_by", "why_closed") if shown[name] is not None]
        shown |= {"closed_by": None, "why_closed": None}
    shown["moves"] = [_move(one, names=level >= Reveal.NAMES) for one in shown["moves"]]
    attempts = []
    for one in shown["attempts"]:
        mine = dict(one)
        hidden = ["note", "quote", "promise", "ask_engineering"] if level < Reveal.CONTACTS else []
        hidden += ["by", "promise_kept_by"] if level < Reveal.NAMES else []
        mine["withheld"] = [name for name in hidden if mine[name] is not None]
        mine |= dict.fromkeys(mine["withheld"])
        attempts.append(mine)
    shown["attempts"] = attempts
    return shown


def _move(one: dict[str, Any], *, names: bool) -> dict[str, Any]:
    hidden = [name for name in ("from", "to", "by", "why") if not names and one[name] is not None]
    return {**one, **dict.fromkeys(hidden), "withheld": hidden}


def _lines(app: App, found: dict[str, Any]) -> list[str]:
    held = f" by {found['holder'] or 'somebody'}" if found["status"] == "claimed" else ""
    who = with_key(found["name"] or found["customer"], found["customer"])
    lines = [f"{found['id']}: {who}, {found['status']}{held}"]
    if not found.get("approved", True):
        lines.append("  DRAFT: its list is not approved; it may not be made yet.")
    if found["changed_since_claim"]:
        lines.append("  It has changed since it was claimed.")
    if found.get("verdict"):
        when = f"{found['band']}, " if found["band"] else ""
        lines.append(f"  {when}{found['verdict']}: {found['verdict_because']}")
        lines.append(f"  contact: {contact_words(found, 'name')}, {contact_words(found, 'phone')}")
        there = local_time_of(found["timezone"], found["local_time"])
        lines.append(f"  callable: {_hours(app, found)}" + (f"; their time is {there}" if there else ""))
    for one in found["items"]:
        out = f", withdrawn: {one['why_withdrawn']}" if one["withdrawn_at"] else ""
        out = ", told" if one["why_withdrawn"] == TOLD else out
        out += ", of a draft" if one["incident"] in found.get("drafts", ()) and not out else ""
        about = one["incident"] or one["deployment"] or one["coming"]
        lines.append(f"  {purpose_in_words(one['purpose'], one['deployment'])}{f': {about}' if about else ''}{out}")
    for one in found["moves"]:
        whom = f"from {one['from'] or 'nobody'} to {one['to']}" if "to" not in one["withheld"] else "to somebody else"
        why = f": {one['why']}" if one["why"] else ""
        lines.append(f"  {_local(app, one['at'])}: {one['kind'].replace('_', ' ')} {whom}{why}")
    lines += [f"  why: {because}" for because in found.get("because", ())]
    lines += [f"  say: {text}" for text in found.get("say", ())]
    if found.get("verdict") in ("call", "write") and not found["say"]:
        lines.append("  say: No agreed wording, do not improvise.")
    if found.get("say_withheld"):
        lines.append(f"  left out: {counted(found['say_withheld'], 'text')}, for what may not be said here")
    lines += [f"  know, do not say: {text}" for text in found.get("know", ())]
    lines += [f"  do not say yet: {text}" for text in found["do_not_say"]]
    lines += [f"  {text}" for text in remarks(found)]
    for one in found["attempts"]:
        outcome = f", {one['outcome']}" if one["outcome"] else ""
        lines.append(f"  {_local(app, one['at'])}: {one['channel']}, {one['disposition']}{outcome}")
        texts = ("note", "quote", "promise", "ask_engineering")
        lines += [f"    {name.replace('_', ' ')}: {one[name]}" for name in texts if one[name]]
        lines += [f"    promise to be kept by {one['promise_kept_by']}"] if one["promise_kept_by"] else []
    if found["next_at"]:
        there = their_time(app, found["next_at"], found.get("timezone"), day=False)
        lines.append(f"  next: {_local(app, found['next_at'])}{there}")
    if found["why_closed"]:
        before = "skipped before, " if found["status"] == "done" else ""
        lines.append(f"  {before}because: {found['why_closed']}")
    return lines


def _hours(app: App, found: dict[str, Any]) -> str:
    window = found["next_window"]
    given = None if window is None else (window["from"], window["until"])
    return hours_in_words(app, found["callable"], given, found, found)


def _local(app: App, text: str) -> str:
    return format_both(datetime.fromisoformat(text), app.zone)
