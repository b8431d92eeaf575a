"""`releasewatch db`: the ledger's schema, brought up to date, told and checked."""

from __future__ import annotations

import click

from releasewatch.cli import exit_codes
from releasewatch.cli.db_grant import grant
from releasewatch.cli.db_prune import prune
from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.domain.words import counted
from releasewatch.wiring import App


@click.group()
def command() -> None:
    """The ledger's schema: an SQLite file is upgraded by itself, a server by command; and where its tables stand."""


command.add_command(grant)
command.add_command(prune)


@command.command("upgrade")
@common()
def upgrade(app: App, form: str) -> None:
    """Bring the ledger to this program's schema, in one transaction. Safe to repeat, and for two at once.

    An SQLite file that does not exist is made. On a Citus cluster run db place after it: new tables have their foreign
    keys from there.
    """
    from releasewatch.usecases.schema import upgrade_ledger

    document = upgrade_ledger(app.ledger_address.url)
    if form == "json":
        emit_json(document)
    elif document["before"] == document["after"]:
        emit_line(f"{document['ledger']}: already at schema {document['after']}")
    else:
        emit_line(f"{document['ledger']}: {document['before'] or 'no schema'} -> schema {document['after']}")


@command.command("current")
@common()
def current(app: App, form: str) -> None:
    """Say which schema the ledger has and which one this program needs; changes nothing."""
    from releasewatch.usecases.schema import describe_schema

    document = describe_schema(app.ledger_address.url)
    if form == "json":
        emit_json(document)
        return
    has = f"schema {document['current']}" if document["current"] else "no schema"
    emit_line(f"{document['ledger']}: {has}, this program needs {document['program']} ({document['state']})")


@command.command("check")
@click.option("--strict", is_flag=True, help="Exit with 1 when there is a finding.")
@common()
def check(app: App, form: str, strict: bool) -> None:
    """Compare the ledger with what it should be: tables, indexes, damage, rows that point to nothing."""
    from releasewatch.usecases.schema import check_ledger

    document = check_ledger(app.ledger_address.url)
    if form == "json":
        emit_json(document)
    else:
        for one in document["findings"]:
            emit_line(f"{one['check']}: {one['text']}")
        if not app.quiet:
            if document["pruned_before"] is not None:
                say(f"Pruned: what was known before {document['pruned_before']} is not in it any more.")
            if not document["findings"]:
                say(f"{document['ledger']}: nothing to find fault with.")
    if strict and document["findings"]:
        click.get_current_context().exit(exit_codes.FAILED_AS_ASKED)


@command.command("place")
@click.option("--dry-run", is_flag=True, help="Print the statements for a ledger of which nothing is placed yet.")
@common()
def place(app: App, form: str, dry_run: bool) -> None:
    """Spread the tables of a PostgreSQL ledger over the machines of a Citus cluster. Safe to repeat.

    Small tables become reference tables, those of customers are distributed by customer, those of changes and release
    commits by deployment and release. What is placed already stays; run it again after db upgrade added a table. Each
    step is a transaction of its own. The foreign keys are away from the first step to the last: run it while nobody
    writes. A run that broke off is finished by the next.

    --dry-run needs no server: the statements come from the program's tables.
    """
    from releasewatch.usecases.placing import describe_placing, place_ledger

    document = describe_placing() if dry_run else place_ledger(app.ledger_address)
    if form == "json":
        emit_json(document)
    elif dry_run:
        for statement in document["statements"]:
            emit_line(f"{statement};")
    else:
        for one in document["tables"]:
            emit_line(f"{one['table']}: {one['words']}, {one['done'].replace('_', ' ')}")
        if not app.quiet:
            say(f"{document['ledger']}: {counted(document['foreign_keys_added'], 'foreign key')} made anew.")
