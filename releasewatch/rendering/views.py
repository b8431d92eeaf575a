"""The public contract for template authors: every name that a template of notes may use.

A template gets one value, `notes`. Everything in it is text, a number, a yes or no, or a tuple of views; there
is nothing to call and nothing behind it. Text is raw: the environment escapes it for the format. What an
audience may not read is not here. The views of call lists are in `call_views`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from releasewatch.domain.audiences import may_read
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date, datetime

    from releasewatch.domain.notes import NoteItem, Notes, NoteSection, Period, ReachCounts

SHORT = 8
"""Digits of a sha that are shown."""

# fmt: off
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)
# fmt: on


class View:
    """What all views share: public fields that hold plain values, and no methods."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class FactView(View):
    """One line of a document's head: a label and what it says."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class CountView(View):
    """That so many changes were made under a title, and nothing else about them. `text`: "3 changes"."""

    title: str
    number: int
    text: str


@dataclass(slots=True)
class ItemView(View):
    """One change.

    - `text`: what it says; for readers outside the agreed wording where there is one.
    - `also`: components that no heading above it names ("also in Checkout", "in A, B, C, D"), or empty.
    - `details`: for engineering sha, authors and pull request on one line, else empty; `sha`, `pull_request` (0: none)
      and `authors` are the same one by one, `on` is the day it was written (ISO 8601, UTC), `pull_request_url` where
      a forge told it.
    - `remarks`: what else is to be known, one sentence each: what breaks, how far it may be told, a running embargo.
    - `commits`: the commits that a pull request stands for, for engineering.
    """

    text: str
    also: str
    details: str
    breaking: bool
    remarks: tuple[str, ...]
    commits: tuple[ItemView, ...]
    sha: str
    pull_request: int
    authors: tuple[str, ...]
    on: str
    pull_request_url: str = ""


class Items(Sequence["ItemView"]):
    """Changes, each made when it is looked at: of a hundred thousand no more than one is there at a time."""

    __slots__ = ("_also", "_notes")

    def __init__(self, notes: Sequence[NoteItem], also: str) -> None:
        self._notes = notes
        self._also = also

    def __len__(self) -> int:
        return len(self._notes)

    def __iter__(self) -> Iterator[ItemView]:
        return (_item(note, self._also) for note in self._notes)

    @overload
    def __getitem__(self, place: int) -> ItemView: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[ItemView, ...]: ...

    def __getitem__(self, place: int | slice) -> ItemView | tuple[ItemView, ...]:
        if isinstance(place, slice):
            return tuple(_item(note, self._also) for note in self._notes[place])
        return _item(self._notes[place], self._also)

    def __add__(self, more: Iterable[ItemView]) -> tuple[ItemView, ...]:
        return (*self, *more)

    def __radd__(self, before: Iterable[ItemView]) -> tuple[ItemView, ...]:
        return (*before, *self)


@dataclass(frozen=True, slots=True)
class GroupView(View):
    """Changes of one component within a section; `title` is empty when the section has no such parts."""

    title: str
    items: Sequence[ItemView]


@dataclass(frozen=True, slots=True)
class SectionView(View):
    """One heading with its changes. `kind`: breaking, feat, fix, …, component, several, none, not_deployed, undone."""

    kind: str
    title: str
    groups: tuple[GroupView, ...]
    number: int


@dataclass(frozen=True, slots=True)
class NotesView(View):
    """Release notes for one audience.

    - `title`, `subtitle`: of the document; `subtitle` may be empty. `audience`: engineering, account or customer.
    - `facts`: the head (day, environment, reach, …).
    - `blanks`: what could not be known, one sentence each; none for customers.
    - `sections`: what went live; `counts`: changes of which only the number is told, by title.
    - `removed`, `removed_counts`: the same for what a rollback took away; `is_rollback`: the document is about one.
    - `embargoes`: for account staff, until when something is held back ("1 March 2026"), never what.
    - `merge_paths`: for engineering, paths that only a merge explains. `problems`: trailers that could not be read.
    - `nothing`: the sentence to print when there is no change to tell of, else empty.
    """

    title: str
    subtitle: str
    audience: str
    customer: str
    facts: tuple[FactView, ...]
    blanks: tuple[str, ...]
    sections: tuple[SectionView, ...]
    counts: tuple[CountView, ...]
    removed: tuple[SectionView, ...]
    removed_counts: tuple[CountView, ...]
    embargoes: tuple[str, ...]
    merge_paths: tuple[str, ...]
    problems: tuple[str, ...]
    is_rollback: bool
    nothing: str


def notes_view(notes: Notes) -> NotesView:
    """What a template sees of notes."""
    is_rollback = notes.kind == "rollback" or notes.range == "rollback"
    told = bool(notes.sections or notes.removed)
    return NotesView(
        title=_title(notes, is_rollback),
        subtitle=f"For {notes.customer}" if notes.customer else "",
        audience=notes.audience,
        customer=notes.customer or "",
        facts=_facts(notes, is_rollback),
        blanks=_blanks(notes),
        sections=_sections(notes.sections),
        counts=_counts(notes.counts, told),
        removed=_sections(notes.removed),
        removed_counts=_counts(notes.removed_counts, told),
        embargoes=tuple(day_in_words(day) for day in notes.embargoes),
        merge_paths=tuple(f"{path} ({sha[:SHORT]})" for path, sha in notes.merge_paths),
        problems=tuple(f"{sha} {problem}" for sha, problem in notes.problems),
        is_rollback=is_rollback,
        nothing=_nothing(notes),
    )


def day_in_words(day: date) -> str:
    """`1 March 2026`: no reader takes it for another day, whatever order they are used to."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def instant_in_words(instant: datetime) -> str:
    """`1 March 2026, 14:05 UTC` of an instant in UTC."""
    return f"{day_in_words(instant.date())}, {instant:%H:%M} UTC"


