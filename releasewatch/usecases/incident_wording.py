"""What may be said to one customer after another of all that is in their call: each incident in its own words."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID

from releasewatch.domain.audiences import Audience
from releasewatch.domain.call_attempts import WRITTEN
from releasewatch.domain.call_embargoes import embargoes_in_words
from releasewatch.domain.call_incidents import NO_INCIDENT_WORDING, Agreed, Hurt, in_words, wording
from releasewatch.domain.call_purposes import GRAVITY, IN_IT, TELL_THE_END, Standing, in_utc
from releasewatch.domain.incident_document_building import held_for, people_among
from releasewatch.domain.leaks import LeakScanner
from releasewatch.domain.note_building import PreparedNotes, notes_for, prepare_notes
from releasewatch.storage import catalogs, customer_names, deployments, fixes, impacts, incidents
from releasewatch.usecases.call_candidates import CallBook, Planning
from releasewatch.usecases.call_tellings import Summaries, Tellings, agreed_before_the_end
from releasewatch.usecases.incident_scene import Scene, look_at
from releasewatch.usecases.incident_viewing import Viewing
from releasewatch.usecases.named_people import find_named
from releasewatch.usecases.notes import Reading, notes_within

_OVER = ("done", "skipped", "withdrawn")
"""Calls that nobody makes any more: nothing is to be said with them."""

NOT_APPROVED = "its list is a draft: say nothing of it yet."
"""What stands for an incident whose list nobody has approved, in a call that is about another one too."""


@dataclass(frozen=True, slots=True)
class Say:
    """What may be said, how many texts were left out because of what they hold, and what account staff should know.

    `embargoed`: what is not to be spoken of yet. `letter`: the lines without our own numbers of incidents, as they may
    be written; `letter_lacks`: words are not agreed for all that the call is about. `outdated`: something is over, and
    the words for it were agreed before that.
    """

    lines: tuple[str, ...]
    withheld: int
    know: tuple[str, ...]
    embargoed: tuple[str, ...] = ()
    letter: tuple[str, ...] = ()
    letter_lacks: bool = True
    outdated: bool = False


class Wording:
    """Finds the words; never another customer's name, nor what documents for customers may not hold."""

    def __init__(
        self,
        connection: Any,
        book: CallBook,
        scene: Scene,
        tellings: Tellings,
        titles: Mapping[int, str],
        how: Planning,
    ) -> None:
        self._connection, self._book, self._how, self._titles = connection, book, how, titles
        self._mine = scene.incident.id
        self._talks = {self._mine: _Talk(connection, scene, tellings, how, titles)}
        self._states: dict[str, dict[UUID, str]] = {}

    def of(self, customer: UUID, key: str, hurt: Hurt, standing: Standing, titles: tuple[str, ...]) -> Say:
        """The sentences of each incident in the call, gravest first; `titles`: of what they use of this list's one.

        Where there are several, each line says which one it is about, and one without words says so: what is right of
        one would be wrong of another.
        """
        purposes = {} if standing.status in _OVER else {one.incident: one.purpose for one in standing.reasons}
        purposes.pop("", None)
        if self._mine in purposes or hurt.due.purpose:
            purposes[self._mine] = hurt.due.purpose
        refs, names = self._book.names_of(customer, key)
        own = {key, *refs, *names}
        order = [*GRAVITY, ""]
        lines: list[str] = []
        know: list[str] = []
        embargoed: list[str] = []
        letter: list[str] = []
        withheld, lacks, outdated = 0, False, False
        for incident, purpose in sorted(purposes.items(), key=lambda one: (order.index(one[1]), one[0])):
            is_mine = incident == self._mine
            if not is_mine and standing.approved and incident in standing.drafts:
                lines.append(f"{incident}: {NOT_APPROVED}")
                continue
            talk = self._talk(incident)
            state = talk.state_now(hurt.state if is_mine else self._state(incident, customer))
            agreed = talk.agreed(customer, titles if is_mine else talk.titles)
            if is_mine:
                agreed = replace(agreed, reported_at=hurt.reported_at)
            safe = self._without_what_is_held(talk, agreed, own)
            words = list(wording(purpose, state, safe)) if purpose == "correction" or state in IN_IT else []
            kept = [line for line in words if not self._names_another(line, own)]
            if purpose:
                withheld += (agreed.heard != safe.heard) + (agreed.customer != safe.customer) + len(words) - len(kept)
            embargoed += talk.embargoed
            concerned = agreed.components or talk.titles if len(purposes) > 1 else ()
            if purpose:
                before = f"{in_words(concerned)}: " if concerned else ""
                letter += [before + line for line in kept]
                lacks = lacks or not kept
            about = ""
            if len(purposes) > 1:
                about = f"{incident} ({in_words(concerned)}): " if concerned else f"{incident}: "
                kept = kept or [NO_INCIDENT_WORDING]
            lines += [about + line for line in kept]
            know += [about + text for text in talk.know]
            if kept and purpose in TELL_THE_END and talk.outdated:
                know.append(about + talk.outdated)
                outdated = True
        for incident in self._book.told_in(customer, standing.call):
            if incident not in purposes:
                know += self._talk(incident).told_before(incident, customer, own, self._names_another)
        if not purposes:
            know = list(self._talks[self._mine].know)
            embargoed = list(self._talks[self._mine].embargoed)
        return Say(
            tuple(dict.fromkeys(lines)),
            withheld,
            tuple(know),
            tuple(dict.fromkeys(embargoed)),
            tuple(dict.fromkeys(letter)),
            letter_lacks=lacks or not letter or withheld > 0,
            outdated=outdated,
        )

    def severity_of(self, incident: str) -> str:
        """How bad another incident in somebody's call is; empty when nobody said."""
        return self._talk(incident).scene.state.severity

    def _talk(self, incident: str) -> _Talk:
        if incident not in self._talks:
            found = incidents.resolve_incident(self._connection, incident)
            viewing = Viewing(self._how.now, without_entitlement=self._how.without_entitlement)
            scene = look_at(self._connection, found, viewing)
            tellings = Tellings.of(self._connection, scene)
            self._talks[incident] = _Talk(self._connection, scene, tellings, self._how, self._titles)
        return self._talks[incident]

    def _state(self, incident: str, customer: UUID) -> str:
        """Theirs in another incident: asked once for everybody who has it in an open call."""
        if incident not in self._states:
            question = self._talk(incident).scene.question
            them = [
                who
                for who, items in self._book.items.items()
                if any(one.incident_id == question.incident_id for one in items)
            ]
            self._states[incident] = impacts.states_of(self._connection, question, them)
        return self._states[incident].get(customer, "")

    def _without_what_is_held(self, talk: _Talk, agreed: Agreed, own: Collection[str]) -> Agreed:
        def safe(text: str) -> str:
            return "" if text and (self._names_another(text, own) or talk.holds(text)) else text

        return replace(agreed, customer=safe(agreed.customer), heard=safe(agreed.heard))

    def _names_another(self, text: str, own: Collection[str]) -> bool:
        return bool(self._scanner.scan(text, own))

    @cached_property
    def _scanner(self) -> LeakScanner:
        names = customer_names.all_names(self._connection, self._how.now)
        return LeakScanner(dict.fromkeys(names, "another customer's name"))


