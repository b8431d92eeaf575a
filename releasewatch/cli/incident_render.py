"""`releasewatch incident render`: an incident as a document for engineering, account staff or customers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.incident_output import showing, viewing_options
from releasewatch.cli.notes import TEMPLATES
from releasewatch.cli.options import common
from releasewatch.cli.output import emit, open_output, say
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, RefusedError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.audiences import Audience
    from releasewatch.domain.incident_documents import DocumentKind, IncidentDocument
    from releasewatch.usecases.incident_documents import Gathered
    from releasewatch.usecases.incident_showing import Showing


@click.command("render")
@click.argument("incident", metavar="INC")
@click.option(
    "--document",
    "kind",
    type=click.Choice(["report", "brief", "update", "final"]),
    default="report",
    show_default=True,
    help="report: for engineering; brief: for account staff; update: for customers, by status; final: once resolved.",
)
@click.option(
    "--audience",
    type=click.Choice(["engineering", "account", "customer"]),
    help="Of a final report: who reads it; default customer. The others are for one audience each.",
)
@click.option("--customer", metavar="KEY", help="For one customer: what it was for them (key or alias).")
@click.option("--allow", multiple=True, metavar="WORDS", help="Words that may stand in the document after all.")
@click.option("--why", default="", metavar="TEXT", help="The reason for --allow.")
@TEMPLATES
@viewing_options
@common(("md", "html"), output=True, reveal=True, reads=True)
def render(
    app: App,
    form: str,
    output: Path | None,
    reveal: str | None,
    incident: str,
    kind: str,
    audience: str | None,
    customer: str | None,
    allow: tuple[str, ...],
    why: str,
    templates: Path | None,
    at: datetime | None,
    known_at: datetime | None,
) -> None:
    """Render an incident (INC-7, a key, or its beginning) as a document.

    All documents are made of one record, each of what its audience may read. Customers read components by their titles,
    status, times and the words agreed for them (incident update --audience customer --summary TEXT), and neither title,
    severity, blame nor counts. Account staff and customers never read who deployed, led or wrote.

    What goes outside is searched for customers' names, for what inner audiences were told, for our people and people at
    customers (names, addresses, numbers), and for deployments and commits; a hit writes nothing, and is passed with
    --allow WORDS --why TEXT.
    """
    from releasewatch.domain.incident_document_building import build_document
    from releasewatch.usecases.incident_documents import gather_incident

    document, reader = _asked(kind, audience)
    if customer is not None and reader == "engineering":
        raise InvalidCallError(
            "A document for one customer is for account staff or for the customer.",
            "Add --document update (or brief, or final --audience account).",
        )
    if allow and not why.strip():
        raise RefusedError("Words are passed by hand with a reason.", "Add --why TEXT.")
    how = showing(app, reveal, output, at, known_at)
    if customer is not None:
        from releasewatch.usecases.customers import require_keys

        require_keys(app.looking(reveal, output))
    subjects = app.config.tables.notes.subjects
    gathered = gather_incident(app.ledger, incident, how, customer=customer, subjects=subjects)
    state = gathered.facts.state
    if document == "final" and state.status != "resolved":
        raise InvalidCallError(
            f"A final report is made of a resolved incident, and {gathered.facts.id} is {state.status}.",
            f"Resolve it (releasewatch incident resolve {gathered.facts.id}), or render --document update.",
        )
    made = build_document(gathered.facts, document, reader, _shown(gathered, how, reader, allow))
    _give_out(made, form, output, templates, gathered, how, allow)
    if app.quiet:
        return
    if output is not None:
        say(f"Written: {output}")
    if reader == "customer" and made.is_outdated:
        say(f"The words for customers were written before the incident became {made.status}. Do they still hold?")
    if reader == "customer" and not made.wording:
        say("No words for customers are agreed yet: the document says what the record says.")
    if allow:
        say(f"Passed by hand: {counted(len(allow), 'word')}, because: {why}")


def _asked(kind: Any, audience: Any) -> tuple[DocumentKind, Audience]:
    from releasewatch.domain.incident_documents import AUDIENCE_OF

    reader = AUDIENCE_OF.get(kind, audience or "customer")
    if audience not in (None, reader):
        raise InvalidCallError(
            f"A {kind} is for {reader} readers.", "Leave --audience out, or ask for another --document."
        )
    return kind, reader


def _shown(gathered: Gathered, how: Showing, reader: Audience, allow: tuple[str, ...]) -> Any:
    """What must not be named within a document: inside by where it goes, outside by who reads it."""
    from releasewatch.domain.incident_document_building import Shown, people_of
    from releasewatch.domain.leaks import LeakScanner

    names = how.reveal >= Reveal.NAMES
    if reader == "engineering" and names:
        return Shown()
    named = gathered.facts.named
    inner = frozenset() if reader == "engineering" else named.commits
    people = (*people_of(gathered.facts), *named.contacts, *inner)
    scanner = LeakScanner(
        dict.fromkeys((*gathered.names, *people), "somebody's name"),
        marks=dict.fromkeys(named.deployments if reader == "customer" else (), "a deployment"),
    )
    return Shown(names, lambda text: bool(scanner.scan(text, {*allow, *gathered.own})))


def _give_out(
    made: IncidentDocument,
    form: Any,
    output: Path | None,
    templates: Path | None,
    gathered: Gathered,
    how: Showing,
    allow: tuple[str, ...],
) -> None:
    from releasewatch.domain.leaks import LeakScanner
    from releasewatch.rendering.incident_documents import render_incident

    hidden = how.reveal < Reveal.NAMES
    called = "a customer's name, which may not be shown here" if hidden else "another customer's name"
    names = LeakScanner(dict.fromkeys(gathered.names, called)) if made.audience != "engineering" else None
    text = render_incident(made, form, templates, names=names, allow={*allow, *gathered.own})
    if output is None:
        emit(text)
        return
    with open_output(output) as stream:
        stream.write(text)
