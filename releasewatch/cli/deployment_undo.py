"""`releasewatch deployment undo`: a rollback that was made by hand, or by a controller."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from releasewatch.cli.choosing import chosen_deployment
from releasewatch.cli.options import BY, FILLED_NAME, INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.domain.times import format_both, format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.storage.undoing_by_hand import Undone


@click.command("undo")
@click.argument("deployment")
@click.option(
    "--region", "regions", type=FILLED_NAME, multiple=True, metavar="R", help="Where; default: everywhere it went."
)
@click.option(
    "--ring", "rings", type=FILLED_NAME, multiple=True, metavar="R", help="In which group; default: all of them."
)
@click.option("--at", type=INSTANT, metavar="T", help="When it was taken back; default now.")
@click.option("--take-back", is_flag=True, help="It was not taken back, though that was said: its customers carry it.")
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
    take_back: bool,
    why: str,
    by: str | None,
) -> None:
    """Say that a deployment (D-12 or a key) was taken back without git: its customers carry it no more from then on.

    Safe to repeat. --take-back takes back all of it; what was said stays in the record. Where the older release was
    deployed again, record that deployment instead.
    """
    from releasewatch.storage.undoing_by_hand import Undone
    from releasewatch.usecases.undoing_by_hand import undo_by_hand

    if deployment == "last":
        raise InvalidCallError("`last` may mean another one by now.", "Name the deployment: D-12, or its key.")
    if take_back and (regions or rings or at is not None):
        raise InvalidCallError(
            "--take-back takes back all that was said, and a part of it is named.",
            "Leave out --region, --ring and --at, then say anew where it was taken back.",
        )
    found = chosen_deployment(app, deployment, None, None)
    if take_back:
        _take_back(app, form, found.row.deployment_id, Undone(app.now, why.strip(), by or app.actor, app.now))
        return
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


def _take_back(app: App, form: str, deployment_id: int, undone: Undone) -> None:
    """Take back that a deployment was undone by hand."""
    from releasewatch.usecases.undoing_by_hand import take_back_undo

    done = take_back_undo(app.ledger, deployment_id, undone)
    if form == "json":
        document = {"deployment": done.deployment, "not_undone": bool(done.places), "carried_again": done.windows > 0}
        emit_json(document | {"already_taken_back": not done.places})
    elif not done.places:
        say(f"Nobody says that {done.deployment} was undone by hand: nothing was taken back.")
    else:
        again = "it is carried again" if done.windows else "something else ended it all the same"
        emit_line(f"That {done.deployment} was undone by hand is taken back; {again}.")
