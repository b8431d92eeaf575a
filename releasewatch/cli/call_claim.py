"""`releasewatch call claim` and `hand-over`: in whose hands a call is; and spreading a list over a team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.call_work import CALL, give_out
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_both
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.call_hands import SpreadOut


@click.command("claim")
@click.argument("ref", metavar="[CALL]", required=False)
@click.option("--next", "next_", is_flag=True, help="The next one that may be made now, of --incident or --deployment.")
@click.option("--incident", metavar="KEY", help="With --next: whose list. INC-7, a key, or the beginning of one.")
@click.option("--deployment", metavar="ID", help="With --next: whose list. D-3, a key, or the beginning of one.")
@BY
@common()
def claim(
    app: App,
    form: str,
    ref: str | None,
    next_: bool,
    incident: str | None,
    deployment: str | None,
    by: str | None,
) -> None:
    """Take CALL (C-17), so that nobody else makes it. Ends with 4 when somebody else holds it, or its list is a draft.

    It is anybody's again after [calling] claim_for minutes, or when who holds it is away or has left; claiming it again
    holds it for longer. What was due when it was planned and is not any more (they were cleared) is said, with why.

    --next takes the next one that may be made now: the most urgent first; of these nobody's calls, then your own, then
    those of others. Of many who ask at once each gets another one. Who may be asleep, for all we know, is said.
    """
    from releasewatch.cli.call import planning
    from releasewatch.usecases.call_work import claim_call, find_stale

    if next_ == (ref is not None) or (not next_ and (incident or deployment)):
        raise InvalidCallError(
            "It is not said which call.", "Name one (C-17); or --next with --incident KEY or --deployment ID."
        )
    calling = app.config.tables.calling
    if ref is None:
        _claim_next(app, form, incident, deployment, by or app.actor)
        return
    done = claim_call(app.ledger, ref, by or app.actor, app.now, calling.claim_for, calling.approve_by_itself)
    for one in find_stale(app.ledger, ref, planning(app)):
        about = one.deployment or one.incident
        again = f"--incident {one.incident}" if one.incident else f"--deployment {one.deployment}"
        what = "news" if one.purpose == "heads_up" else one.purpose.replace("_", " ")
        say(f"The {what} of {about} is not due any more: {one.because}.")
        say(f"  Plan again before you call: releasewatch call plan {again}")
    give_out(app, form, done, f"{done.call} is yours until {format_both(done.until or app.now, app.zone)}.")


def _claim_next(app: App, form: str, incident: str | None, deployment: str | None, who: str) -> None:
    from releasewatch.cli.call import find_list, planning
    from releasewatch.usecases.call_hands import claim_next

    about = {"ref": deployment, "repo": None, "environment": None}
    made = find_list(app, incident, about)
    found = claim_next(app.ledger, made, who, planning(app), app.config.tables.calling.claim_for)
    if found is not None:
        done, is_nobodys = found
        owner = " It was nobody's." if is_nobodys else ""
        if not done.zone_known and not app.quiet:
            say("Their time zone is not known: find out what time it is there before you dial.")
        give_out(app, form, done, f"{done.call} is yours until {format_both(done.until or app.now, app.zone)}.{owner}")
        return
    states = [one.candidate.standing.status for one in made.calls.rows if one.verdict == "call"]
    later, held = states.count("open"), states.count("claimed")
    if form == "json":
        emit_json({"call": None, "later": later, "claimed": held})
        return
    if (head := made.calls.incident) is not None and not head.approval.approved:
        emit_line(f"Nothing to call now. {made.calls.subject} is a draft.")
        return
    left = [f"{counted(later, 'call')} for later"] * bool(later) + [f"{held:,} claimed"] * bool(held)
    emit_line(f"No call can be made now: {', '.join(left)}." if left else "Nothing to call.")
    if later and not app.quiet:
        which = f"--incident {incident}" if incident else f"--deployment {deployment}"
        say(f"When: releasewatch call list {which} --order callable")


@click.command("hand-over")
@CALL
@click.option("--to", required=True, metavar="PERSON", help="Who takes it: key, name or e-mail of one of our staff.")
@click.option("--why", default="", metavar="TEXT", help="The reason, kept with it.")
@BY
@common()
def hand_over_(app: App, form: str, ref: str, to: str, why: str, by: str | None) -> None:
    """Give CALL to somebody else; a claim goes with it. Ends with 4 when another one holds it, or they are not here.

    Only its holder gives a claimed call away, unless they are away or have left. `call show` tells from whom it went to
    whom.
    """
    from releasewatch.usecases.call_hands import hand_over

    if not to.strip():
        raise InvalidCallError("It is not said who takes it.", "Name somebody: --to PERSON.")
    minutes = app.config.tables.calling.claim_for
    done = hand_over(app.ledger, ref, to.strip(), by or app.actor, app.now, minutes, why.strip())
    until = f" until {format_both(done.until, app.zone)}" if done.until is not None else ""
    whom = f" to {to.strip()}" if app.level(None, None) >= Reveal.NAMES else ""
    give_out(app, form, done, f"{done.call} is handed over{whom}{until and f', held{until}'}.")


def spread_document(done: SpreadOut, level: Reveal) -> dict[str, Any]:
    """What spreading did; the members are names."""
    names = level >= Reveal.NAMES
    return {
        "spread": {
            "calls": sum(done.given.values()),
            "members": [{"staff": who if names else None, "calls": many} for who, many in sorted(done.given.items())],
            "left": [{"because": why, "calls": many} for why, many in sorted(done.left.items())],
            "withheld": [] if names else ["staff"],
        }
    }


def emit_spread(done: SpreadOut, level: Reveal) -> None:
    """The same in words."""
    total = sum(done.given.values())
    who = f": {', '.join(f'{who} {many}' for who, many in sorted(done.given.items()))}" if level >= Reveal.NAMES else ""
    emit_line(f"{counted(total, 'call')} spread over {counted(len(done.given), 'person', 'people')}{who}.")
    for why, many in sorted(done.left.items()):
        emit_line(f"{counted(many, 'call')} {'stays' if many == 1 else 'stay'} with nobody: {why}.")
