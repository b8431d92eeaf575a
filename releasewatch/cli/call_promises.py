"""`releasewatch call promises` and `call promise`: what we promised, what is overdue, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from releasewatch.cli.call_output import refuse_if_public
from releasewatch.cli.options import BY, DAY, INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_table
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.promises import SAYINGS
from releasewatch.domain.words import counted
from releasewatch.wiring import App


@click.command("promises")
@click.option("--customer", metavar="CUSTOMER", help="Only those made to one customer.")
@click.option("--account-manager", metavar="KEY", help="Only those to the customers of one account manager.")
@click.option("--overdue", is_flag=True, help="Only those whose day has passed.")
@click.option("--all", "settled", is_flag=True, help="Those that were kept, broken or withdrawn, too.")
@common(reveal=True, reads=True)
def promises(
    app: App,
    form: str,
    reveal: str | None,
    customer: str | None,
    account_manager: str | None,
    overdue: bool,
    settled: bool,
) -> None:
    """What we promised customers and have not said to be kept: overdue first, then by day."""
    from releasewatch.usecases.exposure import check_account_manager
    from releasewatch.usecases.promises import Listing, list_promises, promise_document

    level = app.level(reveal, None)
    refuse_if_public(app, reveal, level)
    check_account_manager(app.ledger, account_manager, level)
    found = list_promises(app.ledger, Listing(app.now, customer, account_manager, overdue=overdue, settled=settled))
    late = sum(one.overdue for one in found)
    key = app.looking(reveal).key
    rows = [promise_document(one.promise, app.now.date(), one.account_manager, level) for one in found]
    rows = [{**row, "customer": key(row["customer"])} for row in rows] if level >= Reveal.KEYS else []
    if form == "json":
        emit_json({"promises": rows, "count": len(found), "overdue": late, "next_cursor": None})
        return
    if rows:
        emit_table(
            ("promise", "by", "state", "customer", "what", "owner", "call"),
            (
                (
                    row["id"],
                    row["due_on"],
                    "OVERDUE" if row["overdue"] else row["state"],
                    row["customer"],
                    row["promise"] or ("withheld" if "promise" in row["withheld"] else ""),
                    row["account_manager"] or ("withheld" if "account_manager" in row["withheld"] else "UNOWNED"),
                    row["call"],
                )
                for row in rows
            ),
        )
    emit_line(f"{counted(len(found), 'promise')}, {late} overdue.")


@click.command("promise")
@click.argument("ref", metavar="PROMISE|CALL")
@click.argument("state", type=click.Choice(SAYINGS))
@click.option("--due", type=DAY, metavar="DAY", help="The day to which it is moved.")
@click.option("--why", default="", metavar="TEXT", help="Why; needed for withdrawn and moved.")
@click.option("--at", type=INSTANT, metavar="T", help="When it was; default now.")
@BY
@common()
def promise(
    app: App,
    form: str,
    ref: str,
    state: str,
    due: datetime | None,
    why: str,
    at: datetime | None,
    by: str | None,
) -> None:
    """Say what became of a promise: P-7, or C-17 where one was made with it. The newest word counts.

    kept; broken: it was not kept; withdrawn: we told them that it does not hold; moved: it holds, by another day.
    """
    from releasewatch.domain.promises import Word
    from releasewatch.usecases.promises import promise_document, say_of_promise

    word = Word(state, at or app.now, None if due is None else due.date(), why.strip(), by or app.actor)
    done = say_of_promise(app.ledger, ref, word, app.now)
    level = app.level(None, None)
    key = app.looking(None).key(done.customer)
    if form == "json":
        document: dict[str, Any] = promise_document(done, app.now.date(), None, level)
        emit_json({"promise": {**document, "customer": key if level >= Reveal.KEYS else None}})
        return
    what = f"is to be kept by {done.due_on.isoformat()}" if done.state == "open" else f"is {done.state}"
    emit_line(f"{done.id} {what}." + (f" ({key})" if level >= Reveal.KEYS else ""))
