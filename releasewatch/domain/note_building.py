"""Builds the notes of one audience: picks what it may read, files it under headings, and counts the rest."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from releasewatch.domain.audiences import Audience, may_read
from releasewatch.domain.messages import named_customers, trailer_values, without_pull_request
from releasewatch.domain.note_standings import NO_SUBJECT, Reading, read_standings
from releasewatch.domain.notes import CustomerScope, NoteGroup, NoteItem, Notes, NoteSection, NotesInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

_ALIASES = {
    "feature": "feat",
    "bugfix": "fix",
    "hotfix": "fix",
    "performance": "perf",
    "doc": "docs",
    "tests": "test",
    "deps": "build",
}
_HEADINGS = {
    "breaking": ("Breaking changes", "Changes that may need your attention"),
    "feat": ("Features", "New"),
    "fix": ("Fixes", "Fixed"),
    "perf": ("Performance", "Faster"),
    "security": ("Security", "Security"),
    "revert": ("Reverts", "Taken back"),
    "refactor": ("Refactoring", "Other changes"),
    "docs": ("Documentation", "Other changes"),
    "build": ("Build and dependencies", "Other changes"),
    "ci": ("Continuous integration", "Other changes"),
    "test": ("Tests", "Other changes"),
    "style": ("Style", "Other changes"),
    "chore": ("Chores", "Other changes"),
    "other": ("Other changes", "Other changes"),
    "several": ("Several components", "Several components"),
    "none": ("In no component", "Other changes"),
    "not_deployed": ("Changed, but not deployed", ""),
    "undone": ("Undone within this range", ""),
}
"""Kind of a section to its heading, for engineering and for readers outside; in the order of the document."""

_TYPES = frozenset(list(_HEADINGS)[: list(_HEADINGS).index("several")])
_COMPONENT_PLACE = list(_HEADINGS).index("several")
_ORDER = {kind: place for place, kind in enumerate(_HEADINGS)} | {"component": _COMPONENT_PLACE - 0.5}
_MANY = 4
"""A change in this many components is filed under a heading of its own: no single one would find it."""

_BREAKING_TRAILERS = ("BREAKING CHANGE", "BREAKING-CHANGE")


@dataclass(frozen=True, slots=True)
class PreparedNotes:
    """What is the same for every audience and customer: worked out once where many notes are made of one input."""

    given: NotesInput
    readings: tuple[Reading, ...]
    conventional: bool
    held: dict[Audience, tuple[str, ...]] = field(default_factory=dict)


def prepare_notes(given: NotesInput) -> PreparedNotes:
    """Decide how far each change may be told."""
    readings, conventional = read_standings(given)
    return PreparedNotes(given, tuple(readings), conventional)


def build_notes(given: NotesInput, audience: Audience, scope: CustomerScope | None = None) -> Notes:
    """The notes of one audience, for one customer when a scope is given; see `notes_for`."""
    return notes_for(prepare_notes(given), audience, scope)


def notes_for(prepared: PreparedNotes, audience: Audience, scope: CustomerScope | None = None) -> Notes:
    """The notes of one audience, for one customer when a scope is given.

    Nothing that the audience may not read is in the result, but for `held`: headers too are left out where they would
    tell of it (who deployed, authors, shas and paths for all but engineering; repo and reach for customers).
    """
    given = prepared.given
    filing = _Filing(given, audience, scope, prepared.conventional)
    for reading in prepared.readings:
        filing.take(reading)
    if audience not in prepared.held:
        prepared.held[audience] = held_texts(prepared.readings, audience)
    engineering, staff = audience == "engineering", audience != "customer"
    return Notes(
        audience=audience,
        conventional=prepared.conventional,
        customer=scope.name if scope else None,
        repo=given.repo if staff else None,
        environment=given.environment if staff else None,
        release=given.release,
        deployment=given.deployment if staff else None,
        period=given.period,
        live_at=given.live_at,
        kind=given.kind,
        range=given.range,
        base=given.base if engineering else None,
        head=given.head if engineering else None,
        actor=given.actor if engineering else None,
        reach=given.reach if staff and scope is None else None,
        sections=filing.sections("added"),
        removed=filing.sections("removed"),
        counts=filing.counted("added"),
        removed_counts=filing.counted("removed"),
        embargoes=tuple(sorted({day for _, day in filing.embargoed})),
        embargoed=tuple(sorted(filing.embargoed)),
        problems=tuple(filing.problems),
        not_deployed=tuple(sorted(filing.title(key) for key in given.not_deployed)) if engineering else (),
        unmapped=given.unmapped if staff else 0,
        is_known_in_full=not given.has_blank,
        is_customer_unsure=scope is not None and scope.is_unsure,
        unmapped_sample=given.unmapped_sample if engineering else (),
        merge_paths=tuple(sorted(given.merge_paths.items())) if engineering else (),
        history_complete=given.history_complete or not staff,
        why_incomplete=given.why_incomplete if engineering else None,
        held=prepared.held[audience],
    )


def held_texts(readings: Iterable[Reading], audience: Audience) -> tuple[str, ...]:
    """Subjects and sentences that an audience may not read, for the scan of its document.

    Left out are texts that a change it may read carries as well (cherry-picks, a second landing). Of changes that were
    merely undone, not deployed, or only a merge, nobody said that they are to be kept: they tend to land again, or to
    stand beside their commits, under nearly the same words.
    """
    told: set[str] = set()
    held: dict[str, None] = {}
    if audience == "engineering":
        return ()
    for reading in readings:
        represented = reading.represented_by is not None and reading.represented_by.stands_for(audience)
        if may_read(audience, reading.standing.audience) or represented:
            told.update(texts_of(reading))
        elif not may_read(audience, reading.stated) or reading.standing.counted:
            held.update(dict.fromkeys(texts_of(reading)))
    return tuple(text for text in held if text not in told)


def texts_of(reading: Reading) -> Iterator[str]:
    """All that a change says of itself: an edit's sentence does not make the one that it stands for readable."""
    change = reading.change
    texts = [reading.subject(), reading.wording, without_pull_request(change.description or change.subject)]
    for key in ("Release-note", *_BREAKING_TRAILERS) if change.trailers else ():
        texts += trailer_values(change.trailers, key)
    return (text for text in texts if text)


