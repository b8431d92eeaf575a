"""`releasewatch incident link`: say which deployment is to blame, and which one ended it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.choosing import chosen_deployment
from releasewatch.cli.incident_output import give_out_incident, showing
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import say
from releasewatch.cli.suspects import ranking_of
from releasewatch.cli.telling import tell_others
from releasewatch.domain.times import format_both
from releasewatch.errors import InvalidCallError, RefusedError

if TYPE_CHECKING:
    from releasewatch.usecases.incidents import Telling
    from releasewatch.wiring import App


@click.command("link")
@click.argument("incident", metavar="INC")
@click.option("--suspect", metavar="N", help="The number that incident suspects INC shows, or D-12 of that list.")
@click.option("--deployment", "ref", metavar="ID", help="D-12, a key, its beginning, or last.")
@click.option(
    "--state",
    type=click.Choice(["suspect", "confirmed", "cleared"]),
    help="Whether it is to blame; --suspect without it makes it a suspect.",
)
@click.option("--fixed-by", metavar="ID", help="The deployment that ended it.")
@click.option("--not-fixed-by", metavar="ID", help="It did not, though that was said; needs --why.")
@click.option("--why", default="", metavar="TEXT", help="The reason, kept with it; --suspect keeps that of the score.")
@BY
@common(reveal=True)
def link_(
    app: App,
    form: str,
    reveal: str | None,
    incident: str,
    suspect: str | None,
    ref: str | None,
    state: str | None,
    fixed_by: str | None,
    not_fixed_by: str | None,
    **given: Any,
) -> None:
    """Say that a deployment is a suspect, confirmed or cleared, or that one fixed the incident, or did not after all.

    Several may share the blame. Who was hurt is worked out anew; what people and measurements said of customers stays.
    A number of the list of suspects goes on meaning the deployment for which it was shown, whatever the order is now.
    """
    from releasewatch.usecases.incident_blame import link_deployment
    from releasewatch.usecases.incident_fixes import fix_incident, has_taken_back, unfix_incident

    if sum(one is not None for one in (suspect, ref, fixed_by, not_fixed_by)) != 1:
        raise InvalidCallError(
            "One deployment is linked at a time.",
            "Give --suspect N, --deployment ID, --fixed-by ID or --not-fixed-by ID.",
        )
    if (fixed_by or not_fixed_by) is not None and state is not None:
        raise InvalidCallError("A state is said of blame, and not of a fix.", "Leave --state out.")
    needs_reason = ref is not None or (suspect is not None and state in ("confirmed", "cleared"))
    if needs_reason and (state is None or not given["why"].strip()):
        if ref is not None:
            chosen_deployment(app, ref, None, None)  # One that is not there is the first thing to say.
        raise InvalidCallError(
            "Blame has a state and a reason.", "Give --state suspect, confirmed or cleared, and --why TEXT."
        )
    telling = telling_of(app, given)
    if fixed_by is not None:
        fixing = chosen_deployment(app, fixed_by, None, None)
        found, ended = fix_incident(app.ledger, incident, fixing.row.deployment_id, telling)
        if not ended and not app.quiet:
            if has_taken_back(app.ledger, found.id, fixing.row.deployment_id):
                say(f"{fixing.id} had taken back what {found.id} is blamed on; that it is the fix is now kept.")
            else:
                say(f"Nothing that {found.id} is blamed on is carried where {fixing.id} went: nothing was ended.")
    elif not_fixed_by is not None:
        fixing = chosen_deployment(app, not_fixed_by, None, None)
        found, many, already = unfix_incident(app.ledger, incident, fixing.row.deployment_id, telling)
        if already and not app.quiet:
            say(f"That {fixing.id} fixed {found.id} was taken back before; nothing was added.")
        elif not many and not app.quiet:
            say(f"Nothing had ended by that word alone: who carries what {found.id} is blamed on is as before.")
    else:
        number = _chosen(app, incident, suspect, ref, state)
        found, already = link_deployment(
            app.ledger,
            incident,
            number,
            state or "suspect",
            telling,
            ranking_of(app),
            with_reasons=suspect is not None and state != "cleared",
        )
        if already and not app.quiet:
            say(f"D-{number} was {state or 'suspect'} before; nothing was added.")
    give_out_incident(app, form, found.id, showing(app, reveal, None))
    tell_others(app)


def _chosen(app: App, incident: str, suspect: str | None, ref: str | None, state: str | None) -> int:
    """The deployment meant; what was said of it in clear words is not taken back by a number."""
    if suspect is None:
        return int(chosen_deployment(app, ref or "", None, None).row.deployment_id)
    from releasewatch.usecases.incident_suspects import choose_suspect

    chosen = choose_suspect(app.ledger, incident, suspect, app.now, ranking_of(app))
    one = chosen.suspect.candidate
    if state is None and chosen.said in ("confirmed", "cleared"):
        raise RefusedError(
            f"{one.id} was {chosen.said} before.", "To say something else of it, give --state suspect as well."
        )
    if not app.quiet:
        live = format_both(one.live_at, app.zone)
        say(f"The suspect is {one.id} of {one.repo} to {one.environment}, live from {live}.")
    return one.number


def telling_of(app: App, given: dict[str, Any]) -> Telling:
    """Who says it, when and why, from the options of a command."""
    from releasewatch.usecases.incidents import Telling
    from releasewatch.wiring.notifying import rules_of

    repo = app.repo if app.history_or_none is not None else None
    return Telling(app.now, given["by"] or app.actor, given["why"].strip(), given.get("at"), repo, rules_of(app))
