"""`releasewatch digest`: one page for an account manager's day."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import InstantType, common
from releasewatch.cli.output import emit_json, emit_line, emit_table, say, stream_to
from releasewatch.domain.words import with_key
from releasewatch.wiring import App

if TYPE_CHECKING:
    from typing import TextIO


class _SinceType(InstantType):
    """An instant, or `yesterday`: its first one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        text = f"{value.strip()} 00:00" if isinstance(value, str) and value.strip() in ("yesterday", "today") else value
        return super().convert(text, param, ctx)


@click.command("digest")
@click.option("--account-manager", metavar="KEY", required=True, help="Whose page.")
@click.option(
    "--since",
    type=_SinceType(),
    default="yesterday",
    metavar="T",
    help="What reached their customers from here to now; default yesterday, from its first minute.",
)
@common(("table", "md", "html", "json"), output=True, reveal=True, reads=True)
def command(
    app: App, form: str, output: Path | None, reveal: str | None, account_manager: str, since: datetime
) -> None:
    """One page for an account manager: overdue promises, whom to call, and what reached their customers.

    Calls are those they keep, were given, or that went up to them, of every list; callable now first, each once.
    How many calls nobody makes stands above them: they come first.
    A version of a list that they were given in the last 30 days and that does not hold any more is named, too.
    It names customers: it goes to a file (-o), or asks for --reveal names; numbers and promises need contacts.
    """
    from releasewatch.cli.call import planning
    from releasewatch.cli.call_output import is_opaque, refuse_if_public, withhold
    from releasewatch.cli.report_calls import asking_of
    from releasewatch.usecases.customers import require_names
    from releasewatch.usecases.digest import DigestRequest, make_digest
    from releasewatch.usecases.exposure import check_account_manager

    level = app.level(reveal, output)
    refuse_if_public(app, reveal, level)
    require_names(level, "A digest")
    check_account_manager(app.ledger, account_manager, level)
    asked = DigestRequest(account_manager, since)
    document = make_digest(app.ledger, asked, planning(app), asking_of(app), level)
    shown = {"in_ci": app.ci is not None, "opaque": is_opaque(app)}
    document["calls"] = [withhold(one, level, **shown) for one in document["calls"]]
    with stream_to(output) as stream:
        if form == "json":
            emit_json(document, stream)
        elif form == "table":
            _show(document, stream)
        else:
            from releasewatch.rendering.documents import render_digest

            stream.write(render_digest(document, "html" if form == "html" else "md"))
    if output is not None and not app.quiet:
        say(f"Written: {output}")


def _show(document: dict[str, Any], stream: TextIO) -> None:
    from releasewatch.rendering.digest import (
        CALL_HEADINGS,
        beyond_in_words,
        call_cells,
        calls_to_make,
        customer_lines,
        digest_summary,
        nobodys_in_words,
        none_in_words,
        promise_in_words,
        waiting_in_words,
        withdrawn_in_words,
    )

    for one in document["promises"]:
        if one["overdue"]:
            emit_line(f"OVERDUE: {promise_in_words(one)}", stream)
    for one in document["versions_withdrawn"]:
        emit_line(withdrawn_in_words(one), stream)
    if nobodys := nobodys_in_words(document):
        emit_line(nobodys, stream)
    calls = calls_to_make(document)
    if calls:
        emit_table(CALL_HEADINGS, [call_cells(one) for one in calls], stream=stream)
        emit_line(none_in_words(document) or f"Take one: {document['next']}", stream)
    if waiting := waiting_in_words(document):
        emit_line(waiting, stream)
    for line in beyond_in_words(document):
        emit_line(line, stream)
    for one in document["promises"]:
        if not one["overdue"]:
            emit_line(f"Promised: {promise_in_words(one)}", stream)
    for one in document["customers"]:
        for line in customer_lines(one):
            emit_line(f"{with_key(one['name'] or one['key'], one['key'])}: {line}", stream)
    emit_line(digest_summary(document), stream)
