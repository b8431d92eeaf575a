"""Spreading calls over a team: as many for each, in a language they speak, in hours in which both are at work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from releasewatch.domain.calling_hours import CallingHours, Window, find_availability, find_zone

NO_LANGUAGE = "nobody in the team speaks their language"
NO_HOURS = "nobody in the team works while they can be called"


@dataclass(frozen=True, slots=True)
class Member:
    """One of a team who is here. `load`: how many open calls are theirs already. No language: theirs is not known."""

    key: str
    languages: tuple[str, ...] = ()
    timezone: str = ""
    load: int = 0


@dataclass(frozen=True, slots=True)
class Loose:
    """A call that is nobody's, or of somebody who is not here. `language` empty: any; `window` None: at any time."""

    call: str
    rank: int
    language: str = ""
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Spread:
    """Which call goes to whom, and why the others go to nobody."""

    given: Mapping[str, str]
    left: Mapping[str, str]


def spread(loose: Sequence[Loose], team: Sequence[Member], hours: CallingHours, now: datetime) -> Spread:
    """Give each call to the member who has fewest of those who can take it; the same question has the same answer.

    Calls that few can take go first, then in the order of the list; members who have as many, in that of their keys. A
    member whose languages or time zone the staff file does not say is taken to fit.
    """
    load = {one.key: one.load for one in team}
    able = {one.call: _able(one, team, hours, now) for one in loose}
    given: dict[str, str] = {}
    left: dict[str, str] = {}
    for one in sorted(loose, key=lambda one: (len(able[one.call][0]), one.rank, one.call)):
        members, why_not = able[one.call]
        if not members:
            left[one.call] = why_not
            continue
        chosen = min(members, key=lambda key: (load[key], key))
        load[chosen] += 1
        given[one.call] = chosen
    return Spread(given, left)


def _able(one: Loose, team: Sequence[Member], hours: CallingHours, now: datetime) -> tuple[list[str], str]:
    speaking = [member for member in team if _speaks(member, one.language)]
    if not speaking:
        return [], NO_LANGUAGE
    return [member.key for member in speaking if _works(member, one.window, hours, now)], NO_HOURS


def _speaks(member: Member, language: str) -> bool:
    """By the first part of a tag: who speaks German speaks to `de-AT`."""
    wanted = _first_part(language)
    return not wanted or not member.languages or wanted in map(_first_part, member.languages)


def _first_part(tag: str) -> str:
    return tag.strip().lower().replace("_", "-").partition("-")[0]


def _works(member: Member, window: Window | None, hours: CallingHours, now: datetime) -> bool:
    """Whether their working hours meet the window in which somebody can be called."""
    zone = find_zone(member.timezone)
    if window is None or zone is None:
        return True
    own = find_availability(zone, hours.of(""), max(now, window.from_at)).window
    return own is not None and own.from_at < window.until_at
