"""Which customers of a long list are ranked one by one: so many that nobody else can stand before one of the first.

SQL says what each one's score is at most (`storage/call_top.py`). Those with the highest bounds are ranked exactly.
When the last of the first so many stands before whatever anybody else's bound allows, the list is what ranking
everybody would give; else more are ranked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Any
from uuid import UUID

from releasewatch.domain.call_hands import with_lateness
from releasewatch.domain.call_lists import NOBODY_BEYOND, Beyond
from releasewatch.domain.calls import CallCandidate, arrange_calls, place_of, plan_call
from releasewatch.domain.impact_measures import Group, Place, Span, suffering_of, working_seconds
from releasewatch.domain.privacy import opaque_key
from releasewatch.storage.call_scored import Scored
from releasewatch.storage.call_top import find_top
from releasewatch.usecases.call_candidates import Planning, Ranked

WIDER = 2
"""How many times as many are ranked where the first were not enough."""

AT_ONCE = 20_000
"""So many customers can be named in one statement, on either database; of more everybody is ranked."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The customers to be ranked, in the order of their ids; None: everybody.

    `last`: the place that nobody else can stand before; None: there is nobody else.
    """

    customers: Sequence[UUID] | None
    last: tuple[int, str, str] | None


def plan_in_order(rows: Iterable[tuple[UUID, CallCandidate]], how: Planning) -> Ranked:
    """A row for each customer, in the order of the list."""
    tie: Callable[[str], str] = opaque_key if how.opaque else str
    planned = [(customer, plan_call(one, how.weights, how.hours, how.now, how.rules)) for customer, one in rows]
    return sorted(planned, key=lambda pair: place_of(pair[1], tie))


def arranged(planned: Ranked, how: Planning, spent: Mapping[str, int], *, alone: bool = False) -> Ranked:
    """The rows of a list, with what they are to each other. `alone`: of one customer nothing is known of the rest of
    their account manager's day."""
    rules = replace(how.rules, capacity=None) if alone else how.rules
    rows = arrange_calls((row for _, row in planned), how.weights, how.hours, how.now, rules, spent)
    return [
        (customer, with_lateness(row, how.escalate_after, how.now))
        for (customer, _), row in zip(planned, rows, strict=True)
    ]


class Choice:
    """Whom to rank of everybody on a list. `kept`: who is on it whatever they score; `always`: a kind of them, too.

    `span`: of an impact, whose minutes within working hours count; `nobody`: nobody but who is kept is on the list.
    """

    def __init__(
        self,
        connection: Any,
        how: Planning,
        scored: Scored,
        kept: Collection[UUID],
        always: str = "",
        span: Span | None = None,
        *,
        nobody: bool = False,
    ) -> None:
        self._connection, self._how, self._scored, self._span = connection, how, scored, span
        self._kept, self._always, self._nobody = frozenset(kept), always, nobody
        self._tie: Callable[[str], str] = opaque_key if how.opaque else str
        self.counts: dict[str, int] = {}
        self._minutes: dict[tuple[Any, ...], int] = {}
        self._ended: tuple[int, Chosen] | None = None

    def after_writing(self, connection: Any, kept: Collection[UUID]) -> Choice:
        """The same choice when what is due was written into calls, which raises nobody's bound: it begins with whom it
        ended with, and nobody else is looked for. `kept`: who is on the list now."""
        later = copy(self)
        later._connection, later._kept = connection, self._kept | frozenset(kept)
        return later

    def widths(self) -> Iterator[Chosen]:
        """Ever more customers, until it is everybody."""
        if self._nobody:
            yield Chosen(sorted(self._kept), None)
            return
        width, before = self._ended or (self._how.most, None)
        while True:
            if before is None or before.customers is None:
                chosen = before or self._find(width)
            else:
                chosen = replace(before, customers=sorted({*before.customers, *self._kept}))
            before = None
            if chosen.customers is not None and len(chosen.customers) > AT_ONCE:
                chosen = Chosen(None, None)
            self._ended = width, chosen
            yield chosen
            if chosen.last is None:
                return
            width *= WIDER

    def _find(self, width: int) -> Chosen:
        top = find_top(self._connection, self._scored, width, self._always, by_key=not self._how.opaque)
        self.counts = {kind: many for kind, many in top.counts.items() if kind != "cleared"}
        self._kept |= {row.customer_id for row in top.rows if row.kind == self._always}
        if sum(self.counts.values()) <= width:
            return Chosen(sorted({row.customer_id for row in top.rows} | self._kept), None)
        placed = [((-self._bound(row), self._tie(row.key), row.key), row.customer_id) for row in top.rows]
        first = nsmallest(width, placed)
        return Chosen(sorted({customer for _, customer in first} | self._kept), first[-1][0])

    def _bound(self, row: Any) -> int:
        """At most the score of a customer."""
        points = int(row.points)
        if self._span is None or not self._scored.slack:
            return points
        if row.loose:
            return points + self._scored.slack
        alike = row.kind, row.live_from, row.carrying_until, row.timezone, row.country
        if alike not in self._minutes:
            self._minutes[alike] = self._points_of_minutes(self._span, row)
        return points + self._minutes[alike]

    def _points_of_minutes(self, span: Span, row: Any) -> int:
        """What the minutes within working hours give at most. Few differ in what they depend on."""
        alone = Group(state=row.kind, live_from=row.live_from, carrying_until=row.carrying_until)
        suffering = suffering_of(alone, span)
        place = Place(row.timezone, row.country)
        seconds = working_seconds(place, self._how.hours, suffering.began_at, suffering.until) or 0
        return min(self._scored.slack, int(seconds // 60) // self._how.weights.incident.minutes_each)

    def first(self, chosen: Chosen, planned: Ranked) -> Ranked | None:
        """Who is on the list, of those who were ranked, in its order; None when somebody else may stand before them."""
        most = self._how.most
        if chosen.last is not None and (len(planned) < most or place_of(planned[most - 1][1], self._tie) > chosen.last):
            return None
        return [one for number, one in enumerate(planned) if number < most or one[0] in self._kept]

    def beyond(self, listed: Collection[str]) -> Beyond:
        """Who is not on the list, by kind. `listed`: the kind of each one who is."""
        there = Counter(listed)
        counts = {kind: many - there[kind] for kind, many in self.counts.items() if many > there[kind]}
        return Beyond(self._how.most, counts) if counts else NOBODY_BEYOND
