"""What an incident of another tool says in our words, and which of it is news: pure, and the same for every source.

An import speaks for its file. It says only what the file did not say before, and what a person said of the incident as
a whole stays above whatever a file says (`Statement.order`). The past is told with the file's own instants.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from releasewatch.domain.incident_records import IncidentRecord
from releasewatch.domain.incidents import (
    ALWAYS,
    MEMBER,
    NO_MEMBER,
    OPEN_STATUSES,
    TIMELESS,
    Statement,
    fold,
    problem_of,
    standing,
)

_OWN_ID = re.compile(r"INC-\d+", re.IGNORECASE)
_MEMBERS = ("component", "region", "ring")
_END = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What the ledger knows by name: full keys of components by what they may be called, and regions.

    `components` has names as they are written; `titles` has bare keys and titles in small letters, each of one alone.
    """

    components: Mapping[str, str]
    titles: Mapping[str, str]
    regions: frozenset[str]

    def component(self, name: str) -> str | None:
        """The full key that a name means; None for what is unknown, or may mean several."""
        return self.components.get(name) or self.titles.get(name.casefold())


@dataclass(frozen=True, slots=True)
class Importing:
    """Who imports, and when."""

    now: datetime
    by: str


@dataclass(frozen=True, slots=True)
class News:
    """What is to be added to an incident. `kept`: (kind, subject) of what people said otherwise, which stands."""

    said: tuple[Statement, ...]
    kept: tuple[tuple[str, str], ...]
    unknown_components: tuple[str, ...] = ()
    unknown_regions: tuple[str, ...] = ()


class ImpossibleRecordError(ValueError):
    """An incident cannot have been as its file says, together with what is known of it: the message says why."""


def ledger_key(record: IncidentRecord) -> str:
    """The key by which the ledger knows it: its own, unless that looks like an id of ours."""
    return f"{record.source}:{record.key}" if _OWN_ID.fullmatch(record.key) else record.key


def opened_at(record: IncidentRecord, now: datetime) -> datetime:
    """When it was written down, as far as the file tells."""
    first = record.updates[0].at if record.updates else None
    return record.opened_at or record.impact_started_at or first or now


def news_of(record: IncidentRecord, before: Sequence[Statement], names: KnownNames, how: Importing) -> News:
    """What the file says that it did not say before. Raises ImpossibleRecordError."""
    ours = [one for one in before if one.source]
    others = {one.source for one in ours} - {record.source}
    if others:
        raise ImpossibleRecordError(f"is the key of an incident from {', '.join(sorted(others))}")
    says = _Says(record, names, how, max((one.number for one in before), default=0))
    said = [*_fields(says, ours), *_statuses(says, before, ours), *_entries(says, before)]
    late = next((one for one in said if one.happened_at > how.now), None)
    if late is not None:
        raise ImpossibleRecordError(f"tells of what has not come yet: {late.kind} at {late.happened_at.isoformat()}")
    after = [*before, *said]
    problem = problem_of(fold(after, _END, _END), how.now)
    if problem:
        raise ImpossibleRecordError(f"cannot be so: {problem[0].lower()}{problem[1:].rstrip('.')}")
    if record.resolved_at and record.impact_started_at and record.resolved_at < record.impact_started_at:
        raise ImpossibleRecordError("would have been resolved before its impact started")
    return News(tuple(said), tuple(_kept(says, after)), tuple(says.unknown_components), tuple(says.unknown_regions))


