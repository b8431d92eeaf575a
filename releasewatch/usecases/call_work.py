"""Working a list: calls are claimed, given back, made and noted, or skipped, each by somebody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from releasewatch.domain.call_approval import APPROVE_BY_ITSELF
from releasewatch.domain.call_attempts import is_made_by, is_told_by, plan_next, problem_of
from releasewatch.domain.call_purposes import IN_WORDS
from releasewatch.domain.filled_calls import FAR
from releasewatch.domain.staff import find_person, is_same_person
from releasewatch.domain.times import format_utc
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import call_attempts, call_facts, calls, impacts, incidents, marks, merges, personal_rows
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.call_attempts import Attempt, Told
from releasewatch.storage.call_joining import JOINED
from releasewatch.storage.imports.runs import next_instant
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.marks import WRONG_NUMBER
from releasewatch.usecases.call_approval import Drafts, refuse_drafts
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.call_showing import find_row
from releasewatch.usecases.call_tellings import Summaries
from releasewatch.usecases.calls import find_care_row
from releasewatch.usecases.incident_calls import find_incident_row
from releasewatch.usecases.incident_scene import Viewing, look_at
from releasewatch.usecases.sameness import DIRECTORY_LOCK


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of a call. `customer` is a key; `until`: how long it is held; `next_at`: when to try again.

    `marked`: a number was marked as wrong with it. `not_told`: what joined the call after the list that was worked
    from was made, and so keeps it open.
    """

    call: str
    customer: str
    status: str
    until: datetime | None = None
    next_at: datetime | None = None
    attempt_id: int = 0
    marked: bool = False
    not_told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Stale:
    """Something in a call that is not due, and why, without a name. `deployment`: what it is about where that was care,
    and `incident` then whatever it is blamed for, or empty."""

    incident: str
    purpose: str
    because: str
    deployment: str = ""


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


