"""`report calls`: who was first to know of an incident from whom, how fast we called, and what is still open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from releasewatch.domain.call_report import (
    NOT_DETECTED,
    NOT_TOLD,
    By,
    Contacted,
    FirstShare,
    PromisesKept,
    count_promises,
    figures_of,
)
from releasewatch.domain.dora import Span, Spread, spans_of
from releasewatch.domain.promises import Promise
from releasewatch.domain.times import format_utc
from releasewatch.storage import staff
from releasewatch.storage.call_facts import read_facts, some_members
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.sql import chunks
from releasewatch.usecases.deployment_lists import instant_or_none
from releasewatch.usecases.incident_contacts import Asking, Gathered, gather, gather_one
from releasewatch.usecases.named_people import hiding, shown

UNOWNED = ""
"""Those whom nobody keeps; and who is in no team."""
_ALL = "all"


@dataclass(frozen=True, slots=True)
class CallReportRequest:
    """What is asked: one incident, or those whose impact began in `[since, until)`."""

    since: datetime
    until: datetime
    by: By | None = None
    incident: str | None = None


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a row is counted from; a customer, a call and a promise once, in however many incidents they are. `silent`:
    by state, those who are hurt and with whom nobody ever spoke of it."""

    incidents: set[int]
    contacts: list[Contacted]
    silent: Counter[str]
    open_calls: dict[int, bool]
    owed: set[tuple[int, UUID]]
    promises: dict[int, Promise]

    @staticmethod
    def none() -> _Facts:
        return _Facts(set(), [], Counter(), {}, set(), {})


def report_calls(ledger: Ledger, asked: CallReportRequest, how: Asking, *, names: bool = True) -> dict[str, Any]:
    """The document of `report calls --format json`, without its schema number; titles that name somebody only with
    `names`. Raises UnknownNameError."""
    spans = spans_of(asked.since, asked.until, asked.by if asked.by in ("month", "week") else "period")
    by_manager = asked.by in ("person", "team")
    with ledger.read() as connection:
        if asked.incident is not None:
            found = gather_one(connection, how, asked.incident, by_manager=by_manager)
        else:
            found = gather(connection, how, asked.since, asked.until, by_manager=by_manager)
        group_of = _grouping(connection, asked.by, found, spans, how)
        titles = [one.scene.state.title for one in found]
        hides = None if names or asked.by != "incident" else hiding(connection, (), titles, (), how.now)
    today = how.now.date()
    total = _row(None, _sum(found, lambda _, __: _ALL).get(_ALL) or _Facts.none(), today)
    rows = []
    if asked.by is not None:
        groups = _sum(found, group_of)
        if asked.by in ("month", "week") and asked.incident is None:
            groups = {span.label: groups.get(span.label) or _Facts.none() for span in spans}
        order = list(groups) if asked.by == "incident" else sorted(groups, key=lambda name: (not name, name))
        rows = [_row(name or None, groups[name], today) for name in order]
        if asked.by == "incident":
            about = {one.incident.id: shown(_about(one), ("title",), hides) for one in found}
            rows = [row | about[row["group"]] for row in rows]
    return {
        "since": None if asked.incident else format_utc(asked.since),
        "until": None if asked.incident else format_utc(asked.until),
        "as_of": format_utc(how.now),
        "incident": found[0].incident.id if asked.incident else None,
        "by": asked.by,
        "total": total,
        "rows": rows,
    }


def _about(one: Gathered) -> dict[str, Any]:
    state = one.scene.state
    return {
        "title": state.title,
        "severity": state.severity or None,
        "status": state.status or None,
        "impact_started_at": format_utc(one.scene.window.started_at),
        "impact_started_because": one.scene.window.started_because,
        "detected_at": instant_or_none(state.opened_at),
    }


GroupOf = Callable[[Gathered, UUID | str | None], str | None]
"""The group of an incident and of somebody in it: a customer, or those of an account manager; None of a whole incident
that is in no group by itself."""