def period_in_words(period: Period) -> str:
    """`1 March 2026, 00:00 UTC to 8 March 2026, 00:00 UTC`."""
    return f"{instant_in_words(period.since)} to {instant_in_words(period.until)}"


def _title(notes: Notes, is_rollback: bool) -> str:
    if notes.audience == "customer":
        base = "What was taken back" if is_rollback else "What changed"
        return f"{base} in {notes.release}" if notes.release else base
    name = " ".join(part for part in (notes.repo, notes.release) if part)
    return f"{'Rollback' if is_rollback else 'Release notes'}: {name}" if name else "Release notes"


def _facts(notes: Notes, is_rollback: bool) -> tuple[FactView, ...]:
    span = f"{notes.base[:12]}..{notes.head[:12]}" if notes.base and notes.head else (notes.head or "")[:12]
    facts = (
        ("Environment", notes.environment or ""),
        ("Period", period_in_words(notes.period) if notes.period else ""),
        ("Deployments" if notes.period else "Deployment", notes.deployment or ""),
        ("Live since", instant_in_words(notes.live_at) if notes.live_at else ""),
        (
            "Range" if notes.base else "Head",
            f"{span} (returned to an earlier version)" if span and is_rollback else span,
        ),
        ("Deployed by", notes.actor or ""),
        ("Reaches", reach_in_words(notes.reach) if notes.reach else ""),
    )
    return tuple(FactView(label, value) for label, value in facts if value)


def reach_in_words(reach: ReachCounts) -> str:
    """`37 customers: 1 named, 25 directly, 11 through what they depend on; 3 of them possibly`."""
    parts = (
        (reach.named, "named"),
        (reach.direct, "directly"),
        (reach.dependent, "through what they depend on"),
    )
    text = counted(reach.customers, "customer")
    told = ", ".join(f"{number:,} {how}" for number, how in parts if number)
    if told:
        text += f": {told}"
    if reach.possible:
        text += f"; {reach.possible:,} of them possibly"
    if reach.unplaced:
        text += f"; {reach.unplaced:,} more without any entitlement"
    return text


