"""What may be said to a customer about a deployment, and what not yet, from their own notes; nobody else's name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from releasewatch.domain.call_embargoes import embargoes_in_words
from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.messages import named_customers
from releasewatch.domain.note_building import notes_for, prepare_notes
from releasewatch.domain.notes import CustomerScope, NotesInput, talking_points


class TalkingPoints:
    """What may be said to one customer after another.

    Customers whom the same changes reach share their notes, unless a change names one of them. `all_names` gives the
    names and aliases of all customers; it is asked once, and only when there is something to be said.
    """

    def __init__(self, notes: NotesInput, all_names: Callable[[], Iterable[str]]) -> None:
        self._notes = prepare_notes(notes)
        self._all_names = all_names
        self._named = {ref for change in notes.changes for ref in named_customers(change.trailers)}
        self._known: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._embargoed: dict[tuple[object, ...], tuple[str, ...]] = {}
        self._scanner: LeakScanner | None = None
        self._suspicious: dict[str, bool] = {}

    def of(self, scope: CustomerScope) -> tuple[tuple[str, ...], int]:
        """The sentences, and how many were left out because they name another customer."""
        key = scope.components, scope.origins, scope.refs & self._named
        if key not in self._known:
            self._known[key] = talking_points(notes_for(self._notes, "customer", scope))
        points = self._known[key]
        own = {scope.name, *scope.refs, *scope.titles}
        said = tuple(text for text in points if not self._names_another(text, own))
        return said, len(points) - len(said)

    def embargoed_for(self, scope: CustomerScope) -> tuple[str, ...]:
        """What of all that reaches them is not to be spoken of yet, by category and end."""
        key = scope.components, scope.origins, scope.refs & self._named
        if key not in self._embargoed:
            self._embargoed[key] = embargoes_in_words(notes_for(self._notes, "account", scope).embargoed)
        return self._embargoed[key]

    def _names_another(self, text: str, own: Collection[str]) -> bool:
        if self._scanner is None:
            self._scanner = LeakScanner(dict.fromkeys(self._all_names(), "another customer's name"))
        if text not in self._suspicious:
            self._suspicious[text] = bool(self._scanner.scan(text))
        return self._suspicious[text] and not self._is_their_own(text, own)

    def _is_their_own(self, text: str, own: Collection[str]) -> bool:
        return self._scanner is not None and not self._scanner.scan(text, own)
