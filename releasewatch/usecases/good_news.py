"""Good news: changes that name a customer or settle what they reported, told once they are live where they are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.audiences import read_words
from releasewatch.domain.call_care import ENGINEERING_ALONE, NO_NEWS, NOT_THERE, News
from releasewatch.domain.customer_reports import reference_key
from releasewatch.domain.messages import named_customers, trailer_values
from releasewatch.domain.notes import NoteChange, NotesInput
from releasewatch.storage import care
from releasewatch.storage.call_facts import Members, customers_called, some_members
from releasewatch.storage.customer_reports import reporters_of
from releasewatch.storage.reaching import Reaching

TICKETS = ("Fixes", "Refs")
"""The trailers that name a ticket (files.md, "What a commit may say")."""

_BETWEEN = re.compile(r"[,\s]+")
_NOT_USED = ("named", "unmapped")
"""Rows of an exposure behind which nothing stands that a customer uses."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A change that somebody may have waited for. `touches`: what it changed, by full key and baseline; empty: nothing
    is known of it. `kept`: why it is not told outside, or not yet."""

    ref: str
    names: frozenset[str]
    tickets: frozenset[str]
    touches: frozenset[tuple[str, int]]
    kept: str


def who_waits(connection: Any, notes: NotesInput) -> set[UUID]:
    """Whom a change of the notes may be good news for: it names them, or may settle what they reported."""
    wanted = list(_wanted_in(notes))
    tickets = sorted({one for change in wanted for one in change.tickets})
    found = {one.customer_id for one in reporters_of(connection, tickets)} if tickets else set()
    return found | customers_called(connection, sorted({name for change in wanted for name in change.names}))


class NewsDesk:
    """What a deployment brings to those who waited for it: read once, then asked customer by customer."""

    def __init__(
        self, connection: Any, notes: NotesInput, members: Members, deployment_id: int, names: Mapping[int, str]
    ) -> None:
        self._deployment, self._names = deployment_id, names
        self._wanted = list(_wanted_in(notes))
        tickets = sorted({one for change in self._wanted for one in change.tickets})
        self._reported: dict[UUID, dict[str, str]] = {}
        for reporter in reporters_of(connection, tickets) if tickets else ():
            mine = self._reported.setdefault(reporter.customer_id, {})
            mine.setdefault(reference_key(reporter.reference), reporter.reference)
        self._told = care.told_news(connection, members) if self._wanted else {}

    def count_waiting(self, connection: Any, seen: set[UUID], now: datetime) -> int:
        """How many reported what a change settles, and are neither reached by it nor heard of it: none of `seen`."""
        others = [customer for customer in self._reported if customer not in seen]
        told = care.told_news(connection, some_members(others, now)) if others else {}
        return sum(
            1
            for customer in others
            if any(
                one.tickets & self._reported[customer].keys() and one.ref not in told.get(customer, {})
                for one in self._wanted
            )
        )

    def of(
        self, customer_id: UUID, refs: frozenset[str], rows: Sequence[Any], reaching: Reaching, now: datetime
    ) -> News:
        """What of it is theirs. `refs`: what they answer to; `rows`: the ways in which the deployment reaches them."""
        reported = self._reported.get(customer_id, {})
        mine = [one for one in self._wanted if one.names & refs or one.tickets & reported.keys()]
        if not mine:
            return NO_NEWS
        told = self._told.get(customer_id, {})
        live: list[tuple[_Wanted, datetime]] = []
        waits: dict[str, None] = {}
        heard = True
        for one in mine:
            elsewhere = sorted(told.get(one.ref, set()) - {self._deployment})
            since, possible = self._live(one, rows, reaching, now)
            if elsewhere:
                waits[f"they hear of it with D-{elsewhere[0]}"] = None
                continue
            heard = False
            if one.kept:
                waits[one.kept] = None
            elif since is not None:
                live.append((one, since))
            else:
                waits["it is not known whether it is live where they are" if possible else NOT_THERE] = None
        if not live:
            return News(waits=next(iter(waits)), heard=heard)
        keys = {key for one, _ in live for key in one.tickets}
        return News(
            refs=frozenset(one.ref for one, _ in live),
            named=any(one.names & refs for one, _ in live),
            tickets=tuple(sorted(words for key, words in reported.items() if key in keys)),
            since=min(since for _, since in live),
        )

    def _live(
        self, change: _Wanted, rows: Sequence[Any], reaching: Reaching, now: datetime
    ) -> tuple[datetime | None, bool]:
        """Since when a change is certainly live where they are, else None; and whether it may be."""
        since: datetime | None = None
        possible = False
        for row in rows:
            if row.source in _NOT_USED or not row.live_from <= now < row.carrying_until:
                continue
            behind = {(self._names[one.touched_id], one.baseline_no) for one in reaching.of([row])}
            if row.component_id is not None and change.touches and not change.touches & behind:
                continue
            if row.certain and row.sure_until > now:
                since = row.live_from if since is None else min(since, row.live_from)
            else:
                possible = True
        return since, possible


def _wanted_in(notes: NotesInput) -> Iterable[_Wanted]:
    merged: dict[str, set[tuple[str, int]]] = {}
    for change in notes.changes:
        if change.merged_by:
            merged.setdefault(change.merged_by, set()).update(change.touches)
    for change in notes.changes:
        if change.side != "added" or change.reverted_by:
            continue
        names = frozenset(named_customers(change.trailers))
        tickets = frozenset(_tickets(change))
        if names or tickets:
            touches = change.touches or frozenset(merged.get(change.sha, ()))
            yield _Wanted(change.sha or notes.deployment or "", names, tickets, touches, _kept(change, notes))


def _tickets(change: NoteChange) -> Iterable[str]:
    """Every reference that a change gives, as it is looked up: `Fixes: SUP-7, SUP-8` gives both."""
    for word in TICKETS:
        for value in trailer_values(change.trailers, word):
            yield from (key for one in (value, *_BETWEEN.split(value)) if (key := reference_key(one)))


def _kept(change: NoteChange, notes: NotesInput) -> str:
    """Why a change is not to be told outside; empty when it may be."""
    words = read_words(change.trailers, notes.edits.get(change.sha), notes.now)
    if words.until is not None:
        return f"an embargo runs until {words.until:%Y-%m-%d}"
    return ENGINEERING_ALONE if words.none or words.problems or words.said == "engineering" else ""
