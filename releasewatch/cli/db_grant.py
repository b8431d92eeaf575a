"""`releasewatch db grant`: the rights of a role in a PostgreSQL ledger."""

from __future__ import annotations

import click

from releasewatch.cli.options import NAME, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.domain.grants import ROLES
from releasewatch.wiring import App


def _what_is_read() -> str:
    return " ".join(f"{role.name} reads of customers and people: {role.reads}." for role in ROLES.values())


@click.command("grant", epilog=_what_is_read())
@click.option("--role", type=click.Choice(list(ROLES)), required=True, help="Whose rights.")
@click.option("--to", "name", type=NAME, required=True, metavar="NAME", help="The server's role that is given them.")
@click.option("--dry-run", is_flag=True, help="Print the statements; grant nothing.")
@common()
def grant(app: App, form: str, role: str, name: str, dry_run: bool) -> None:
    """Give a role of the PostgreSQL server the rights of a pipeline, on-call, account staff or a reader.

    It has those rights afterwards and no other in the ledger's tables. Run it as the owner of the ledger, and again
    after each `db upgrade`, which may add tables. The role itself is made with CREATE ROLE.
    """
    from releasewatch.usecases.grants import grant as give

    ledger = app.ledger
    try:
        document = give(ledger, role, name, dry_run=dry_run)
    finally:
        ledger.close()
    if form == "json":
        emit_json(document)
        return
    if dry_run:
        for one in document["statements"]:
            emit_line(f"{one};")
        return
    emit_line(f"{document['ledger']}: {name} has the rights of {role}.")
    if not app.quiet:
        say(f"{role}: {ROLES[role].does}. Run it again after each db upgrade.")
