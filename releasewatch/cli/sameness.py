"""`releasewatch customer alias` and `merge`: one customer is one customer, by whatever name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from releasewatch.cli.options import BY, NAME, common
from releasewatch.cli.output import emit_json, emit_line, emit_table
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.usecases.sameness import Word

WHY = click.option("--why", metavar="TEXT", help="The reason; kept with who said it.")


def said(app: App, by: str | None, why: str | None) -> Word:
    """Who says something, and why. Raises InvalidCallError without a reason."""
    from releasewatch.usecases.sameness import Word

    if not (why or "").strip():
        raise InvalidCallError("What is said by hand is kept with its reason.", "Add --why TEXT.")
    return Word(by or app.actor, (why or "").strip(), app.now)


@click.command("alias")
@click.argument("customer")
@click.option("--add", multiple=True, type=NAME, metavar="NAME", help="A name that they answer to; may be repeated.")
@click.option("--remove", multiple=True, type=NAME, metavar="NAME", help="A name that they do not; may be repeated.")
@WHY
@BY
@common(reveal=True)
def alias(
    app: App,
    form: str,
    reveal: str | None,
    customer: str,
    add: tuple[str, ...],
    remove: tuple[str, ...],
    why: str | None,
    by: str | None,
) -> None:
    """Show the names of a customer, or add and remove some, for good: imports undo neither.

    Every place that takes a customer takes an alias: a tenant id, a CRM id, an e-mail domain, a help-desk name. A name
    means one customer; one that somebody else answers to is refused.
    """
    from releasewatch.usecases.sameness import alias_document, change_aliases

    if add or remove:
        done = change_aliases(app.ledger, customer, add, remove, said(app, by, why))
        counts = {"added": done.added, "removed": done.removed, "unchanged": done.unchanged}
        looking = app.looking(reveal)
        if form == "json":
            emit_json({"customer": looking.key(done.customer), **counts})
            return
        words = ", ".join(f"{many} {word}" for word, many in counts.items())
        emit_line(f"{looking.key(done.customer)}: {words}.")
        return
    document = alias_document(app.ledger, customer, app.looking(reveal))
    if form == "json":
        emit_json(document)
    elif document["withheld"]:
        emit_line(f"{document['customer']}: aliases withheld (--reveal names)")
    elif not document["aliases"]:
        emit_line(f"{document['customer']} answers to their key alone.")
    else:
        columns = ("alias", "of", "source", "recorded_by", "why")
        emit_table(columns, ([item[name] or "" for name in columns] for item in document["aliases"]))


@click.command("merge")
@click.argument("customer")
@click.option("--into", metavar="SURVIVOR", help="Who they are part of from now on.")
@click.option("--undo", is_flag=True, help="Take the merge back.")
@WHY
@BY
@common()
def merge(app: App, form: str, customer: str, into: str | None, undo: bool, why: str | None, by: str | None) -> None:
    """Say that a customer is part of another one: an acquisition, or the same one in a new CRM.

    Nothing is deleted: what is known of both is read as the survivor's, their open calls become one, and --undo takes
    it back.
    """
    from releasewatch.usecases.sameness import merge_customers, undo_merge

    if (into is None) == (not undo):
        raise InvalidCallError("A merge is made or taken back.", "Give --into SURVIVOR, or --undo.")
    word = said(app, by, why)
    done = undo_merge(app.ledger, customer, word) if into is None else merge_customers(app.ledger, customer, into, word)
    looking = app.looking(None)
    one, other = looking.key(done.customer), looking.key(done.survivor)
    if form == "json":
        emit_json(
            {"customer": one, "survivor": other, "merged": not undo, "already": done.already, "calls": done.calls}
        )
        return
    if undo:
        emit_line(f"{one} is read as themselves again, no longer as {other}; {counted(done.calls, 'call')} parted.")
    elif done.already:
        emit_line(f"{one} is merged into {other} already.")
    else:
        emit_line(f"{one} is read as {other} from now on; {counted(done.calls, 'open call')} joined.")
