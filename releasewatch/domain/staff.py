"""Our people: who keeps a customer on a day, when somebody left, is away, or is not known at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Staff:
    """One of our people as the staff file states them. Empty text: it does not say.

    `away_from` and `away_to` are days, both inclusive; either may be open. `left_on` is the first day on which they are
    no longer with us.
    """

    key: str
    name: str
    email: str = ""
    team: str = ""
    languages: tuple[str, ...] = ()
    timezone: str = ""
    manager: str = ""
    away_from: date | None = None
    away_to: date | None = None
    left_on: date | None = None


@dataclass(frozen=True, slots=True)
class Leave:
    """That somebody left, as one of us said by hand: it counts before the file. `successor` takes over; or is empty."""

    staff: str
    left_on: date
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who keeps a customer. `key` is empty when nobody does; `note` then says why, else what is worth knowing."""

    key: str
    note: str = ""


UNSAID = Owner("", "no account manager is known")


class StaffBook:
    """Everybody we know of, and who took over from whom. A book without anybody takes every name as it is given."""

    def __init__(self, staff: Iterable[Staff] = (), leaves: Iterable[Leave] = ()) -> None:
        self._staff: Mapping[str, Staff] = {one.key: one for one in staff}
        self._leaves: Mapping[str, Leave] = {leave.staff: leave for leave in leaves}

    @property
    def is_empty(self) -> bool:
        """Whether nobody was ever told of."""
        return not self._staff

    def left_on(self, key: str) -> date | None:
        """The day somebody left, by hand or by the file; None for who is here."""
        if key in self._leaves:
            return self._leaves[key].left_on
        return self._staff[key].left_on if key in self._staff else None

    def owner(self, account_manager: str, day: date) -> Owner:
        """Who keeps the customers of an account manager on a day: themselves, who took over from them, or nobody."""
        if not account_manager:
            return UNSAID
        if self.is_empty:
            return Owner(account_manager)
        key, seen = account_manager, {account_manager}
        while True:
            if key not in self._staff:
                return Owner("", f"{key} is not among our staff")
            left = self.left_on(key)
            if left is None or left > day:
                break
            successor = self._leaves[key].successor if key in self._leaves else ""
            if not successor or successor in seen:
                return Owner("", f"{key} left on {left}")
            key = successor
            seen.add(key)
        notes = [] if key == account_manager else [f"taken over from {account_manager}"]
        if away := self._away(self._staff[key], day):
            notes.append(away)
        return Owner(key, "; ".join(notes))

    def is_here(self, key: str, day: date) -> bool:
        """Whether somebody works on a day; who is not among our staff is taken to, where there is no staff file."""
        if self.is_empty:
            return True
        left = self.left_on(key)
        return key in self._staff and (left is None or left > day) and not self._away(self._staff[key], day)

    def is_gone(self, key: str, day: date) -> bool:
        """Whether somebody whom the staff file knows does not work on a day."""
        return key in self._staff and not self.is_here(key, day)

    def why_gone(self, key: str, day: date) -> str:
        """Why somebody whom the staff file knows does not work on a day, and who stands in; empty when they do."""
        if not self.is_gone(key, day):
            return ""
        left = self.left_on(key)
        away_to = self._staff[key].away_to
        why = f"left on {left}" if left is not None and left <= day else "is away"
        if why == "is away":
            why += f" until {away_to}" if away_to is not None else ", until nobody knows when"
        deputy = self.manager_of(key, day)
        return f"{why}; {deputy} stands in" if deputy else why

    def manager_of(self, key: str, day: date) -> str:
        """The nearest manager above somebody who works on a day; empty when there is none."""
        seen = {key}
        while key in self._staff:
            key = self._staff[key].manager
            if not key or key in seen:
                return ""
            seen.add(key)
            if key in self._staff and self.is_here(key, day):
                return key
        return ""

    def caller(self, account_manager: str, assigned_to: str, day: date) -> Owner:
        """Who is to make a call: whom it was given to, else who keeps the customer, else who stands in for them.

        The key is empty when nobody does: then it is anybody's, and stands first.
        """
        if assigned_to and (assigned_to not in self._staff or self.is_here(assigned_to, day)):
            return Owner(assigned_to, "given to them")
        owner = self.owner(account_manager, day)
        if owner.key and self.is_here(owner.key, day):
            return Owner(owner.key)
        gone = owner.key or account_manager
        manager = self.manager_of(gone, day)
        if not manager:
            return Owner("", f"{gone} is away, and has no manager who is here" if owner.key else owner.note)
        return Owner(manager, f"{gone} is away" if owner.key else owner.note)

    def kept_by(self, key: str, account_managers: Iterable[str], day: date) -> set[str]:
        """Those of the account managers whose customers somebody keeps on a day."""
        return {name for name in account_managers if self.owner(name, day).key == key}

    def _away(self, one: Staff, day: date) -> str:
        if not self._is_away(one, day):
            return ""
        until = f"away until {one.away_to}" if one.away_to else f"away since {one.away_from}"
        deputy = self._deputy(one, day)
        if deputy == one.manager:
            return f"{until}; their manager is {deputy}" if deputy else until
        return f"{until}, and so is their manager; ask {deputy}" if deputy else until

    def _deputy(self, one: Staff, day: date) -> str:
        """Who is asked while somebody is away: the nearest manager who is here that day; empty when none is known."""
        seen = {one.key}
        key = one.manager
        while key and key in self._staff and key not in seen:
            seen.add(key)
            left = self.left_on(key)
            if (left is None or left > day) and not self._is_away(self._staff[key], day):
                return key
            key = self._staff[key].manager
        return ""

    def _is_away(self, one: Staff, day: date) -> bool:
        begun = one.away_from is not None and one.away_from <= day
        ended = one.away_to is not None and one.away_to < day
        return not ended and (begun or (one.away_from is None and one.away_to is not None))


def find_person(staff: Iterable[Staff], who: str) -> set[str]:
    """The keys of our people whom a word means: their key, name or address, in capitals or not."""
    said = who.strip().casefold()
    return {
        one.key for one in staff if said and said in (one.key.casefold(), one.name.casefold(), one.email.casefold())
    }


def is_same_person(staff: Iterable[Staff], one: str, other: str) -> bool:
    """Whether two words for somebody mean the same: as they stand, or as our staff file knows them."""
    if one.strip().casefold() == other.strip().casefold():
        return True
    everybody = list(staff)
    return bool(find_person(everybody, one) & find_person(everybody, other))