def _blanks(notes: Notes) -> tuple[str, ...]:
    if notes.audience == "customer":
        return ()
    said: list[str] = []
    if not notes.history_complete:
        why = notes.why_incomplete or "the list of changes may lack some"
        said.append(f"The history at hand was incomplete: {why.rstrip('.')}.")
    if notes.unmapped:
        sample = ", ".join(notes.unmapped_sample)
        more = ", …" if notes.unmapped > len(notes.unmapped_sample) else ""
        which = f": {sample}{more}" if sample else "."
        paths = counted(notes.unmapped, "path")
        said.append(f"{paths} {'belongs' if notes.unmapped == 1 else 'belong'} to no component{which}")
    elif not notes.is_known_in_full:
        said.append("What changed is not known in full.")
    if notes.reach is not None and notes.reach.not_ruled_out:
        said.append(f"{counted(notes.reach.not_ruled_out, 'customer')} cannot be ruled out.")
    if notes.reach is not None:
        said += notes.reach.unsure.lines
    if notes.not_deployed:
        said.append(f"Changed, but not deployed: {', '.join(notes.not_deployed)}.")
    return tuple(said)


def _nothing(notes: Notes) -> str:
    if not notes.is_empty:
        return ""
    if notes.audience == "customer":
        if notes.is_known_in_full and not notes.is_customer_unsure:
            return "There is nothing to report to you about this release."
        return "Nothing that is known of this release concerns you."
    if notes.is_customer_unsure:
        return (
            "Nothing that is known of this release reaches them, but it is not known in full what they use: "
            "they cannot be ruled out."
        )
    if notes.customer and not notes.is_known_in_full:
        return (
            "Nothing that is known of this release reaches them, but not all of it is known: they cannot be ruled out."
        )
    if notes.customer:
        return "There is nothing in this release that reaches them."
    return "There is no change to tell of."


def _counts(counts: Iterable[tuple[str, int]], more: bool) -> tuple[CountView, ...]:
    one = "further change" if more else "change"
    return tuple(CountView(title, number, counted(number, one)) for title, number in counts)


def _sections(sections: Sequence[NoteSection]) -> tuple[SectionView, ...]:
    found: list[SectionView] = []
    for section in sections:
        also = "also in" if section.kind == "component" else "in"
        groups = tuple(GroupView(g.title, Items(g.items, also)) for g in section.groups)
        found.append(SectionView(section.kind, section.title, groups, sum(len(g.items) for g in groups)))
    return tuple(found)


def _item(item: NoteItem, also: str = "also in") -> ItemView:
    sha, pull_request = item.sha, item.pull_request
    about = (sha[:SHORT], *item.authors, "" if pull_request is None else f"#{pull_request}")
    return ItemView(
        text=item.text,
        also=f"{also} {', '.join(item.also)}" if item.also else "",
        details=", ".join(filter(None, about)),
        breaking=item.breaking,
        remarks=_remarks(item),
        commits=tuple([_item(commit) for commit in item.commits]) if item.commits else (),
        sha=sha,
        pull_request=pull_request or 0,
        authors=item.authors,
        on=item.authored_at.date().isoformat() if item.authored_at else "",
        pull_request_url=item.pull_request_url,
    )


def _remarks(item: NoteItem) -> tuple[str, ...]:
    said: list[str] = []
    if item.breaking_note:
        said.append(f"What breaks: {item.breaking_note}")
    if item.wording:
        said.append(f"Release note: {item.wording}")
    if item.reverted_by:
        said.append(f"Undone by {item.reverted_by[:SHORT]}.")
    if item.undoes:
        said.append(f"Undoes {', '.join(sha[:SHORT] for sha in item.undoes)}.")
    if item.embargo_until:
        said.append(f"Under embargo until {day_in_words(item.embargo_until)}, 00:00 UTC.")
    elif (
        item.audience is not None
        and not item.reverted_by
        and not item.undoes
        and not may_read("account", item.audience)
    ):
        said.append("Stays with engineering.")
    return tuple(said)
