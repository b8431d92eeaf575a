"""Calls pass from hand to hand: handed over, spread over a team, and the next one that somebody may make now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any

from releasewatch.domain.call_hands import in_turn
from releasewatch.domain.call_spreading import Loose, Member, spread
from releasewatch.domain.calls import PlannedCall
from releasewatch.domain.staff import Staff, find_person
from releasewatch.errors import InvalidCallError, RefusedError, UnknownNameError
from releasewatch.storage import call_moves, calls
from releasewatch.storage import staff as staff_storage
from releasewatch.storage.ledger import Ledger
from releasewatch.usecases.call_approval import Drafts
from releasewatch.usecases.call_candidates import Planning, RankedList
from releasewatch.usecases.call_work import (
    Worked,
    as_held,
    closed,
    get_call,
    held,
    holder_gone,
    key_of,
    require_actor,
    require_here,
)


def hand_over(ledger: Ledger, ref: str, to: str, who: str, now: datetime, minutes: int, why: str = "") -> Worked:
    """Give a call to somebody; a claim goes with it, and lasts so many minutes from now.

    Only its holder gives a claimed call away, unless they are not here. Raises RefusedError for it otherwise, for a
    call that is made, and for somebody who is not here; UnknownNameError for who is not among our staff.
    """
    require_actor(who)
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        row = get_call(connection, ref)
        if row.status != "open":
            raise closed(connection, row)
        taker = _taker(connection, to, now)
        who = as_held(connection, row, who)
        is_claimed = row.claimed_until is not None and row.claimed_until > now
        if is_claimed and who != row.claimed_by and not holder_gone(connection, row, now):
            raise held(row)
        until = now + timedelta(minutes=minutes) if is_claimed else None
        if row.assigned_to != taker or (is_claimed and row.claimed_by != taker):
            (number,) = call_moves.take_numbers(connection, 1)
            call_moves.move_call(connection, number, row, "hand_over", taker, who, why, now)
            if is_claimed:
                claim = {"claimed_by": taker, "claimed_at": now, "claimed_until": until}
                calls.update_call(connection, row.customer_id, row.call_id, None, now, **claim)
        key = key_of(connection, row.customer_id)
    return Worked(f"C-{row.call_id}", key, "claimed" if is_claimed else "open", until)


def _taker(connection: Any, to: str, now: datetime) -> str:
    """The key of somebody who can take a call; where there is no staff file, the word itself."""
    everybody = staff_storage.read_staff(connection)
    if not everybody:
        return to
    keys = sorted(find_person(everybody, to))
    if len(keys) != 1:
        near = keys or get_close_matches(to, [one.key for one in everybody], n=1)
        hint = f"Did you mean {' or '.join(near)}?" if near else "See: releasewatch staff list"
        raise UnknownNameError(f"{to!r} is not one of our staff.", hint)
    if not staff_storage.read_book(connection).is_here(keys[0], now.date()):
        raise RefusedError(f"{keys[0]} is not here: they have left, or are away.", "See: releasewatch staff list")
    return keys[0]


def claim_next(ledger: Ledger, made: RankedList, who: str, how: Planning, minutes: int) -> tuple[Worked, bool] | None:
    """Claim the next call of a list that somebody may make now, and whether it is nobody's; None when there is none.

    Of many who ask at once each gets another one. Nobody's calls come first, then their own, then those of others.
    """
    require_actor(who)
    if made.version is None:
        raise InvalidCallError("The list was not planned yet.", "Plan it: releasewatch call plan")
    until = how.now + timedelta(minutes=minutes)
    with ledger.write() as connection:
        require_here(connection, who, how.now)
        me = {who, *find_person(staff_storage.read_staff(connection), who)}
        drafts = Drafts(connection, how.now, how.approve_by_itself)
        for row in in_turn(made.calls.rows, me):
            found = get_call(connection, row.candidate.call)
            items = calls.items_of(connection, found.customer_id, found.call_id)
            about = {one.incident_id for one in items if one.withdrawn_at is None} - {0}
            if (about and len(drafts.among(about)) == len(about)) or _is_later(found, how.now):
                continue
            gone = holder_gone(connection, found, how.now)
            mine = found.customer_id, found.call_id
            # Whoever asked at the same instant may have it by now: then the next one is tried.
            if calls.claim_call(connection, *mine, who, how.now, until, gone=gone, again=False):
                key, zone_known = key_of(connection, found.customer_id), bool(row.local_zone)
                worked = Worked(f"C-{found.call_id}", key, "claimed", until, zone_known=zone_known)
                return worked, not row.candidate.hands.caller
    return None


def _is_later(row: Any, now: datetime) -> bool:
    """Whether the next attempt was planned for later since the list was read."""
    return row.next_at is not None and row.next_at > now


@dataclass(frozen=True, slots=True)
class SpreadOut:
    """What spreading did: how many calls went to each of the team, who are all here, and why others stay."""

    given: Mapping[str, int]
    left: Mapping[str, int]


def check_team(ledger: Ledger, team: str, now: datetime) -> None:
    """Raise UnknownNameError for a team that nobody is in, RefusedError when none of it is here."""
    with ledger.read() as connection:
        _team(connection, team, now)


def _team(connection: Any, team: str, now: datetime) -> list[Staff]:
    """The members of a team who are here."""
    everybody = staff_storage.read_staff(connection)
    book = staff_storage.read_book(connection)
    mine = [one for one in everybody if one.team == team]
    if not team or not mine:
        teams = sorted({one.team for one in everybody} - {""})
        near = get_close_matches(team, teams, n=1)
        hint = f"Did you mean {near[0]}?" if near else "Teams stand in the staff file: releasewatch staff list"
        raise UnknownNameError(f"There is nobody in a team {team!r}.", hint)
    here = [one for one in mine if book.is_here(one.key, now.date())]
    if not here:
        raise RefusedError(f"Nobody of the team {team!r} is here.", "See: releasewatch staff list")
    return here


def spread_calls(ledger: Ledger, made: RankedList, team: str, who: str, how: Planning) -> SpreadOut:
    """Give the open calls of a list that are nobody's, or of who is not here, to the members of a team who are.

    Calls that somebody holds or has tried, or that were given to somebody who is here, stay.
    Raises UnknownNameError for a team that nobody is in, RefusedError when none of it is here.
    """
    require_actor(who)
    with ledger.write() as connection:
        ledger.lock(connection, calls.LOCK)
        book = staff_storage.read_book(connection)
        here = _team(connection, team, how.now)
        load = call_moves.count_given(connection)
        for row in made.calls.rows:
            standing = row.candidate.standing
            if standing.status in ("open", "claimed") and not standing.assigned_to:
                load[row.candidate.account_manager] = load.get(row.candidate.account_manager, 0) + 1
        members = [Member(one.key, one.languages, one.timezone, load.get(one.key, 0)) for one in here]
        rows = [row for row in made.calls.rows if _is_loose(row, book.is_here, how.now.date())]
        now = {row.candidate.call: get_call(connection, row.candidate.call) for row in rows}
        gone = {call: holder_gone(connection, found, how.now) for call, found in now.items()}
        loose = [
            _loose(row)
            for row in rows
            if _is_unchanged(row, now[row.candidate.call], how.now, gone[row.candidate.call])
        ]
        done = spread(loose, members, how.hours, how.now)
        numbers = call_moves.take_numbers(connection, len(done.given))
        for number, (call, to) in zip(numbers, sorted(done.given.items()), strict=True):
            call_moves.move_call(connection, number, now[call], "spread", to, who, f"team {team}", how.now)
    given = dict.fromkeys((one.key for one in here), 0)
    for to in done.given.values():
        given[to] += 1
    left: dict[str, int] = {}
    for why in done.left.values():
        left[why] = left.get(why, 0) + 1
    return SpreadOut(given, left)


def _is_loose(row: PlannedCall, is_here: Callable[[str, date], bool], day: date) -> bool:
    """Whether a call is nobody's, or that of somebody who is not here; and nobody has begun it."""
    standing, owner = row.candidate.standing, row.candidate.account_manager
    if row.verdict == "leave" or standing.status != "open" or standing.attempts:
        return False
    if standing.assigned_to:
        return not is_here(standing.assigned_to, day)
    return not owner or not is_here(owner, day)


def _is_unchanged(row: PlannedCall, found: Any, now: datetime, gone: str) -> bool:
    """Whether nobody has done anything with a call since the list was read. `gone`: its holder, who is not here."""
    is_held = found.claimed_until is not None and found.claimed_until > now and not gone
    return found.status == "open" and found.assigned_to == row.candidate.standing.assigned_to and not is_held


def _loose(row: PlannedCall) -> Loose:
    language = (row.contact.language if row.contact is not None else "") or row.candidate.language
    window = row.availability.window if row.verdict == "call" else None
    return Loose(row.candidate.call, row.rank, language, window)
