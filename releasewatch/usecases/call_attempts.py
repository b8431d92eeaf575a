"""Attempts at calls: what was told is kept, who was reached, and when the next one is due."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any
from uuid import UUID

from releasewatch.domain.attempt_times import BEFORE_ITS_CALL, why_not_at, why_not_due, why_not_next
from releasewatch.domain.call_attempts import is_made_by, is_told_by, plan_next, problem_of
from releasewatch.domain.call_purposes import IN_WORDS, TOLD
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError
from releasewatch.storage import call_attempts, calls, impacts, incidents, marks, merges, personal_rows
from releasewatch.storage.call_attempts import Attempt, Told
from releasewatch.storage.imports.runs import next_instant
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.marks import WRONG_NUMBER
from releasewatch.usecases.call_approval import Drafts, refuse_drafts
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_showing import find_row
from releasewatch.usecases.call_tellings import Summaries
from releasewatch.usecases.call_work import (
    Worked,
    as_held,
    closed,
    get_call,
    has_joined,
    held,
    holds,
    key_of,
    live_items,
    require_actor,
)
from releasewatch.usecases.incident_scene import look_at
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.marks import mark_number
from releasewatch.usecases.sameness import DIRECTORY_LOCK, Word
from releasewatch.usecases.written_attempts import check_address, without_words


@dataclass(frozen=True, slots=True)
class Noted:
    """What somebody says of an attempt. `contact`: who was tried; by default the one that the list names.

    `listed_at`: when the list was made that they worked from, where it was not the ledger's own of that moment;
    `source_key`: the row of it.
    """

    channel: str
    disposition: str
    outcome: str = ""
    note: str = ""
    quote: str = ""
    promise: str = ""
    due_on: date | None = None
    next_at: datetime | None = None
    at: datetime | None = None
    contact: str | None = None
    ask_engineering: str = ""
    listed_at: datetime | None = None
    source_key: str = ""


def log_attempt(ledger: Ledger, ref: str, said: Noted, who: str, how: Planning, zone: tzinfo = UTC) -> Worked:
    """Keep an attempt at a call, with what was told: each item of it, and the revision of the customer summary.

    They were reached when the line connected, or they replied; the call is made then, and when it was to be written and
    was sent. Otherwise the next attempt is planned; what of the call was told is told, and leaves it. A wrong number is
    marked. `zone`: of which the day of a promise is. Raises RefusedError when somebody else holds the call,
    InvalidCallError for what cannot have been.
    """
    require_actor(who)
    _check(said, said.at or how.now, how.now, zone)
    with ledger.write() as connection:
        lock_attempts(ledger, connection, [said])
        return note_attempt(connection, ref, said, who, how, call_attempts.next_attempt(connection))


def lock_attempts(ledger: Ledger, connection: Any, given: Iterable[Noted]) -> None:
    """Wait until nobody else changes what these attempts change."""
    if any(said.disposition == "wrong_number" for said in given):
        ledger.lock(connection, DIRECTORY_LOCK)
    ledger.lock(connection, calls.LOCK)


def note_attempt(connection: Any, ref: str, said: Noted, who: str, how: Planning, number: int) -> Worked:
    """The same within a transaction that holds the locks, under a number that was taken before."""
    at = said.at or how.now
    row = get_call(connection, ref)
    if row.status == "withdrawn" and has_joined(connection, row):
        raise closed(connection, row)
    who = as_held(connection, row, who)
    able, held_back = _make_able(connection, row, who, at, how)
    _check_began(row, able, at)
    items, joined = _items_told(connection, row, able, held_back, said.listed_at)
    before = call_attempts.attempts_of(connection, row.customer_id, row.call_id)
    person = _person(connection, row, said, how)
    wordless: Sequence[Any] = ()
    if said.disposition == "sent":
        if said.channel == "email":
            asked = person.contact_id if person is not None and said.contact is not None else None
            check_address(connection, row, asked, how)
        then = max([said.listed_at or at, *(one.added_at for one in items)])
        wordless = without_words(items, Drafts(connection, then))
        items = [one for one in items if one not in wordless]
    to_be_written = bool(items) and all(one.verdict == "write" for one in items)
    closes = (
        row.status != "done"
        and not joined
        and not wordless
        and is_made_by(said.disposition, to_be_written=to_be_written)
    )
    if said.next_at is not None and (closes or row.status != "open"):
        is_made = "is made with this" if closes else f"is {row.status}"
        raise InvalidCallError(
            f"C-{row.call_id} {is_made}, so that there is no next attempt.",
            "Leave --next-at out; or say --disposition callback, when they want to be called again.",
        )
    goes_on = row.status == "open" and not closes
    settled = [one for one in items if goes_on and is_made_by(said.disposition, to_be_written=one.verdict == "write")]
    # Where all that was said is settled, the rest was not tried.
    again = None if settled and len(settled) == len(items) else plan_next(said.disposition, len(before), at)
    next_at = (said.next_at or again) if goes_on else None
    values: dict[str, Any] = {"next_at": next_at, "claimed_by": "", "claimed_at": None, "claimed_until": None}
    if closes:
        values |= {"status": "done", "closed_at": how.now, "closed_by": who}
    if not calls.update_call(connection, row.customer_id, row.call_id, who, how.now, **values):
        raise held(row)
    told = _told(connection, row.customer_id, items, said.listed_at or at, how) if is_told_by(said.disposition) else []
    attempt = Attempt(
        channel=said.channel,
        disposition=said.disposition,
        outcome=said.outcome or ("informed" if said.disposition == "connected" else ""),
        reached=said.disposition == "connected",
        closes=closes,
        attempted_at=at,
        recorded_by=who,
        recorded_at=how.now,
        contact_id=person.contact_id if person is not None else None,
        note=said.note,
        quote=said.quote,
        promise=said.promise,
        promise_due_on=said.due_on,
        next_at=next_at,
        ask_engineering=said.ask_engineering,
        source_key=said.source_key,
    )
    call_attempts.add_attempt(connection, number, row.customer_id, row.call_id, attempt, told)
    calls.withdraw_rows(connection, [one for one in settled if one.withdrawn_at is None], TOLD, how.now)
    if closes:
        calls.withdraw_rows(connection, held_back, "its list was a draft when the call was made", how.now)
    marked, elsewhere = False, 0
    if said.disposition == "wrong_number":
        marked, elsewhere = _mark(connection, row, person, who, how.now)
    key = key_of(connection, row.customer_id)
    status = "done" if closes else row.status
    return Worked(
        f"C-{row.call_id}",
        key,
        status,
        next_at=next_at,
        attempt_id=number,
        marked=marked,
        marked_elsewhere=elsewhere,
        was=row.status,
        not_told=_in_words(joined),
        no_words=_in_words(wordless),
    )


def _in_words(items: Sequence[Any]) -> tuple[str, ...]:
    """Reasons in a call, each in words."""
    return tuple(
        f"{IN_WORDS[one.purpose]} of INC-{one.incident_id}" if one.incident_id else f"D-{one.deployment_id}"
        for one in items
    )


def _check_began(row: Any, items: Sequence[Any], at: datetime) -> None:
    """Raise InvalidCallError for an attempt from long before there was anything to call about."""
    planned_at = min((one.added_at for one in items), default=row.created_at)
    if why_not_at(at, planned_at - BEFORE_ITS_CALL, at):
        raise InvalidCallError(
            f"That would be more than {BEFORE_ITS_CALL.days} days before C-{row.call_id} was planned, "
            f"at {format_utc(planned_at)}.",
            "Check the day of the attempt (--at), and its year.",
        )


def _check(said: Noted, at: datetime, now: datetime, zone: tzinfo) -> None:
    problem = problem_of(said.channel, said.disposition)
    if problem:
        raise InvalidCallError(problem, "Check --channel and --disposition.")
    if why_not_at(at, None, now):
        raise InvalidCallError("The attempt would be in the future.", "Check --at.")
    if said.next_at is not None and said.next_at <= now:
        raise InvalidCallError("The next attempt would be in the past.", "Check --next-at.")
    if said.next_at is not None and (why := why_not_next(said.next_at, at, now)):
        raise InvalidCallError(f"The next attempt {why}.", "Check the year of --next-at.")
    if said.due_on is not None and (why := why_not_due(said.due_on, at.astimezone(zone).date(), now.date())):
        raise InvalidCallError(f"The day of the promise {why}.", "Check --due.")
    if bool(said.promise) != (said.due_on is not None):
        raise InvalidCallError(
            "A promise needs a day by which it is kept, and a day needs a promise.",
            "Give --promise TEXT and --due DAY.",
        )


def _make_able(connection: Any, row: Any, who: str, at: datetime, how: Planning) -> tuple[Sequence[Any], Sequence[Any]]:
    """What in a call may be told, and what may not, being of a draft where the rest is not.

    Who claimed it before its list became a draft may finish, and so may be noted what was done while it was approved.
    """
    items = live_items(connection, row)
    now = Drafts(connection, how.now, how.approve_by_itself)
    drafts = now.among(one.incident_id for one in items)
    free = [one for one in items if not one.incident_id or f"INC-{one.incident_id}" not in drafts]
    if free:
        return free, [one for one in items if one not in free]
    if row.status == "open" and not holds(row, who, how.now):
        then = Drafts(connection, at, how.approve_by_itself, at) if at < how.now else now
        refuse_drafts(then, f"C-{row.call_id}", (one.incident_id for one in items))
    return items, ()


def _items_told(
    connection: Any, row: Any, able: Sequence[Any], held_back: Sequence[Any], listed_at: datetime | None
) -> tuple[Sequence[Any], Sequence[Any]]:
    """What they were told of, and what has joined the call since the list that was worked from was made."""
    if listed_at is None:
        return able, ()
    items = calls.items_of(connection, row.customer_id, row.call_id)
    listed = [
        one
        for one in items
        if one not in held_back
        and one.added_at <= listed_at
        and (one.withdrawn_at is None or one.withdrawn_at > listed_at)
    ]
    return listed, [one for one in able if one not in listed and one.withdrawn_at is None]


def _told(connection: Any, customer_id: UUID, items: Sequence[Any], at: datetime, how: Planning) -> list[Told]:
    """What was told with an attempt: as it was known then, not as it is when somebody comes to write that down."""
    found: list[Told] = []
    for item in items:
        statement, state = 0, ""
        if item.incident_id:
            incident = incidents.resolve_incident(connection, f"INC-{item.incident_id}")
            then = max(at, item.added_at)
            viewing = Viewing(how.now, then, then, without_entitlement=how.without_entitlement)
            scene = look_at(connection, incident, viewing)
            newest = Summaries.of(scene).newest
            statement = newest.number if newest else 0
            state = impacts.states_of(connection, scene.question, [customer_id]).get(customer_id, "")
        found.append(Told(item.incident_id, item.deployment_id, item.purpose, statement, state, item.coming_id))
    return found


def _person(connection: Any, row: Any, said: Noted, how: Planning) -> personal_rows.Person | None:
    """Who was tried: as said, else whom the list names; None when that is nobody."""
    members = merges.members_of(connection, row.customer_id)
    if said.contact is not None:
        return personal_rows.resolve_contact(connection, members, said.contact)
    planned = find_row(connection, row, how)
    contact = planned.contact if planned is not None else None
    if contact is None or not contact.contact_id:
        return None
    return personal_rows.resolve_contact(connection, members, UUID(contact.contact_id).hex)


def _mark(connection: Any, row: Any, person: personal_rows.Person | None, who: str, now: datetime) -> tuple[bool, int]:
    """Mark the number that was tried; whether that is new, and with how many others who have it."""
    if person is None:
        raise InvalidCallError("It is not known whose number is wrong.", "Say whose: --contact NAME.")
    at = next_instant(connection, now)
    members = merges.members_of(connection, row.customer_id)
    word = Word(who, f"a wrong number, at C-{row.call_id}", now)
    added = 0
    for one in sorted(person.customers & set(members)):
        added += marks.set_mark(connection, one, person.contact_id, WRONG_NUMBER, word.why, who, at)
    return added > 0, mark_number(connection, members, person.contact_id, word, at, wrong=True)
