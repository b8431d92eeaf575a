"""`releasewatch change`: who may read of a change, and in what words, decided by hand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import common
from releasewatch.cli.output import emit_json, emit_line
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_both, format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.change_edits import ChangeEdit
    from releasewatch.usecases.change_edits import ChangeSaid


@click.group()
def command() -> None:
    """What may be said of a change, decided by hand."""


@command.command("edit")
@click.argument("change", metavar="SHA")
@click.option("--repo", metavar="REPO", help="The repo, where the sha may mean several.")
@click.option(
    "--audience",
    type=click.Choice(["engineering", "account", "customer"]),
    help="The outermost audience that may see it. It narrows what trailers and components allow, and never widens.",
)
@click.option("--wording", metavar="TEXT", help="The sentence for outer notes, instead of subject and Release-note.")
@click.option("--embargo", metavar="DATE", help="May not leave engineering before 00:00 UTC of that day; none: lifted.")
@click.option("--customer", metavar="KEY", help="It matters to this customer by name.")
@click.option(
    "--label", "labels", multiple=True, metavar="LABEL", help="As its pull request's label: audience: account."
)
@click.option("--why", required=True, metavar="TEXT", help="The reason, kept with it.")
@click.option("--by", metavar="NAME", help="Who says so; default RELEASEWATCH_ACTOR, CI's actor, git's e-mail.")
@common()
def edit_(
    app: App,
    form: str,
    change: str,
    repo: str | None,
    audience: Any,
    wording: str | None,
    embargo: str | None,
    customer: str | None,
    labels: tuple[str, ...],
    why: str,
    by: str | None,
) -> None:
    """Decide by hand about a recorded change: by the beginning of its sha, or D-12 for a change without git.

    Nothing is overwritten: each word is added, the newest on each point counts, and every document made from now on
    obeys it, wherever the change was deployed.
    """
    from releasewatch.domain.change_edits import ChangeEdit, read_embargo
    from releasewatch.usecases.change_edits import edit_change

    if not why.strip():
        raise InvalidCallError("A decision by hand needs a reason.", "Give it with --why TEXT.")
    edits = list(_of_labels(labels))
    if wording is not None and not wording.strip():
        raise InvalidCallError("The wording is empty.", "Give a sentence, or --label 'release-note: none'.")
    try:
        until = read_embargo(embargo) if embargo is not None else ""
    except ValueError as error:
        raise InvalidCallError(f"{embargo!r} is no embargo.", f"Wanted: {error}.") from error
    if audience or wording or until or customer:
        edits.append(
            ChangeEdit(audience, (wording or "").strip(), False if wording else None, until, (customer or "").strip())
        )
    if not edits:
        raise InvalidCallError(
            "Nothing is said of the change.", "Give --audience, --wording, --embargo, --customer or --label."
        )
    said = edit_change(app.ledger, change, repo, edits, app.now, why=why, recorded_by=by or app.actor)
    _give_out(app, form, said)


def _of_labels(labels: Iterable[str]) -> Iterable[ChangeEdit]:
    from releasewatch.domain.change_edits import LABELS, edit_of_trailer, read_label

    for label in labels:
        trailer = read_label(label)
        if trailer is None:
            raise InvalidCallError(
                f"The label {label!r} says nothing of a change.",
                f"Known are {', '.join(LABELS)}: as in audience: account.",
            )
        try:
            yield edit_of_trailer(*trailer)
        except ValueError as error:
            raise InvalidCallError(f"The label {label!r} cannot be read.", f"Wanted: {error}.") from error


@command.command("show")
@click.argument("change", metavar="SHA")
@click.option("--repo", metavar="REPO", help="The repo, where the sha may mean several.")
@common()
def show_(app: App, form: str, change: str, repo: str | None) -> None:
    """Show what a recorded change says of itself, what people said by hand, and what that comes to."""
    from releasewatch.usecases.change_edits import show_change

    _give_out(app, form, show_change(app.ledger, change, repo, app.now))


def _give_out(app: App, form: str, said: ChangeSaid) -> None:
    names = app.level(None, None) >= Reveal.NAMES
    if form == "json":
        emit_json({"change": _document(said, names=names), "withheld": [] if names or not said.said else ["by"]})
        return
    change = said.change
    emit_line(f"{change.repo} {change.ref[:12]}: {change.subject}")
    emit_line(f"  deployed with {', '.join(f'D-{number}' for number in change.deployments)}")
    for word, value in said.trailers:
        emit_line(f"  its commit says {word}: {value}")
    for one in said.said:
        at = format_both(one.recorded_at, app.zone)
        who = (one.recorded_by if names else "") or "one of us"
        emit_line(f"  {at}, {who}: {_in_words(one.edit)} ({one.why})")
    until = f" until {said.embargo_until}" if said.embargo_until else ""
    emit_line(f"It goes as far as {said.audience}{until}, where its components' visibility allows.")
    if said.wording:
        emit_line(f"Told outside as: {said.wording}")


def _in_words(edit: ChangeEdit) -> str:
    words = []
    if edit.audience:
        words.append(f"audience {edit.audience}")
    if edit.wording:
        words.append(f"worded “{edit.wording}”")
    if edit.is_silent:
        words.append("no release note")
    if edit.embargo:
        words.append("embargo lifted" if edit.embargo == "none" else f"embargo until {edit.embargo}")
    if edit.customer:
        words.append(f"matters to {edit.customer}")
    return ", ".join(words)


def _document(said: ChangeSaid, *, names: bool) -> dict[str, Any]:
    return {
        "repo": said.change.repo,
        "ref": said.change.ref,
        "subject": said.change.subject,
        "deployments": [f"D-{number}" for number in said.change.deployments],
        "trailers": [{"key": word, "value": value} for word, value in said.trailers],
        "edits": [
            {
                "audience": one.edit.audience,
                "wording": one.edit.wording or None,
                "release_note": None if one.edit.is_silent is None else not one.edit.is_silent,
                "embargo": one.edit.embargo or None,
                "customer": one.edit.customer or None,
                "why": one.why,
                "by": (one.recorded_by or None) if names else None,
                "at": format_utc(one.recorded_at),
            }
            for one in said.said
        ],
        "audience": said.audience,
        "wording": said.wording,
        "embargo_until": said.embargo_until,
        "customers": list(said.customers),
    }
