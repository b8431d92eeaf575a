"""`releasewatch customer|contact export` and `forget`: a person's or customer's data, given and erased."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, say, stream_to
from releasewatch.cli.sameness import WHY, said
from releasewatch.domain.words import counted
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.storage.ledger import Ledger
    from releasewatch.usecases.erasure import Erasure
    from releasewatch.usecases.sameness import Word


def _forgetting(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        common(),
        BY,
        WHY,
        click.option("--dry-run", is_flag=True, help="Do everything, say what it was, and take it back."),
        click.option("--yes", is_flag=True, help="It is meant: it cannot be taken back."),
    ):
        function = option(function)
    return function


@click.command("forget")
@click.argument("customer")
@_forgetting
def forget_customer(
    app: App, form: str, customer: str, yes: bool, dry_run: bool, why: str | None, by: str | None
) -> None:
    """Forget a customer, their contacts, and those whom they took over.

    Names, numbers, addresses, aliases, contract values and what was said of them are gone from the ledger. Counts stay:
    past deployments reached as many customers as they did, one of them by a key that says nothing. Imports leave them
    out from now on (customer import --readmit). Says what it could not reach.
    """
    from releasewatch.usecases import erasure

    def forget(ledger: Ledger, word: Word) -> Erasure:
        return erasure.forget_customer(ledger, customer, word, _fresh_secret, dry_run=dry_run)

    _forget(app, form, forget, yes, dry_run, said(app, by, why))


@click.command("forget")
@click.argument("customer")
@click.argument("contact")
@_forgetting
def forget_contact(
    app: App, form: str, customer: str, contact: str, yes: bool, dry_run: bool, why: str | None, by: str | None
) -> None:
    """Forget a person: CONTACT of CUSTOMER by key, e-mail, name or id.

    They are gone from every customer they were a contact of, from the history of both clocks, and as the author of
    changes. Imports leave them out from now on (customer import --readmit). Says what it could not reach.
    """
    from releasewatch.usecases import erasure

    def forget(ledger: Ledger, word: Word) -> Erasure:
        return erasure.forget_contact(ledger, customer, contact, word, _fresh_secret, dry_run=dry_run)

    _forget(app, form, forget, yes, dry_run, said(app, by, why))


def _fresh_secret() -> bytes:
    import secrets

    from releasewatch.domain.erasure import SECRET_BYTES

    return secrets.token_bytes(SECRET_BYTES)


def _forget(
    app: App, form: str, forget: Callable[[Ledger, Word], Erasure], yes: bool, dry_run: bool, word: Word
) -> None:
    from releasewatch.usecases.erasure import ask_first, erasure_document

    ask_first(confirmed=yes, dry_run=dry_run)
    app.rehearse = dry_run
    ledger = app.ledger
    try:
        done = forget(ledger, word)
    finally:
        ledger.close()
    document = erasure_document(done, dry_run=dry_run)
    if form == "json":
        emit_json(document)
        return
    what = document["forgotten"]
    emit_line(f"{'Would be forgotten' if dry_run else 'Forgotten'}: {counted(what['contacts'], 'contact')}.")
    for table, many in what["rows"].items():
        emit_line(f"  {table}: {counted(many, 'row')}")
    emit_line(f"Suppressed in imports by {counted(what['suppressed'], 'keyed digest')}.")
    emit_line("Not reached; look there:")
    for one in document["not_reached"]:
        many = f" ({one['count']} of them here)" if one["count"] is not None else ""
        emit_line(f"  {one['where']}: {one['text']}{many}")
    if dry_run and not app.quiet:
        say("Nothing was changed: this was a rehearsal.")


@click.command("export")
@click.argument("customer")
@common(("json",), output=True, reveal=True, replica=True)
def export_customer(app: App, customer: str, output: Path | None, reveal: str | None) -> None:
    """Give out all that the ledger holds about a customer, as one JSON document.

    To a file (-o, 0600), or to a terminal that asks with --reveal contacts; refused elsewhere.
    """
    from releasewatch.usecases import erasure

    _give_out(app, output, erasure.export_customer(app.ledger, customer, app.level(reveal, output), app.now))


@click.command("export")
@click.argument("customer")
@click.argument("contact")
@common(("json",), output=True, reveal=True, replica=True)
def export_contact(app: App, customer: str, contact: str, output: Path | None, reveal: str | None) -> None:
    """Give out all that the ledger holds about a person, as one JSON document.

    CONTACT of CUSTOMER by key, e-mail, name or id. To a file (-o, 0600), or to a terminal that asks with --reveal
    contacts; refused elsewhere.
    """
    from releasewatch.usecases import erasure

    _give_out(app, output, erasure.export_contact(app.ledger, customer, contact, app.level(reveal, output), app.now))


def _give_out(app: App, output: Path | None, document: dict[str, Any]) -> None:
    with stream_to(output) as stream:
        emit_json(document, stream)
    if output is not None and not app.quiet:
        say(f"Written: {output}")
