"""In whose hands a call is: who is to make it, to whom it goes up when nobody begins it, and which comes next."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from releasewatch.domain.call_bands import BANDS
from releasewatch.domain.words import counted

if TYPE_CHECKING:
    from releasewatch.domain.calls import PlannedCall


@dataclass(frozen=True, slots=True)
class Hands:
    """Who is to make a call. `caller`: empty when it is nobody's, and so anybody's; `because`: why it is not simply the
    account manager's. `manager`: to whom it goes up.
    """

    caller: str = ""
    because: str = ""
    manager: str = ""


NOBODYS = Hands()


def with_lateness(row: PlannedCall, after: timedelta, now: datetime) -> PlannedCall:
    """The row, and why it is late where it is: a call that could have been begun for so long, and that nobody began.

    Only time within their hours counts: it begins anew with each window. Where these are unknown, all of it does.
    """
    standing, available = row.candidate.standing, row.availability
    if row.verdict != "call" or standing.status != "open" or not standing.approved or standing.attempts:
        return row
    if standing.since is None or available.callable not in ("now", "unknown"):
        return row
    since = max(standing.since, available.window.from_at) if available.window is not None else standing.since
    waited = now - since
    if waited < after:
        return row
    minutes = int(waited.total_seconds() // 60)
    many = counted(minutes // 60, "hour") if minutes >= 120 else counted(minutes, "minute")
    return replace(row, late=f"not begun for {many}", goes_up_to=row.candidate.hands.manager)


def concerns(row: PlannedCall, who: str) -> bool:
    """Whether a row is on somebody's part of a list: they keep the customer, are to make the call, or it went up.
    Nobody (empty): nobody keeps them, and nobody is to make it."""
    if not who:
        return not row.candidate.account_manager and not row.candidate.hands.caller
    return who in (row.candidate.account_manager, row.candidate.hands.caller, row.goes_up_to)


def gravest_first(row: PlannedCall) -> tuple[int, int, bool, int]:
    """The order of one call's rows on several lists: the gravest says what the call is."""
    hurt = row.candidate.hurt
    is_beside = hurt is not None and bool(hurt.called_about)
    return ("call", "write", "leave").index(row.verdict), BANDS.index(row.band), is_beside, -row.score


def by_turn(rows: Iterable[PlannedCall]) -> list[PlannedCall]:
    """A list as people work it: calls that are nobody's first, for "not mine" is never an answer; then by rank."""
    return sorted(rows, key=turn_of)


def turn_of(row: PlannedCall) -> tuple[bool, int]:
    """The place of a row in that order."""
    return not is_nobodys(row), row.rank


def is_nobodys(row: PlannedCall) -> bool:
    """Whether somebody is to be called or written to, and nobody is there to do it, or does."""
    standing = row.candidate.standing
    is_theirs = row.candidate.hands.caller or standing.status not in ("not_planned", "open")
    return row.verdict != "leave" and not is_theirs


def in_turn(rows: Iterable[PlannedCall], me: Collection[str]) -> list[PlannedCall]:
    """The calls that somebody may make now, as they should be taken: by band; in it nobody's first, then their own,
    then those of others; then in the order of the list."""

    def turn(row: PlannedCall) -> tuple[int, int, int]:
        caller = row.candidate.hands.caller
        whose = 0 if not caller else 1 if caller in me or row.goes_up_to in me else 2
        return BANDS.index(row.band), whose, row.rank

    return sorted((row for row in rows if _may_be_made_now(row)), key=turn)


def may_be_taken(row: PlannedCall) -> bool:
    """Whether it can be claimed: it is planned, nobody holds it, it waits for no other, and its list is no draft."""
    return row.candidate.standing.status == "open" and row.candidate.standing.approved


def next_to_take(rows: Iterable[PlannedCall], me: Collection[str]) -> PlannedCall | None:
    """What somebody should take next: a call that can be made now, else the first that is to be written."""
    rows = list(rows)
    mails = sorted((row for row in rows if row.verdict == "write" and may_be_taken(row)), key=lambda row: row.rank)
    return next(iter((*in_turn(rows, me), *mails)), None)


def _may_be_made_now(row: PlannedCall) -> bool:
    is_there = row.may_dial and row.availability.callable in ("now", "unknown")
    return row.verdict == "call" and may_be_taken(row) and is_there