class _Says:
    """A record in our words: `fields` by kind and subject, each with a value; what the ledger cannot name apart."""

    def __init__(self, record: IncidentRecord, names: KnownNames, how: Importing, last_number: int) -> None:
        """`last_number`: of the statements so far; what is said now comes after them, in the order in which it is."""
        self.record = record
        self._numbers = itertools.count(last_number + 1)
        self.how = how
        self.opened_at = opened_at(record, how.now)
        known = {name: names.component(name) for name in record.components}
        self.unknown_components = [name for name, key in known.items() if key is None]
        self.unknown_regions = [name for name in record.regions if name not in names.regions]
        self.fields: dict[tuple[str, str], str] = {
            ("title", ""): record.title,
            ("severity", ""): record.severity,
        }
        for kind, at in (
            ("impact_started_at", record.impact_started_at),
            ("impact_ended_at", record.impact_ended_at),
        ):
            if at is not None:
                self.fields[kind, ""] = at.isoformat()
        self.fields |= {("component", key): MEMBER for key in known.values() if key is not None}
        self.fields |= {("region", name): MEMBER for name in record.regions if name in names.regions}
        self.fields |= {("attribute", name): text for name, text in self._attributes().items()}

    def _attributes(self) -> dict[str, str]:
        """Whatever has no place, as text: what is no text as JSON, so that nothing is lost."""
        updates = [
            {"at": one.at.isoformat(), "status": one.status, **one.attributes}
            for one in self.record.updates
            if one.status or one.attributes
        ]
        own: dict[str, Any] = {
            "url": self.record.url,
            "unknown_components": self.unknown_components,
            "unknown_regions": self.unknown_regions,
            "updates": updates,
        }
        own = {name: value for name, value in own.items() if value}
        given = {f"{self.record.source}.{k}" if k in own else k: v for k, v in self.record.attributes.items()}
        found = {name: _text(value) for name, value in (own | given).items()}
        return {name: text for name, text in found.items() if text}

    def statement(
        self, kind: str, value: str, at: datetime, subject: str = "", audience: str = "engineering"
    ) -> Statement:
        """One thing that the file says."""
        how, source = self.how, self.record.source
        why = f"imported from {source}"
        number = next(self._numbers)
        return Statement(kind, value, at, how.now, subject, audience, how.by, why, number, source)

    def statuses(self) -> list[tuple[str, datetime]]:
        """Each status and since when: opened, what the updates say in our words, and the one that it has now."""
        record, ended = self.record, self._ended_at()
        steps = [("investigating", self.opened_at)]
        for one in record.updates:
            word = one.status.casefold()
            if word in OPEN_STATUSES and word != steps[-1][0] and (ended is None or one.at <= ended):
                steps.append((word, one.at))
        if steps[-1][0] != record.status:
            last = record.updates[-1].at if record.updates else self.opened_at
            steps.append((record.status, max(ended or last, steps[-1][1])))
        return steps

    def _ended_at(self) -> datetime | None:
        record = self.record
        if record.status in OPEN_STATUSES:
            return None
        last = record.updates[-1].at if record.updates else None
        return record.resolved_at or record.impact_ended_at or last or self.opened_at


def _fields(says: _Says, ours: Sequence[Statement]) -> Iterable[Statement]:
    """What is new of the fields, and what the file does not say any more, which is taken back."""
    held: dict[tuple[str, str], Statement] = {}
    for one in ours:
        found = held.get((one.kind, one.subject))
        if found is None or (one.recorded_at, one.number) > (found.recorded_at, found.number):
            held[one.kind, one.subject] = one
    for (kind, subject), value in says.fields.items():
        was = held.get((kind, subject))
        if was is not None and was.value == value:
            continue
        at = ALWAYS if kind in TIMELESS else says.opened_at if was is None else max(says.opened_at, was.happened_at)
        yield says.statement(kind, value, at, subject)
    for (kind, subject), was in held.items():
        nothing = NO_MEMBER if kind in _MEMBERS else ""
        if kind in TIMELESS and (kind, subject) not in says.fields and was.value not in ("", nothing):
            yield says.statement(kind, nothing, ALWAYS, subject)


def _statuses(says: _Says, before: Sequence[Statement], ours: Sequence[Statement]) -> list[Statement]:
    """What is new of the status. What a person has closed, a file neither re-opens nor closes again."""
    counts = _standing(before, "status")
    if counts is not None and not counts.source and counts.value not in OPEN_STATUSES:
        return []
    steps = says.statuses()
    known = {(one.value, one.happened_at) for one in ours if one.kind == "status"}
    new = [says.statement("status", word, at) for word, at in steps if (word, at) not in known]
    told = [one for one in [*ours, *new] if one.kind == "status"]
    newest = max(told, key=lambda one: one.order)
    if newest.value != says.record.status:
        # Its file changed its mind: what it said of later instants is not so any more.
        new.append(says.statement("status", says.record.status, newest.happened_at))
    return new


def _entries(says: _Says, before: Sequence[Statement]) -> Iterable[Statement]:
    """The updates that are not in the timeline yet."""
    audience = "customer" if says.record.is_public else "engineering"
    known = {(one.happened_at, one.value) for one in before if one.kind == "entry"}
    for update in says.record.updates:
        text = update.text or update.status
        if text and (update.at, text) not in known:
            known.add((update.at, text))
            yield says.statement("entry", text, update.at, audience=audience)


def _kept(says: _Says, after: Sequence[Statement]) -> Iterable[tuple[str, str]]:
    """What stands otherwise than the file says, because a person said so."""
    newest: dict[tuple[str, str], Statement] = {}
    for one in standing(after):
        held = newest.get((one.kind, one.subject))
        if held is None or one.order > held.order:
            newest[one.kind, one.subject] = one
    for what, value in {**says.fields, ("status", ""): says.record.status}.items():
        counts = newest.get(what)
        if counts is not None and not counts.source and counts.value != value:
            yield what


def _standing(said: Iterable[Statement], kind: str) -> Statement | None:
    return max((one for one in standing(said) if one.kind == kind), key=lambda one: one.order, default=None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
