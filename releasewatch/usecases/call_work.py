"""Working a list: calls are claimed, given back, made and noted, or skipped, each by somebody."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from releasewatch.domain.call_purposes import in_utc, why_not_due
from releasewatch.domain.defaults import APPROVE_BY_ITSELF
from releasewatch.domain.staff import find_person, is_same_person
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import call_facts, calls, incidents, merges
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.call_joining import JOINED
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_approval import Drafts, refuse_drafts
from releasewatch.usecases.call_candidates import Planning
from releasewatch.usecases.calls import find_care_row
from releasewatch.usecases.incident_calls import find_incident_row

WITHDRAWN_MEANWHILE = "had been withdrawn meanwhile; what they were told is kept. Plan again: a correction may be owed"
"""What is to be known of an attempt at a call that was not to be made any more."""

NOT_OPEN = {
    "withdrawn": WITHDRAWN_MEANWHILE,
    "done": "had been made before; this is kept beside it",
    "skipped": "had been skipped; this is kept all the same",
}
"""The same of each state in which a call is not to be made."""


@dataclass(frozen=True, slots=True)
class Worked:
    """What became of a call. `customer` is a key; `until`: how long it is held; `next_at`: when to try again.

    `marked`: a number was marked as wrong with it, `marked_elsewhere` at so many others who have it. `not_told`: what
    joined the call after the list that was worked from was made, and so keeps it open. `was`: how the call stood before
    an attempt was noted. `no_words`: what nothing was agreed to be said of, so that what was sent did not tell it.
    `zone_known`: whether it is known what time it is where they are; None: nobody looked.
    """

    call: str
    customer: str
    status: str
    until: datetime | None = None
    next_at: datetime | None = None
    attempt_id: int = 0
    marked: bool = False
    marked_elsewhere: int = 0
    was: str = ""
    zone_known: bool | None = None
    not_told: tuple[str, ...] = ()
    no_words: tuple[str, ...] = ()

    @property
    def stays_open_for(self) -> str:
        """What the call stays open for because no words are agreed for it, in a sentence; empty for nothing."""
        if not self.no_words:
            return ""
        return f"stays open: no words are agreed for {', '.join(self.no_words)}, so that was not told"


@dataclass(frozen=True, slots=True)
class Stale:
    """Something in a call that is not due, and why, without a name. `deployment`: what it is about where that was care,
    and `incident` then whatever it is blamed for, or empty."""

    incident: str
    purpose: str
    because: str
    deployment: str = ""


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

    Raises RefusedError when somebody else holds it, it is made already, an incident call comes first, its list is a
    draft (which does not take it from who holds it), or who claims it is not here.
    """
    require_actor(who)
    until = now + timedelta(minutes=minutes)
    with ledger.write() as connection:
        require_here(connection, who, now)
        row = get_call(connection, ref)
        who = as_held(connection, row, who)
        if row.call_group == "care" and row.status == "open":
            first = calls.open_calls(connection, [row.customer_id], "incident").get(row.customer_id)
            if first is not None:
                raise RefusedError(
                    f"C-{row.call_id} waits: C-{first} is about an incident, and comes first.",
                    f"Take that one: releasewatch call claim C-{first}",
                )
        if row.status == "open" and not holds(row, who, now):
            mine = [one.incident_id for one in live_items(connection, row)]
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
        for item in live_items(connection, row):
            if not item.incident_id:
                found += _stale_care(connection, row.customer_id, item, how)
                continue
            incident = f"INC-{item.incident_id}"
            planned = find_incident_row(connection, incident, row.customer_id, how)
            hurt = planned.candidate.hurt if planned is not None else None
            if planned is None or hurt is None:
                found.append(Stale(incident, item.purpose, "nothing reaches them any more"))
            elif because := why_not_due(item.purpose, hurt.due, is_left=planned.verdict == "leave"):
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


def holds(row: Any, who: str, now: datetime) -> bool:
    """Whether somebody has a call in hand."""
    return row.claimed_by == who and row.claimed_until is not None and row.claimed_until > now


def live_items(connection: Any, row: Any) -> Sequence[Any]:
    """What is in the call; of one that was withdrawn while somebody had it in hand, what was in it until then."""
    items = calls.items_of(connection, row.customer_id, row.call_id)
    live = [one for one in items if one.withdrawn_at is None]
    last = max((one.withdrawn_at for one in items if one.withdrawn_at is not None), default=None)
    return live or [one for one in items if one.withdrawn_at == last]


def require_actor(who: str) -> None:
    """Raise InvalidCallError when it is not known who does it."""
    if not who:
        raise InvalidCallError("It is not known who does it.", "Say who: --by NAME, or RELEASEWATCH_ACTOR.")


def require_here(connection: Any, who: str, now: datetime) -> None:
    """Raise RefusedError when the staff file says that somebody is away or has left: no claim of theirs would hold."""
    book = staff_storage.read_book(connection)
    keys = sorted(find_person(staff_storage.read_staff(connection), who))
    gone = [f"{key} {why}" for key in keys if (why := book.why_gone(key, now.date()))]
    if gone and len(gone) == len(keys):
        raise RefusedError(
            f"Who is not here holds no call: {gone[0]}.",
            "Whoever stands in claims it (--by). If they are at work after all, mend the staff file: "
            "releasewatch staff import",
        )


def key_of(connection: Any, customer_id: UUID) -> str:
    """A customer's key."""
    return call_facts.keys_of(connection, [customer_id])[customer_id]


def _refusal(connection: Any, row: Any, now: datetime) -> RefusedError:
    if row.status == "open" and row.claimed_until is not None and row.claimed_until > now:
        return held(row)
    return closed(connection, row)


def held(row: Any) -> RefusedError:
    """That somebody else holds a call."""
    until = f" until {in_utc(row.claimed_until)}" if row.claimed_until is not None else ""
    return RefusedError(
        f"Somebody else holds C-{row.call_id}{until}.",
        f"Take another one, or see who: releasewatch call show C-{row.call_id}",
    )


def has_joined(connection: Any, row: Any) -> bool:
    """Whether a call is part of another one since their customer was merged into somebody."""
    return any(one.why_withdrawn == JOINED for one in calls.items_of(connection, row.customer_id, row.call_id))


def closed(connection: Any, row: Any) -> RefusedError:
    """That a call is not open any more."""
    merge = merges.merge_of(connection, row.customer_id) if has_joined(connection, row) else None
    if merge is None:
        return RefusedError(f"C-{row.call_id} is {row.status}.", f"See: releasewatch call show C-{row.call_id}")
    there = calls.open_calls(connection, [merge.survivor], row.call_group).get(merge.survivor)
    words = f"joined C-{there}" if there is not None else "joined a call that is not open any more"
    return RefusedError(
        f"C-{row.call_id} {words}: its customer was merged into another one.",
        f"See: releasewatch call show C-{row.call_id if there is None else there}",
    )