def get_call(connection: Any, ref: str) -> Any:
    """The call that `C-17` or `17` means. Raises UnknownNameError."""
    digits = ref.strip().upper().removeprefix("C-")
    found = (
        calls.find_call(connection, int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 16 else None
    )
    if found is None:
        raise UnknownNameError(f"The ledger has no call {ref!r}.", "See: releasewatch call list --incident KEY")
    return found


def claim_call(
    ledger: Ledger,
    ref: str,
    who: str,
    now: datetime,
    minutes: int,
    by_itself: Collection[str] = APPROVE_BY_ITSELF,
) -> Worked:
    """Hold a call for somebody; it is anybody's again after so many minutes. Claiming it again holds it for longer.

    Raises RefusedError when somebody else holds it, it is made already, an incident call comes first, or its list is a
    draft (which does not take it from who holds it).
    """
    require_actor(who)
    until = now + timedelta(minutes=minutes)
    with ledger.write() as connection:
        row = get_call(connection, ref)
        who = as_held(connection, row, who)
        if row.call_group == "care" and row.status == "open":
            first = calls.open_calls(connection, [row.customer_id], "incident").get(row.customer_id)
            if first is not None:
                raise RefusedError(
                    f"C-{row.call_id} waits: C-{first} is about an incident, and comes first.",
                    f"Take that one: releasewatch call claim C-{first}",
                )
        if row.status == "open" and not _holds(row, who, now):
            mine = [one.incident_id for one in _live_items(connection, row)]
            refuse_drafts(Drafts(connection, now, by_itself), f"C-{row.call_id}", mine)
        gone = holder_gone(connection, row, now)
        if not calls.claim_call(connection, row.customer_id, row.call_id, who, now, until, gone=gone):
            raise _refusal(connection, get_call(connection, ref), now)
        key = key_of(connection, row.customer_id)
    return Worked(f"C-{row.call_id}", key, "claimed", until)


def find_stale(ledger: Ledger, ref: str, how: Planning) -> list[Stale]:
    """What in an open call is not due, or no longer: planning again would change it or take it out."""
    found: list[Stale] = []
    with ledger.read() as connection:
        row = get_call(connection, ref)
        for item in _live_items(connection, row):
            if not item.incident_id:
                found += _stale_care(connection, row.customer_id, item, how)
                continue
            incident = f"INC-{item.incident_id}"
            planned = find_incident_row(connection, incident, row.customer_id, how)
            hurt = planned.candidate.hurt if planned is not None else None
            if planned is None or hurt is None:
                found.append(Stale(incident, item.purpose, "nothing reaches them any more"))
            elif hurt.due.purpose != item.purpose:
                because = f"it is {IN_WORDS[hurt.due.purpose]} now" if hurt.due.purpose else hurt.due.because
                found.append(Stale(incident, item.purpose, because))
            elif planned.verdict == "leave":
                found.append(Stale(incident, item.purpose, planned.verdict_outside))
    return found


def _stale_care(connection: Any, customer_id: UUID, item: Any, how: Planning) -> list[Stale]:
    """Whether what was meant kindly is blamed by now, or is not theirs any more."""
    if not item.deployment_id:
        return []
    deployment = f"D-{item.deployment_id}"
    blamed_for = incidents.blamed_for(connection, item.deployment_id)
    if blamed_for:
        incident = f"INC-{blamed_for[0]}"
        return [Stale(incident, item.purpose, f"{deployment} is blamed for {incident}", deployment)]
    planned = find_care_row(connection, item.deployment_id, customer_id, how)
    due = planned.candidate.care.due if planned is not None and planned.candidate.care is not None else ()
    if planned is not None and planned.verdict != "leave" and (item.purpose in due or item.coming_id):
        return []
    because = "nothing of it reaches them any more" if planned is None else planned.verdict_outside
    return [Stale("", item.purpose, because, deployment)]


def release_call(ledger: Ledger, ref: str, who: str, now: datetime) -> Worked:
    """Give a claimed call back. Raises RefusedError when somebody else holds it."""
    require_actor(who)
    with ledger.write() as connection:
        row = get_call(connection, ref)
        who = as_held(connection, row, who)
        free = {"claimed_by": "", "claimed_at": None, "claimed_until": None}
        if not calls.update_call(connection, row.customer_id, row.call_id, who, now, **free):
            raise held(row)
        key = key_of(connection, row.customer_id)
    return Worked(f"C-{row.call_id}", key, row.status)


def skip_call(ledger: Ledger, ref: str, who: str, why: str, now: datetime) -> Worked:
    """Decide that a call is not to be made, with why; planning does not bring it back.

    Raises RefusedError when somebody else holds it, or it is made already.
    """
    require_actor(who)
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        row = get_call(connection, ref)
        who = as_held(connection, row, who)
        if row.status != "open":
            raise closed(connection, row)
        values = {"status": "skipped", "closed_at": now, "closed_by": who, "why_closed": why, "claimed_until": None}
        if not calls.update_call(connection, row.customer_id, row.call_id, who, now, **values):
            raise held(row)
        key = key_of(connection, row.customer_id)
    return Worked(f"C-{row.call_id}", key, "skipped")


def log_attempt(ledger: Ledger, ref: str, said: Noted, who: str, how: Planning) -> Worked:
    """Keep an attempt at a call, with what was told: each item of it, and the revision of the customer summary.

    They were reached when the line connected, or they replied; the call is made then, and when it was to be written and
    was sent. Otherwise the next attempt is planned. A wrong number is marked. Raises RefusedError when somebody else
    holds the call.
    """
    require_actor(who)
    _check(said, said.at or how.now, how.now)
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
    who = as_held(connection, row, who)
    able, held_back = _make_able(connection, row, who, at, how)
    items, joined = _items_told(connection, row, able, held_back, said.listed_at)
    before = call_attempts.attempts_of(connection, row.customer_id, row.call_id)
    person = _person(connection, row, said, how)
    to_be_written = bool(items) and all(one.verdict == "write" for one in items)
    closes = row.status != "done" and not joined and is_made_by(said.disposition, to_be_written=to_be_written)
    if closes and said.next_at is not None:
        raise InvalidCallError(
            f"C-{row.call_id} is made with this, so that there is no next attempt.",
            "Leave --next-at out; or say --disposition callback, when they want to be called again.",
        )
    next_at = None if closes else said.next_at or plan_next(said.disposition, len(before), at)
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
    if closes:
        calls.withdraw_rows(connection, held_back, "its list was a draft when the call was made", how.now)
    marked = said.disposition == "wrong_number" and _mark(connection, row, person, who, how.now)
    key = key_of(connection, row.customer_id)
    status = "done" if closes else row.status
    not_told = tuple(
        f"{IN_WORDS[one.purpose]} of INC-{one.incident_id}" if one.incident_id else f"D-{one.deployment_id}"
        for one in joined
    )
    return Worked(f"C-{row.call_id}", key, status, None, next_at, number, marked, not_told)


def _check(said: Noted, at: datetime, now: datetime) -> None:
    problem = problem_of(said.channel, said.disposition)
    if problem:
        raise InvalidCallError(problem, "Check --channel and --disposition.")
    if at > now:
        raise InvalidCallError("The attempt would be in the future.", "Check --at.")
    if said.next_at is not None and said.next_at <= now:
        raise InvalidCallError("The next attempt would be in the past.", "Check --next-at.")
    if said.next_at is not None and said.next_at > now + FAR:
        raise InvalidCallError("The next attempt would be years ahead.", "Check the year of --next-at.")
    if bool(said.promise) != (said.due_on is not None):
        raise InvalidCallError(
            "A promise needs a day by which it is kept, and a day needs a promise.",
            "Give --promise TEXT and --due DAY.",
        )


def as_held(connection: Any, row: Any, who: str) -> str:
    """The word by which somebody holds a call, where they go by another one now (their address, not their key)."""
    if row.claimed_by in ("", who):
        return who
    return row.claimed_by if is_same_person(staff_storage.read_staff(connection), row.claimed_by, who) else who


def holder_gone(connection: Any, row: Any, now: datetime) -> str:
    """Who holds a call, where they have left or are away: they do not keep it from others. Else empty."""
    if not row.claimed_by:
        return ""
    book = staff_storage.read_book(connection)
    keys = find_person(staff_storage.read_staff(connection), row.claimed_by)
    return row.claimed_by if keys and all(book.is_gone(key, now.date()) for key in keys) else ""


def _holds(row: Any, who: str, now: datetime) -> bool:
    return row.claimed_by == who and row.claimed_until is not None and row.claimed_until > now


def _make_able(connection: Any, row: Any, who: str, at: datetime, how: Planning) -> tuple[Sequence[Any], Sequence[Any]]:
    """What in a call may be told, and what may not, being of a draft where the rest is not.

    Who claimed it before its list became a draft may finish, and so may be noted what was done while it was approved.
    """
    items = _live_items(connection, row)
    now = Drafts(connection, how.now, how.approve_by_itself)
    drafts = now.among(one.incident_id for one in items)
    free = [one for one in items if not one.incident_id or f"INC-{one.incident_id}" not in drafts]
    if free:
        return free, [one for one in items if one not in free]
    if row.status == "open" and not _holds(row, who, how.now):
        then = Drafts(connection, at, how.approve_by_itself, at) if at < how.now else now
        refuse_drafts(then, f"C-{row.call_id}", (one.incident_id for one in items))
    return items, ()


def _live_items(connection: Any, row: Any) -> Sequence[Any]:
    """What is in the call; of one that was withdrawn while somebody had it in hand, what was in it until then."""
    items = calls.items_of(connection, row.customer_id, row.call_id)
    live = [one for one in items if one.withdrawn_at is None]
    last = max((one.withdrawn_at for one in items if one.withdrawn_at is not None), default=None)
    return live or [one for one in items if one.withdrawn_at == last]


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


def _mark(connection: Any, row: Any, person: personal_rows.Person | None, who: str, now: datetime) -> bool:
    if person is None:
        raise InvalidCallError("It is not known whose number is wrong.", "Say whose: --contact NAME.")
    at = next_instant(connection, now)
    members = merges.members_of(connection, row.customer_id)
    why = f"a wrong number, at C-{row.call_id}"
    added = 0
    for one in sorted(person.customers & set(members)):
        added += marks.set_mark(connection, one, person.contact_id, WRONG_NUMBER, why, who, at)
    return added > 0


def require_actor(who: str) -> None:
    """Raise InvalidCallError when it is not known who does it."""
    if not who:
        raise InvalidCallError("It is not known who does it.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")


def key_of(connection: Any, customer_id: UUID) -> str:
    """A customer's key."""
    return call_facts.keys_of(connection, [customer_id])[customer_id]


def _refusal(connection: Any, row: Any, now: datetime) -> RefusedError:
    if row.status == "open" and row.claimed_until is not None and row.claimed_until > now:
        return held(row)
    return closed(connection, row)


def held(row: Any) -> RefusedError:
    """That somebody else holds a call."""
    until = f" until {format_utc(row.claimed_until)}" if row.claimed_until is not None else ""
    return RefusedError(
        f"Somebody else holds C-{row.call_id}{until}.",
        f"Take another one, or see who: releasewatch call show C-{row.call_id}",
    )


def closed(connection: Any, row: Any) -> RefusedError:
    """That a call is not open any more."""
    joined = any(one.why_withdrawn == JOINED for one in calls.items_of(connection, row.customer_id, row.call_id))
    words = "joined the call of whom their customer was merged into" if joined else f"is {row.status}"
    return RefusedError(f"C-{row.call_id} {words}.", f"See: releasewatch call show C-{row.call_id}")
