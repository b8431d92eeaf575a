"""What a filled row of a call list says, or what is wrong with it and what to write instead."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from releasewatch.domain.attempt_times import why_not_at, why_not_due, why_not_next
from releasewatch.domain.call_attempts import WRITTEN, problem_of
from releasewatch.domain.call_sheets import AS_OF, CALL, FILLED, LIST, MORE_FILLED, VERSION, WORDS
from releasewatch.domain.times import format_utc
from releasewatch.domain.typed_times import read_day, read_moment

_YEARS = (2000, 2200)
"""What lies outside cannot be meant, and may lie outside the calendar in another time zone."""


@dataclass(frozen=True, slots=True)
class FilledCall:
    """A row that somebody filled in. `number`: its place in the file. Empty text and None: not said.

    `list_version` and `as_of`: which state of the list it was. `source_key`: the same for the same call, list, version
    and words, however the file was saved.
    """

    number: int
    call: str
    customer: str
    contact: str
    list: str
    list_version: str
    as_of: datetime | None
    channel: str
    disposition: str
    outcome: str
    note: str
    quote: str
    promise: str
    due_on: date | None
    next_at: datetime | None
    at: datetime | None

    @property
    def source_key(self) -> str:
        """By what the row is known again."""
        said = (
            self.call,
            self.list,
            self.list_version,
            self.channel,
            self.disposition,
            self.outcome,
            self.note,
            self.quote,
            self.promise,
            self.due_on.isoformat() if self.due_on else "",
            format_utc(self.next_at) if self.next_at else "",
            format_utc(self.at) if self.at else "",
        )
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that is not taken. `reason`: what is wrong with a column, and what to write; it holds nobody's words."""

    number: int
    call: str
    column: str
    reason: str


class _Wrong(Exception):  # noqa: N818 - caught right here
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column


def is_filled(cells: Mapping[str, str]) -> bool:
    """Whether somebody worked on a row; a channel alone may stand there in every row."""
    return any(cells.get(name) for name in (*FILLED, *MORE_FILLED) if name != "channel")


def read_filled(number: int, cells: Mapping[str, str], zone: tzinfo, now: datetime) -> FilledCall | Refused:
    """A filled row as an attempt. Local times are of `zone`; nothing in it may lie ahead of `now` that has happened."""
    call = call_id(cells.get(CALL, ""))
    try:
        return _read(number, call, cells, zone, now)
    except _Wrong as wrong:
        return Refused(number, call, wrong.column, str(wrong))


def _read(number: int, call: str, cells: Mapping[str, str], zone: tzinfo, now: datetime) -> FilledCall:
    if not call and cells.get(CALL):
        raise _Wrong(CALL, "is no call's id: write it as C-17")
    if not call:
        raise _Wrong(CALL, "is empty: which call was it? Write its id, as C-17; rows without one were not planned")
    disposition = _word(cells, "disposition")
    if not disposition:
        raise _Wrong("disposition", f"is empty: write one of {', '.join(WORDS['disposition'])}")
    channel = _word(cells, "channel") or (WRITTEN[0] if disposition == "sent" else "phone")
    if problem := problem_of(channel, disposition):
        raise _Wrong("channel", f"does not go with {disposition}: {problem}")
    as_of = _as_of(cells, now)
    at = _at(cells, zone, as_of, now)
    promise, due_on = _promise(cells, (at or as_of or now).astimezone(zone).date(), now.date())
    next_at = _next_at(cells, zone, at or as_of, now)
    if next_at is not None and disposition == "connected":
        raise _Wrong("next_at", "does not go with connected: the call is made. Empty it, or write callback instead")
    return FilledCall(
        number=number,
        call=call,
        customer=cells.get("key", ""),
        contact=cells.get("contact", ""),
        list=cells.get(LIST, ""),
        list_version=cells.get(VERSION, ""),
        as_of=as_of,
        channel=channel,
        disposition=disposition,
        outcome=_word(cells, "outcome"),
        note=_text(cells, "note"),
        quote=_text(cells, "quote"),
        promise=promise,
        due_on=due_on,
        next_at=next_at,
        at=at,
    )


def call_id(text: str) -> str:
    """`C-17`, however it was typed; empty for what is none, which may be somebody's name, and is shown nowhere."""
    digits = text.strip().upper().removeprefix("C").lstrip("- ")
    return f"C-{int(digits)}" if digits.isascii() and digits.isdigit() and len(digits) < 16 else ""


def _word(cells: Mapping[str, str], column: str) -> str:
    given = cells.get(column, "")
    word = "_".join(given.casefold().replace("-", " ").replace("_", " ").split())
    if not word or word in WORDS[column]:
        return word
    near = difflib.get_close_matches(word, WORDS[column], n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise _Wrong(column, f"is no word that is known: {meant}Write one of {', '.join(WORDS[column])}")


def _text(cells: Mapping[str, str], column: str) -> str:
    """Words without what steers or hides; lines and tabs stay."""
    return "".join(one for one in cells.get(column, "") if one.isprintable() or one in "\n\t").strip()


def _day(cells: Mapping[str, str], column: str) -> date | None:
    given = cells.get(column, "")
    if not given:
        return None
    try:
        return read_day(given)
    except (ValueError, OverflowError) as error:
        raise _Wrong(column, f"is no day: {error}") from None


def _moment(cells: Mapping[str, str], column: str, zone: tzinfo, after: datetime | None) -> datetime | None:
    given = cells.get(column, "")
    if not given:
        return None
    try:
        found = read_moment(given, zone, after)
    except (ValueError, OverflowError) as error:
        raise _Wrong(column, f"is no time: {error}") from None
    if not _YEARS[0] <= found.year < _YEARS[1]:
        raise _Wrong(column, "is of another age: check the year")
    return found


def _at(cells: Mapping[str, str], zone: tzinfo, as_of: datetime | None, now: datetime) -> datetime | None:
    """When it was. Whoever writes a time writes its minute: that in which the list was made begins with the list."""
    minute = as_of.replace(second=0, microsecond=0) if as_of is not None else None
    found = _moment(cells, "at", zone, minute)
    if found is None:
        return None
    match why_not_at(found, minute, now):
        case "":
            return max(found, as_of) if as_of is not None else found
        case "is too early":
            raise _Wrong("at", "is before the list was made: check the day, and the time zone (TZ)")
        case why:
            raise _Wrong("at", f"{why}: write when it was, as 2026-12-31 14:30")


def _promise(cells: Mapping[str, str], called_on: date, today: date) -> tuple[str, date | None]:
    promise, due_on = _text(cells, "promise"), _day(cells, "due")
    if promise and due_on is None:
        raise _Wrong("due", "is empty: a promise needs the day by which it is kept, as 2026-12-31")
    if due_on is not None and not promise:
        raise _Wrong("promise", "is empty: what was promised for that day? Write it, or empty due")
    if due_on is not None and (why := why_not_due(due_on, called_on, today)):
        raise _Wrong("due", f"{why}: check the year")
    return promise, due_on


def _next_at(cells: Mapping[str, str], zone: tzinfo, after: datetime | None, now: datetime) -> datetime | None:
    found = _moment(cells, "next_at", zone, after)
    if found is not None and (why := why_not_next(found, after or now, now)):
        raise _Wrong("next_at", f"{why}: write when to try again, or empty it")
    return found


def _as_of(cells: Mapping[str, str], now: datetime) -> datetime | None:
    found = _moment(cells, AS_OF, UTC, None)
    if found is not None and found > now:
        raise _Wrong(AS_OF, "lies in the future: put back what the list said there, or empty it")
    return found
