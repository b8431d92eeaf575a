"""Builds the document of one audience: picks what it may read of the facts that all documents of an incident share.

Nothing that an audience may not read is in its document. What must not get back in by another way (somebody's wording,
a template) is kept in `held` and `people`, for the search of the finished text.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import cast

from releasewatch.domain.audiences import Audience, may_read
from releasewatch.domain.incident_corrections import Correction, corrections
from releasewatch.domain.incident_documents import (
    Cause,
    DocumentKind,
    IncidentDocument,
    Moment,
    Part,
    Revision,
    TimelineEntry,
    ToldChange,
)
from releasewatch.domain.incident_facts import BlameFacts, FixFacts, HurtFacts, HurtWindow, IncidentFacts
from releasewatch.domain.incidents import Statement, withdrawn_entries
from releasewatch.domain.note_building import PreparedNotes, held_texts, notes_for
from releasewatch.domain.notes import CustomerScope, NoteItem
from releasewatch.domain.privacy import WITHHELD
from releasewatch.domain.text_marks import Named
from releasewatch.domain.unsure import NOBODY

MANY_CHANGES = 20
"""So many changes of a deployment are told; the others are counted."""

HIDDEN = "withheld here"
"""What stands for the name of one of our people there."""

_OUTER_KINDS = frozenset({"status", "component_status", "entry"})
"""What of a timeline customers may be told: how far the work is, how each part is, and what was written for them."""

_ACCOUNT_KINDS = _OUTER_KINDS | {"severity"}


@dataclass(frozen=True, slots=True)
class Shown:
    """What a document may show. `names`: of people. `hides`: whether a text names somebody who may not be named there:
    inside it is withheld; of the changes told to account staff it is left out and counted."""

    names: bool = True
    hides: Callable[[str], bool] | None = None


def build_document(
    facts: IncidentFacts, kind: DocumentKind, audience: Audience, shown: Shown | None = None
) -> IncidentDocument:
    """The document of one audience, from the facts that all of them are made from."""
    return _Building(facts, kind, audience, shown or Shown()).document()


class _Building:
    """Picks what one audience may read."""

    def __init__(self, facts: IncidentFacts, kind: DocumentKind, audience: Audience, shown: Shown) -> None:
        self._facts = facts
        self._kind = kind
        self._audience = audience
        self._shown = shown
        self._inside = audience == "engineering"
        self._staff = audience != "customer"
        self._withheld = False

    def document(self) -> IncidentDocument:
        facts, state, inside, staff = self._facts, self._facts.state, self._inside, self._staff
        causes = tuple(self._cause(one) for one in facts.blame) if staff else ()
        timeline, after = self._timeline()
        summary = state.summaries.get(self._audience, "")
        wording = state.summaries.get("customer", "")
        made = IncidentDocument(
            kind=self._kind,
            audience=self._audience,
            id=facts.id,
            as_of=facts.as_of,
            known_at=facts.known_at,
            status=state.status,
            status_at=state.status_at,
            opened_at=state.opened_at,
            began=self._moment(facts.window.started_at, facts.window.started_because),
            ended=self._moment(facts.window.until, facts.window.ended_because),
            parts=tuple(self._parts()),
            outer_titles=tuple(self._title(key) for key in state.components if self._is_outer(key)),
            presumed_parts=self._presumed_parts() if staff else (),
            title=self._text(state.title) if inside else "",
            given_key=facts.given_key if inside else "",
            severity=state.severity if staff else "",
            detected_by=state.detected_by if staff else "",
            environment=state.environment if staff else "",
            regions=state.regions if staff else (),
            rings=state.rings if staff else (),
            commander=self._person(state.commander, HIDDEN) if inside else "",
            liaison=self._person(state.liaison, HIDDEN) if staff else "",
            summary=self._text(summary),
            wording=self._text(wording),
            wording_at=self._wording_at() if wording else None,
            revisions=tuple(self._revisions()) if inside else (),
            causes=causes,
            fixes=tuple(self._fix(one) for one in facts.fixes) if staff else (),
            proposed_fixes=facts.proposed_fixes if inside else (),
            counts=facts.counts if staff and facts.customer is None else None,
            unsure=facts.unsure if staff and facts.customer is None and state.status != "cancelled" else NOBODY,
            places=facts.places if inside and state.status != "cancelled" else (),
            customers=facts.customers if inside else (),
            customer=self._customer(),
            for_customer=self._for_customer(),
            timeline=timeline,
            after=after,
            corrections=tuple(self._correction(one) for one in corrections(facts.words)) if inside else (),
        )
        if inside:
            return replace(made, withheld=self._withheld)
        texts = (
            summary,
            wording,
            *(one.value for one in (*timeline, *after) if one.kind == "entry"),
        )
        told = tuple(change.text for cause in causes for change in cause.changes)
        held = held_for(
            self._audience,
            facts.statements,
            [
                *(word.why for blame in facts.blame for word in blame.words),
                *(fix.why for fix in (*facts.fixes, *facts.past_fixes)),
            ],
            [*(one.notes for one in facts.blame), *(one.notes for one in (*facts.fixes, *facts.past_fixes))],
            texts,
            told,
        )
        written = tuple(filter(None, (*texts, *told)))
        return replace(
            made, held=held, texts=written, people=people_of(facts), named=self._named(), withheld=self._withheld
        )

    def _named(self) -> Named:
        """Who is not to be named in what people wrote; account staff read which deployments are blamed."""
        return self._facts.named if not self._staff else replace(self._facts.named, deployments=frozenset())

    def _text(self, text: str) -> str:
        """A text that somebody wrote. Outer ones stand as they are: the finished document is looked through."""
        if text and self._inside and self._shown.hides is not None and self._shown.hides(text):
            self._withheld = True
            return WITHHELD
        return text

    def _person(self, name: str, instead: str = "") -> str:
        if name and not self._shown.names:
            self._withheld = True
            return instead
        return name

    def _value(self, kind: str, value: str) -> str:
        return self._person(value, HIDDEN) if kind in ("commander", "liaison") else self._text(value)

    def _moment(self, at: datetime | None, because: str) -> Moment | None:
        presumed = "" if because == "said" else because
        if at is None or (presumed and not self._staff):
            return None
        return Moment(at, presumed)

    def _is_outer(self, key: str) -> bool:
        label = self._facts.labels.get(key)
        return label is not None and label.visibility == "customer"

    def _may_know(self, key: str) -> bool:
        return self._staff or self._is_outer(key)

    def _title(self, key: str) -> str:
        label = self._facts.labels.get(key)
        return label.title if label is not None else key.rpartition("/")[2]

    def _parts(self) -> Iterator[Part]:
        for key, status in self._facts.state.components.items():
            if self._may_know(key):
                yield Part(self._title(key), status, key if self._inside else "")

    def _presumed_parts(self) -> tuple[str, ...]:
        """What the blamed deployments changed, where nobody said what is broken."""
        if self._facts.state.components:
            return ()
        blamed = [one.notes for one in self._facts.blame if one.notes is not None and one.state != "cleared"]
        keys = {
            key
            for notes in blamed
            for reading in notes.readings
            if not reading.void and reading.is_told_to(self._audience)
            for key in reading.live
        }
        return tuple(sorted({self._title(key) for key in keys}))

    def _cause(self, blame: BlameFacts) -> Cause:
        changes: tuple[ToldChange, ...] = ()
        embargoes: tuple[date, ...] = ()
        left_out = 0
        if blame.notes is not None and blame.state != "cleared":
            stated = frozenset(self._facts.state.components)
            scope = CustomerScope("", stated) if stated else None
            notes = notes_for(blame.notes, self._audience, scope)
            items = [
                item
                for sections in (notes.sections, notes.removed)
                for section in sections
                if section.kind not in ("undone", "not_deployed")
                for group in section.groups
                for item in group.items
            ]
            changes = tuple(dict.fromkeys(self._change(item) for item in items))
            if not self._inside and self._shown.hides is not None:
                told = tuple(one for one in changes if not self._shown.hides(one.text))
                changes, left_out = told, len(changes) - len(told)
            embargoes = notes.embargoes
            if self._inside:
                embargoes = tuple(sorted({item.embargo_until for item in items if item.embargo_until}))
        return Cause(
            blame.deployment,
            blame.state,
            blame.environment,
            blame.live_at,
            tuple(replace(one, why=self._text(one.why), by=self._person(one.by)) for one in blame.words)
            if self._inside
            else (),
            changes[:MANY_CHANGES],
            max(0, len(changes) - MANY_CHANGES),
            left_out,
            embargoes,
        )

    def _change(self, item: NoteItem) -> ToldChange:
        return ToldChange(self._text(item.text), item.sha[:8] if self._inside else "")

    def _fix(self, fix: FixFacts) -> FixFacts:
        why, by = (self._text(fix.why), self._person(fix.by)) if self._inside else ("", "")
        return replace(fix, why=why, by=by, notes=None)

    def _timeline(self) -> tuple[tuple[TimelineEntry, ...], tuple[TimelineEntry, ...]]:
        """What happened, in that order; what was noted after the resolution stands by itself."""
        state = self._facts.state
        told = [one for one in self._facts.told if self._tells(one)]
        gone = withdrawn_entries(self._facts.told)
        if not self._inside:
            told = [one for one in told if one.number not in gone or one.kind != "entry"]
        if not self._inside:  # of two words on the same instant the later one replaces the earlier
            newest = {(one.kind, one.subject, one.happened_at): one for one in sorted(told, key=lambda s: s.order)}
            told = [one for one in told if one.kind == "entry" or newest[one.kind, one.subject, one.happened_at] is one]
        before: list[TimelineEntry] = []
        after: list[TimelineEntry] = []
        resolved_at = state.status_at if state.status == "resolved" else None
        for one in sorted(told, key=lambda one: one.order):
            late = resolved_at is not None and one.kind == "entry" and one.happened_at > resolved_at
            (after if late else before).append(self._entry(one, is_gone=one.kind == "entry" and one.number in gone))
        return tuple(before), tuple(after)

    def _tells(self, one: Statement) -> bool:
        if one.kind in ("component_status",):
            return self._may_know(one.subject)
        if one.kind == "entry":
            return may_read(self._audience, cast("Audience", one.audience))
        kinds = _ACCOUNT_KINDS if self._staff else _OUTER_KINDS
        return one.kind in kinds or (self._inside and one.kind in ("commander", "liaison"))

    def _entry(self, one: Statement, *, is_gone: bool) -> TimelineEntry:
        subject = self._title(one.subject) if one.kind == "component_status" else one.subject
        value = self._value(one.kind, one.value) + (" (taken back)" if is_gone else "")
        number = one.number if one.kind == "entry" else 0
        made = TimelineEntry(one.happened_at, one.kind, subject, value, number=number)
        if not self._inside:
            return made
        return replace(
            made,
            audience=one.audience if one.kind == "entry" else "",
            recorded_at=one.recorded_at,
            by=self._person(one.recorded_by),
            why=self._text(one.why),
        )

    def _wording_at(self) -> datetime | None:
        written = (one for one in self._facts.told if one.kind == "summary" and one.subject == "customer")
        return max(written, key=lambda one: one.order).happened_at

    def _revisions(self) -> Iterator[Revision]:
        for one in sorted(self._facts.told, key=lambda one: one.order):
            if one.kind == "summary":
                yield Revision(one.subject, self._text(one.value), one.happened_at, self._person(one.recorded_by))

    def _correction(self, one: Correction) -> Correction:
        subject = self._title(one.subject) if one.kind.startswith("component") else one.subject
        return replace(
            one,
            subject=subject,
            before=self._value(one.kind, one.before),
            after=self._value(one.kind, one.after),
            by=self._person(one.by),
            why=self._text(one.why),
        )

    def _customer(self) -> HurtFacts | None:
        """The customer whom it is for, as this audience knows them."""
        found = self._facts.customer
        if found is None or not self._staff:
            return self._for_customer()
        windows = (replace(one, component=self._title(one.component)) for one in found.windows)
        return replace(found, windows=tuple(windows), reasons=found.reasons if self._inside else ())

    def _for_customer(self) -> HurtFacts | None:
        """The same as they themselves may read it: titles of what they may know, and no place of ours."""
        found = self._facts.customer
        if found is None:
            return None
        known = [
            replace(one, component=self._title(one.component)) for one in found.windows if self._is_outer(one.component)
        ]
        return replace(found, windows=joined(known), account_manager="", reasons=(), many=None)


def joined(windows: Iterable[HurtWindow]) -> tuple[HurtWindow, ...]:
    """The windows of each component as one where they overlap or touch, without places and deployments."""
    found: list[HurtWindow] = []
    for one in sorted(windows, key=lambda one: (one.component, one.since)):
        last = found[-1] if found else None
        if last is not None and last.component == one.component and (last.until is None or one.since <= last.until):
            ends = None if last.until is None or one.until is None else max(last.until, one.until)
            found[-1] = replace(last, until=ends)
        else:
            found.append(HurtWindow(one.component, "", "", one.since, one.until))
    return tuple(found)


def held_for(
    audience: Audience,
    statements: Collection[Statement],
    whys: Iterable[str],
    notes: Iterable[PreparedNotes | None],
    written: Iterable[str],
    changes: Iterable[str] = (),
) -> tuple[str, ...]:
    """What an audience may not read, to be looked for in what it gets: what inner ones were told, why things were said,
    and every text of changes that are not for it.

    Not what `written` for it says word for word as a whole: then somebody gave it to that audience. Of a change nobody
    gives it by writing it again: only what it is told of others (`changes`) is left out. Titles of incidents are not
    looked for: they are not shown outside, and are made of the words that anybody would use.
    """
    told = set(map(_plain, changes))
    held = [text for one in notes if one is not None for text in held_texts(one.readings, audience)]
    found = [text for text in held if _plain(text) not in told]
    told.update(map(_plain, written))
    inner = [
        one.value
        for one in statements
        if (one.kind == "entry" and not may_read(audience, cast("Audience", one.audience)))
        or (one.kind == "summary" and not may_read(audience, cast("Audience", one.subject)))
    ]
    inner += [*(one.why for one in statements), *whys]
    return tuple(dict.fromkeys([*(text for text in inner if text and _plain(text) not in told), *found]))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split()).rstrip(".")


def people_of(facts: IncidentFacts) -> frozenset[str]:
    """Who deployed, changed, led and wrote; but for who speaks with customers, whose name they may have."""
    named = {word.by for blame in facts.blame for word in blame.words} | {
        fix.by for fix in (*facts.fixes, *facts.past_fixes)
    }
    return people_among(facts.statements, facts.people | facts.named.people | named)


def people_among(statements: Collection[Statement], others: Iterable[str]) -> frozenset[str]:
    """`others`, and whom statements name, but for who speaks with customers."""
    named = {one.value for one in statements if one.kind == "commander"} | {one.recorded_by for one in statements}
    return frozenset({*others, *named} - {one.value for one in statements if one.kind == "liaison"} - {""})
