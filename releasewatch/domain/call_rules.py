"""What a day allows: how many calls a person can make, who was called lately, whom a rule lets be called at night."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from releasewatch.domain.call_bands import DAY
from releasewatch.domain.call_hands import concerns
from releasewatch.domain.call_incidents import URGENT
from releasewatch.domain.call_purposes import in_utc

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from releasewatch.domain.calling_hours import Availability
    from releasewatch.domain.calls import CallCandidate, PlannedCall

WEEK = 5
"""Days in which what does not fit into today is to be called; what does not fit into these is written."""

NO_RATE = "contract value without a rate for its currency"

OVER = ("done", "skipped", "withdrawn", "waiting")
"""Calls that take nobody's time today."""


@dataclass(frozen=True, slots=True)
class CallRules:
    """`[calling]`, as far as it is about more than hours.

    `capacity`: calls that one account manager can make a day; None: nobody said. `fatigue_days`: for so long after a
    talk a minor matter waits; 0: it does not. `override_hours`: severities of which people are told at any hour.
    """

    capacity: int | None = None
    fatigue_days: int = 3
    override_hours: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Talk:
    """That they were reached by voice. `about`: `INC-1`, `D-3`; empty where nothing was told."""

    at: datetime
    call: str = ""
    about: tuple[str, ...] = ()

    @property
    def in_words(self) -> str:
        """`2026-03-08 about INC-1 (C-12)`."""
        told = f" about {', '.join(self.about)}" if self.about else ""
        return f"{in_utc(self.at)[:10]}{told}" + (f" ({self.call})" if self.call else "")


@dataclass(frozen=True, slots=True)
class Twin:
    """Another customer whose contact has the same number, and who keeps them. `key` is empty on a list of others."""

    key: str
    account_manager: str


def is_severe(candidate: CallCandidate) -> bool:
    """Whether no limit and no rest holds it up: a severe incident or a correction, or one of these in the same call."""
    hurt = candidate.hurt
    if hurt is None:
        return False
    return hurt.counts_as in URGENT or hurt.due.purpose == "correction" or hurt.called_urgently


def is_minor(candidate: CallCandidate) -> bool:
    """Whether it can wait for who was called lately: care, an update of what is not severe, SEV4 and SEV5."""
    hurt = candidate.hurt
    if hurt is None:
        return True
    return not is_severe(candidate) and (hurt.due.purpose == "update" or hurt.counts_as in ("SEV4", "SEV5"))


def rest_of(candidate: CallCandidate, rules: CallRules, now: datetime) -> tuple[datetime | None, str]:
    """Until when a minor matter waits because they were called lately, and that in words; None: it does not."""
    is_over = candidate.standing.status in OVER and candidate.standing.status != "waiting"
    if not rules.fatigue_days or not candidate.talks or is_over or not is_minor(candidate):
        return None, ""
    last = max(candidate.talks, key=lambda talk: talk.at)
    until = last.at + timedelta(days=rules.fatigue_days)
    if until <= now:
        return None, ""
    return until, f"; they were called on {last.in_words}, so it waits until {in_utc(until)}"


def at_any_hour(candidate: CallCandidate, rules: CallRules, availability: Availability) -> Availability:
    """The same, but now, where a rule lets people be called at any hour. The next window of theirs is kept.

    Only for what is said to be so severe, and while it goes on: that it is over can wait until they are awake.
    """
    hurt = candidate.hurt
    if hurt is None or availability.callable not in ("later", "unknown"):
        return availability
    if hurt.severity not in rules.override_hours or hurt.due.purpose not in ("first_notice", "update", "correction"):
        return availability
    return replace(availability, callable="now", by_rule=hurt.severity)


def with_shared_numbers(rows: Sequence[PlannedCall]) -> list[PlannedCall]:
    """The same rows; of calls with one number each names the others."""
    numbers: dict[str, list[PlannedCall]] = {}
    for row in rows:
        if number := _number(row):
            numbers.setdefault(number, []).append(row)
    found = []
    for row in rows:
        others = [one for one in numbers.get(_number(row), ()) if one is not row]
        twins = tuple(Twin(one.candidate.key, one.candidate.account_manager) for one in others)
        found.append(replace(row, twins=twins) if twins else row)
    return found


def kept_by(rows: Iterable[PlannedCall], account_manager: str | None) -> tuple[PlannedCall, ...]:
    """The rows of one account manager, in which no other one's customer is named; None: all as they are."""
    return tuple(rows) if account_manager is None else kept_among(rows, {account_manager})


