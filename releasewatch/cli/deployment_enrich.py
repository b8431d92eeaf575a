"""`releasewatch deployment enrich`: the pull requests of recorded changes, asked of the forge."""

from __future__ import annotations

from datetime import datetime, timedelta

import click

from releasewatch.cli.options import INSTANT, common
from releasewatch.cli.output import emit_json, emit_line, one_line, say
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, OutsideFailedError
from releasewatch.wiring import App

_USUAL = timedelta(days=30)


@click.command("enrich")
@click.option("--deployment", metavar="D", help="Only this one: D-12, a key, or last.")
@click.option("--since", type=INSTANT, metavar="T", help="Those of this repo since, e.g. 90d; default: 30 days.")
@click.option("--again", is_flag=True, help="Ask anew what was told before: titles and labels may have changed.")
@common()
def enrich(app: App, form: str, deployment: str | None, since: datetime | None, again: bool) -> None:
    """Ask GitHub or GitLab for the pull requests of recorded changes: title, labels, author, address, issues closed.

    Safe to repeat: a commit is asked about once. Ends with 3 when the forge stops answering; what it told before that
    is kept. Settings: [forge]; the token: RELEASEWATCH_GITHUB_TOKEN or RELEASEWATCH_GITLAB_TOKEN.
    """
    from releasewatch.usecases.forges import chosen_deployments, enriched_document, enriched_words
    from releasewatch.usecases.forges import enrich as ask
    from releasewatch.wiring.forges import TOKENS, find_forge, open_forge

    if deployment is not None and since is not None:
        raise InvalidCallError("--deployment names one, and --since asks for several.", "Leave one of them out.")
    address = find_forge(app)
    forge = open_forge(app, address)
    numbers = chosen_deployments(app.ledger, app.repo, deployment, since or app.now - _USUAL)
    report = ask(app.ledger, forge, app.repo, numbers, app.now, again=again)
    if report.missing:
        if not app.quiet and report.with_request + report.without:
            told = report.with_request + report.without
            say(f"What it told before that of {counted(told, 'commit')} is kept.")
        no_token = "" if address.token else f"No token is set: put one into {TOKENS[address.kind]}."
        raise OutsideFailedError(one_line(enriched_words(forge, report)), f"{no_token} {report.hint}".strip())
    if form == "json":
        emit_json({"deployments": len(numbers), "forge": enriched_document(forge, report)})
    else:
        emit_line(one_line(enriched_words(forge, report)))
