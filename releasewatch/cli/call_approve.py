"""`releasewatch call approve`: an incident's list is a draft until it is approved, and is shown as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.numbers import WholeNumber
from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, say
from releasewatch.cli.telling import tell_others
from releasewatch.domain.privacy import Reveal
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.call_approval import ListStanding
    from releasewatch.usecases.call_candidates import RankedList


@click.command("approve")
@click.option("--incident", required=True, metavar="KEY", help="INC-7, a key, or the beginning of one.")
@click.option(
    "--version", type=WholeNumber(1), metavar="N", help="The version that was read; refused if it is another."
)
@click.option("--take-back", is_flag=True, help="Make it a draft again; needs --why.")
@click.option("--why", default="", metavar="TEXT", help="Needed where neither liaison nor commander approves.")
@BY
@common()
def approve(app: App, form: str, incident: str, version: int | None, take_back: bool, why: str, by: str | None) -> None:
    """Approve an incident's list, so that its calls may be claimed and made.

    By the incident's liaison (`incident update --liaison`), else its commander; anybody else says why. It holds for
    later versions too, until the summary agreed for customers or the blame changes: then the list is a draft again,
    and who had claimed a call keeps it. [calling] approve_by_itself names severities that need no approval. Ends with
    4 when it is not yours to approve.
    """
    from releasewatch.usecases.call_approval import approval_document, approve_list
    from releasewatch.wiring.notifying import rules_of

    if why and not why.strip():
        raise InvalidCallError("The reason is empty.", "Give it with --why TEXT, or leave it out.")
    ref, standing, is_new = approve_list(
        app.ledger,
        incident,
        by or app.actor,
        app.now,
        app.config.tables.calling.approve_by_itself,
        version=version,
        why=why.strip(),
        given=not take_back,
        rules=rules_of(app),
    )
    if form == "json":
        document = _withhold(approval_document(standing), app.level(None, None))
        emit_json({"incident": ref, "already": not is_new, **document})
        tell_others(app)
        return
    approved = f"version {standing.last.version}" if standing.last is not None else "as it is"
    if take_back:
        emit_line(f"The list of {ref} is a draft again.")
    else:
        emit_line(f"The list of {ref} is approved{'' if is_new else ' already'}: {approved}.")
    if not app.quiet and not take_back:
        say(f"See whom to call: releasewatch call list --incident {ref}")
    tell_others(app)


def _withhold(document: dict[str, Any], level: Reveal) -> dict[str, Any]:
    """How a list stands, as its channel may show it."""
    last = document["last"]
    if last is None or level >= Reveal.NAMES:
        return document
    hidden = [name for name in ("by", "why") if last[name] is not None]
    return {**document, "last": {**last, **dict.fromkeys(hidden), "withheld": hidden}}


def approval_of(made: RankedList, level: Reveal) -> dict[str, Any]:
    """Whether a list may be worked on (one of a deployment needs nobody's word), and who got what is withdrawn."""
    from releasewatch.usecases.call_approval import approval_document
    from releasewatch.usecases.call_sendings import withdrawn_documents

    incident = made.calls.incident
    withdrawn = withdrawn_documents(made.calls.withdrawn, names=level >= Reveal.NAMES)
    if incident is None:
        blamed_for = made.calls.blamed_for or None
        return {"approved": True, "approval": None, "withdrawn_versions": withdrawn, "blamed_for": blamed_for}
    return {
        "approved": incident.approval.approved,
        "approval": _withhold(approval_document(incident.approval), level),
        "withdrawn_versions": withdrawn,
    }


def draft_lines(incident: str, standing: ListStanding) -> tuple[str, ...]:
    """That a list is a draft, why, and how it is approved; nothing when it is none."""
    from releasewatch.domain.call_approval import how_to_approve

    if standing.approved:
        return ()
    return (f"DRAFT, no call may be made: {standing.because}.", f"  {how_to_approve(standing, incident)}")


def _lines_of(made: RankedList, level: Reveal) -> tuple[str, ...]:
    incident = made.calls.incident
    draft = () if incident is None else draft_lines(incident.id, incident.approval)
    told = dict.fromkeys(one.sentence(names=level >= Reveal.NAMES) for one in made.calls.withdrawn)
    return (*draft, *filter(None, [made.calls.blame]), *told)


def emit_draft(made: RankedList, level: Reveal) -> None:
    """Say of a draft that it is one, and who received a version that is withdrawn."""
    for line in _lines_of(made, level):
        emit_line(line)


def say_draft(app: App, made: RankedList, level: Reveal) -> None:
    """The same where the format has no place for it."""
    for line in () if app.quiet else _lines_of(made, level):
        say(line)