class _Filing:
    """Collects the lines of one document while changes are handed to it one by one."""

    def __init__(self, given: NotesInput, audience: Audience, scope: CustomerScope | None, conventional: bool) -> None:
        self._given = given
        self._audience = audience
        self._scope = scope
        self._conventional = conventional
        self._outer = audience != "engineering"
        self._lines: dict[str, list[tuple[str, tuple[str, ...], NoteItem]]] = {"added": [], "removed": []}
        self._counts: dict[str, Counter[str]] = {"added": Counter(), "removed": Counter()}
        self._titles: dict[Any, tuple[str, ...]] = {}
        self._theirs = self._titles_by_origin(scope)
        self.embargoed: set[tuple[str, date]] = set()
        self.problems: list[tuple[str, str]] = []

    def take(self, reading: Reading) -> None:
        """File a change where it belongs; nothing happens when this document does not tell of it."""
        titles = self._titles_of(reading)
        if titles is None:
            return
        if not self._outer:
            self.problems += [(reading.change.sha[:8], problem) for problem in reading.words.problems]
        elif self._audience == "account" and self._is_embargoed(reading):
            kind = self._kind(reading, titles)
            self.embargoed.update((kind, day) for day in self._days(reading))
        if not self._is_told_here(reading):
            return
        if not may_read(self._audience, reading.standing.audience):
            self._counts[reading.change.side].update(titles)
            return
        kind = self._kind(reading, titles)
        self._lines[reading.change.side].append((kind, titles, self._item(reading, kind, titles)))

    def sections(self, side: str) -> tuple[NoteSection, ...]:
        """The lines of one side under their headings, in the order of the document."""
        sections: dict[tuple[float, str, str], dict[str, list[NoteItem]]] = {}
        for kind, titles, item in self._lines[side]:
            heading, group = self._heading(kind, titles)
            sections.setdefault((_ORDER[kind], heading, kind), {}).setdefault(group, []).append(item)
        merged: dict[str, tuple[str, dict[str, list[NoteItem]]]] = {}
        for (_, heading, kind), groups in sorted(sections.items(), key=lambda entry: entry[0]):
            _, into = merged.setdefault(heading, (kind, {}))
            for title, items in groups.items():
                into.setdefault(title, []).extend(items)
        return tuple(
            NoteSection(kind, heading, tuple(NoteGroup(t, tuple(i)) for t, i in sorted(groups.items())))
            for heading, (kind, groups) in merged.items()
        )

    def counted(self, side: str) -> tuple[tuple[str, int], ...]:
        """How many changes are told as a number only, by title."""
        return tuple(sorted(self._counts[side].items()))

    def title(self, key: str) -> str:
        """The title of a component, or its key where none is known."""
        label = self._given.components.get(key)
        return label.title if label is not None else key

    def _is_told_here(self, reading: Reading) -> bool:
        """Whether it has a line, or a count, of its own: it may be told, and no merge is told in its place."""
        if not reading.is_told_to(self._audience):
            return False
        if reading.change.is_merge:
            return self._stands_alone(reading)
        merge = reading.represented_by
        if merge is None or not merge.stands_for(self._audience):
            return True
        return self._outer and bool(merge.wording and reading.wording)

    def _stands_alone(self, merge: Reading) -> bool:
        if self._outer:
            return merge.stands_for(self._audience)
        return merge.stands_for("engineering") or bool(merge.change.components or merge.wording)

    def _titles_of(self, reading: Reading) -> tuple[str, ...] | None:
        """The titles it is filed under here; None when it does not concern the customer of this document."""
        keys: tuple[Any, ...] | frozenset[Any] = reading.live or (() if self._outer else reading.change.components)
        if self._theirs is not None:
            keys = reading.touches
        titles = self._titles.get(keys)
        if titles is None:
            found = {title for key in keys for title in self._titles_for(key)}
            titles = self._titles[keys] = tuple(sorted(found))
        if self._scope is None or titles:
            return titles
        named = named_customers(reading.change.trailers)
        return None if self._scope.refs.isdisjoint(named) else ()

    def _titles_for(self, key: Any) -> Iterable[str]:
        """The title of a changed component; for a customer, those of their components that it reaches.

        Where baselines are told apart, the key goes with the number of one.
        """
        if self._scope is None:
            return (self.title(key),)
        if self._theirs is not None:
            return self._theirs.get(key, ())
        sources = self._given.sources
        return [self.title(own) for own in self._scope.components if own == key or key in sources.get(own, ())]

    def _titles_by_origin(self, scope: CustomerScope | None) -> dict[tuple[str, int], set[str]] | None:
        if scope is None or scope.origins is None:
            return None
        found: dict[tuple[str, int], set[str]] = {}
        for own, touched, baseline in scope.origins:
            found.setdefault((touched, baseline), set()).add(self.title(own))
        return found

    def _is_embargoed(self, reading: Reading) -> bool:
        return bool(self._days(reading)) and may_read("account", reading.after_embargo)

    def _days(self, reading: Reading) -> list[date]:
        days = [one.words.until for one in (reading, *reading.above) if one.words.until]
        return [max(days)] if days else []

    def _kind(self, reading: Reading, titles: Sequence[str]) -> str:
        change = reading.change
        if reading.void:
            return "undone"
        if change.components and not reading.live:
            return "not_deployed"
        if change.breaking or (reading.leads and any(one.change.breaking for one in reading.members)):
            return "breaking"
        if self._conventional:
            kind = _ALIASES.get(change.type, change.type)
            return kind if kind in _TYPES else "other"
        return "none" if not titles else "several" if len(titles) >= _MANY else "component"

    def _heading(self, kind: str, titles: Sequence[str]) -> tuple[str, str]:
        """Heading of the section, and title of the group within it."""
        if kind == "component":
            return titles[0], ""
        heading = _HEADINGS[kind][self._outer]
        if kind not in _TYPES:
            return heading, ""
        return heading, "Several components" if len(titles) >= _MANY else ", ".join(titles)

    def _item(self, reading: Reading, kind: str, titles: tuple[str, ...]) -> NoteItem:
        change = reading.change
        also = titles[1:] if kind == "component" else ()
        if len(titles) >= _MANY or kind in ("undone", "not_deployed"):
            also = titles
        if self._outer:
            note = "" if reading.wording or self._audience == "customer" else _breaking_note(reading)
            return NoteItem(reading.outward(), also, change.breaking, note)
        commits = reading.members if reading.members and reading.stands_for("engineering") else []
        authors = dict.fromkeys(one.change.author_name for one in commits) if commits else (change.author_name,)
        days = self._days(reading)
        return NoteItem(
            text=reading.subject() or NO_SUBJECT,
            also=also,
            breaking=change.breaking or any(one.change.breaking for one in commits),
            breaking_note=_breaking_note(reading),
            wording=reading.wording or "",
            pull_request=_pull_request(reading),
            sha=change.sha,
            authors=tuple([name for name in authors if name]),
            authored_at=change.authored_at,
            reverted_by=_reverted_by(reading) if reading.void else "",
            undoes=tuple(sorted(reading.undoes)) if reading.undoes else (),
            audience=reading.standing.audience,
            embargo_until=days[0] if days else None,
            commits=_commit_lines(commits, reading) if commits else (),
            pull_request_url=change.pull_request_url,
        )


def _commit_lines(commits: Sequence[Reading], merge: Reading) -> tuple[NoteItem, ...]:
    """What a merge stands for; a single commit that bears the same title would only say it twice."""
    if len(commits) == 1 and commits[0].subject() == merge.subject():
        return ()
    return tuple(
        NoteItem(
            one.subject() or NO_SUBJECT,
            sha=one.change.sha,
            reverted_by=one.change.reverted_by or "",
            breaking=one.change.breaking,
        )
        for one in commits
    )


def _pull_request(reading: Reading) -> int | None:
    if reading.change.pull_request is not None or not reading.above:
        return reading.change.pull_request
    numbers = (one.change.pull_request for one in (reading, *reading.above))
    return next((number for number in numbers if number is not None), None)


def _reverted_by(reading: Reading) -> str:
    return next((one.change.reverted_by for one in (reading, *reading.above) if one.change.reverted_by), "")


def _breaking_note(reading: Reading) -> str:
    trailers = reading.change.trailers
    if not any(key[:1] in "Bb" for key, _ in trailers):
        return ""  # nearly always, and ten thousand times a document
    return next((value for key in _BREAKING_TRAILERS for value in trailer_values(trailers, key)), "")
