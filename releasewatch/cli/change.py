"""`releasewatch change`: who may read of a change, and in what words, decided by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import click

from releasewatch.cli.options import BY, common
from releasewatch.cli.output import emit_json, emit_line, one_line
from releasewatch.domain.messages import NAMING_TRAILER, named_customers
from releasewatch.domain.privacy import WITHHELD as WITHHELD_TEXT
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_both, format_utc
from releasewatch.domain.words import counted
from releasewatch.errors import InvalidCallError, UnknownNameError
from releasewatch.wiring import App

if TYPE_CHECKING:
    from releasewatch.domain.change_edits import ChangeEdit
    from releasewatch.storage.change_edits import FoundChange, Said
    from releasewatch.usecases.change_edits import ChangeSaid
    from releasewatch.usecases.customers import Looking

WITHHELD = "withheld"


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
@BY
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
    """Decide by hand about a recorded change: by the beginning of its sha (in a clone also HEAD, a tag or a branch), or
    D-12 for a change without git.

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
    said = edit_change(
        app.ledger, _as_recorded(app, change, repo), repo, edits, app.now, why=why, recorded_by=by or app.actor
    )
    _give_out(app, form, said, app.looking(None))


_SHA = re.compile(r"[0-9a-f]{4,64}|D-\d+", re.IGNORECASE)


def _as_recorded(app: App, change: str, repo: str | None) -> str:
    """A commit as the ledger names it: HEAD, a branch or a tag mean in a clone what they mean to git there."""
    history = app.history_or_none
    if _SHA.fullmatch(change) or history is None or (repo is not None and repo != app.repo):
        return change
    with suppress(UnknownNameError):
        return history.resolve(change)
    return change


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
@common(reads=True)
def show_(app: App, form: str, change: str, repo: str | None) -> None:
    """Show what a recorded change says of itself, what people said by hand, and what that comes to."""
    from releasewatch.usecases.change_edits import show_change
    from releasewatch.usecases.customers import require_keys

    looking = app.looking(None)
    require_keys(looking)
    _give_out(app, form, show_change(app.ledger, _as_recorded(app, change, repo), repo, app.now), looking)


def _give_out(app: App, form: str, said: ChangeSaid, looking: Looking) -> None:
    shown = _Shown(said, looking)
    if form == "json":
        document = _document(shown)
        emit_json({"change": document, "withheld": sorted(shown.withheld)})
        return
    change = said.change
    subject = shown.commit_text("subject", change.subject or "(no subject)")
    emit_line(f"{change.repo} {change.ref[:12]}: {one_line(subject or WITHHELD_TEXT)}")
    emit_line(f"  {_where(change)}")
    for word, value in shown.trailers():
        emit_line(f"  its commit says {word}: {value or WITHHELD}")
    for one in shown.edits():
        at = format_both(one.recorded_at, app.zone)
        emit_line(
            f"  {at}, {shown.by(one) or 'one of us'}: {_in_words(one.edit, shown)} ({shown.why(one) or WITHHELD})"
        )
    if shown.counts_only:
        emit_line(f"  {counted(len(said.said), 'word')} by hand; {counted(len(said.customers), 'customer')} named")
    until = f" until {said.embargo_until}" if said.embargo_until else ""
    emit_line(f"It goes as far as {said.audience}{until}, where its components' visibility allows.")
    if said.wording:
        emit_line(f"Told outside as: {shown.wording(said.wording) or WITHHELD}")


def _where(change: FoundChange) -> str:
    """By side: what a rollback took away was not deployed by it."""
    sides = (("brought by", change.brought_by), ("taken back by", change.taken_back_by))
    return "; ".join(f"{word} {', '.join(f'D-{n}' for n in numbers)}" for word, numbers in sides if numbers)


class _Shown:
    """What was said of a change as far as it may be shown; notes what was withheld."""

    def __init__(self, said: ChangeSaid, looking: Looking) -> None:
        self.said = said
        self.withheld: set[str] = set()
        self.counts_only = looking.reveal < Reveal.KEYS
        self._looking = looking
        self._names = looking.reveal >= Reveal.NAMES

    def trailers(self) -> Iterable[tuple[str, str | None]]:
        """What the commit says; whom it matters to by key."""
        for word, value in self.said.trailers:
            if word.lower() != NAMING_TRAILER:
                yield word, self.commit_text("trailers", value)
                continue
            for name in named_customers([(word, value)]):
                yield word, self.customer(name)

    def commit_text(self, name: str, text: str) -> str | None:
        """What its author wrote, unless that names somebody where no name may be shown."""
        return self._withhold(name) if text in self.said.naming and not self._names else text

    def edits(self) -> Sequence[Said]:
        """What people said, each with whom it matters to: nothing of it where only counts are shown."""
        if self.counts_only and self.said.said:
            self.withheld.add("edits")
        return () if self.counts_only else self.said.said

    def customer(self, ref: str) -> str | None:
        """A customer as named where names may be; else by key, for an alias may be a name."""
        if self._names:
            return ref
        key = None if self.counts_only else self.said.keys[ref]
        return self._looking.key(key) if key is not None else self._withhold("customer")

    def by(self, one: Said) -> str | None:
        """Who of our people said it."""
        return (one.recorded_by or None) if self._names else self._withhold("by")

    def why(self, one: Said) -> str | None:
        """The reason, which may hold anything."""
        return one.why if self._names else self._withhold("why")

    def wording(self, text: str) -> str | None:
        """A sentence for readers outside: shown where any customer may read it, else where names may be."""
        public = self.said.audience == "customer" and not self.said.embargo_until
        return text if self._names or public else self._withhold("wording")

    def _withhold(self, name: str) -> str | None:
        self.withheld.add(name)
        return None


def _in_words(edit: ChangeEdit, shown: _Shown) -> str:
    words = []
    if edit.audience:
        words.append(f"audience {edit.audience}")
    if edit.wording:
        text = shown.wording(edit.wording)
        words.append(f"worded “{text}”" if text else f"worded ({WITHHELD})")
    if edit.is_silent:
        words.append("no release note")
    if edit.embargo:
        words.append("embargo lifted" if edit.embargo == "none" else f"embargo until {edit.embargo}")
    if edit.customer:
        words.append(f"matters to {shown.customer(edit.customer) or f'a customer ({WITHHELD})'}")
    return ", ".join(words)


def _document(shown: _Shown) -> dict[str, Any]:
    said = shown.said
    customers = [shown.customer(ref) for ref in said.customers]
    return {
        "repo": said.change.repo,
        "ref": said.change.ref,
        "subject": shown.commit_text("subject", said.change.subject),
        "deployments": [f"D-{number}" for number in said.change.brought_by],
        "taken_back_by": [f"D-{number}" for number in said.change.taken_back_by],
        "trailers": [{"key": word, "value": value} for word, value in shown.trailers()],
        "edits": [
            {
                "audience": one.edit.audience,
                "wording": shown.wording(one.edit.wording) if one.edit.wording else None,
                "release_note": None if one.edit.is_silent is None else not one.edit.is_silent,
                "embargo": one.edit.embargo or None,
                "customer": shown.customer(one.edit.customer) if one.edit.customer else None,
                "why": shown.why(one),
                "by": shown.by(one),
                "at": format_utc(one.recorded_at),
            }
            for one in shown.edits()
        ],
        "audience": said.audience,
        "wording": shown.wording(said.wording) if said.wording else None,
        "embargo_until": said.embargo_until,
        "customers": [key for key in dict.fromkeys(customers) if key is not None],
        "counts": {"edits": len(said.said), "customers": len(said.customers)},
    }
