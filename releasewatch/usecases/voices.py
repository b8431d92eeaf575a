"""What customers said, by component, for everybody who builds the software; nobody is named by it.

A quote of a call belongs to the components of what the call was about: of its incidents, as said there or else as
changed by whom they are blamed on, and of its deployments. What is about nothing that is known stands under no
component.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from releasewatch.domain.incidents import fold
from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.privacy import Reveal
from releasewatch.domain.times import format_utc
from releasewatch.storage import call_facts, catalogs, customer_names, incidents, merges, personal_rows, voices
from releasewatch.storage.ledger import Ledger
from releasewatch.storage.types import LATEST
from releasewatch.storage.voices import Voice
from releasewatch.usecases.known_places import known_component


@dataclass(frozen=True, slots=True)
class Listening:
    """Which voices. `key`: a customer's key as it may be shown; `speaks`: whether words may be shown at all."""

    since: datetime
    now: datetime
    reveal: Reveal
    key: Callable[[str], str]
    speaks: bool = True
    component: str | None = None
    repo: str | None = None


def voices_document(ledger: Ledger, how: Listening) -> dict[str, Any]:
    """The document of `call voices --format json`: components by how many customers spoke of them, quotes newest first.

    Where names may not be shown, a quote that holds one is left out and counted.
    """
    with ledger.read() as connection:
        wanted = None
        if how.component is not None:
            wanted = known_component(connection, how.component, how.repo)
        found = voices.read_voices(connection, how.since, how.now)
        places = _Places(connection, found, how.now)
        by_component: dict[str, list[Voice]] = {}
        for one in found:
            for component in places.of(one):
                if wanted in (None, component):
                    by_component.setdefault(component, []).append(one)
        words = _Words(connection, found, how)
        rows = [_component(component, said, words) for component, said in by_component.items()]
    rows.sort(key=lambda row: (-row["customers"], row["component"] or ""))
    return {
        "since": format_utc(how.since),
        "voices": rows,
        "left_out": words.left_out,
        "withheld": [] if how.speaks else ["quotes", "asks"],
        "next_cursor": None,
    }


def _component(component: str, said: Sequence[Voice], words: _Words) -> dict[str, Any]:
    return {
        "component": component or None,
        "customers": len({one.customer_id for one in said}),
        "quotes": words.shown(said, "quote"),
        "asks": words.shown(said, "ask"),
    }


class _Places:
    """Which components something said is about."""

    def __init__(self, connection: Any, found: Sequence[Voice], now: datetime) -> None:
        self._keys = catalogs.component_keys(connection)
        numbers = sorted({number for one in found for number in one.incidents})
        said = incidents.read_statements(connection, numbers)
        self._of_incident = {number: set(fold(said[number], now, LATEST).components) for number in numbers}
        blamed = {
            number: incidents.blamed_deployments(connection, number)
            for number in numbers
            if not self._of_incident[number]
        }
        wanted = {each for one in found for each in one.deployments} | {n for many in blamed.values() for n in many}
        self._changed = voices.changed_components(connection, sorted(wanted))
        for number, deployments in blamed.items():
            self._of_incident[number] = {key for each in deployments for key in self._keys_of(each)}

    def _keys_of(self, deployment_id: int) -> set[str]:
        return {self._keys[number] for number in self._changed.get(deployment_id, ())}

    def of(self, one: Voice) -> list[str]:
        """The full keys, in order; an empty one where nothing is known."""
        if one.component_id:
            return [self._keys[one.component_id]]
        found = {key for number in one.incidents for key in self._of_incident[number]}
        found |= {key for number in one.deployments for key in self._keys_of(number)}
        return sorted(found) or [""]


class _Words:
    """What was said, as it may be shown."""

    def __init__(self, connection: Any, found: Sequence[Voice], how: Listening) -> None:
        self._connection, self._how = connection, how
        self._keys = call_facts.keys_of(connection, sorted({one.customer_id for one in found}))
        self._people: dict[UUID, LeakScanner] = {}
        self._left: set[tuple[str, datetime, str]] = set()
        self._scanner: LeakScanner | None = None

    @property
    def left_out(self) -> int:
        """How many texts were left out because they name somebody."""
        return len(self._left)

    def shown(self, said: Sequence[Voice], name: str) -> list[dict[str, Any]]:
        """The texts of one kind, newest first."""
        if not self._how.speaks:
            return []
        found = []
        for one in said:
            text: str = getattr(one, name)
            if not text:
                continue
            if self._how.reveal < Reveal.CONTACTS and self._names_somebody(one, text):
                self._left.add((one.source, one.said_at, name))
                continue
            key = self._how.key(self._keys[one.customer_id])
            found.append({"text": text, "customer": key, "source": one.source, "said_at": format_utc(one.said_at)})
        return found

    def _names_somebody(self, one: Voice, text: str) -> bool:
        """Whether a text holds a customer's name, a contact's, or what looks like an address or a number."""
        if "@" in text or sum(letter.isdigit() for letter in text) >= _MANY_DIGITS:
            return True
        if self._scanner is None:
            names = customer_names.all_names(self._connection, self._how.now)
            self._scanner = LeakScanner(dict.fromkeys(names, "a customer's name"))
        if one.customer_id not in self._people:
            members = merges.members_of(self._connection, one.customer_id)
            people = personal_rows.people_of(self._connection, members)
            parts = {part for person in people for name in person.names for part in (name, *name.split())}
            self._people[one.customer_id] = LeakScanner(dict.fromkeys(parts, "a contact's name"))
        return bool(self._scanner.scan(text) or self._people[one.customer_id].scan(text))


_MANY_DIGITS = 7
"""So many digits may be somebody's number."""
