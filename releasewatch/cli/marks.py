"""`releasewatch customer mark` and `contact mark`: what our people say of whom to call, over any directory."""

from __future__ import annotations

import click

from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.cli.sameness import WHY, said
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

_DO_NOT_CALL = click.option("--do-not-call/--no-do-not-call", default=None, help="Not to be called; or cleared again.")


@click.command("mark")
@click.argument("customer")
@_DO_NOT_CALL
@WHY
@BY
@common()
def mark_customer(
    app: App, form: str, customer: str, do_not_call: bool | None, why: str | None, by: str | None
) -> None:
    """Mark a customer as not to be called, or clear that again.

    Every source counts: who is marked, or whom the directory says so of, is not called. Imports never clear a mark.
    """
    _mark(app, form, customer, None, {"do_not_call": do_not_call}, why, by)


@click.command("mark")
@click.argument("customer")
@click.argument("contact")
@_DO_NOT_CALL
@click.option("--wrong-number/--no-wrong-number", default=None, help="Their number is wrong; or right after all.")
@WHY
@BY
@common()
def mark_contact(
    app: App,
    form: str,
    customer: str,
    contact: str,
    do_not_call: bool | None,
    wrong_number: bool | None,
    why: str | None,
    by: str | None,
) -> None:
    """Mark CONTACT of CUSTOMER (key, e-mail, name or id) as not to be called, or their number as wrong."""
    _mark(app, form, customer, contact, {"do_not_call": do_not_call, "wrong_number": wrong_number}, why, by)


def _mark(
    app: App,
    form: str,
    customer: str,
    contact: str | None,
    given: dict[str, bool | None],
    why: str | None,
    by: str | None,
) -> None:
    from releasewatch.usecases.marks import mark

    wanted = {kind: on for kind, on in given.items() if on is not None}
    if not wanted:
        words = " or ".join(f"--[no-]{kind.replace('_', '-')}" for kind in given)
        raise InvalidCallError("There is nothing to mark.", f"Give {words}.")
    done = mark(app.ledger, customer, contact, wanted, said(app, by, why))
    key = app.looking(None).key(done.customer)
    if form == "json":
        emit_json(
            {
                "customer": key,
                "added": done.added,
                "cleared": done.cleared,
                "directory_says_no": done.directory_says_no,
                "same_number": done.elsewhere,
            }
        )
        return
    emit_line(f"{key}: {counted(done.added, 'mark')} added, {done.cleared} cleared.")
    if done.elsewhere:
        who = counted(done.elsewhere, "other contact has", "other contacts have")
        emit_line(f"{who} the same number, and the same said of it.")
    if done.directory_says_no and not app.quiet:
        say("The directory still says do-not-call, which is obeyed: change it there.")