class _Talk:
    """One incident, as far as it is talked about."""

    def __init__(
        self, connection: Any, scene: Scene, tellings: Tellings, how: Planning, titles: Mapping[int, str]
    ) -> None:
        self._connection, self._how = connection, how
        self.scene = scene
        self._tellings = tellings
        self._summaries = Summaries.of(scene)
        numbers = catalogs.component_ids(connection, sorted(scene.state.components)).values()
        self.titles = tuple(sorted({titles[number] for number in numbers if number in titles}))
        self._held: dict[tuple[str, Audience], bool] = {}

    @cached_property
    def know(self) -> tuple[str, ...]:
        """What was agreed for account staff, unless a brief for them would not be written with it."""
        text = self.scene.state.summaries.get("account", "").strip()
        return (text,) if text and not self.holds(text, "account") else ()

    def told_before(
        self, incident: str, customer: UUID, own: Collection[str], names_another: Callable[[str, Collection[str]], bool]
    ) -> list[str]:
        """What they were told already of an incident that is not spoken of any more in their call, in a sentence."""
        last = self._tellings.last(customer)
        if last is None:
            return []
        said = self._summaries.text_of(last.statement_id).strip()
        quote = f": “{said}”" if said and not self.holds(said) and not names_another(said, own) else ""
        how = "in writing" if last.channel in WRITTEN else "in a talk"
        return [f"{incident}: already told on {in_utc(last.told_at)}, {how}{quote}. It need not be said again."]

    @cached_property
    def outdated(self) -> str:
        """That the words were agreed before it was over, in a sentence; else empty."""
        at = agreed_before_the_end(self.scene)
        return f"These words were agreed on {in_utc(at)}, before it was over." if at is not None else ""

    @cached_property
    def embargoed(self) -> tuple[str, ...]:
        """What of the deployments that were spoken of is not to be spoken of yet, by category and end."""
        held = (one for prepared in self._notes for one in notes_for(prepared, "account").embargoed)
        return embargoes_in_words(held)

    def state_now(self, state: str) -> str:
        """A customer's state, as far as there is an incident at all."""
        return "" if self.scene.state.status == "cancelled" else state

    def agreed(self, customer: UUID, titles: Sequence[str]) -> Agreed:
        """What was agreed to be said, and what this customer heard."""
        newest, last = self._summaries.newest, self._tellings.last(customer)
        heard = self._tellings.heard(customer)
        corrected_at = heard.at if heard is not None and heard.takes_all_back else None
        if corrected_at is not None:
            last = self._tellings.taken_back(customer)
        return Agreed(
            customer=newest.value.strip() if newest else "",
            started_at=self.scene.window.started_at,
            ended_at=self.scene.window.until,
            components=tuple(titles),
            heard=self._summaries.text_of(last.statement_id).strip() if last else "",
            heard_at=last.told_at if last else None,
            corrected_at=corrected_at,
        )

    def holds(self, text: str, audience: Audience = "customer") -> bool:
        """Whether a text holds what a document for an audience would not be written with, but for customers' names."""
        if (text, audience) not in self._held:
            inner, people = self._inner(audience), self._people
            self._held[text, audience] = bool(
                inner.scan(text) or people.scan(text) or self._names_somebody(text, audience)
            )
        return self._held[text, audience]

    def _names_somebody(self, text: str, audience: Audience) -> bool:
        named = find_named(self._connection, [text])
        people = named.people - {one.value for one in self.scene.statements if one.kind == "liaison"}
        deployments = named.deployments if audience == "customer" else ()
        scanner = LeakScanner(
            dict.fromkeys((*named.contacts, *people, *named.commits), ""), marks=dict.fromkeys(deployments, "")
        )
        return bool(scanner.scan(text))

    def _inner(self, audience: Audience) -> LeakScanner:
        written = [one.value for one in self.scene.statements if one.kind == "summary" and one.subject == audience]
        whys = [one.why for one in self._words]
        return LeakScanner({}, dict.fromkeys(held_for(audience, self.scene.statements, whys, self._notes, written), ""))

    @cached_property
    def _people(self) -> LeakScanner:
        people = {change.author_name for one in self._notes for change in one.given.changes}
        people |= {deployments.read_actor(self._connection, number) for number in self._numbers}
        named = people_among(self.scene.statements, {*people, *(one.recorded_by for one in self._words)})
        return LeakScanner(dict.fromkeys(named, ""))

    @cached_property
    def _words(self) -> list[Any]:
        """Everything that was said of blame and of fixes."""
        q = self.scene.question
        links = incidents.read_links(self._connection, q.incident_id, q.known_at)
        return [*links, *fixes.read_words(self._connection, f"INC-{q.incident_id}", q.known_at)]

    @property
    def _numbers(self) -> list[int]:
        return sorted({one.deployment_id for one in self._words})

    @cached_property
    def _notes(self) -> list[PreparedNotes]:
        reading = self._how.reading or Reading(self._how.now)
        return [prepare_notes(notes_within(self._connection, number, None, reading)) for number in self._numbers]
