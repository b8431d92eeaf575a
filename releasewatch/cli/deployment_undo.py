"""`releasewatch deployment undo`: a rollback that was made by hand, or by a controller."""

from __future__ import annotations

from datetime import datetime

import click

from releasewatch.cli.choosing import chosen_deployment
from releasewatch.cli.options import BY, INSTANT, NAME, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.domain.times import format_both, format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App


@click.command("undo")
@click.argument("deployment")
@click.option("--region", "regions", type=NAME, multiple=True, metavar="R", help="Where; default: everywhere it went.")
@click.option("--ring", "rings", type=NAME, multiple=True, metavar="R", help="In which group; default: all of them.")
@click.option("--at", type=INSTANT, metavar="T", help="When it was taken back; default now.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with it.")
@BY
@common()
def undo(
    app: App,
    form: str,
    deployment: str,
    regions: tuple[str, ...],
    rings: tuple[str, ...],
    at: datetime | None,
    why: str,
    by: str | None,
) -> None:
    """Say that a deployment (D-12 or a key) was taken back without git: its customers carry it no more from then on.

    Safe to repeat. Where the older release was deployed again, record that deployment instead.
    """
    from releasewatch.storage.undoing_by_hand import Undone
    from releasewatch.usecases.undoing_by_hand import undo_by_hand

    if deployment == "last":
        raise InvalidCallError("`last` may mean another one by now.", "Name the deployment: D-12, or its key.")
    found = chosen_deployment(app, deployment, None, None)
    undone = Undone(at or app.now, why.strip(), by or app.actor, app.now)
    done = undo_by_hand(app.ledger, found.row.deployment_id, regions, rings, undone)
    places = [{"region": place.region or None, "ring": place.ring or None} for place in done.places]
    if form == "json":
        emit_json(
            {
                "deployment": done.deployment,
                "undone_at": format_utc(undone.at),
                "places": places,
                "already_undone": not done.windows,
            }
        )
        return
    if not done.windows:
        say(f"{done.deployment} was carried nowhere there by then: nothing was ended.")
        return
    where = ", ".join("/".join(filter(None, place.values())) or "everywhere else" for place in places)
    emit_line(f"{done.deployment} was taken back at {format_both(undone.at, app.zone)} in {where}.")
