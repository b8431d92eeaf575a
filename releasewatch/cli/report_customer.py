"""`releasewatch report customer`: what each customer of an account manager had of a quarter."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, open_output, say, stream_to
from releasewatch.cli.report_calls import asking_of
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App


@click.command("customer")
@click.option("--account-manager", metavar="KEY", required=True, help="Whose customers, as they are kept today.")
@click.option("--since", type=INSTANT, metavar="T", required=True, help="The period: from here …")
@click.option("--until", type=INSTANT, metavar="T", help="… to here; default now.")
@common(("table", "html", "xlsx", "json"), output=True, reveal=True, reads=True)
def customer(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    account_manager: str,
    since: datetime,
    until: datetime | None,
) -> None:
    """For a quarterly review: what each customer of an account manager had, with what stands behind each figure.

    Releases that reached them, requests delivered (live for them, and good news in a call), minutes hurt by incidents
    that began in the period, all and those in their working hours, credit due, who called first, promises due in it
    and kept.
    """
    from releasewatch.cli.call_output import refuse_if_public
    from releasewatch.usecases.customer_review import ReviewRequest, review_customers
    from releasewatch.usecases.customers import require_names
    from releasewatch.usecases.exposure import check_account_manager

    if form == "xlsx" and output is None:
        raise InvalidCallError("A workbook is a file.", "Name it: -o review.xlsx")
    level = app.level(reveal, output)
    refuse_if_public(app, reveal, level)
    require_names(level, "A review")
    check_account_manager(app.ledger, account_manager, level)
    document = review_customers(app.ledger, ReviewRequest(account_manager, since, until or app.now), asking_of(app))
    if form == "xlsx" and output is not None:
        from releasewatch.rendering.customer_review import render_review_workbook

        content = render_review_workbook(document)
        with open_output(output) as stream:
            stream.buffer.write(content)
    else:
        with stream_to(output) as stream:
            if form == "json":
                emit_json(document, stream)
            elif form == "html":
                from releasewatch.rendering.documents import render_reviews

                stream.write(render_reviews(document))
            else:
                from releasewatch.rendering.customer_review import REVIEW_HEADINGS, review_cells

                rows = [(one["key"], *review_cells(one)) for one in document["customers"]]
                emit_table(("customer", *REVIEW_HEADINGS), rows, stream=stream)
                emit_line(f"{counted(len(rows), 'customer')} of {account_manager}.", stream)
    if output is not None and not app.quiet:
        say(f"Written: {output} ({counted(len(document['customers']), 'customer')})")