def kept_among(rows: Iterable[PlannedCall], owners: Collection[str]) -> tuple[PlannedCall, ...]:
    """The rows that some account managers keep, call, or are asked about because they are late; in them no customer of
    somebody else is named. The empty one: whom nobody keeps."""
    mine = (row for row in rows if any(concerns(row, who) for who in owners))
    return tuple(
        replace(row, twins=tuple(_mine_alone(twin, owners) for twin in row.twins)) if row.twins else row for row in mine
    )


def _mine_alone(twin: Twin, owners: Collection[str]) -> Twin:
    return twin if twin.account_manager in owners else replace(twin, key="")


def _number(row: PlannedCall) -> str:
    if row.verdict != "call" or not row.may_dial or row.contact is None:
        return ""
    return row.contact.phone_e164 or "".join(filter(str.isdigit, row.contact.phone))


def within_capacity(
    rows: Iterable[PlannedCall],
    rules: CallRules,
    spent: Mapping[str, int],
    now: datetime,
    write_instead: Callable[[PlannedCall, str], PlannedCall],
) -> list[PlannedCall]:
    """The same rows, in their order; what is beyond an account manager's day is this week, beyond their week written.

    `spent`: calls of an account manager's day that are taken already, by what is not on this list. What is severe, is
    claimed or was tried stays, and takes its place first. Whom nobody keeps has nobody's capacity.
    """
    rows = list(rows)
    if rules.capacity is None:
        return rows
    today, week = dict(spent), dict(spent)
    for row in rows:
        if _is_to_call(row) and _is_fixed(row):
            owner = row.candidate.account_manager
            week[owner] = week.get(owner, 0) + 1
            today[owner] = today.get(owner, 0) + _fits_today(row, rules, now)
    return [_limited(row, rules, today, week, now, write_instead) for row in rows]


def _limited(
    row: PlannedCall,
    rules: CallRules,
    today: dict[str, int],
    week: dict[str, int],
    now: datetime,
    write_instead: Callable[[PlannedCall, str], PlannedCall],
) -> PlannedCall:
    owner, capacity = row.candidate.account_manager, rules.capacity
    if capacity is None or not owner or not _is_to_call(row):
        return row
    if _is_fixed(row):  # What was begun today stays today's.
        is_todays = not is_severe(row.candidate) and _fits_today(row, rules, now)
        return replace(row, band="today") if is_todays else row
    calls = "call" if capacity == 1 else f"{capacity} calls"
    if week.get(owner, 0) >= capacity * WEEK:
        return write_instead(row, f"; beyond the {calls} a day that their account manager can make this week, so write")
    week[owner] = week.get(owner, 0) + 1
    if not _fits_today(row, rules, now):
        return row
    if today.get(owner, 0) < capacity:
        today[owner] = today.get(owner, 0) + 1
        return replace(row, band="today")
    said = f"; beyond the {calls} that their account manager can make today, so this week"
    return replace(
        row,
        band="this week",
        verdict_because=row.verdict_because + said,
        verdict_outside=row.verdict_outside + said,
    )


def _is_to_call(row: PlannedCall) -> bool:
    return row.verdict == "call" and row.may_dial and row.candidate.standing.status not in OVER


def _is_fixed(row: PlannedCall) -> bool:
    standing = row.candidate.standing
    return is_severe(row.candidate) or standing.status == "claimed" or standing.attempts > 0


def _fits_today(row: PlannedCall, rules: CallRules, now: datetime) -> bool:
    waits = max(filter(None, (row.candidate.standing.not_before, rest_of(row.candidate, rules, now)[0])), default=now)
    if waits - now > DAY:
        return False
    window = row.availability.window
    return row.availability.callable != "later" or (window is not None and window.from_at - now <= DAY)


def blanks_of(candidate: CallCandidate, *, zone: str, rated: bool, has_address: bool = True) -> tuple[str, ...]:
    """What is not known of a customer that a call needs, in words. `rated`: their contract's value can be compared.
    `has_address`: whom one writes to has a mail address, if they are to be written to."""
    known = (
        (candidate.account_manager, "no account manager"),
        (candidate.contacts, "no contact"),
        (
            not candidate.contacts or any(one.phone_e164 or one.phone.strip() for one in candidate.contacts),
            "no number",
        ),
        (has_address, "no mail address"),
        (zone, "time zone not known"),
        (rated, NO_RATE),
    )
    return tuple(words for is_known, words in known if not is_known)


def by_callability(rows: Iterable[PlannedCall]) -> list[PlannedCall]:
    """Callable now first, then where nobody knows the hour, then by the next window; each in the order of the list."""
    order = {"now": 0, "unknown": 1, "later": 2, "never": 3}

    def place(row: PlannedCall) -> tuple[int, float, int]:
        window = row.availability.window
        later = row.availability.callable == "later" and window is not None
        begins = window.from_at.timestamp() if window is not None and later else 0.0
        return order[row.availability.callable], begins, row.rank

    return sorted(rows, key=place)
