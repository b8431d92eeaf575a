"""`releasewatch deployment correct`: take back what a deployment was said to fix when it was recorded."""

from __future__ import annotations

import click

from releasewatch.cli.choosing import chosen_deployment
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App


@click.command("correct")
@click.argument("deployment")
@click.option("--not-fixes", "ref", required=True, metavar="INC", help="What it does not fix: INC-7, or D-12.")
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with it.")
@BY
@common()
def correct(app: App, form: str, deployment: str, ref: str, why: str, by: str | None) -> None:
    """Take back that a deployment (D-12 or a key) fixes something, as --fixes or a trailer said.

    What was said stays in the record. Who was returned by that word alone carries the change again.
    """
    from releasewatch.usecases.incident_fixes import unfix
    from releasewatch.usecases.incidents import Telling

    if deployment == "last":
        raise InvalidCallError("`last` may mean another one by now.", "Name the deployment: D-12, or its key.")
    found = chosen_deployment(app, deployment, None, None)
    telling = Telling(app.now, by or app.actor, why.strip())
    name, reopened, already = unfix(app.ledger, found.row.deployment_id, ref, telling)
    if form == "json":
        emit_json(
            {"deployment": found.id, "not_fixes": name, "already_taken_back": already, "carried_again": reopened > 0}
        )
    elif already:
        emit_line(f"That {found.id} fixes {name} was taken back before.")
    else:
        emit_line(
            f"That {found.id} fixes {name} is taken back"
            + ("; what it had ended is carried again." if reopened else "; nothing had ended by that word alone.")
        )
