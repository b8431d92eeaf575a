"""The timeline of an incident: all that was said of it, of blame, of fixes and of customers, by when it happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from releasewatch.domain.incidents import ALWAYS, OF_STAFF, REPLACED, Statement, replaced_numbers, withdrawn_entries
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.storage import complaints, fixes, incidents
from releasewatch.storage.fixes import Fix
from releasewatch.storage.incidents import Link
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.named_people import hiding, shown

_WRITTEN = frozenset({"title", "summary", "entry", "attribute"})
"""Kinds whose value somebody wrote."""

_REPLACED = frozenset({"summary"})


def read_timeline(ledger: Ledger, ref: str, how: Viewing, reveal: Reveal) -> list[dict[str, Any]]:
    """Everything that was said, as of an instant and as known at one.

    What holds of the whole incident, as blame does, stands where it was said, and of customers only how many were
    spoken of at once. `replaced`: something else was said later, of the
    same, that counts instead; or it is an entry that was taken back, by its `number`.
    """
    at, known_at = how.at or how.now, how.known_at or LATEST
    with ledger.read() as connection:
        number = incidents.resolve_incident(connection, ref).incident_id
        said = [
            one
            for one in incidents.read_statements(connection, [number])[number]
            if one.happened_at <= at and one.recorded_at <= known_at
        ]
        links = incidents.read_links(connection, number, known_at)
        words_on_fixes = fixes.read_words(connection, f"INC-{number}", known_at)
        words = complaints.count_words(connection, number, known_at)
        hides = None
        if reveal < Reveal.NAMES:
            linked: list[Link | Fix] = [*links, *words_on_fixes]
            named = [one.recorded_by for one in linked]
            hides = hiding(connection, said, [one.why for one in linked], named, how.now)
    found = [
        *_statements(said, reveal),
        *_blame(links, reveal),
        *_fixes(words_on_fixes, reveal),
        *_customers(words, reveal),
    ]
    found.sort(key=lambda one: one[0])
    return [
        shown(document, ("value", "why") if document["kind"] in _WRITTEN else ("why",), hides) for _, document in found
    ]


Entry = tuple[tuple[datetime, datetime, int], dict[str, Any]]
"""What it is ordered by (when it happened or was said, when it was recorded, its number), and how it is given out."""


def _statements(said: Iterable[Statement], reveal: Reveal) -> Iterator[Entry]:
    said = list(said)
    gone = withdrawn_entries(said) | replaced_numbers(said)
    said = [one for one in said if one.kind != REPLACED]
    newest: dict[tuple[str, str], Statement] = {}
    for one in said:
        held = newest.get((one.kind, one.subject))
        if held is None or one.order > held.order:
            newest[one.kind, one.subject] = one
    for one in said:
        happened_at = None if one.happened_at == ALWAYS else one.happened_at
        document = _document(one.kind, one.subject, one.value, happened_at, one, reveal)
        document |= {"audience": one.audience, "source": one.source or None}
        if one.kind in OF_STAFF and reveal < Reveal.NAMES:
            document["value"] = None
        is_whole = one.happened_at == ALWAYS or one.kind in _REPLACED
        overtaken = is_whole and one.kind != "entry" and newest[one.kind, one.subject] is not one
        document["replaced"] = overtaken or one.number in gone
        if one.kind == "entry":
            document["number"] = one.number
        yield (happened_at or one.recorded_at, one.recorded_at, one.number), document


def _blame(links: Iterable[Link], reveal: Reveal) -> Iterator[Entry]:
    links = list(links)
    newest = {one.deployment_id: place for place, one in enumerate(links)}
    for place, one in enumerate(links):
        document = _document("blame", f"D-{one.deployment_id}", one.state, one.recorded_at, one, reveal)
        document |= {"score": one.score, "replaced": newest[one.deployment_id] != place}
        yield (one.recorded_at, one.recorded_at, place), document


def _fixes(words: Iterable[Fix], reveal: Reveal) -> Iterator[Entry]:
    words = list(words)
    newest = {one.deployment_id: place for place, one in enumerate(words)}
    for place, one in enumerate(words):
        value = "fixed by" if one.holds else "not fixed by"
        document = _document("fix", f"D-{one.deployment_id}", value, one.recorded_at, one, reveal)
        document["replaced"] = newest[one.deployment_id] != place
        yield (one.recorded_at, one.recorded_at, place), document


def _customers(words: Iterable[Any], reveal: Reveal) -> Iterator[Entry]:
    for place, one in enumerate(words):
        document = _document("customers", one.state, f"{one.many} by a {one.source}", one.recorded_at, one, reveal)
        # The reason of a word on customers may name them.
        document["why"] = one.why or None if reveal >= Reveal.NAMES else None
        yield (one.recorded_at, one.recorded_at, place), document


def _document(
    kind: str, subject: str, value: str, happened_at: datetime | None, said: Any, reveal: Reveal
) -> dict[str, Any]:
    return {
        "kind": kind,
        "subject": subject or None,
        "value": value,
        "happened_at": format_utc(happened_at) if happened_at is not None else None,
        "recorded_at": format_utc(said.recorded_at),
        "audience": "engineering",
        "by": (said.recorded_by or None) if reveal >= Reveal.NAMES else None,
        "why": said.why or None,
        "source": None,
        "replaced": False,
        "number": None,
    }