def _grouping(
    connection: Any,
    by: By | None,
    found: list[Gathered],
    spans: list[Span],
    how: Asking,
) -> GroupOf:
    """Who keeps a customer is asked as of today."""
    if by in ("person", "team"):
        book, today = staff.read_book(connection), how.now.date()
        managers = _managers(connection, found, how)
        teams = {one.key: one.team for one in staff.read_staff(connection)} if by == "team" else None

        @cache
        def of_manager(manager: str) -> str:
            keeper = book.owner(manager, today).key
            return keeper if teams is None else teams.get(keeper, UNOWNED)

        def of_keeper(_: Gathered, who: UUID | str | None) -> str | None:
            if who is None:
                return None
            return of_manager(who if isinstance(who, str) else managers.get(who, UNOWNED))

        return of_keeper
    if by in ("month", "week"):

        def of_span(one: Gathered, _: UUID | str | None) -> str | None:
            at = one.scene.window.started_at
            return next((span.label for span in spans if span.since <= at < span.until), UNOWNED)

        return of_span
    return lambda one, _: one.incident.id


def _managers(connection: Any, found: list[Gathered], how: Asking) -> dict[UUID, str]:
    """Whose those are who are not merely counted."""
    customers: set[UUID] = set()
    for one in found:
        customers |= {contact.customer for contact in one.contacts} | {call.customer for call in one.open}
        customers |= {*one.owed, *(customer for customer, _ in one.promised)}
    managers: dict[UUID, str] = {}
    for part in chunks(sorted(customers)):
        facts = read_facts(connection, some_members(part, how.now))
        managers |= {customer: one.account_manager for customer, one in facts.items()}
    return managers


def _sum(found: Iterable[Gathered], group_of: GroupOf) -> dict[str, _Facts]:
    groups: dict[str, _Facts] = {}

    def facts(one: Gathered, who: UUID | str) -> _Facts:
        group = group_of(one, who) or UNOWNED
        mine = groups.get(group)
        if mine is None:
            mine = groups[group] = _Facts.none()
        mine.incidents.add(one.incident.incident_id)
        return mine

    for one in found:
        whole = group_of(one, None)
        if whole is not None:
            groups.setdefault(whole, _Facts.none()).incidents.add(one.incident.incident_id)
        for contact in one.contacts:
            facts(one, contact.customer).contacts.append(contact)
        for (state, manager), many in one.silent.items():
            facts(one, manager).silent[state] += many
        for call in one.open:
            facts(one, call.customer).open_calls[call.call_id] = call.overdue
        for customer in one.owed:
            facts(one, customer).owed.add((one.incident.incident_id, customer))
        for customer, promise in one.promised:
            facts(one, customer).promises[promise.attempt_id] = promise
    return groups


def _row(group: str | None, facts: _Facts, today: Any) -> dict[str, Any]:
    figures = figures_of(facts.contacts, facts.silent)
    return {
        "group": group,
        "incidents": len(facts.incidents),
        "called_first": {share.state: share_document(share) for share in figures.shares},
        "time_to_first_call": {
            "from_impact": _spread(figures.from_impact, NOT_TOLD),
            "from_detection": _spread(figures.from_detection, NOT_DETECTED if figures.from_impact.facts else NOT_TOLD),
        },
        "never_told": figures.never_told,
        "calls": {"open": len(facts.open_calls), "overdue": sum(facts.open_calls.values())},
        "corrections_owed": len(facts.owed),
        "promises": promises_document(count_promises(facts.promises.values(), today)),
    }


def share_document(share: FirstShare) -> dict[str, Any]:
    """Who was first, with how many facts; `rate` None where there are none, and `because` says why."""
    rate = share.rate
    return {
        "rate": None if rate.value is None else round(rate.value, 4),
        "we": share.we,
        "they": share.they,
        "neither": share.neither,
        "customers": share.customers,
        "because": rate.because or None,
    }


def promises_document(found: PromisesKept) -> dict[str, Any]:
    """How promises were kept; `rate` is of those that had to be by now."""
    rate = found.rate
    return {
        "rate": None if rate.value is None else round(rate.value, 4),
        "kept": found.kept,
        "broken": found.broken,
        "overdue": found.overdue,
        "due": rate.whole,
        "not_due": found.not_due,
        "withdrawn": found.withdrawn,
        "because": rate.because or None,
    }


def _spread(found: Spread, because: str) -> dict[str, Any]:
    return {
        "median_seconds": found.median,
        "p90_seconds": found.p90,
        "customers": found.facts,
        "because": None if found.facts else because,
    }
